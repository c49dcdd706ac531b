// Records in the runtime: what is written is read, and what is damaged is refused rather than read past its end.
// tests/architecture/wire.test.js compares the bytes with those of the C++ side.
import { expect, test } from "vitest";
import { OPERATIONS } from "../../shim/generated/operations.js";
import { RecordReader, RecordWriter, readFields, writeFields } from "../../shim/wire.js";

/** @typedef {{type: string, value: any}} Step */

const PIECES = ["a", " ", "\0", "\n", "é", "e\u0301", "海", "€", "\ufeff", "😀", "\u{10ffff}"];
const TYPES = ["u8", "u32", "u64", "text", "bytes", "texts", "pairs", "body"];

/** Repeatable noise: the same seed gives the same numbers. @param {number} seed */
function seeded(seed) {
  let state = seed;
  /** @param {number} bound */
  const below = (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % bound;
  };
  return below;
}

/** @param {ReturnType<typeof seeded>} below @param {string} type @returns {any} */
function someValue(below, type) {
  const text = () =>
    Array.from({ length: below(8) === 0 ? below(2000) : below(12) }, () => PIECES[below(11)]).join("");
  const large = () => [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER, below(2 ** 24)][below(6)];
  if (type === "u8") return below(256);
  if (type === "u32") return below(2) ? 0xffff_ffff : below(2 ** 24);
  if (type === "u64") return large();
  if (type === "text") return text();
  if (type === "bytes") return Uint8Array.from({ length: below(40) }, () => below(256));
  if (type === "texts") return Array.from({ length: below(5) }, text);
  if (type === "pairs") return Array.from({ length: below(5) }, () => [text(), text()]);
  return { handle: below(2 ** 24), size: large() };
}

/** @param {number} seed @returns {Step[]} */
function script(seed) {
  const below = seeded(seed);
  return Array.from({ length: 1 + below(8) }, () => {
    const type = TYPES[below(TYPES.length)];
    return { type, value: someValue(below, type) };
  });
}

/** @param {Step[]} steps */
function written(steps) {
  const writer = new RecordWriter();
  for (const { type, value } of steps) /** @type {any} */ (writer)[type](value);
  return writer.written().slice();
}

/** Reads by the script's types. @param {RecordReader} reader @param {Step[]} steps @returns {any[]} */
const readAll = (reader, steps) => steps.map(({ type }) => /** @type {any} */ (reader)[type]());

/** The record somewhere within a memory whose other bytes are all ones. @param {Uint8Array} bytes */
function within(bytes) {
  const memory = new Uint8Array(bytes.length + 64).fill(0xff);
  memory.set(bytes, 32);
  return new RecordReader(memory.buffer, 32, bytes.length);
}

test("what is written is read, wherever in memory it lies", () => {
  for (let seed = 0; seed < 500; seed++) {
    const steps = script(seed);
    const reader = within(written(steps));
    expect(readAll(reader, steps)).toEqual(steps.map(({ value }) => value));
    expect(reader.complete()).toBe(true);
  }
});

test("a record that breaks off is refused with a RangeError at every place", () => {
  for (let seed = 0; seed < 60; seed++) {
    const steps = script(seed);
    const bytes = written(steps);
    const stride = Math.max(1, Math.floor(bytes.length / 50));
    for (let size = 0; size < bytes.length; size += stride) {
      const reader = within(bytes.subarray(0, size));
      expect(() => readAll(reader, steps)).toThrow(RangeError);
    }
  }
});

test("a damaged record is read within its bounds or refused with a RangeError", () => {
  let refused = 0;
  for (let seed = 0; seed < 500; seed++) {
    const below = seeded(seed + 1_000_000);
    const steps = script(seed);
    const bytes = written(steps);
    for (let i = 0; i < 3; i++) bytes[below(bytes.length)] = below(2) ? 0xff : below(256);
    const reader = within(bytes);
    try {
      readAll(reader, steps);
      expect(reader.at).toBeLessThanOrEqual(bytes.length);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(RangeError);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(50);
});

test.for([
  ["texts", [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
  ["pairs", [2, 0, 0, 0, 0, 0, 0, 0]],
  ["text", [4, 0, 0, 0, 97, 98, 99]],
  ["text", [0xff, 0xff, 0xff, 0xff]],
  ["u64", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x20, 0]],
])("%s of %j is refused", ([type, bytes]) => {
  const reader = within(Uint8Array.from(/** @type {number[]} */ (bytes)));
  expect(() => /** @type {any} */ (reader)[/** @type {string} */ (type)]()).toThrow(RangeError);
});

test("the largest number there is comes through, and the one above it is refused", () => {
  const writer = new RecordWriter();
  writer.u64(Number.MAX_SAFE_INTEGER);
  const bytes = writer.written().slice();
  expect(within(bytes).u64()).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => within(Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0)).u64()).toThrow(RangeError);
});

test("half a surrogate pair becomes the replacement character, and the record stays whole", () => {
  const writer = new RecordWriter();
  writer.text("a\ud800b");
  writer.u8(7);
  const reader = within(writer.written());
  expect(reader.text()).toBe("a\ufffdb");
  expect(reader.u8()).toBe(7);
  expect(reader.complete()).toBe(true);
});

test("a writer grows past its first buffer in one step or in many", () => {
  const writer = new RecordWriter();
  writer.text("€".repeat(100_000));
  for (let i = 0; i < 3000; i++) writer.u32(i);
  const reader = within(writer.written());
  expect(reader.text()).toBe("€".repeat(100_000));
  for (let i = 0; i < 3000; i++) expect(reader.u32()).toBe(i);
  expect(reader.complete()).toBe(true);
});

test("the fields of every operation come through, arguments and results", () => {
  for (const row of OPERATIONS) {
    for (const fields of [row.arguments, row.results]) {
      const below = seeded(row.kind);
      /** @type {Record<string, any>} */
      const values = {};
      for (const [type, name] of fields) values[name] = someValue(below, type);
      const writer = new RecordWriter();
      writeFields(writer, fields, values);
      const reader = within(writer.written());
      expect(readFields(reader, fields)).toEqual(values);
      expect(reader.complete()).toBe(true);
    }
  }
});
