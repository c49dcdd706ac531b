// Both sides of the boundary write the same bytes: the shim's RecordWriter against C++'s, by the script that
// tests/host/wire_vectors.cpp describes; and what C++ wrote, the shim reads.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { nativeProgram } from "../../scripts/files.js";
import { RecordReader, RecordWriter } from "../../shim/wire.js";

const SEEDS = 2000;
const PIECES = [
  ..."aZ",
  " ",
  "\0",
  "\n",
  "\x7f",
  "\u00e9",
  "e\u0301",
  "\u0416",
  "\u6d77",
  "\u20ac",
  "\ufeff",
  "\ufffd",
  "\u202e",
  "\u{1f600}",
  "\u{10ffff}",
];

/** @typedef {{type: "u8" | "u32" | "u64" | "text" | "texts" | "pairs" | "bytes", value: any}} Step */

/** @param {number} seed @returns {Step[]} */
function script(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const number = () => {
    const high = next() % 65536;
    return high * 65536 + (next() % 65536);
  };
  const largeNumber = () => {
    const choice = next() % 4;
    if (choice === 0) return 0;
    if (choice === 1) return Number.MAX_SAFE_INTEGER;
    if (choice === 2) return next();
    const high = next() % 2 ** 21;
    return high * 2 ** 32 + number();
  };
  const text = () => {
    const length = next() % 8;
    const count = length === 0 ? 0 : next() % (length === 7 ? 800 : 20);
    return Array.from({ length: count }, () => PIECES[next() % 16]).join("");
  };
  /** @type {Array<() => Step>} */
  const kinds = [
    () => ({ type: "u8", value: next() % 256 }),
    () => ({ type: "u32", value: number() }),
    () => ({ type: "u64", value: largeNumber() }),
    () => ({ type: "text", value: text() }),
    () => ({ type: "texts", value: Array.from({ length: next() % 5 }, text) }),
    () => ({ type: "pairs", value: Array.from({ length: next() % 4 }, () => [text(), text()]) }),
    () => ({ type: "bytes", value: Uint8Array.from({ length: next() % 40 }, () => next() % 256) }),
  ];
  return Array.from({ length: next() % 12 }, () => kinds[next() % 7]());
}

/** @returns {Buffer[]} what C++ wrote, by seed */
function vectors() {
  const binary = nativeProgram("wire_vectors");
  const lines = execFileSync(binary, ["0", String(SEEDS)], { encoding: "utf8", maxBuffer: 1 << 28 }).split(
    "\n",
  );
  return lines.slice(0, -1).map((line) => Buffer.from(line, "hex"));
}

test("the shim writes what C++ writes, and reads it back", () => {
  const written = vectors();
  assert.equal(written.length, SEEDS);
  for (const [seed, bytes] of written.entries()) {
    const steps = script(seed);
    const writer = new RecordWriter();
    for (const { type, value } of steps) /** @type {any} */ (writer)[type](value);
    assert.equal(Buffer.from(writer.written()).toString("hex"), bytes.toString("hex"), `seed ${seed}`);
    const reader = new RecordReader(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const { type, value } of steps) assert.deepEqual(reader[type](), value, `seed ${seed}`);
    assert.ok(reader.complete(), `seed ${seed}`);
  }
});

test("the vectors reach every kind of value, the largest number and a long text", () => {
  const steps = Array.from({ length: SEEDS }, (_, seed) => script(seed)).flat();
  assert.equal(new Set(steps.map(({ type }) => type)).size, 7);
  assert.ok(steps.some(({ value }) => value === Number.MAX_SAFE_INTEGER));
  assert.ok(steps.some(({ type, value }) => type === "text" && value.length > 512));
  assert.ok(steps.some(({ value }) => value === ""));
});
