// npm run bench [-- http|misses|measuring|experiments|cold|module|warming|redis|json|csv ...] [--payloads FOLDER] [--rounds N] [--publish] [--guard]:
// measures, prints tables and writes build/bench/results.json. A missed aim is told, and the exit status stays 0. --publish writes
// docs/PERFORMANCE.md and its plots of the results. --guard measures briefly, by default all that has a bound, and fails where
// a ratio is outside of its bound.

import { mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { heldLine, heldToBounds } from "./bounds.js";
import { benchCold, coldReport } from "./cold/bench.js";
import { benchCsv, csvReport } from "./csv/bench.js";
import { benchHttp, httpReport } from "./http/bench.js";
import { stopServers } from "./http/server.js";
import { benchJson, jsonReport } from "./json/bench.js";
import { benchExperiments, benchMeasuring, experimentsReport, measuringReport } from "./measuring/bench.js";
import { benchMisses, missesReport } from "./misses/bench.js";
import { benchModule, moduleReport } from "./module/bench.js";
import { publish } from "./publish.js";
import { benchRedis, redisReport } from "./redis/bench.js";
import { readResults, writeResults } from "./results.js";
import { verdictLine } from "./statistics.js";
import { benchWarming, warmingReport } from "./warming/bench.js";

const FOLDER = "build/bench";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    payloads: { type: "string", default: "../shared/payloads" },
    rounds: { type: "string" },
    publish: { type: "boolean", default: false },
    guard: { type: "boolean", default: false },
  },
});
const GUARDED = ["http", "misses", "json", "csv"];
const rounds = Number(values.rounds ?? (values.guard ? 1 : 7));
/** @type {import("./http/samples.js").Extent} */
const extent = values.guard
  ? { rounds, turns: 2, turnSeconds: 1, warmUpSeconds: 1, scope: "guarded" }
  : { rounds, turns: 3, turnSeconds: 1, warmUpSeconds: 2, scope: "whole" };
/** @param {string} name */
const wanted = (name) =>
  positionals.length === 0 ? !values.guard || GUARDED.includes(name) : positionals.includes(name);
/** @param {string} name */
const folder = (name) => {
  mkdirSync(`${FOLDER}/${name}`, { recursive: true });
  return `${FOLDER}/${name}`;
};

const RESULTS = `${FOLDER}/results.json`;
const results = readResults(RESULTS, cpus()[0]?.model ?? "");
/** What this run has measured. @type {Record<string, any>} */
const measured = {};

/** @param {string} name @param {{verdicts: import("./statistics.js").Verdict[]}} found @param {string} report */
function tell(name, found, report) {
  measured[name] = found;
  results.measured[name] = new Date().toISOString();
  console.log([report, ...found.verdicts.map(verdictLine), ""].join("\n"));
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, async () => {
    await stopServers();
    process.exit(1);
  });
}
if (wanted("http")) {
  const found = await benchHttp(folder("http"), extent);
  tell("http", found, httpReport(found));
}
if (wanted("misses")) {
  const found = await benchMisses(folder("misses"), extent);
  tell("misses", found, missesReport(found));
}
if (wanted("measuring")) {
  const found = await benchMeasuring(folder("measuring"), { ...extent, turns: 5, warmUpSeconds: 1 });
  tell("measuring", found, measuringReport(found));
}
if (wanted("experiments")) {
  const found = await benchExperiments(folder("experiments"), { ...extent, turns: 5, warmUpSeconds: 1 });
  tell("experiments", found, experimentsReport(found));
}
if (wanted("cold")) {
  const found = await benchCold(folder("cold"), { ...extent, warmUpSeconds: 1 });
  tell("cold", found, coldReport(found));
}
if (wanted("module")) {
  const found = await benchModule(folder("module"));
  tell("module", found, moduleReport(found));
}
if (wanted("warming")) {
  const found = await benchWarming();
  tell("warming", found, warmingReport(found));
}
if (wanted("redis")) {
  const found = await benchRedis(2);
  tell("redis", found, redisReport(found));
}
if (wanted("json")) {
  const found = await benchJson(`${FOLDER}/json/bench_json.wasm`, values.payloads);
  tell("json", found, jsonReport(found));
}
if (wanted("csv")) {
  const found = await benchCsv(`${FOLDER}/csv/bench_csv.wasm`);
  tell("csv", found, csvReport(found));
}
// What a guard measures is too short to be published.
if (!values.guard) {
  writeResults(RESULTS, { ...results, ...measured });
  console.log(`All numbers: ${RESULTS}`);
}
if (values.publish) publish({ ...results, ...measured });
if (values.guard) {
  const held = heldToBounds({ ...results, ...measured, ...onlyMeasured() });
  const failed = held.filter(({ met }) => !met).length;
  console.log([...held.map(heldLine), `${held.length - failed} passed, ${failed} failed`].join("\n"));
  process.exitCode = failed > 0 || held.length === 0 ? 1 : 0;
}

/** Nothing of an earlier run is held to a bound. */
function onlyMeasured() {
  return Object.fromEntries(GUARDED.map((name) => [name, measured[name]]));
}
