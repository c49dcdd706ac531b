// Packing and unpacking bodies in the runtime: what comes back is what was given, and nothing is unpacked without bound.
import { afterEach, expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";

const bodies = new Bodies();
const flight = /** @type {any} */ ({ id: 1, instance: { bodies } });

afterEach(() => {
  vi.unstubAllGlobals();
  expect(bodies.alive).toBe(0);
});

/** @param {{handle: number, size: number}} body @returns {ArrayBuffer} */
function taken(body) {
  const bytes = bodies.buffer(body.handle);
  expect(body).toEqual({ handle: body.handle, size: bytes.byteLength });
  expect(body.handle).not.toBe(0);
  bodies.release(body.handle);
  return bytes;
}

/** @param {any} content */
const gzip = async (content) => taken((await handlers.body_gzip(flight, { content })).packed);
/** @param {any} content @param {number} body_bytes_max */
const gunzip = async (content, body_bytes_max) =>
  taken((await handlers.body_gunzip(flight, { content, body_bytes_max })).unpacked);
/** @param {() => Promise<unknown>} call */
const failureOf = (call) =>
  call().then(
    () => "none",
    (thrown) => asFailure(thrown, "body").status,
  );

/** Text that packs about as well as real replies do. @param {number} size */
function someText(size) {
  let state = 1;
  const bytes = Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 97 + (state >>> 28);
  });
  return bytes.buffer;
}
/** @param {...ArrayBuffer} parts */
const joined = (...parts) => new Blob(parts).arrayBuffer();

test.for([0, 1, 4095, 4096, 4097, 100_000, 3_000_000])("%i bytes come back as they were", async (size) => {
  const content = someText(size);
  const packed = await gzip(content);
  expect([...new Uint8Array(packed, 0, 3)]).toEqual([0x1f, 0x8b, 8]);
  if (size >= 4096) expect(packed.byteLength).toBeLessThan(0.7 * size);
  expect(await gunzip(packed, size)).toEqual(content);
});

test("one byte more than the bound is too large", async () => {
  const packed = await gzip(someText(100_000));
  expect(await failureOf(() => gunzip(packed, 99_999))).toBe("too_large");
  expect(await failureOf(() => gunzip(packed, 0))).toBe("too_large");
});

test("a small body that becomes an enormous one is given up where it passes its bound", async () => {
  const zeros = new ArrayBuffer(64 * 1024 * 1024);
  const packed = await gzip(zeros);
  expect(packed.byteLength).toBeLessThan(100_000);
  let fed = 0;
  class Counting extends DecompressionStream {
    /** @param {"gzip"} format */
    constructor(format) {
      super(format);
      const getWriter = this.writable.getWriter.bind(this.writable);
      this.writable.getWriter = () => {
        const writer = getWriter();
        const write = writer.write.bind(writer);
        writer.write = (chunk) => {
          fed += chunk?.byteLength ?? 0;
          return write(chunk);
        };
        return writer;
      };
    }
  }
  vi.stubGlobal("DecompressionStream", Counting);
  expect(await failureOf(() => gunzip(packed, 1_000_000))).toBe("too_large");
  expect(fed).toBeGreaterThan(0);
  expect(fed).toBeLessThan(packed.byteLength / 2);
});

test("what is no whole gzip is corrupt, wherever it breaks off", async () => {
  const packed = await gzip(someText(20_000));
  for (const size of [0, 1, 9, 10, 11, 5000, packed.byteLength - 8, packed.byteLength - 1]) {
    expect([size, await failureOf(() => gunzip(packed.slice(0, size), 1_000_000))]).toEqual([
      size,
      "corrupt",
    ]);
  }
  for (const at of [0, 1, 2, 5000, packed.byteLength - 8, packed.byteLength - 1]) {
    const damaged = packed.slice(0);
    new Uint8Array(damaged)[at] ^= 0xff;
    expect([at, await failureOf(() => gunzip(damaged, 1_000_000))]).toEqual([at, "corrupt"]);
  }
  expect(await failureOf(() => gunzip(someText(10_000), 1_000_000))).toBe("corrupt");
});

test("bytes behind the end are corrupt, whether they come with it or after it", async () => {
  for (const size of [0, 100, 4096 * 20]) {
    const packed = await gzip(someText(size));
    for (const more of [new ArrayBuffer(1), packed, new ArrayBuffer(10_000)]) {
      const longer = await joined(packed, more);
      expect(await failureOf(() => gunzip(longer, 1_000_000))).toBe("corrupt");
    }
  }
});

test("a body whose bytes are not at hand is neither packed nor unpacked", async () => {
  for (const content of [new ReadableStream(), null]) {
    expect(await failureOf(() => gzip(content))).toBe("invalid");
    expect(await failureOf(() => gunzip(content, 10))).toBe("invalid");
  }
});
