// Keep-alive connections that ask as fast as they get answers, for a time. Pipelining is off.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOST } from "../../scripts/listening.js";
import { run } from "../../scripts/steps.js";

export const CONNECTIONS = 32;

/**
 * @typedef {object} Load
 * @property {number} port
 * @property {string} method
 * @property {string[]} paths one after the other, and from the start again
 * @property {[string, string]} header
 * @property {number} seconds
 * @property {number} status of every answer
 */
/** @typedef {{name: string, load: (load: Load) => Promise<number>}} Generator */

/** @returns {Promise<Generator>} what makes the load, and how: load() gives requests a second */
export async function loadGenerator() {
  const { status } = await run(["wrk", "--version"]);
  if (status === 127) return { name: "Node", load: loadByNode };
  const folder = mkdtempSync(join(tmpdir(), "larder-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  // wrk waits for the body of an answer to HEAD, which has none.
  const byWrk = (/** @type {Load} */ load) =>
    load.method === "HEAD" ? loadByNode(load) : loadByWrk(folder, load);
  return { name: "wrk", load: byWrk };
}

/** @param {string} folder @param {Load} load @returns {Promise<number>} rejects when an answer was no success */
async function loadByWrk(folder, { port, method, paths, header: [name, value], seconds }) {
  const file = join(folder, "paths");
  writeFileSync(file, `${paths.join("\n")}\n`);
  const options = ["--threads", "1", "--connections", String(CONNECTIONS), "--duration", `${seconds}s`];
  const script = ["--script", "bench/http/load.lua", "--header", `${name}: ${value}`];
  const url = `http://${HOST}:${port}/`;
  const { output } = await run(["wrk", ...options, ...script, url, "--", method, file]);
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(output)?.[1];
  if (rate === undefined || /Non-2xx|Socket errors/.test(output)) throw new Error(`wrk: ${output}`);
  return Number(rate);
}

/**
 * Where there is no wrk. It counts answers by their head and length and reads nothing else.
 * @param {Load} load @returns {Promise<number>}
 */
async function loadByNode({ port, method, paths, header: [name, value], seconds, status }) {
  const asked = paths.map((path) => asking(port, method, path, `${name}: ${value}\r\n`));
  let at = 0;
  const next = () => [/** @type {string} */ (asked[at++ % asked.length])];
  const kind = { status, bodies: method !== "HEAD" && status !== 304 };
  return (await driveAll(port, seconds, next, kind)).perSecond;
}

/**
 * Every connection takes one series of paths after the other and ends with a whole one, so that what was asked is known
 * exactly.
 * @param {{port: number, seconds: number, series: () => string[], status: number}} load
 * @returns {Promise<{answers: number, perSecond: number}>} rejects when an answer has another status
 */
export function loadSeries({ port, seconds, series, status }) {
  const requests = () => series().map((path) => asking(port, "GET", path, ""));
  return driveAll(port, seconds, requests, { status, bodies: true });
}

/** Each of the paths once. @param {number} port @param {string[]} paths */
export async function askForEach(port, paths) {
  const left = [...paths];
  const share = Math.ceil(left.length / CONNECTIONS);
  const series = () => left.splice(0, share).map((path) => asking(port, "GET", path, ""));
  await driveAll(port, 0, series, { status: 200, bodies: true });
}

/** @param {number} port @param {string} method @param {string} path @param {string} fields */
const asking = (port, method, path, fields) =>
  `${method} ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n${fields}\r\n`;

/** @typedef {{status: number, bodies: boolean}} Kind of answers: whether they have bodies */

/** @param {number} port @param {number} seconds @param {() => string[]} series of requests @param {Kind} kind */
async function driveAll(port, seconds, series, kind) {
  const began = performance.now();
  const ends = began + seconds * 1000;
  const drives = Array.from({ length: CONNECTIONS }, () => drive(port, ends, series, kind));
  const answers = (await Promise.all(drives)).reduce((sum, count) => sum + count, 0);
  return { answers, perSecond: (answers / (performance.now() - began)) * 1000 };
}

/**
 * @param {number} port @param {number} ends @param {() => string[]} series @param {Kind} kind
 * @returns {Promise<number>} answers
 */
function drive(port, ends, series, { status, bodies }) {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let rest = Buffer.alloc(0);
    let left = series();
    if (left.length === 0) return resolve(0);
    const ask = () => socket.write(left.shift() ?? "");
    const socket = connect({ host: HOST, port, noDelay: true }, ask);
    socket.on("error", reject);
    socket.on("end", () => reject(new Error("the server closed a connection")));
    socket.on("data", (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const head = rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const fields = rest.toString("latin1", 0, head);
      const length = bodies ? Number(/\r\ncontent-length: (\d+)/i.exec(fields)?.[1]) : 0;
      if (!fields.startsWith(`HTTP/1.1 ${status}`) || Number.isNaN(length)) {
        reject(new Error(`an answer began with ${fields.slice(0, 40)}, where a ${status} was expected`));
        return socket.destroy();
      }
      if (rest.length < head + 4 + length) return;
      rest = Buffer.alloc(0);
      answers += 1;
      if (left.length === 0 && performance.now() < ends) left = series();
      if (left.length > 0) return ask();
      socket.destroy();
      resolve(answers);
    });
  });
}
