// Answers that a cache must survive. Each takes the place of the right answer, which it is given.

/**
 * @typedef {import("node:http").ServerResponse} ServerResponse
 * @typedef {import("./control.js").MISBEHAVIOURS[number]} Misbehaviour
 */

export const HUGE_BYTES = 100_000_000;
const CHUNK_BYTES = 64 * 1024;

/** @type {Record<Misbehaviour, (response: ServerResponse, right: Buffer) => void | Promise<void>>} */
const ANSWERS = {
  /** A proxy's error page, with status 200. */
  html: (response) => {
    const page =
      "<!DOCTYPE html><html><head><title>Please wait</title></head><body>Checking your browser</body></html>";
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page);
  },

  /** Properly framed, but the JSON ends half way. */
  truncated: (response, right) => {
    response.writeHead(200, { "Content-Type": "application/json" }).end(right.subarray(0, right.length >> 1));
  },

  /** Content-Length promises the whole, the connection ends half way. */
  cut: (response, right) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": right.length });
    response.write(right.subarray(0, right.length >> 1), () => response.destroy());
  },

  huge: sendHuge,

  /** The connection stays open without an answer until the client or `close()` ends it. */
  silent: () => {},

  /** Well-formed JSON, were it not for two bytes of the first title (or name) that no UTF-8 text holds. */
  badutf8: (response, right) => {
    const text = right.toString();
    const value = /"(?:title|name)":"/.exec(text);
    const position = value === null ? text.indexOf('"') + 1 : value.index + value[0].length;
    const head = Buffer.from(text.slice(0, position));
    const body = Buffer.concat([head, Buffer.from([0xc3, 0x28]), Buffer.from(text.slice(position))]);
    response.writeHead(200, { "Content-Type": "application/json" }).end(body);
  },
};

/**
 * @param {Misbehaviour} name
 * @param {ServerResponse} response
 * @param {Buffer} right the body that would have been right
 */
export function misbehave(name, response, right) {
  return ANSWERS[name](response, right);
}

/**
 * One search document with an endless title, chunked, no faster than the client reads; stops when the client
 * leaves.
 * @param {ServerResponse} response
 */
async function sendHuge(response) {
  const head = '{"numFound":1,"start":0,"numFoundExact":true,"docs":[{"key":"/works/OL90000001W","title":"';
  const tail = '"}]}';
  const chunk = Buffer.alloc(CHUNK_BYTES, "a");
  const closed = eventOf(response, "close");
  response.writeHead(200, { "Content-Type": "application/json" });
  response.write(head);
  let rest = HUGE_BYTES - head.length - tail.length;
  while (rest > 0 && !response.destroyed) {
    const part = chunk.subarray(0, Math.min(rest, chunk.length));
    rest -= part.length;
    if (!response.write(part)) await Promise.race([eventOf(response, "drain"), closed]);
  }
  if (!response.destroyed) response.end(tail);
}

/**
 * Unlike `once` of node:events it never rejects: a connection that breaks also closes.
 * @param {ServerResponse} response
 * @param {"close" | "drain"} name
 */
function eventOf(response, name) {
  return new Promise((resolve) => response.once(name, resolve));
}
