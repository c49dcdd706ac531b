// From an answer to bytes on the wire: JSON, validators, headers.

import { createHash } from "node:crypto";

/**
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 * @typedef {import("./routes.js").Answer} Answer
 */

const PROVENANCE = "bundled test catalogue; identifiers are synthetic";

/** @param {Answer} answer */
export function bodyOf({ body }) {
  return Buffer.from(body === undefined ? "" : JSON.stringify(body));
}

/**
 * Validators on what can be cached, and 304 where the client has it already (RFC 9110 §13.2.2).
 * @param {Answer} answer
 * @param {IncomingMessage} request
 * @param {Date} lastModified
 * @returns {Answer}
 */
export function conditional(answer, request, lastModified) {
  if (answer.status !== 200) return answer;
  const etag = `"${createHash("sha256").update(bodyOf(answer)).digest("base64url").slice(0, 22)}"`;
  const headers = { ...answer.headers, ETag: etag, "Last-Modified": lastModified.toUTCString() };
  const { "if-none-match": tags, "if-modified-since": since } = request.headers;
  const unchanged =
    tags === undefined ? Date.parse(since ?? "") >= lastModified.getTime() : matches(tags, etag);
  return unchanged ? { status: 304, headers } : { ...answer, headers };
}

/** @param {string} tags an If-None-Match field @param {string} etag */
function matches(tags, etag) {
  return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** @param {ServerResponse} response @param {Answer} answer */
export function send(response, answer) {
  const { status, headers } = answer;
  if (status === 204 || status === 304) return void response.writeHead(status, headers).end();
  const body = bodyOf(answer);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "X-Catalogue": PROVENANCE,
    ...headers,
  });
  response.end(body);
}
