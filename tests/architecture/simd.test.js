// simdjson's 128-bit kernel over wasm/simd/x86intrin.h makes of any bytes what its kernel without vectors makes: the same
// values of what both take, the same verdict on UTF-8. Of several faults each names the one that it meets first, and the
// one with vectors meets some in what nobody reads.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const FLAVOURS = ["wasi", "emscripten"];
const SEEDS = 3000;
/** A block of the kernel is this long: what matters happens at its ends. */
const BLOCK = 64;

/** Repeatable noise. @param {number} seed */
function seeded(seed) {
  let state = seed;
  /** @param {number} bound */
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % bound;
  };
}
/** @typedef {ReturnType<typeof seeded>} Below */

/** @param {string} flavour @param {"simd" | "scalar"} kind */
function kernelOf(flavour, kind) {
  const path = `build/${flavour}/kernel_${kind}.wasm`;
  assert.ok(existsSync(path), `${path} does not exist: npm run build`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)));
  const kernel = /** @type {any} */ (exports);
  kernel._initialize();
  /** @param {number} size */
  const made = (size) => Buffer.from(kernel.memory.buffer, kernel.made(), size).toString("latin1");
  return {
    name: made(kernel.kernel()),
    /** @param {Uint8Array} bytes */
    read(bytes) {
      const at = kernel.allocate(bytes.length);
      new Uint8Array(kernel.memory.buffer, at, bytes.length).set(bytes);
      const found = made(kernel.read(at, bytes.length));
      kernel.release(at);
      return readingOf(found);
    },
  };
}

/**
 * Each part of what kernel_check.cpp writes; of what is refused, that it is.
 * @param {string} made
 */
function readingOf(made) {
  const [, utf8, values, walked, parsed, minified, small] =
    /^([ux])(.*)o(\d+)d(\d+)m(\d+)m\d+:(.*)$/s.exec(made) ?? assert.fail(made);
  return {
    utf8,
    walked: walked === "0" ? values : null,
    parsed: parsed === "0",
    small: minified === "0" ? small : null,
  };
}

const PIECES = [
  "a",
  "\\",
  '\\"',
  "\\\\",
  "\\u00e9",
  "\\ud83d\\ude00",
  "\\ud83d",
  "\\/",
  "\\n",
  "é",
  "海",
  "😀",
  "{",
  "]",
  ":",
  ",",
  '"',
  " ",
  "\t",
  "0123456789",
];
const NUMBERS = [
  "0",
  "-0",
  "7",
  "-12",
  "12345678",
  "1234567890123456789",
  "18446744073709551615",
  "1e5",
  "-1.5E-3",
  "3.141592653589793238462643383279",
  "2.2250738585072014e-308",
  "1e400",
  "00",
  "1.",
  ".5",
  "-",
  "1e",
];
const SPACES = ["", "", "", " ", "\n", "\t", "\r\n", "    ", " ".repeat(70)];

/** @param {Below} below @param {string[]} list @returns {string} */
const one = (below, list) => /** @type {string} */ (list[below(list.length)]);

/** Strings that fall anywhere in a block, mostly whole. @param {Below} below */
function someString(below) {
  let text = "";
  for (let i = below(12); i > 0; i--) {
    const piece = one(below, PIECES);
    if ((piece !== '"' && piece !== "\\" && piece !== "\t") || below(40) === 0) text += piece;
  }
  return `"${"x".repeat(below(2) * below(BLOCK))}${text}"`;
}

/** @param {Below} below @param {number} depth @returns {string} */
function someValue(below, depth) {
  const space = one(below, SPACES);
  const kind = below(depth > 4 ? 4 : 7);
  if (kind === 0)
    return space + one(below, ["true", "false", "null", "tru", "nulll"].slice(0, below(20) === 0 ? 5 : 3));
  if (kind === 1) return space + one(below, below(10) === 0 ? NUMBERS : NUMBERS.slice(0, 11));
  if (kind < 4) return space + someString(below);
  const items = Array.from({ length: below(6) }, () => {
    const value = someValue(below, depth + 1);
    return kind === 4 ? value : `${space}${someString(below)}${one(below, SPACES)}:${value}`;
  });
  const inner = items.join(`${one(below, SPACES)},`) + space;
  return kind === 4 ? `[${inner}]` : `{${inner}}`;
}

/** A document, in half of the cases with damage. @param {Below} below @returns {Uint8Array} */
function someDocument(below) {
  const bytes = Buffer.from(someValue(below, 0) + one(below, SPACES));
  if (bytes.length === 0 || below(2) === 0) return bytes;
  for (let i = below(3); i >= 0; i--) bytes[below(bytes.length)] = below(256);
  return below(3) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
}

/** Bytes that are nearly UTF-8, across the ends of blocks. @param {Below} below */
function nearlyText(below) {
  const leads = [0x41, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xc0, 0xff, 0x80];
  const bytes = [...Buffer.from("x".repeat(below(2 * BLOCK)))];
  for (let i = 0; i < 8; i++) {
    bytes.push(leads[below(leads.length)] ?? 0);
    for (let more = below(4); more > 0; more--) bytes.push(0x70 + below(0x60));
  }
  return Uint8Array.from(bytes);
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: simdjson's kernel of vectors reads what its kernel without reads`, () => {
    const simd = kernelOf(flavour, "simd");
    const scalar = kernelOf(flavour, "scalar");
    assert.deepEqual([simd.name, scalar.name], ["westmere", "fallback"]);
    let whole = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const below = seeded(seed);
      const bytes = seed % 3 === 0 ? nearlyText(below) : someDocument(below);
      const found = simd.read(bytes);
      assert.deepEqual(found, scalar.read(bytes), `seed ${seed}: ${Buffer.from(bytes).toString("latin1")}`);
      if (found.parsed) whole += 1;
    }
    // Most have been read to their ends, and many not.
    assert.ok(whole > SEEDS / 6 && whole < SEEDS / 2, `${whole} of ${SEEDS} were whole`);
  });

  test(`${flavour}: every byte at every place of a block is classified alike`, () => {
    const simd = kernelOf(flavour, "simd");
    const scalar = kernelOf(flavour, "scalar");
    for (let byte = 0; byte < 256; byte++) {
      for (const at of [0, 1, 15, 16, 17, 31, 32, 47, 48, 62, 63, 64, 65]) {
        for (const [before, after] of [
          ["[1,", ",2]"],
          ['["', '"]'],
          ['["\\', '"]'],
        ]) {
          const bytes = Buffer.from(`${" ".repeat(at)}${before} ${after}`, "latin1");
          bytes[at + /** @type {string} */ (before).length] = byte;
          assert.deepEqual(simd.read(bytes), scalar.read(bytes), `${byte} at ${at} of ${before} ${after}`);
        }
      }
    }
  });
}
