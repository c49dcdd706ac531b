// What something costs a memory hit: the same Worker with it and without, on `workerd serve`, through the fast lane and past it.
// Fresh processes in each round, which take turns of a second. One is measuring itself, the other two experiments that the key
// takes part in.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createCatalogue } from "../../catalogue/server.js";
import { signToken } from "../../scripts/cli/token.js";
import { HOST } from "../../scripts/listening.js";
import { loadGenerator } from "../http/load.js";
import { microsOf, ratios, ratiosOfWork, takeTurns } from "../http/samples.js";
import { Server } from "../http/server.js";
import { bundleLarder, makeLarder } from "../http/workers.js";
import { median, quartiles, spread, table } from "../statistics.js";

/** @typedef {import("../http/samples.js").Extent} Extent */
/** @typedef {import("../http/samples.js").Sample} Sample */
/** @typedef {{settings: Record<string, string>, prepare?: (server: Server) => Promise<void>}} Side */

const PATH = "/search/title?q=foundation";
/** A condition sends a request past the fast lane; this one is no date, so it has no other effect. */
const HEADERS = /** @type {Record<string, [string, string]>} */ ({
  "by lane": ["x-modified-since", "never"],
  "past the lane": ["if-modified-since", "never"],
});
const RATIO_AIM = 0.97;
const SECRET = "a secret of this measurement, with 32 bytes or more";
const KNOWN_WITHIN_MILLIS = 30_000;

/** @param {string} role */
const bearer = (role) => ({
  authorization: `Bearer ${signToken({ role, sub: "bench", expires: "1h" }, SECRET, Date.now())}`,
});

/** A sum of Prometheus' text. @param {string} text @param {string} name */
const sumOf = (text, name) =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

/** Calls of the ledger for a thousand requests, since the beginning. @param {Server} server */
async function callsOf(server) {
  const answer = await server.ask("/metrics/prom", bearer("viewer"));
  const text = Buffer.from(answer.body).toString();
  if (answer.status !== 200) throw new Error(`/metrics/prom was answered with ${answer.status}: ${text}`);
  const requests = sumOf(text, "answers_total");
  // The batch of this question is under way.
  return { requests, flushes: sumOf(text, "ledger_flushes_total") };
}

/** Declares two experiments that every key takes part in, and waits until the Worker knows. @param {Server} server */
async function beginExperiments(server) {
  for (const [name, override] of Object.entries({ ttl: { ttl: "7d" }, stale: { stale: "2d" } })) {
    const response = await fetch(`http://${HOST}:${server.port}/api/experiments`, {
      method: "POST",
      headers: { ...bearer("admin"), "content-type": "application/json" },
      body: JSON.stringify({
        name,
        hypothesis: "It makes no difference to a hit.",
        layer: name,
        resources: ["title"],
        variants: [
          { name: "a", share: 50 },
          { name: "b", share: 50, overrides: override },
        ],
        ramp: [{ percent: 100 }],
        primary: { metric: "hit_rate", smallestEffect: 50 },
      }),
    });
    // Later rounds find it running, since the objects' storage outlives a process.
    if (response.status !== 201 && response.status !== 409)
      throw new Error(`The experiment was not taken: ${await response.text()}`);
  }
  const deadline = Date.now() + KNOWN_WITHIN_MILLIS;
  for (;;) {
    const { headers } = await server.ask(PATH);
    const status = headers.find(([name]) => name.toLowerCase() === "cache-status")?.[1] ?? "";
    if (/hit.*variant=/.test(status) && status.includes("ttl:") && status.includes("stale:")) return;
    if (Date.now() > deadline) throw new Error(`The key does not take part: ${status}`);
    await sleep(200);
  }
}

/**
 * @param {string} folder @param {Extent} extent @param {[Side, Side]} sides with it, and without
 * @param {string} without what the other one does not have
 */
async function compare(folder, extent, sides, without) {
  const log = openSync(join(folder, "log"), "w");
  const catalogue = createCatalogue();
  try {
    const { url } = await catalogue.listen();
    const modules = await bundleLarder(folder);
    const variants = Object.entries(HEADERS).flatMap(([name, header]) =>
      sides.map((side, at) => {
        const place = join(folder, `${at}-${name.replaceAll(" ", "-")}`);
        mkdirSync(place, { recursive: true });
        const settings = { OPENLIBRARY_URL: url, TTL_JITTER_PERCENT: "0", ADMIN_JWT_SECRET: SECRET };
        return { header, side, configuration: makeLarder(place, modules, { ...settings, ...side.settings }) };
      }),
    );
    /** @type {Sample[][]} */
    const samples = variants.map(() => []);
    /** @type {number[][]} */
    const calls = variants.map(() => []);
    for (let round = 0; round < extent.rounds; round++) {
      /** @type {Server[]} */
      const servers = [];
      const serverAt = (/** @type {number} */ at) => /** @type {Server} */ (servers[at]);
      /** @param {number} at @param {number} seconds */
      const load = (at, seconds) =>
        generator.load({
          port: serverAt(at).port,
          method: "GET",
          paths: [PATH],
          header: variants[at]?.header ?? ["", ""],
          seconds,
          status: 200,
        });
      const generator = await loadGenerator();
      try {
        for (const [at, { configuration, side }] of variants.entries()) {
          servers.push(await Server.start(configuration, log));
          await serverAt(at).ask(PATH);
          await side.prepare?.(serverAt(at));
          await load(at, extent.warmUpSeconds);
        }
        const isMeasured = (/** @type {number} */ at) => variants[at]?.side.settings.LEDGER_SHARDS !== "0";
        const began = await Promise.all(
          servers.map((server, at) => (isMeasured(at) ? callsOf(server) : null)),
        );
        const taken = await takeTurns(variants.length, extent.turns, round, async (at) => {
          const before = serverAt(at).runSeconds() ?? null;
          const perSecond = await load(at, extent.turnSeconds);
          const after = serverAt(at).runSeconds() ?? null;
          return { perSecond, microsPerRequest: microsOf(before, after, perSecond * extent.turnSeconds) };
        });
        for (const [at, turns] of taken.entries()) {
          samples[at]?.push(...turns);
          const first = began[at];
          if (first === null || first === undefined) continue;
          const last = await callsOf(serverAt(at));
          calls[at]?.push(((last.flushes - first.flushes) / (last.requests - first.requests)) * 1000);
        }
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
    }
    const results = Object.keys(HEADERS).map((name, at) => {
      const [on = [], off = []] = [samples[2 * at], samples[2 * at + 1]];
      const ledgerCalls = median(calls[2 * at] ?? []);
      return {
        name,
        ratio: spread(ratios(on, off)),
        ratioOfWork: spread(ratiosOfWork(on, off)),
        on,
        off,
        ledgerCalls,
      };
    });
    const verdicts = results.map(({ name, ratio, ratioOfWork }) => ({
      aim: `${name}: at least ${RATIO_AIM} of one ${without}`,
      found: `${ratio.median.toFixed(3)}, by processor time ${ratioOfWork.median.toFixed(3)}`,
      met: ratio.median >= RATIO_AIM || ratioOfWork.median >= RATIO_AIM,
    }));
    return { extent, results, verdicts };
  } catch (error) {
    console.error(readFileSync(join(folder, "log"), "utf8").slice(-4_000));
    throw error;
  } finally {
    closeSync(log);
    await catalogue.close();
  }
}

/** @param {string} folder @param {Extent} extent */
export const benchMeasuring = (folder, extent) =>
  compare(
    folder,
    extent,
    [{ settings: { LEDGER_SHARDS: "1" } }, { settings: { LEDGER_SHARDS: "0" } }],
    "that measures nothing",
  );

/** @param {string} folder @param {Extent} extent */
export const benchExperiments = (folder, extent) =>
  compare(
    folder,
    extent,
    [{ settings: { LEDGER_SHARDS: "1" }, prepare: beginExperiments }, { settings: { LEDGER_SHARDS: "1" } }],
    "without experiments",
  );

/** @param {string} what @param {Awaited<ReturnType<typeof compare>>} found @returns {string} */
function report(what, { extent, results }) {
  const { rounds, turns, turnSeconds } = extent;
  const head = `Memory hits ${what}: ${rounds} rounds, ${turns} turns of ${turnSeconds} s each (median, quartiles)`;
  const rows = results.map(({ name, ratio, ratioOfWork, on, ledgerCalls }) => [
    name,
    median(on.map(({ perSecond }) => perSecond)).toFixed(0),
    ratio.median.toFixed(3),
    quartiles(ratio, 2),
    ratioOfWork.median.toFixed(3),
    quartiles(ratioOfWork, 2),
    ledgerCalls.toFixed(2),
  ]);
  return `${head}\n${table(["", "requests/s", "throughput", "", "CPU", "", "ledger calls for 1,000"], rows)}`;
}

/** @param {Awaited<ReturnType<typeof benchMeasuring>>} found @returns {string} */
export const measuringReport = (found) => report("with measuring, as a ratio to one without", found);

/** @param {Awaited<ReturnType<typeof benchExperiments>>} found @returns {string} */
export const experimentsReport = (found) =>
  report("with two experiments running, as a ratio to one without", found);
