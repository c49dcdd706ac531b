// Packing bodies and unpacking them (RFC 1952), by the platform's own streams.

import { OperationFailure } from "../failure.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

// The platform decompresses all of its input at once, and a byte may become a thousand: so the input is written in small pieces.
const SLICE_BYTES = 4096;

/** @param {ArrayBuffer | ReadableStream | null} content @returns {ArrayBuffer} */
function bytesOf(content) {
  if (content instanceof ArrayBuffer) return content;
  throw new OperationFailure("invalid", "Only a body whose bytes are at hand can be packed or unpacked.");
}

/** @param {InFlight} request @param {{content: ArrayBuffer | ReadableStream | null}} wanted */
export async function bodyGzip(request, { content }) {
  const bytes = bytesOf(content);
  const packing = new CompressionStream("gzip");
  const writer = packing.writable.getWriter();
  const [packed] = await Promise.all([
    new Response(packing.readable).arrayBuffer(),
    writer.write(bytes),
    writer.close(),
  ]);
  return { packed: request.instance.bodies.keep(packed) };
}

/** @param {InFlight} request @param {{content: ArrayBuffer | ReadableStream | null, body_bytes_max: number}} wanted */
export async function bodyGunzip(request, { content, body_bytes_max }) {
  const packed = new Uint8Array(bytesOf(content));
  const unpacking = new DecompressionStream("gzip");
  const writer = unpacking.writable.getWriter();
  const reader = unpacking.readable.getReader();
  try {
    const [chunks] = await Promise.all([chunksOf(reader, body_bytes_max), feed(writer, packed)]);
    return { unpacked: request.instance.bodies.keep(await new Blob(chunks).arrayBuffer()) };
  } catch (thrown) {
    // Ends whichever of the two is still at work.
    for (const ending of [reader.cancel(), writer.abort()]) ending.catch(() => {});
    if (thrown instanceof OperationFailure) throw thrown;
    throw new OperationFailure("corrupt", "The body is no whole gzip.");
  }
}

/** @param {WritableStreamDefaultWriter<Uint8Array>} writer @param {Uint8Array} bytes */
async function feed(writer, bytes) {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    await writer.write(bytes.subarray(at, at + SLICE_BYTES));
  }
  await writer.close();
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {number} bytesMax */
async function chunksOf(reader, bytesMax) {
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
    size += value.byteLength;
    if (size > bytesMax) {
      throw new OperationFailure(
        "too_large",
        `The body has more than ${bytesMax} bytes when it is unpacked.`,
      );
    }
  }
}
