// The whole thing on this machine: the Worker in its local runtime and, unless an origin is configured, the bundled
// catalogue that it asks.

import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "./listening.js";

/** @typedef {import("./children.js").Children} Children */

/**
 * @typedef {object} Options
 * @property {number} port
 * @property {number} cataloguePort
 * @property {string | null} origin the address of Open Library; null for the bundled catalogue
 * @property {string[]} [wranglerArguments]
 * @property {"inherit" | "ignore" | number} [output] where the programs write to
 */

const READY_WITHIN_MILLIS = 60_000;
const POLL_MILLIS = 50;

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
 * Starts the programs and returns once the Worker answers.
 * @param {Children} children @param {Options} options
 * @returns {Promise<{worker: string, origin: string | null, model: string | null}>} the catalogue's address where it is
 *   the origin, and where it stands in for a model; rejects when it cannot serve; the caller stops the children
 */
export async function startStack(children, { port, cataloguePort, origin, wranglerArguments = [], output }) {
  const address = `http://${HOST}:${cataloguePort}`;
  const catalogue = origin === null && !originInDevVars() ? address : null;
  const model = modelInDevVars() ? null : address;
  const started = [];
  if (catalogue !== null || model !== null) {
    const environment = { CATALOGUE_PORT: String(cataloguePort) };
    started.push(
      children.start("the catalogue", [process.execPath, "catalogue/server.js"], { environment, output }),
    );
  }
  const books = origin ?? catalogue;
  const command = ["wrangler", "dev", "--local", "--ip", HOST, "--port", String(port)];
  command.push("--show-interactive-dev-session=false", "--inspector-port", "0", ...wranglerArguments);
  if (books !== null) command.push("--var", `OPENLIBRARY_URL:${books}`);
  if (model !== null) command.push("--var", `GEMINI_URL:${model}`, "--var", "GEMINI_API_KEY:stand-in");
  started.push(children.start("wrangler", command, { output }));

  const worker = `http://${HOST}:${port}`;
  const ended = Promise.race(started.map((child) => child.ended));
  const reason = await Promise.race([ended, answers(worker)]);
  if (reason !== null) throw new Error(reason);
  return { worker, origin: catalogue, model };
}

/** @param {string} worker @returns {Promise<string | null>} why it does not serve; null when it does */
async function answers(worker) {
  const deadline = Date.now() + READY_WITHIN_MILLIS;
  while (Date.now() < deadline) {
    const response = await fetch(`${worker}/health`).catch(() => null);
    if (response?.ok) return null;
    // With faults in its configuration the Worker names them on every other path.
    if (response?.status === 503) {
      const problem = await (await fetch(worker)).json();
      return `the Worker refuses to serve. ${problem.detail}`;
    }
    await sleep(POLL_MILLIS);
  }
  return `the Worker did not answer within ${READY_WITHIN_MILLIS / 1000} s`;
}
