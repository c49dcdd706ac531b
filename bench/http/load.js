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
  const asked = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n${name}: ${value}\r\n\r\n`);
  const began = performance.now();
  const ends = began + seconds * 1000;
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => drive(port, asked, ends)));
  return (counts.reduce((sum, count) => sum + count, 0) / (performance.now() - began)) * 1000;
}

/** @param {number} port @param {Buffer} asked @param {number} ends @returns {Promise<number>} answers */
function drive(port, asked, ends) {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let rest = Buffer.alloc(0);
    const socket = connect({ host: HOST, port, noDelay: true }, () => socket.write(asked));
    socket.on("error", reject);
    socket.on("end", () => reject(new Error("the server closed a connection")));
    socket.on("data", (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const head = rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const fields = rest.toString("latin1", 0, head);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(fields)?.[1]);
      if (!fields.startsWith("HTTP/1.1 200") || Number.isNaN(length)) {
        reject(new Error(`an answer began with ${fields.slice(0, 40)}`));
        return socket.destroy();
      }
      if (rest.length < head + 4 + length) return;
      rest = Buffer.alloc(0);
      answers += 1;
      if (performance.now() < ends) return socket.write(asked);
      socket.destroy();
      resolve(answers);
    });
  });
}
