// start.js MODULE REPETITIONS: starts instances one after the other and writes their times as JSON, and beside them those
// of a yardstick, work of always the same size, which tells a slow machine from a slow start.

import { readFileSync } from "node:fs";

// By its address, because it is typed for another runtime than this.
const { Instance } = await import(new URL("../../shim/instance.js", import.meta.url).href);

const [path = "", repetitions = "200"] = process.argv.slice(2);
// Every instance tells that it started.
console.info = () => {};
const declarations = readFileSync("larder.json", "utf8");
const bytes = readFileSync(path);
const began = performance.now();
const module = new WebAssembly.Module(bytes);
const compileMillis = performance.now() - began;

function start() {
  const begins = performance.now();
  const { faults } = new Instance(module, {}, { declarations, mode: "serve" });
  const millis = performance.now() - begins;
  if (faults !== 0) throw new Error("the shipped declarations have faults");
  return millis;
}

const YARDSTICK_BYTES = 1_000_000;
const yardstick = new Uint8Array(YARDSTICK_BYTES).map((_, i) => i * 31);

/** FNV-1a over a million bytes: about a millisecond. */
function measureYardstick() {
  const begins = performance.now();
  let hash = 0x811c9dc5;
  for (let i = 0; i < YARDSTICK_BYTES; ++i)
    hash = Math.imul(hash ^ /** @type {number} */ (yardstick[i]), 0x01000193);
  const millis = performance.now() - begins;
  if (hash === 0) throw new Error("the yardstick was not computed");
  return millis;
}

const firstMillis = start();
const millis = [];
const yardstickMillis = [];
for (let i = 0; i < Number(repetitions); ++i) {
  millis.push(start());
  yardstickMillis.push(measureYardstick());
}
process.stdout.write(JSON.stringify({ compileMillis, firstMillis, millis, yardstickMillis }));
