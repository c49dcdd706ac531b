// build/bench/results.json: what each benchmark found when it last ran. A run of some of them leaves the others' as they are.

import { existsSync, readFileSync, writeFileSync } from "node:fs";

/**
 * @typedef {object} Results
 * @property {string} node
 * @property {string} processor
 * @property {Record<string, string>} measured when, by benchmark
 * @property {Awaited<ReturnType<typeof import("./http/bench.js").benchHttp>>} [http]
 * @property {Awaited<ReturnType<typeof import("./misses/bench.js").benchMisses>>} [misses]
 * @property {Awaited<ReturnType<typeof import("./measuring/bench.js").benchMeasuring>>} [measuring]
 * @property {Awaited<ReturnType<typeof import("./measuring/bench.js").benchExperiments>>} [experiments]
 * @property {Awaited<ReturnType<typeof import("./cold/bench.js").benchCold>>} [cold]
 * @property {Awaited<ReturnType<typeof import("./module/bench.js").benchModule>>} [module]
 * @property {Awaited<ReturnType<typeof import("./json/bench.js").benchJson>>} [json]
 * @property {Awaited<ReturnType<typeof import("./csv/bench.js").benchCsv>>} [csv]
 * @property {unknown} [warming]
 */

/** @param {string} path @param {string} processor @returns {Results} those that are there, of this machine */
export function readResults(path, processor) {
  const known = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const isOurs = known.processor === processor && typeof known.measured === "object";
  return isOurs ? known : { node: process.version, processor, measured: {} };
}

/** @param {string} path @param {Results} results */
export function writeResults(path, results) {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}
