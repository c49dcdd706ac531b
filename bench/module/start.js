// start.js MODULE REPETITIONS: starts instances one after the other and writes their times as JSON.

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

const firstMillis = start();
const millis = Array.from({ length: Number(repetitions) }, start);
process.stdout.write(JSON.stringify({ compileMillis, firstMillis, millis }));
