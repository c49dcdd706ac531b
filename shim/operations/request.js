// The body of the request that the module works on. It is read once and kept with the request: a request that is run again,
// because its instance ended, gets it again.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */
/** @typedef {{body_bytes_max: number, wait_millis: number}} Wanted */

/** @type {WeakMap<Request, Promise<ArrayBuffer>>} */
const read = new WeakMap();

/** @param {InFlight} flight @param {Wanted} wanted @returns {Promise<ArrayBuffer>} */
async function bytesOf(flight, { body_bytes_max: bytesMax, wait_millis }) {
  const request = flight.request;
  if (request === null) throw new OperationFailure("invalid", "This event has no body.");
  // What announces too much is not even waited for.
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  let reading = read.get(request);
  if (reading === undefined) {
    reading = bounded(request.body, bytesMax, wait_millis);
    read.set(request, reading);
  }
  const bytes = await reading;
  if (bytes.byteLength > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

/** @param {number} bytesMax */
const tooLarge = (bytesMax) =>
  new OperationFailure("too_large", `The request's body has more than ${bytesMax} bytes.`);

/** @param {ReadableStream | null} stream @param {number} bytesMax @param {number} waitMillis @returns {Promise<ArrayBuffer>} */
async function bounded(stream, bytesMax, waitMillis) {
  if (stream === null) return new ArrayBuffer(0);
  const reader = stream.getReader();
  try {
    return await within(waitMillis, "The client", wholeOf(reader, bytesMax));
  } catch (thrown) {
    reader.cancel().catch(() => {});
    throw thrown;
  }
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {number} bytesMax */
async function wholeOf(reader, bytesMax) {
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new OperationFailure("corrupt", "The request's body broke off.");
    });
    if (done) return await new Blob(chunks).arrayBuffer();
    size += value.byteLength;
    if (size > bytesMax) throw tooLarge(bytesMax);
    chunks.push(value);
  }
}

/** @param {InFlight} flight @param {Wanted} wanted */
export async function requestBody(flight, wanted) {
  return { content: flight.instance.bodies.keep(await bytesOf(flight, wanted)) };
}

/** @param {InFlight} flight @param {Wanted} wanted */
export async function requestForm(flight, wanted) {
  const bytes = await bytesOf(flight, wanted);
  const headers = { "content-type": flight.request?.headers.get("content-type") ?? "" };
  const form = await new Response(bytes, { headers }).formData().catch(() => {
    throw new OperationFailure("invalid", "The body is no multipart/form-data that can be read.");
  });
  /** @type {Array<[string, string]>} */
  const fields = [];
  /** @type {File | null} */
  let file = null;
  for (const [name, value] of form) {
    if (typeof value === "string") fields.push([name, value]);
    else file ??= value;
  }
  return {
    fields,
    file_name: file?.name ?? "",
    file: flight.instance.bodies.keep((await file?.arrayBuffer()) ?? null),
  };
}
