// The body of the request that the module works on. It is read once and kept with the request: a request that is run again,
// because its instance ended, gets it again.

import { OperationFailure } from "../failure.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

/** @type {WeakMap<Request, Promise<ArrayBuffer>>} */
const read = new WeakMap();

/** @param {InFlight} flight @param {number} bytesMax @returns {Promise<ArrayBuffer>} */
async function bytesOf(flight, bytesMax) {
  const request = flight.request;
  if (request === null) throw new OperationFailure("invalid", "This event has no body.");
  // What announces too much is not even waited for.
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  let reading = read.get(request);
  if (reading === undefined) {
    reading = bounded(request.body, bytesMax);
    read.set(request, reading);
  }
  const bytes = await reading;
  if (bytes.byteLength > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

/** @param {number} bytesMax */
const tooLarge = (bytesMax) =>
  new OperationFailure("too_large", `The request's body has more than ${bytesMax} bytes.`);

/** @param {ReadableStream | null} stream @param {number} bytesMax @returns {Promise<ArrayBuffer>} */
async function bounded(stream, bytesMax) {
  if (stream === null) return new ArrayBuffer(0);
  const reader = stream.getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new OperationFailure("corrupt", "The request's body broke off.");
    });
    if (done) return await new Blob(chunks).arrayBuffer();
    size += value.byteLength;
    if (size > bytesMax) {
      reader.cancel().catch(() => {});
      throw tooLarge(bytesMax);
    }
    chunks.push(value);
  }
}

/** @param {InFlight} flight @param {{body_bytes_max: number}} wanted */
export async function requestBody(flight, { body_bytes_max }) {
  return { content: flight.instance.bodies.keep(await bytesOf(flight, body_bytes_max)) };
}

/** @param {InFlight} flight @param {{body_bytes_max: number}} wanted */
export async function requestForm(flight, { body_bytes_max }) {
  const bytes = await bytesOf(flight, body_bytes_max);
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
