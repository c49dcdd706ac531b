// Both builds give the same module from the outside: the same imports, the same exports, nothing else, small, and soon
// started.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const FLAVOURS = ["wasi", "emscripten"];
const IMPORT_MODULE = "larder";
/** What a deployment uploads, compressed: no budget to fill, but growth is noticed. */
const GZIP_BYTES_MAX = 1_000_000;

const STARTS = 100;
/** Of a yardstick that takes a millisecond where a start takes 0.7: the budget of 2 ms, whatever the machine. */
const START_YARDSTICKS_MAX = 2;

/** @param {string} path @returns {string[]} its lines, without comments */
const listed = (path) =>
  readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .sort();

/** @param {string} flavour */
function moduleOf(flavour) {
  const path = `build/${flavour}/larder.wasm`;
  assert.ok(existsSync(path), `${path} does not exist: npm run build`);
  const bytes = readFileSync(path);
  return { bytes, module: new WebAssembly.Module(bytes) };
}

for (const flavour of FLAVOURS) {
  test(`the ${flavour} module imports what wasm/imports.txt lists, all of it functions of "${IMPORT_MODULE}"`, () => {
    const imports = WebAssembly.Module.imports(moduleOf(flavour).module);
    assert.deepEqual(
      imports.filter(({ module, kind }) => module !== IMPORT_MODULE || kind !== "function"),
      [],
    );
    assert.deepEqual(imports.map(({ name }) => name).sort(), listed("wasm/imports.txt"));
  });

  test(`the ${flavour} module exports what wasm/exports.txt lists: functions, and its memory`, () => {
    const exports = WebAssembly.Module.exports(moduleOf(flavour).module);
    assert.deepEqual(exports.map(({ name }) => name).sort(), listed("wasm/exports.txt"));
    assert.deepEqual(
      exports.filter(({ kind }) => kind !== "function"),
      [{ name: "memory", kind: "memory" }],
    );
  });

  test(`the ${flavour} module takes at most ${GZIP_BYTES_MAX} bytes compressed`, () => {
    const size = gzipSync(moduleOf(flavour).bytes, { level: 9 }).length;
    assert.ok(size <= GZIP_BYTES_MAX, `${size} bytes`);
  });
  test(`an instance of the ${flavour} module starts within ${START_YARDSTICKS_MAX} times a yardstick`, () => {
    const output = execFileSync(
      process.execPath,
      ["bench/module/start.js", `build/${flavour}/larder.wasm`, String(STARTS)],
      { encoding: "utf8" },
    );
    const { millis, yardstickMillis } = JSON.parse(output);
    // The fastest of many, which a busy machine does not change.
    const ratio = Math.min(...millis) / Math.min(...yardstickMillis);
    assert.ok(ratio <= START_YARDSTICKS_MAX, `${ratio.toFixed(2)} times`);
  });
}
