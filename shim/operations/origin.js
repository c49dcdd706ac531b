// One request to an origin, bounded in time and size.

import { OperationFailure } from "../failure.js";

/**
 * @param {import("../instance.js").InFlight} request
 * @param {{method: string, url: string, headers: [string, string][], timeout_millis: number, body_bytes_max: number,
 *   follow_redirects: number, oversize: number}} wanted
 */
export async function originFetch(request, wanted) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), wanted.timeout_millis);
  try {
    const response = await fetch(wanted.url, {
      method: wanted.method,
      headers: wanted.headers,
      redirect: wanted.follow_redirects ? "follow" : "manual",
      cache: "no-store",
      signal: abort.signal,
    });
    const read = await readBody(response, wanted.body_bytes_max, wanted.oversize === 1);
    return {
      status: response.status,
      headers: [...response.headers],
      streamed: read instanceof ReadableStream ? 1 : 0,
      content: request.instance.bodies.keep(read),
    };
  } catch (thrown) {
    if (thrown instanceof OperationFailure) throw thrown;
    throw abort.signal.aborted
      ? new OperationFailure("timeout", `The origin gave no whole answer within ${wanted.timeout_millis} ms.`)
      : new OperationFailure("unavailable", "The origin could not be reached or broke off.");
  } finally {
    clearTimeout(timer);
  }
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
