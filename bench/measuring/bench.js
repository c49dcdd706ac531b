// What measuring costs a memory hit: the same Worker with the ledger and without, on `workerd serve`, through the fast lane and
// past it. Fresh processes in each round, which take turns of a second.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createCatalogue } from "../../catalogue/server.js";
import { loadGenerator } from "../http/load.js";
import { microsOf, ratios, ratiosOfWork, takeTurns } from "../http/samples.js";
import { Server } from "../http/server.js";
import { bundleLarder, makeLarder } from "../http/workers.js";
import { median, quartiles, spread, table } from "../statistics.js";

/** @typedef {import("../http/samples.js").Extent} Extent */
/** @typedef {import("../http/samples.js").Sample} Sample */

const PATH = "/search/title?q=foundation";
/** A condition sends a request past the fast lane; this one is no date, so it has no other effect. */
const HEADERS = /** @type {Record<string, [string, string]>} */ ({
  "by lane": ["x-modified-since", "never"],
  "past the lane": ["if-modified-since", "never"],
});
const RATIO_AIM = 0.97;

/** @param {string} folder @param {Extent} extent */
export async function benchMeasuring(folder, extent) {
  const log = openSync(join(folder, "log"), "w");
  const catalogue = createCatalogue();
  try {
    const { url } = await catalogue.listen();
    const modules = await bundleLarder(folder);
    const configurations = ["1", "0"].map((shards) => {
      const place = join(folder, `shards-${shards}`);
      mkdirSync(place, { recursive: true });
      return makeLarder(place, modules, {
        OPENLIBRARY_URL: url,
        TTL_JITTER_PERCENT: "0",
        LEDGER_SHARDS: shards,
      });
    });
    const generator = await loadGenerator();
    const variants = Object.entries(HEADERS).flatMap(([name, header]) =>
      configurations.map((configuration) => ({ name, header, configuration })),
    );
    /** @type {Sample[][]} */
    const samples = variants.map(() => []);
    for (let round = 0; round < extent.rounds; round++) {
      /** @type {Server[]} */
      const servers = [];
      /** @param {number} at @param {number} seconds */
      const load = (at, seconds) =>
        generator.load({
          port: servers[at]?.port ?? 0,
          method: "GET",
          paths: [PATH],
          header: variants[at]?.header ?? ["", ""],
          seconds,
          status: 200,
        });
      try {
        for (const [at, { configuration }] of variants.entries()) {
          servers.push(await Server.start(configuration, log));
          await servers[at]?.ask(PATH);
          await load(at, extent.warmUpSeconds);
        }
        const taken = await takeTurns(variants.length, extent.turns, round, async (at) => {
          const before = servers[at]?.runSeconds() ?? null;
          const perSecond = await load(at, extent.turnSeconds);
          const after = servers[at]?.runSeconds() ?? null;
          return { perSecond, microsPerRequest: microsOf(before, after, perSecond * extent.turnSeconds) };
        });
        for (const [at, turns] of taken.entries()) samples[at]?.push(...turns);
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
    }
    const results = Object.keys(HEADERS).map((name, at) => {
      const [on = [], off = []] = [samples[2 * at], samples[2 * at + 1]];
      return { name, ratio: spread(ratios(on, off)), ratioOfWork: spread(ratiosOfWork(on, off)), on, off };
    });
    const verdicts = results.map(({ name, ratio }) => ({
      aim: `${name}: at least ${RATIO_AIM} of one that measures nothing`,
      found: ratio.median.toFixed(3),
      met: ratio.median >= RATIO_AIM,
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

/** @param {Awaited<ReturnType<typeof benchMeasuring>>} found @returns {string} */
export function measuringReport({ extent, results }) {
  const { rounds, turns, turnSeconds } = extent;
  const head = `Memory hits with measuring, as a ratio to one without: ${rounds} rounds, ${turns} turns of ${turnSeconds} s each (median, quartiles)`;
  const rows = results.map(({ name, ratio, ratioOfWork, on }) => [
    name,
    median(on.map(({ perSecond }) => perSecond)).toFixed(0),
    ratio.median.toFixed(3),
    quartiles(ratio, 2),
    ratioOfWork.median.toFixed(3),
    quartiles(ratioOfWork, 2),
  ]);
  return `${head}\n${table(["", "requests/s", "throughput", "", "CPU", ""], rows)}`;
}
