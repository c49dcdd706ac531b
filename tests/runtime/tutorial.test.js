// docs/TUTORIAL.md is true: its commands, in its order, print what it shows.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { SECRET, tokenOf } from "./operators_api.js";
import { startWorker } from "./support.js";

const FILE = "docs/tutorial/larder.json";
const API = "http://127.0.0.1:9001";
/** What this test does in their place. */
const STARTS = [
  "node docs/tutorial/buses.js",
  `LARDER_CONFIG=${FILE} npm run dev`,
  'T="authorization: Bearer $(npm run --silent token)"',
];
/** The reader is told to wait before it. */
const LATER = / # .* seconds later$/;

const page = readFileSync("docs/TUTORIAL.md", "utf8");
/** @param {string} language @returns {string[]} the page's blocks in it */
const blocks = (language) =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, text = ""]) =>
    of === language ? [text] : [],
  );

/** @returns {{command: string, shown: string[]}[]} */
function steps() {
  const found = blocks("console").flatMap((block) => block.split(/^\$ /m).slice(1));
  return found.map((text) => {
    const [command = "", ...shown] = text.split("\n").filter((line) => line !== "");
    return { command, shown };
  });
}

/** Without what the clock and chance decide, and as field names are compared. @param {string} text */
const lasting = (text) =>
  text
    .trim()
    .toLowerCase()
    .replace(/\b(age: |max-age=|ttl=|ttl )-?\d+/g, "$1N")
    .replace(/\d+ s old/g, "N s old");

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

test("the tutorial shows the declaration that it checks", () => {
  assert.deepEqual(blocks("json"), [readFileSync(FILE, "utf8")]);
});

// What it waits for would never come, were the page wrong.
test("the tutorial's commands print what it shows", { timeout: 120_000 }, async (t) => {
  const port = await freePort();
  const api = spawn(process.execPath, ["docs/tutorial/buses.js", String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => api.kill());
  const [said] = await once(api.stdout, "data");
  assert.equal(String(said), `Departures on http://127.0.0.1:${port}\n`);
  api.stdout.resume();
  const worker = await startWorker("wasi", {
    origin: API,
    declarations: JSON.parse(readFileSync(FILE, "utf8").replace(API, `http://127.0.0.1:${port}`)),
    bindings: { ADMIN_JWT_SECRET: SECRET, LEDGER_SHARDS: "1" },
    cold: true,
  });
  t.after(() => worker.stop());
  const token = await tokenOf();
  const env = {
    ...process.env,
    LARDER_URL: String(worker.url).replace(/\/$/, ""),
    LARDER_TOKEN: token,
    T: `authorization: Bearer ${token}`,
  };
  /** @param {string} command @returns {Promise<string[]>} */
  const linesOf = (command) => {
    const here = command
      .replaceAll("localhost:8787", new URL(String(worker.url)).host)
      .replaceAll("npx larder", `"${process.execPath}" scripts/larder.js`);
    return new Promise((resolve) =>
      execFile("bash", ["-c", here], { env }, (_, out, err) =>
        resolve(`${out}${err}`.split("\n").map(lasting)),
      ),
    );
  };

  const started = [];
  for (const { command, shown } of steps()) {
    if (STARTS.includes(command)) {
      started.push(command);
      continue;
    }
    const wanted = shown.map(lasting);
    /** @type {string[]} */
    let found = [];
    const asShown = async () => {
      const lines = await linesOf(command);
      found = lines.filter((line) => wanted.includes(line));
      if (found.length < wanted.length) found = lines;
      return found.length === wanted.length && wanted.every((line, i) => line === found[i]);
    };
    if (LATER.test(command)) await worker.until(asShown);
    else await asShown();
    assert.deepEqual(found, wanted, command);
  }
  assert.deepEqual(started, STARTS);
});
