// larder plan: an access log replayed through the module under several declarations, side by side.

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { rows } from "../generate/tables.js";
import { readLog } from "./access_log.js";
import { checked, modulePath, secretsNamed } from "./check.js";
import { EXIT, Failure } from "./failure.js";
import { bytesOf } from "./files.js";
import { bytesText, dollars, jsonLine, percent, shown, tableText } from "./text.js";

const MONTH_MILLIS = 30 * 24 * 3600 * 1000;
/** Of Cloudflare's paid plan. */
const PLAN_DOLLARS = 5;

/**
 * A month at the log's rate, at the prices of src/metrics/prices.def.
 * @param {Record<string, number>} billed @param {number} storedBytes @param {number} millis that the log covers
 */
export function monthlyDollars(billed, storedBytes, millis) {
  const factor = MONTH_MILLIS / Math.max(millis, 1);
  const prices = rows("metrics/prices.def", "LARDER_PRICE", [
    "item",
    "unit",
    "included",
    "microdollars",
    "per",
    "read",
    "what",
  ]);
  const number = (/** @type {string | undefined} */ text) => Number(String(text).replaceAll("'", ""));
  const usage = prices.reduce((total, { item, included, microdollars, per }) => {
    const used = item === "kv_bytes" ? storedBytes : (billed[String(item)] ?? 0) * factor;
    const over = Math.max(0, used - number(included));
    return total + (over / number(per)) * (number(microdollars) / 1e6);
  }, 0);
  return PLAN_DOLLARS + usage;
}

/** @param {unknown} data @returns {Promise<import("./replay.js").Outcome>} */
function inThread(data) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(fileURLToPath(new URL("./replay.js", import.meta.url)), { workerData: data });
    thread.once("message", resolve);
    thread.once("error", reject);
  });
}

/**
 * @param {string} file @param {string[]} candidates @param {string | undefined} modulePathGiven
 * @returns {Promise<{log: import("./access_log.js").Log, millis: number, plans: any[]}>}
 */
export async function planned(file, candidates, modulePathGiven) {
  const log = readLog(bytesOf(file).toString(), file);
  const { requests } = log;
  const millis = Math.max((requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0), 1000);
  const module = new WebAssembly.Module(new Uint8Array(bytesOf(modulePath(modulePathGiven))));
  const plans = [];
  for (const candidate of candidates) {
    const { text, faults } = checked(candidate, modulePathGiven);
    if (faults.length > 0)
      throw new Failure(`${candidate} has faults: larder check ${candidate} names them.`);
    const bindings = Object.fromEntries(
      secretsNamed(text).map((name) => [name, "of the replay, 32 bytes or more"]),
    );
    const outcome = await inThread({ module, declarations: text, bindings, requests });
    const { requests: asked, hits, originCalls, storedBytes, billed } = outcome;
    plans.push({
      declarations: candidate,
      ...outcome,
      hitRate: asked === 0 ? null : hits / asked,
      originCallsWithout: asked,
      originCallsSaved: asked - originCalls,
      monthlyUsd: monthlyDollars(billed, storedBytes, millis),
    });
  }
  return { log, millis, plans };
}

/** @param {number} millis */
function spanText(millis) {
  const hours = millis / 3_600_000;
  if (hours < 1) return `${Math.round(millis / 1000)} s`;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`;
}

/**
 * @param {string} file @param {string[]} candidates @param {{module?: string}} options
 * @param {import("./commands.js").Context} context @returns {Promise<number>}
 */
export async function plan(file, candidates, options, { output, json }) {
  const { log, millis, plans } = await planned(
    file,
    candidates.length > 0 ? candidates : ["larder.json"],
    options.module,
  );
  if (json) {
    output.write(
      jsonLine({
        log: { format: log.format, requests: log.requests.length, unread: log.unread, millis },
        plans,
      }),
    );
    return EXIT.done;
  }
  const unread = log.unread === 0 ? "" : `; ${log.unread} lines are of no known form`;
  output.write(`${log.requests.length} requests in ${spanText(millis)} (${log.format}${unread})\n`);
  output.write(
    tableText(
      ["declarations", "requests", "hit rate", "origin calls", "saved", "entries", "stored", "a month"],
      plans.map((one) => [
        one.declarations,
        String(one.requests),
        one.hitRate === null ? "–" : percent(one.hitRate),
        String(one.originCalls),
        String(one.originCallsSaved),
        String(one.entries),
        bytesText(one.storedBytes),
        dollars(one.monthlyUsd),
      ]),
    ),
  );
  for (const one of plans.filter(({ others }) => others > 0)) {
    output.write(`${shown(one.declarations)}: no resource is for ${one.others} of the requests.\n`);
  }
  output.write(
    "As one isolate in one data centre would do it, with the origin's answers as long as the log says; more of them hit less.\n" +
      "A month is the plan and what is counted here at the log's rate; CPU time and Durable Objects come on top.\n",
  );
  return EXIT.done;
}
