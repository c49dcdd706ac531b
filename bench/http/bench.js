// Requests a second of a memory hit, beside a bare Worker that gives the same bytes and the same job with a JavaScript
// library, all on `workerd serve`. Each round starts a fresh process of each; then they take turns of a second, so that
// what else the machine does meets all of them. Ratios are of turns that follow each other.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createCatalogue } from "../../catalogue/server.js";
import { median, quartiles, spread, table } from "../statistics.js";
import { CONNECTIONS, loadGenerator } from "./load.js";
import { microsOf, ratios, ratiosOfWork, takeTurns } from "./samples.js";
import { Server } from "./server.js";
import { bundleLarder, makeBare, makeLarder, makePeer } from "./workers.js";

/** @typedef {import("./workers.js").Answer} Answer */
/** @typedef {{name: string, configuration: string, header: [string, string]}} Variant */
/** @typedef {import("./samples.js").Extent} Extent */
/** @typedef {import("./samples.js").Sample} Sample */

const PATH = "/search/title?q=foundation";
// One header field of the same length for all. A condition sends a request past the fast lane and into the module; this
// one is no date, so it has no other effect.
const PLAIN = /** @type {[string, string]} */ (["x-modified-since", "never"]);
const CONDITIONAL = /** @type {[string, string]} */ (["if-modified-since", "never"]);
const LANE_SETTLES_MILLIS = 1_100;
const RATIO_AIM = 0.95;

/** @param {string} folder @param {Extent} extent */
export async function benchHttp(folder, extent) {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, "log"), "w");
  const catalogue = createCatalogue();
  try {
    const { url } = await catalogue.listen();
    const variants = await makeVariants(folder, url, log);
    const generator = await loadGenerator();
    const laneShares = await check(variants, generator, log);
    /** @type {Sample[][]} */
    const samples = variants.map(() => []);
    for (let round = 0; round < extent.rounds; round++) {
      const taken = await measureRound(variants, generator, { ...extent, firstTurn: round }, log);
      for (const [at, turns] of taken.entries()) samples[at]?.push(...turns);
    }
    return summarise(variants, samples, laneShares, generator.name, extent);
  } catch (error) {
    console.error(readFileSync(join(folder, "log"), "utf8").slice(-4_000));
    throw error;
  } finally {
    closeSync(log);
    await catalogue.close();
  }
}

/** @param {string} folder @param {string} catalogue @param {number} log @returns {Promise<Variant[]>} */
async function makeVariants(folder, catalogue, log) {
  const places = ["larder", "bare", "peer"].map((name) => join(folder, name));
  for (const place of places) mkdirSync(place, { recursive: true });
  const [larderPlace = "", barePlace = "", peerPlace = ""] = places;
  // Every isolate has the same fresh time, which the others repeat.
  const settings = { OPENLIBRARY_URL: catalogue, TTL_JITTER_PERCENT: "0" };
  const larder = makeLarder(larderPlace, await bundleLarder(larderPlace), settings);
  const server = await Server.start(larder, log);
  try {
    await server.ask(PATH);
    const answer = await server.ask(PATH);
    const status = fieldOf(answer, "cache-status");
    if (!/;\s*hit\b.*;\s*detail=memory\b/.test(status))
      throw new Error(`Larder's answer is no memory hit: ${status}`);
    const bare = makeBare(barePlace, answer);
    const peer = makePeer(peerPlace, answer);
    return [
      { name: "bare Worker", configuration: bare, header: PLAIN },
      { name: "Larder", configuration: larder, header: PLAIN },
      { name: "Larder, no fast lane", configuration: larder, header: CONDITIONAL },
      { name: "cachified + lru-cache", configuration: peer, header: PLAIN },
    ];
  } finally {
    await server.stop();
  }
}

/** @param {Answer} answer @param {string} name */
const fieldOf = ({ headers }, name) => headers.find(([field]) => field === name)?.[1] ?? "";

/**
 * Nothing is measured before all give the same: each after two seconds of requests.
 * @param {Variant[]} variants @param {Awaited<ReturnType<typeof loadGenerator>>} generator @param {number} log
 * @returns {Promise<(number | null)[]>} which share of the requests a fast lane answered; null where there is none
 */
async function check(variants, generator, log) {
  /** @type {string | null} */
  let expected = null;
  const shares = [];
  for (const { name, configuration, header } of variants) {
    const server = await Server.start(configuration, log);
    try {
      await server.ask(PATH, { [header[0]]: header[1] });
      await generator.load({ port: server.port, path: PATH, header, seconds: 2 });
      const answer = await server.ask(PATH, { [header[0]]: header[1] });
      const form = formOf(answer);
      expected ??= form;
      if (form !== expected) throw new Error(`${name} answers\n${form}\nand not\n${expected}`);
      shares.push(name.startsWith("Larder") ? await laneShare(server) : null);
    } finally {
      await server.stop();
    }
  }
  return shares;
}

/** An answer without what differs from second to second. @param {Answer} answer */
function formOf({ status, headers, body }) {
  const fields = headers
    .filter(([name]) => name !== "date")
    .map(([name, value]) => {
      // Parameters of Cache-Status may be spaced as one likes.
      const plain = name === "cache-status" ? value.replace(/\s*;\s*/g, ";") : value;
      return `${name}: ${name === "age" ? plain.replace(/^\d+$/, "N") : plain.replace(/\bttl=\d+/, "ttl=N")}`;
    });
  return [status, ...fields.sort(), "", Buffer.from(body).toString("latin1")].join("\n");
}

/** @param {Server} server */
async function laneShare(server) {
  // A lane's hits are told with the first request after its end.
  await sleep(LANE_SETTLES_MILLIS);
  await server.ask(PATH);
  const { counters } = JSON.parse(Buffer.from((await server.ask("/internal/cache")).body).toString());
  /** @param {string} name */
  const count = (name) => counters[name]?.[0]?.value ?? 0;
  return count("lane_hits_total") / count("cache_hit_fresh_total");
}

/**
 * @param {Variant[]} variants @param {Awaited<ReturnType<typeof loadGenerator>>} generator
 * @param {Extent & {firstTurn: number}} extent @param {number} log @returns {Promise<Sample[][]>} by variant, then by turn
 */
async function measureRound(variants, generator, { turns, turnSeconds, warmUpSeconds, firstTurn }, log) {
  /** @type {Server[]} */
  const servers = [];
  /** @param {number} at @param {number} seconds */
  const load = (at, seconds) => {
    const { port } = /** @type {Server} */ (servers[at]);
    const { header } = /** @type {Variant} */ (variants[at]);
    return generator.load({ port, path: PATH, header, seconds });
  };
  try {
    for (const [at, { configuration }] of variants.entries()) {
      servers.push(await Server.start(configuration, log));
      await servers[at]?.ask(PATH);
      await load(at, warmUpSeconds);
    }
    return await takeTurns(variants.length, turns, firstTurn, async (at) => {
      const before = servers[at]?.runSeconds() ?? null;
      const perSecond = await load(at, turnSeconds);
      const after = servers[at]?.runSeconds() ?? null;
      return { perSecond, microsPerRequest: microsOf(before, after, perSecond * turnSeconds) };
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/**
 * @param {Variant[]} variants @param {Sample[][]} samples by variant, then by turn @param {(number | null)[]} laneShares
 * @param {string} generator @param {Extent} extent
 */
function summarise(variants, samples, laneShares, generator, extent) {
  const [bare = [], larder = [], , peer = []] = samples;
  const results = variants.map(({ name }, at) => {
    const own = samples[at] ?? [];
    const micros = own.flatMap(({ microsPerRequest }) => microsPerRequest ?? []);
    const byWork = ratiosOfWork(own, bare);
    return {
      name,
      perSecond: spread(own.map(({ perSecond }) => perSecond)),
      ratio: spread(ratios(own, bare)),
      microsPerRequest: micros.length === 0 ? null : median(micros),
      ratioOfWork: byWork.length === 0 ? null : spread(byWork),
      laneShare: laneShares[at] ?? null,
      samples: own,
    };
  });
  const ratio = median(ratios(larder, bare));
  const overPeer = median(ratios(larder, peer));
  const verdicts = [
    { aim: `at least ${RATIO_AIM} of a bare Worker`, found: ratio.toFixed(3), met: ratio >= RATIO_AIM },
    { aim: "above the peer", found: `${overPeer.toFixed(2)} times as fast`, met: overPeer > 1 },
  ];
  return { path: PATH, generator, connections: CONNECTIONS, extent, results, verdicts };
}

/** @param {Awaited<ReturnType<typeof benchHttp>>} found @returns {string} */
export function httpReport({ generator, connections, extent, results }) {
  const { rounds, turns, turnSeconds } = extent;
  const head =
    `Memory hits on workerd: ${rounds} rounds in fresh processes, ${turns} turns of ${turnSeconds} s each, ` +
    `${connections} connections by ${generator} (median, quartiles)`;
  const rows = results.map(({ name, perSecond, ratio, microsPerRequest, ratioOfWork, laneShare }) => [
    name,
    perSecond.median.toFixed(0),
    quartiles(perSecond, 0),
    ratio.median.toFixed(3),
    quartiles(ratio, 2),
    microsPerRequest?.toFixed(1) ?? "-",
    ratioOfWork?.median.toFixed(3) ?? "-",
    ratioOfWork === null ? "-" : quartiles(ratioOfWork, 2),
    laneShare === null ? "-" : `${(laneShare * 100).toFixed(1)} %`,
  ]);
  const titles = ["", "requests/s", "", "of bare", "", "CPU µs", "of bare", "", "by lane"];
  return `${head}\n${table(titles, rows)}`;
}
