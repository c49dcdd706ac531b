// npm run bench [-- http|misses|measuring|module|warming|json|csv ...] [--payloads FOLDER] [--rounds N]: measures, prints tables and writes
// build/bench/results.json. Times are no tests: a missed aim is told, and the exit status stays 0.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchCsv, csvReport } from "./csv/bench.js";
import { benchHttp, httpReport } from "./http/bench.js";
import { stopServers } from "./http/server.js";
import { benchJson, jsonReport } from "./json/bench.js";
import { benchMeasuring, measuringReport } from "./measuring/bench.js";
import { benchMisses, missesReport } from "./misses/bench.js";
import { benchModule, moduleReport } from "./module/bench.js";
import { verdictLine } from "./statistics.js";
import { benchWarming, warmingReport } from "./warming/bench.js";

const FOLDER = "build/bench";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    payloads: { type: "string", default: "../shared/payloads" },
    rounds: { type: "string", default: "7" },
  },
});
/** @param {string} name */
const wanted = (name) => positionals.length === 0 || positionals.includes(name);
/** @param {string} name */
const folder = (name) => {
  mkdirSync(`${FOLDER}/${name}`, { recursive: true });
  return `${FOLDER}/${name}`;
};

/** @type {Record<string, unknown>} */
const results = { measured: new Date().toISOString(), node: process.version, processor: cpus()[0]?.model };

/** @param {string} name @param {{verdicts: import("./statistics.js").Verdict[]}} found @param {string} report */
function tell(name, found, report) {
  results[name] = found;
  console.log([report, ...found.verdicts.map(verdictLine), ""].join("\n"));
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, async () => {
    await stopServers();
    process.exit(1);
  });
}
if (wanted("http")) {
  const extent = { rounds: Number(values.rounds), turns: 5, turnSeconds: 1, warmUpSeconds: 1 };
  const found = await benchHttp(folder("http"), extent);
  tell("http", found, httpReport(found));
}
if (wanted("misses")) {
  const extent = { rounds: Number(values.rounds), turns: 3, turnSeconds: 1, warmUpSeconds: 1 };
  const found = await benchMisses(folder("misses"), extent);
  tell("misses", found, missesReport(found));
}
if (wanted("measuring")) {
  const extent = { rounds: Number(values.rounds), turns: 5, turnSeconds: 1, warmUpSeconds: 1 };
  const found = await benchMeasuring(folder("measuring"), extent);
  tell("measuring", found, measuringReport(found));
}
if (wanted("module")) {
  const found = await benchModule(folder("module"));
  tell("module", found, moduleReport(found));
}
if (wanted("warming")) {
  const found = await benchWarming();
  tell("warming", found, warmingReport(found));
}
if (wanted("json")) {
  const found = await benchJson(`${FOLDER}/json/bench_json.wasm`, values.payloads);
  tell("json", found, jsonReport(found));
}
if (wanted("csv")) {
  const found = await benchCsv(`${FOLDER}/csv/bench_csv.wasm`);
  tell("csv", found, csvReport(found));
}
writeFileSync(`${FOLDER}/results.json`, `${JSON.stringify(results, null, 2)}\n`);
console.log(`All numbers: ${FOLDER}/results.json`);
