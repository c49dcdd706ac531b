// What measurements are held to: ratios of one run, with bounds so wide that only a change of the tree breaks them, and never
// what else the machine does.

import { shareOfBare } from "./http/bench.js";

/** @typedef {{what: string, found: number, bound: number, met: boolean}} Held */

/** Shares of a bare Worker's speed, by a fast lane and by the module: processes of one build differ by up to 1.8 times. */
const HITS_AT_LEAST = { by_lane: 0.45, by_module: 0.35 };
/** Times the processor time of a bare Worker that asks the same origin. */
const MISSES_AT_MOST = new Map([
  ["Larder, everything on", 14],
  ["no cache at all", 5],
]);
/** Times as fast as decode + JSON.parse, the median of the replies. */
const WALK_AT_LEAST = 0.9;
const READER_AT_LEAST = 0.35;
/** Times as fast as the faster of papaparse and csv-parse. */
const ROWS_AT_LEAST = 2;
const BOOKS_AT_LEAST = 0.7;

/** @param {string} what @param {number} found @param {number} bound @returns {Held} */
const atLeast = (what, found, bound) => ({ what, found, bound, met: found >= bound });
/** @param {string} what @param {number} found @param {number} bound @returns {Held} */
const atMost = (what, found, bound) => ({ what, found, bound, met: found <= bound });

/** @param {import("./results.js").Results} results @returns {Held[]} what was measured of what has a bound */
export function heldToBounds({ http, misses, json, csv }) {
  /** @type {Held[]} */
  const held = [];
  for (const result of http?.results ?? []) {
    if (result.way === "no_larder") continue;
    const what = `hits, ${result.group}, ${result.name}: share of a bare Worker`;
    held.push(atLeast(what, shareOfBare(result), HITS_AT_LEAST[result.way]));
  }
  for (const { name, reads, ratioOfWork, ratio } of misses?.results ?? []) {
    const bound = reads === "titles" ? MISSES_AT_MOST.get(name) : undefined;
    if (bound === undefined) continue;
    held.push(atMost(`misses, ${name}: times a bare Worker`, 1 / (ratioOfWork ?? ratio).median, bound));
  }
  if (json !== undefined) {
    held.push(atLeast("replies, On-Demand: times decode + JSON.parse", json.ratio, WALK_AT_LEAST));
    held.push(atLeast("replies, the reader of works: the same", json.readRatio, READER_AT_LEAST));
  }
  if (csv !== undefined) {
    held.push(
      atLeast("book lists, rows: times the faster of papaparse and csv-parse", csv.ratio, ROWS_AT_LEAST),
    );
    held.push(atLeast("book lists, books and authors: the same", csv.booksRatio, BOOKS_AT_LEAST));
  }
  return held;
}

/** @param {Held} held */
export const heldLine = ({ what, found, bound, met }) =>
  `${met ? "ok" : "FAILED"}  ${what}: ${found.toFixed(2)} (bound ${bound})`;
