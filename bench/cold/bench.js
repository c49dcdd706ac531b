// What hits notice of a run of the archiver: a hot key, through the fast lane and past it, while entries move to R2 and while the
// run is held up, in turns in one process. The stores are stand-ins in the Worker's own isolate (entry.js), so the run's work is all
// in the measured process; KV and R2 answer as late as the platform's, since a run waits for them most of its time.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "../../scripts/listening.js";
import { loadGenerator } from "../http/load.js";
import { microsOf, ratios, ratiosOfWork, takeTurns } from "../http/samples.js";
import { Server } from "../http/server.js";
import { bundleLarder, writeConfiguration } from "../http/workers.js";
import { median, quartiles, spread, table } from "../statistics.js";

/** @typedef {import("../http/samples.js").Extent} Extent */
/** @typedef {import("../http/samples.js").Sample & {moved: number}} Sample */

const ENTRIES = 4_000;
const BODY_BYTES = 65_536;
/** Of the entry that is asked for, and that the others are copies of: no other bytes of its header are these. */
const HOT = "987650";
const PREFIX = "larder:item:v3:";
const RATIO_AIM = 0.97;
const SETTLES_MILLIS = 100;
/** A condition sends a request past the fast lane; this one is no date, so it has no other effect. */
const HEADERS = /** @type {Record<string, [string, string]>} */ ({
  "by lane": ["x-modified-since", "never"],
  "past the lane": ["if-modified-since", "never"],
});
const OBJECTS = {
  LOCK: "Lock",
  CONTROL: "ControlLog",
  LEDGER: "Ledger",
  EXPERIMENTS: "Experiments",
  ARCHIVE: "Archive",
};

/** @param {string} folder @param {Extent} extent */
export async function benchCold(folder, extent) {
  const log = openSync(join(folder, "log"), "w");
  // Random bytes, which are not packed.
  const body = crypto.getRandomValues(new Uint8Array(BODY_BYTES));
  const headers = { "content-type": "application/octet-stream" };
  const origin = createServer((_, response) => response.writeHead(200, headers).end(body));
  try {
    await new Promise((resolve) => origin.listen(0, HOST, () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (origin.address());
    const configuration = await makeConfiguration(folder, `http://${HOST}:${port}`);
    const names = Object.keys(HEADERS);
    /** For each way with the run and without it. @type {Sample[][]} */
    const samples = names.flatMap(() => [[], []]);
    for (let round = 0; round < extent.rounds; round++) {
      // Of objects that know of no run: the last round's was broken off.
      rmSync(diskOf(folder), { recursive: true, force: true });
      mkdirSync(diskOf(folder));
      const taken = await measureRound(configuration, { ...extent, round }, log);
      for (const [at, turns] of taken.entries()) samples[at]?.push(...turns);
    }
    return summarise(names, samples, extent);
  } catch (error) {
    console.error(readFileSync(join(folder, "log"), "utf8").slice(-4_000));
    throw error;
  } finally {
    closeSync(log);
    origin.close();
  }
}

/** @param {string} folder @param {string} origin @returns {Promise<string>} its path */
async function makeConfiguration(folder, origin) {
  const declarations = join(folder, "larder.json.txt");
  const item = {
    name: "item",
    match: { path: "/items/{id}" },
    origin: { url: `${origin}/{id}` },
    key: [{ path: "id" }],
    ttl: "60d",
    stale: "60d",
    tiers: ["memory", "kv"],
    archive: { minAge: "1s" },
  };
  writeFileSync(declarations, JSON.stringify({ resources: [item] }));
  const bundled = (await bundleLarder(folder)).map((part) =>
    part.type === "text" ? { ...part, path: declarations } : part,
  );
  /** @type {import("../http/workers.js").Part} */
  const entry = { name: "entry.js", type: "esModule", path: "bench/cold/entry.js" };
  const within = bundled.map((part) =>
    part.name === "index.js" ? { ...part, name: "larder_bundle.js" } : part,
  );
  const objects = Object.entries(OBJECTS).map(([binding, className]) => {
    return { binding, className, service: className === "Lock" ? "larder" : "control" };
  });
  const classes = Object.values(OBJECTS).filter((name) => name !== "Lock");
  const bindings = { ENVIRONMENT: "development", LOG_LEVEL: "error", LEDGER_SHARDS: "1" };
  return writeConfiguration(
    folder,
    [
      { name: "larder", modules: [entry, ...within], bindings, objects, classes: ["Lock"] },
      { name: "control", modules: bundled, classes, storage: "disk" },
    ],
    { disk: diskOf(folder) },
  );
}

/** Where the Durable Objects' storage is. @param {string} folder */
const diskOf = (folder) => join(folder, "objects");

/** @param {Server} server @param {string} path @returns {Promise<any>} */
async function told(server, path) {
  const { status, body } = await server.ask(`/_bench/${path}`);
  const text = Buffer.from(body).toString();
  if (status !== 200) throw new Error(`${path} is answered with ${status}: ${text}`);
  return JSON.parse(text);
}

/**
 * Entries that nobody has read, beside one that is read, and a ledger that has counted for long enough.
 * @param {Server} server
 */
async function fill(server) {
  const { status } = await server.ask(`/items/${HOT}`);
  if (status !== 200) throw new Error(`The origin's answer is not given: ${status}`);
  await sleep(SETTLES_MILLIS);
  const { filled } = await told(
    server,
    `fill?prefix=${encodeURIComponent(PREFIX)}&id=${HOT}&count=${ENTRIES}`,
  );
  if (filled !== ENTRIES) throw new Error("KV has no entry to be copied.");
  await told(server, "flush");
  await sleep(1_100);
}

/**
 * @param {string} configuration @param {Extent & {round: number}} extent @param {number} log
 * @returns {Promise<Sample[][]>} by variant, then by turn
 */
async function measureRound(configuration, { turns, turnSeconds, warmUpSeconds, round }, log) {
  const ways = Object.values(HEADERS);
  const generator = await loadGenerator();
  const server = await Server.start(configuration, log);
  let isOver = false;
  /** Steps of runs, one after the other. */
  const work = async () => {
    while (!isOver) await told(server, "work");
  };
  /** @param {[string, string] | undefined} header @param {number} seconds */
  const load = (header, seconds) =>
    generator.load({
      port: server.port,
      method: "GET",
      paths: [`/items/${HOT}`],
      header: header ?? ["", ""],
      seconds,
      status: 200,
    });
  try {
    await fill(server);
    await told(server, "hold?on=1");
    const working = work();
    // What it throws is told at the end; until then nobody waits for it.
    working.catch(() => {});
    for (const header of ways) await load(header, warmUpSeconds);
    const taken = await takeTurns(2 * ways.length, turns, round, async (at) => {
      const isWithRun = at % 2 === 0;
      const movedBefore = (await told(server, "state")).moved;
      if (isWithRun) await told(server, "hold?on=0");
      const before = server.runSeconds();
      const perSecond = await load(ways[at >> 1], turnSeconds);
      const micros = microsOf(before, server.runSeconds(), perSecond * turnSeconds);
      await told(server, "hold?on=1");
      const { moved } = await told(server, "state");
      await sleep(SETTLES_MILLIS);
      return { perSecond, microsPerRequest: micros, moved: moved - movedBefore };
    });
    isOver = true;
    await told(server, "hold?on=0");
    await working;
    return taken;
  } finally {
    await server.stop();
  }
}

/** @param {string[]} names @param {Sample[][]} samples with a run and without, for each name @param {Extent} extent */
function summarise(names, samples, extent) {
  const results = names.map((name, at) => {
    const [during = [], without = []] = [samples[2 * at], samples[2 * at + 1]];
    return {
      name,
      ratio: spread(ratios(during, without)),
      ratioOfWork: spread(ratiosOfWork(during, without)),
      movedPerSecond: median(during.map(({ moved }) => moved / extent.turnSeconds)),
      during,
      without,
    };
  });
  const isMoving = results.every(({ during, without }) => {
    return during.every(({ moved }) => moved > 0) && without.every(({ moved }) => moved === 0);
  });
  const verdicts = results.map(({ name, ratio, ratioOfWork }) => ({
    aim: `hot keys ${name} keep at least ${RATIO_AIM} of their speed while entries move to R2`,
    found: `${ratio.median.toFixed(3)}, by processor time ${ratioOfWork.median.toFixed(3)}`,
    met: ratio.median >= RATIO_AIM || ratioOfWork.median >= RATIO_AIM,
  }));
  const moves = results.map(({ movedPerSecond }) => movedPerSecond.toFixed(0)).join(" and ");
  verdicts.push({
    aim: "entries move in every turn with a run, and in no other",
    found: `${moves} a second`,
    met: isMoving,
  });
  return { extent, entries: ENTRIES, bodyBytes: BODY_BYTES, results, verdicts };
}

/** @param {Awaited<ReturnType<typeof benchCold>>} found @returns {string} */
export function coldReport({ extent, entries, bodyBytes, results }) {
  const { rounds, turns, turnSeconds } = extent;
  const head =
    `Memory hits while entries move to R2, as a ratio to none moving (${entries} entries of ${bodyBytes} bytes): ` +
    `${rounds} rounds, ${turns} turns of ${turnSeconds} s each (median, quartiles)`;
  const rows = results.map(({ name, ratio, ratioOfWork, movedPerSecond, during }) => [
    name,
    median(during.map(({ perSecond }) => perSecond)).toFixed(0),
    ratio.median.toFixed(3),
    quartiles(ratio, 2),
    ratioOfWork.median.toFixed(3),
    quartiles(ratioOfWork, 2),
    movedPerSecond.toFixed(1),
  ]);
  return `${head}\n${table(["", "requests/s", "throughput", "", "CPU", "", "moved a second"], rows)}`;
}
