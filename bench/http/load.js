// Keep-alive connections that ask for one URL as fast as they get answers, for a time. Pipelining is off.

import { connect } from "node:net";
import { HOST } from "../../scripts/listening.js";
import { run } from "../../scripts/steps.js";

export const CONNECTIONS = 32;

/** @typedef {{port: number, path: string, header: [string, string], seconds: number}} Load */

/** @returns {Promise<{name: string, load: (load: Load) => Promise<number>}>} what makes the load, and how */
export async function loadGenerator() {
  const { status } = await run(["wrk", "--version"]);
  return status === 127 ? { name: "Node", load: loadByNode } : { name: "wrk", load: loadByWrk };
}

/** @param {Load} load @returns {Promise<number>} requests a second; rejects when an answer was not a success */
async function loadByWrk({ port, path, header: [name, value], seconds }) {
  const options = ["--threads", "1", "--connections", String(CONNECTIONS), "--duration", `${seconds}s`];
  const url = `http://${HOST}:${port}${path}`;
  const { output } = await run(["wrk", ...options, "--header", `${name}: ${value}`, url]);
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(output)?.[1];
  if (rate === undefined || /Non-2xx|Socket errors/.test(output)) throw new Error(`wrk: ${output}`);
  return Number(rate);
}

/**
 * Where there is no wrk. It counts answers by their head and length and reads nothing else.
 * @param {Load} load @returns {Promise<number>}
 */
async function loadByNode({ port, path, header: [name, value], seconds }) {
  const asked = asking(port, path, `${name}: ${value}\r\n`);
  return (await driveAll(port, seconds, () => [asked], 200)).perSecond;
}

/**
 * Every connection takes one series of paths after the other and ends with a whole one, so that what was asked is known
 * exactly.
 * @param {{port: number, seconds: number, series: () => string[], status: number}} load
 * @returns {Promise<{answers: number, perSecond: number}>} rejects when an answer has another status
 */
export function loadSeries({ port, seconds, series, status }) {
  return driveAll(port, seconds, () => series().map((path) => asking(port, path, "")), status);
}

/** @param {number} port @param {string} path @param {string} fields */
const asking = (port, path, fields) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n${fields}\r\n`;

/** @param {number} port @param {number} seconds @param {() => string[]} series of requests @param {number} status */
async function driveAll(port, seconds, series, status) {
  const began = performance.now();
  const ends = began + seconds * 1000;
  const drives = Array.from({ length: CONNECTIONS }, () => drive(port, ends, series, status));
  const answers = (await Promise.all(drives)).reduce((sum, count) => sum + count, 0);
  return { answers, perSecond: (answers / (performance.now() - began)) * 1000 };
}

/**
 * @param {number} port @param {number} ends @param {() => string[]} series @param {number} status
 * @returns {Promise<number>} answers
 */
function drive(port, ends, series, status) {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let rest = Buffer.alloc(0);
    let left = series();
    const ask = () => socket.write(left.shift() ?? "");
    const socket = connect({ host: HOST, port, noDelay: true }, ask);
    socket.on("error", reject);
    socket.on("end", () => reject(new Error("the server closed a connection")));
    socket.on("data", (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const head = rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const fields = rest.toString("latin1", 0, head);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(fields)?.[1]);
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
