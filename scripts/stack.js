// The whole thing on this machine: the Worker in its local runtime and, unless an origin is configured, the bundled
// catalogue that it asks.

import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "smol-toml";
import { HOST } from "./listening.js";

/** @typedef {import("./children.js").Child} Child */
/** @typedef {import("./children.js").Children} Children */

/**
 * @typedef {object} Options
 * @property {number} port
 * @property {number} cataloguePort
 * @property {string | null} origin the address of Open Library; null for the bundled catalogue
 * @property {string[]} [wranglerArguments]
 * @property {import("./children.js").Output} [output] where the programs write to
 * @property {string[]} [build] the command that builds the Worker, where that is not wrangler.toml's
 * @property {number} [silentMillis] how long a Worker that was started may neither answer nor write anything
 */

/** It is there for as long as scripts/prepare.sh is building. */
const BUILDING = "build/building.txt";
const SILENT_MILLIS = 60_000;
const POLL_MILLIS = 50;

/** Neither a released archive nor a tree that serves the modules of one has anything to compile. @returns {boolean} */
const compiles = () => existsSync("CMakeLists.txt") && !process.env.LARDER_PREBUILT;

/** What wrangler.toml says, as this is run with an environment of its own. @returns {string[]} */
function buildCommand() {
  const { build } = /** @type {any} */ (parse(readFileSync("wrangler.toml", "utf8")));
  return build.command.split(" ");
}

/** @param {string[]} names @returns {boolean} whether .dev.vars gives one of them; the Worker reads that file itself */
function inDevVars(names) {
  if (!existsSync(".dev.vars")) return false;
  const given = new RegExp(`^\\s*(?:${names.join("|")})\\s*=\\s*(?!""|'')\\S`, "m");
  return given.test(readFileSync(".dev.vars", "utf8"));
}

/** @returns {boolean} whether .dev.vars names an origin */
export const originInDevVars = () => inDevVars(["OPENLIBRARY_URL"]);

/** @returns {boolean} whether .dev.vars names a model */
export const modelInDevVars = () => inDevVars(["LLM_URL", "GEMINI_API_KEY"]);

/**
 * Builds the Worker, starts the programs, and returns once the Worker answers. A build may take as long as it takes.
 * @param {Children} children @param {Options} options
 * @returns {Promise<{worker: string, origin: string | null, model: string | null}>} the catalogue's address where it is
 *   the origin, and where it stands in for a model; rejects when it cannot serve; the caller stops the children
 */
export async function startStack(children, options) {
  const { port, cataloguePort, origin, wranglerArguments = [], output } = options;
  const what = compiles()
    ? "Building the Worker (a first build takes a minute or more)"
    : "Preparing the Worker";
  console.log(what);
  const environment = { LARDER_PROGRESS: "yes" };
  await children.run("the build", options.build ?? buildCommand(), { environment, output });

  console.log("Starting the Worker");
  const address = `http://${HOST}:${cataloguePort}`;
  const catalogue = origin === null && !originInDevVars() ? address : null;
  const model = modelInDevVars() ? null : address;
  const started = [];
  if (catalogue !== null || model !== null) {
    const environment = { CATALOGUE_PORT: String(cataloguePort) };
    const command = [process.execPath, "catalogue/server.js"];
    started.push(children.start("the catalogue", command, { environment, output }));
  }
  const books = origin ?? catalogue;
  const command = ["wrangler", "dev", "--local", "--ip", HOST, "--port", String(port)];
  command.push("--show-interactive-dev-session=false", "--inspector-port", "0", ...wranglerArguments);
  if (books !== null) command.push("--var", `OPENLIBRARY_URL:${books}`);
  if (model !== null) command.push("--var", `GEMINI_URL:${model}`, "--var", "GEMINI_API_KEY:stand-in");
  /** @type {Record<string, string>} */
  const colours = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
  const wrangler = children.start("wrangler", command, { environment: colours, output, watched: true });
  started.push(wrangler);

  const worker = `http://${HOST}:${port}`;
  const ended = Promise.race(started.map((child) => child.ended));
  const answered = answers(worker, wrangler, options.silentMillis ?? SILENT_MILLIS);
  const reason = await Promise.race([ended, answered]);
  if (reason !== null) throw new Error(reason);
  return { worker, origin: catalogue, model };
}

/**
 * @param {string} worker @param {Child} wrangler @param {number} silentMillis
 * @returns {Promise<string | null>} why it does not serve; null when it does
 */
async function answers(worker, wrangler, silentMillis) {
  let heardAt = performance.now();
  /** @type {number | undefined} */
  let status;
  while (performance.now() - heardAt < silentMillis) {
    const signal = AbortSignal.timeout(silentMillis);
    const response = await fetch(`${worker}/health`, { signal }).catch(() => null);
    if (response?.ok) return null;
    // With faults in its configuration the Worker names them on every other path.
    if (response?.status === 503) {
      const problem = await (await fetch(worker)).json();
      return `the Worker refuses to serve. ${problem.detail}`;
    }
    status = response?.status;
    // Wrangler builds as well: where sources have changed since. It also writes a line for each answer of a Worker, which is no
    // sign that it will get better.
    if (existsSync(BUILDING)) heardAt = performance.now();
    else if (response === null) heardAt = Math.max(heardAt, wrangler.wroteAt);
    await sleep(POLL_MILLIS);
  }
  const log = wrangler.lines.map((line) => `\n  ${line}`).join("");
  const what =
    status === undefined ? "did not answer within" : `answered with the status ${status} alone for`;
  return `the Worker was started and ${what} ${silentMillis / 1000} s; its log ends so:${log}`;
}
