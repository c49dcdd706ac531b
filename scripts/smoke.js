// npm run smoke: starts the Worker and the catalogue on free ports with a fresh store and asks what a user would. One
// line a probe, then "N passed, M failed".

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Children } from "./children.js";
import { closingLine } from "./count.js";
import { freePort } from "./listening.js";
import { startStack } from "./stack.js";

/** @typedef {{response: Response, body: any}} Answer */
/** @typedef {{name: string, path: string, method?: string, expect: (answer: Answer) => [string, unknown, unknown][]}} Probe */

const TITLE = "/search/title?q=Good%20Omens";

/** @param {Answer} answer */
const cacheStatus = ({ response }) => response.headers.get("cache-status") ?? "";
/** @param {Answer} answer */
const mediaType = ({ response }) => response.headers.get("content-type");

/** @param {Answer} answer @param {number} status @returns {[string, unknown, unknown][]} */
const problem = (answer, status) => [
  ["status", answer.response.status, status],
  ["content-type", mediaType(answer), "application/problem+json"],
  ["its own status", answer.body?.status, status],
];

/** What each answer has to be: [what, found, wanted]. @type {Probe[]} */
const PROBES = [
  {
    name: "health",
    path: "/health",
    expect: ({ response, body }) => [
      ["status", response.status, 200],
      ["version", body?.version, JSON.parse(readFileSync("package.json", "utf8")).version],
    ],
  },
  {
    name: "the front says what is here",
    path: "/",
    expect: ({ response, body }) => [
      ["status", response.status, 200],
      ["description", body?.links?.description, "/openapi.json"],
    ],
  },
  {
    name: "the API's description",
    path: "/openapi.json",
    expect: ({ response, body }) => [
      ["status", response.status, 200],
      ["version", body?.openapi, "3.1.0"],
    ],
  },
  {
    name: "the dashboard",
    path: "/dashboard",
    expect: (answer) => [
      ["status", answer.response.status, 200],
      ["content-type", mediaType(answer), "text/html; charset=utf-8"],
    ],
  },
  {
    name: "a title for the first time comes from the origin",
    path: TITLE,
    expect: (answer) => [
      ["status", answer.response.status, 200],
      ["Cache-Status forwards", /;\s*fwd=[a-z-]*miss\b/.test(cacheStatus(answer)), true],
      ["title", answer.body?.works?.[0]?.title, "Good Omens"],
    ],
  },
  {
    name: "a title for the second time comes from memory",
    path: TITLE,
    expect: (answer) => [
      ["status", answer.response.status, 200],
      ["Cache-Status is a hit", /;\s*hit\b/.test(cacheStatus(answer)), true],
      ["Cache-Status names memory", /;\s*detail=memory\b/.test(cacheStatus(answer)), true],
      ["Age", /^\d+$/.test(answer.response.headers.get("age") ?? ""), true],
      ["title", answer.body?.works?.[0]?.title, "Good Omens"],
    ],
  },
  {
    name: "an unknown title is not found",
    path: "/search/title?q=zzzz%20no%20such%20book%20zzzz",
    expect: (answer) => problem(answer, 404),
  },
  {
    name: "a title without a query is a bad request",
    path: "/search/title",
    expect: (answer) => problem(answer, 400),
  },
  {
    name: "an ISBN with a wrong check digit is a bad request",
    path: "/search/isbn?isbn=9780060853975",
    expect: (answer) => problem(answer, 400),
  },
  {
    name: "a method that a route does not take is refused",
    path: TITLE,
    method: "DELETE",
    expect: (answer) => [
      ...problem(answer, 405),
      ["Allow names GET", /\bGET\b/.test(answer.response.headers.get("allow") ?? ""), true],
    ],
  },
  {
    name: "a route that does not exist is not found",
    path: "/no/such/route",
    expect: (answer) => problem(answer, 404),
  },
  {
    name: "the cache tells its state",
    path: "/internal/cache",
    expect: (answer) => [
      ["status", answer.response.status, 200],
      ["content-type", mediaType(answer), "application/json"],
    ],
  },
];

/** @param {string} worker @param {Probe} probe @returns {Promise<string[]>} what was not as it should be */
async function faultsOf(worker, { path, method = "GET", expect }) {
  const response = await fetch(worker + path, { method });
  const text = await response.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Stays null, and so differs from whatever the probe expects of it.
  }
  const faults = expect({ response, body })
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  if (faults.length > 0)
    faults.push(`Cache-Status: ${response.headers.get("cache-status")}`, text.slice(0, 500));
  return faults;
}

const children = new Children();
const folder = mkdtempSync(join(tmpdir(), "larder-smoke-"));
const log = join(folder, "log");
const output = openSync(log, "w");
const count = { passed: 0, failed: 0, complaints: [] };

async function main() {
  const [port, cataloguePort] = [await freePort(0), await freePort(0)];
  const wranglerArguments = ["--persist-to", join(folder, "state")];
  const { worker } = await startStack(children, {
    port,
    cataloguePort,
    origin: null,
    wranglerArguments,
    output,
  });
  for (const probe of PROBES) {
    const faults = await faultsOf(worker, probe);
    count[faults.length === 0 ? "passed" : "failed"] += 1;
    console.log(`${faults.length === 0 ? "ok    " : "FAILED"}  ${probe.name}`);
    for (const fault of faults) console.log(`          ${fault}`);
  }
}

/** Ends the stack before its log is closed, since it writes until then, and shows the log where something failed. */
async function cleanUp() {
  await children.stop();
  closeSync(output);
  if (count.failed > 0) console.log(readFileSync(log, "utf8").slice(-8_000));
  rmSync(folder, { recursive: true, force: true });
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, async () => {
    await cleanUp();
    process.exit(1);
  });
}
try {
  await main();
} catch (error) {
  count.failed += 1;
  console.log(`FAILED  ${/** @type {Error} */ (error).message}`);
}
await cleanUp();
console.log(closingLine(count));
process.exit(count.failed === 0 ? 0 : 1);
