// The R2 bucket LIBRARY_DATA. The entry header is the object's custom metadata.

import { OperationFailure } from "../failure.js";
import { StoredObject } from "../stored_object.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

const HEADER = "larder";

/** @param {InFlight} request @returns {R2Bucket} */
function bucketOf(request) {
  const binding = request.env.LIBRARY_DATA;
  if (!binding) {
    throw new OperationFailure(
      "unsupported",
      "There is no R2 binding LIBRARY_DATA; declare it in wrangler.toml.",
    );
  }
  return binding;
}

/** @param {R2Object} object */
const headerOf = (object) => object.customMetadata?.[HEADER] ?? "";

/**
 * @param {InFlight} request
 * @param {{key: string, offset: number, length: number, body_bytes_max: number, wait_millis: number}} wanted
 */
export async function r2Get(request, { key, offset, length, body_bytes_max, wait_millis }) {
  const bucket = bucketOf(request);
  const found = await within(wait_millis, "R2", readObject(bucket, key, offset, length, body_bytes_max));
  const { bodies } = request.instance;
  if (found === null)
    return { found: 0, header: "", etag: "", size: 0, streamed: 0, content: bodies.keep(null) };
  const { object, content } = found;
  return {
    found: 1,
    header: headerOf(object),
    etag: object.etag,
    size: object.size,
    streamed: content instanceof StoredObject ? 1 : 0,
    content: bodies.keep(content),
  };
}

/**
 * The bytes, or where they are too many the object that has them.
 * @param {R2Bucket} bucket @param {string} key @param {number} offset @param {number} length @param {number} bytesMax
 */
async function readObject(bucket, key, offset, length, bytesMax) {
  const range = length === 0 ? {} : { range: { offset, length } };
  const object = await bucket.get(key, range);
  if (object === null) return null;
  const size = length === 0 ? object.size : Math.max(0, Math.min(length, object.size - offset));
  if (size <= bytesMax) return { object, content: await object.arrayBuffer() };
  await object.body.cancel();
  return { object, content: new StoredObject(bucket, key, object.etag, offset, size) };
}

/**
 * @param {InFlight} request
 * @param {{key: string, header: string, content: ArrayBuffer | ReadableStream | StoredObject | null, size: number,
 *   condition: string, wait_millis: number}} wanted
 */
export async function r2Put(request, { key, header, content, size, condition, wait_millis }) {
  const bucket = bucketOf(request);
  if (content === null) throw new OperationFailure("invalid", "An object of R2 needs a body.");
  /** @type {R2PutOptions} */
  const options = { customMetadata: { [HEADER]: header } };
  if (condition === "*") options.onlyIf = new Headers({ "if-none-match": "*" });
  else if (condition.startsWith("@"))
    options.onlyIf = { uploadedBefore: new Date(Number(condition.slice(1))) };
  else if (condition !== "") options.onlyIf = { etagMatches: condition };
  if (content instanceof ArrayBuffer) options.sha256 = await crypto.subtle.digest("SHA-256", content);
  const putting =
    content instanceof ArrayBuffer
      ? bucket.put(key, content, options)
      : putStream(bucket, key, content, size, options);
  const object = await within(wait_millis, "R2", putting);
  return { stored: object === null ? 0 : 1, etag: object?.etag ?? "" };
}

/**
 * @param {R2Bucket} bucket @param {string} key @param {ReadableStream | StoredObject} content @param {number} size
 * @param {R2PutOptions} options
 */
async function putStream(bucket, key, content, size, options) {
  const stream = content instanceof StoredObject ? content.stream() : content;
  const { readable, writable } = new FixedLengthStream(size);
  const halt = new AbortController();
  const piping = stream.pipeTo(writable, { signal: halt.signal });
  // Where it fails, so does the put, whose word is the one that counts.
  piping.catch(() => {});
  try {
    const object = await bucket.put(key, readable, options);
    if (object !== null) await piping;
    return object;
  } finally {
    // Nobody reads what was not taken: whoever has the stream's other half would wait for it.
    halt.abort();
  }
}

/** @param {InFlight} request @param {{key: string, wait_millis: number}} wanted */
export async function r2Head(request, { key, wait_millis }) {
  const object = await within(wait_millis, "R2", bucketOf(request).head(key));
  if (object === null)
    return { found: 0, header: "", etag: "", size: 0, sha256: new Uint8Array(0), uploaded: 0 };
  return {
    found: 1,
    header: headerOf(object),
    etag: object.etag,
    size: object.size,
    sha256: new Uint8Array(object.checksums.sha256 ?? new ArrayBuffer(0)),
    uploaded: object.uploaded.getTime(),
  };
}

/** @param {InFlight} request @param {{keys: string[]}} wanted */
export async function r2Delete(request, { keys }) {
  await bucketOf(request).delete(keys);
  return {};
}

/**
 * @param {InFlight} request
 * @param {{prefix: string, start_after: string, count_max: number, wait_millis: number}} wanted
 */
export async function r2List(request, { prefix, start_after, count_max, wait_millis }) {
  /** @type {R2ListOptions} */
  const options = { prefix, limit: count_max };
  if (start_after !== "") options.startAfter = start_after;
  const page = await within(wait_millis, "R2", bucketOf(request).list(options));
  return { keys: page.objects.map(({ key }) => key), more: page.truncated ? 1 : 0 };
}
