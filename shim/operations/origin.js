// One request to an origin, bounded in time and size. Past its soft time it goes on by itself, and its reply becomes a body of
// the instance only when the core comes for it.

import { OperationFailure } from "../failure.js";
import { headersOf } from "../fields.js";

/** @typedef {import("../instance.js").InFlight} InFlight */
/**
 * @typedef {{method: string, url: string, headers: [string, string][], timeout_millis: number, soft_millis: number,
 *   body_bytes_max: number, oversize: number, content: ArrayBuffer | null}} Wanted
 * @typedef {{status: number, headers: [string, string][], content: ArrayBuffer | ReadableStream}} Reply
 * A request past its soft time: `letGo` is for when nobody will resume it.
 * @typedef {{reply: Promise<Reply>, letGo: () => void}} LateReply
 */

/** @param {InFlight} request @param {Wanted} wanted */
export async function originFetch(request, wanted) {
  const abort = new AbortController();
  const time = new Time(wanted, abort);
  const reply = ask(wanted, abort, time);
  const settled = time.soft === null ? await reply : await Promise.race([reply, time.soft]);
  if (settled !== null) {
    const { status, headers, streamed, content } = given(request, settled);
    return { ticket: 0, status, headers, streamed, content };
  }
  const ticket = setAside(request, reply, abort);
  return { ticket, status: 0, headers: [], streamed: 0, content: request.instance.bodies.keep(null) };
}

/** @param {InFlight} request @param {{ticket: number}} wanted */
export async function originResume(request, { ticket }) {
  const late = request.late.get(ticket);
  if (late === undefined)
    throw new OperationFailure("invalid", "There is no origin request with this ticket.");
  request.late.delete(ticket);
  return given(request, await late.reply);
}

/** @param {InFlight} request @param {Reply} reply */
function given(request, { status, headers, content }) {
  const streamed = content instanceof ReadableStream ? 1 : 0;
  return { status, headers, streamed, content: request.instance.bodies.keep(content) };
}

/** The time of a request: its soft end, where it has one, then its hard end, at which it is aborted. One timer at a time. */
class Time {
  /** @param {Wanted} wanted @param {AbortController} abort */
  constructor({ soft_millis, timeout_millis }, abort) {
    /** Resolves at the soft end, unless the request is over by then. @type {Promise<null> | null} */
    this.soft = null;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
    const ends = () => abort.abort();
    if (soft_millis === 0 || soft_millis >= timeout_millis) {
      this.timer = setTimeout(ends, timeout_millis);
      return;
    }
    this.soft = new Promise((resolve) => {
      this.timer = setTimeout(() => {
        this.timer = setTimeout(ends, timeout_millis - soft_millis);
        resolve(null);
      }, soft_millis);
    });
  }

  /** The request is over. */
  stop() {
    clearTimeout(this.timer);
  }
}

/**
 * Keeps a reply that is still to come until it is resumed or let go.
 * @param {InFlight} request @param {Promise<Reply>} reply @param {AbortController} abort
 */
function setAside(request, reply, abort) {
  const ticket = request.nextTicket;
  request.nextTicket += 1;
  const left = new Promise((resolve) => {
    request.late.set(ticket, { reply, letGo: () => resolve(undefined) });
  });
  // Another request may be the one that lets go, when it ends the instance. What is to be aborted belongs to this one, and
  // so does what follows the promise.
  left
    .then(async () => {
      abort.abort();
      const { content } = await reply;
      if (content instanceof ReadableStream) await content.cancel();
    })
    .catch(() => {});
  return ticket;
}

/** @param {Wanted} wanted @param {AbortController} abort @param {Time} time @returns {Promise<Reply>} */
async function ask(wanted, abort, time) {
  try {
    const response = await fetch(wanted.url, {
      method: wanted.method,
      headers: headersOf(wanted.headers),
      body: wanted.content,
      redirect: "manual",
      cache: "no-store",
      signal: abort.signal,
    });
    const content = await readBody(response, wanted.body_bytes_max, wanted.oversize === 1);
    return { status: response.status, headers: fieldsOf(response), content };
  } catch (thrown) {
    if (thrown instanceof OperationFailure) throw thrown;
    throw abort.signal.aborted
      ? new OperationFailure("timeout", `The origin gave no whole answer within ${wanted.timeout_millis} ms.`)
      : new OperationFailure("unavailable", "The origin could not be reached or broke off.");
  } finally {
    time.stop();
  }
}

/**
 * The content codings that the platform undoes as a body is read, where the field says exactly this (workerd's
 * `getContentEncoding`, read 2026-11).
 */
const UNDONE_BY_PLATFORM = ["gzip", "br"];

/**
 * The fields as they are of the bytes that are read: what has been undone is not told.
 * @param {Response} response @returns {[string, string][]}
 */
function fieldsOf(response) {
  const headers = [...response.headers];
  if (!UNDONE_BY_PLATFORM.includes(response.headers.get("content-encoding") ?? "")) return headers;
  return headers.filter(([name]) => name !== "content-encoding" && name !== "content-length");
}

/**
 * @param {Response} response @param {number} bytesMax @param {boolean} oversizeAsStream
 * @returns {Promise<ArrayBuffer | ReadableStream>}
 */
async function readBody(response, bytesMax, oversizeAsStream) {
  // No body is one of no bytes: an empty 404 is kept like any other.
  if (response.body === null) return new ArrayBuffer(0);
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  if (declared > bytesMax) {
    if (oversizeAsStream) return response.body;
    await response.body.cancel();
    throw tooLarge(bytesMax);
  }
  // Of so many bytes, as they come: the platform holds the origin to that.
  if (Number.isInteger(declared) && !response.headers.has("content-encoding"))
    return await response.arrayBuffer();
  const reader = response.body.getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
    if (size > bytesMax) {
      if (oversizeAsStream) return resumed(chunks, reader);
      await reader.cancel();
      throw tooLarge(bytesMax);
    }
  }
  return joined(chunks, size);
}

/** @param {number} bytesMax */
function tooLarge(bytesMax) {
  return new OperationFailure("too_large", `The origin's answer is larger than ${bytesMax} bytes.`);
}

/** @param {Uint8Array[]} chunks @param {number} size @returns {ArrayBuffer} */
function joined(chunks, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.buffer;
}

/**
 * What was read already, then the rest.
 * @param {Uint8Array[]} chunks @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
function resumed(chunks, reader) {
  return new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
