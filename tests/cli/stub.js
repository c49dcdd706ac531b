// A Worker that answers as it is told and keeps what it was asked, and the command line asking it.

import { createServer } from "node:http";
import { runLarder } from "../../scripts/cli/program.js";

export const NOW = Date.parse("2026-11-28T12:00:00.000Z");

/** @typedef {{status?: number, headers?: Record<string, string>, json?: unknown, text?: string}} Answer */
/** @typedef {{method: string, url: string, token: string, body: unknown}} Asked */

/**
 * @param {Answer[]} answers one after the other
 * @param {(url: string, asked: Asked[]) => Promise<void>} use
 */
export async function withStub(answers, use) {
  /** @type {Asked[]} */
  const asked = [];
  const left = [...answers];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked.push({
      method: request.method ?? "",
      url: request.url ?? "",
      token: request.headers.authorization ?? "",
      body: request.headers["content-type"] === "application/json" ? JSON.parse(body) : body,
    });
    const {
      status = 200,
      headers = {},
      json,
      text,
    } = left.shift() ?? { status: 500, text: "no more answers" };
    response.writeHead(status, headers).end(text ?? JSON.stringify(json));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    await use(`http://127.0.0.1:${port}`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/**
 * @param {string[]} words @param {Record<string, string>} [env] @param {boolean} [isTTY]
 * @returns {Promise<{code: number, out: string, err: string}>}
 */
export async function larder(words, env = {}, isTTY = false) {
  let out = "";
  let err = "";
  const code = await runLarder(words, {
    output: { isTTY, write: (text) => (out += text) },
    errors: { write: (text) => (err += text) },
    env,
    pollMillis: 0,
    now: () => NOW,
  });
  return { code, out, err };
}
