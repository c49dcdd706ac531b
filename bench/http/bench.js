// Requests a second of a memory hit, beside a bare Worker that gives the same bytes and the same job with a JavaScript
// library, all on `workerd serve`. Each round measures each of them once, in a fresh process, one after the other.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createCatalogue } from "../../catalogue/server.js";
import { median, spread, table } from "../statistics.js";
import { CONNECTIONS, loadGenerator } from "./load.js";
import { Server } from "./server.js";
import { makeBare, makeLarder, makePeer } from "./workers.js";

/** @typedef {import("./workers.js").Answer} Answer */
/** @typedef {{name: string, configuration: string, header: [string, string]}} Variant */
/** @typedef {{rounds: number, seconds: number, warmUpSeconds: number}} Extent */
/** @typedef {{perSecond: number, microsPerRequest: number | null}} Sample */

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
      for (const [at, variant] of variants.entries()) {
        samples[at]?.push(await measure(variant, generator, extent, log));
      }
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
  const larder = await makeLarder(larderPlace, catalogue);
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
 * @param {Variant} variant @param {Awaited<ReturnType<typeof loadGenerator>>} generator @param {Extent} extent
 * @param {number} log @returns {Promise<Sample>}
 */
async function measure({ configuration, header }, generator, { seconds, warmUpSeconds }, log) {
  const server = await Server.start(configuration, log);
  try {
    const load = { port: server.port, path: PATH, header };
    await server.ask(PATH);
    await generator.load({ ...load, seconds: warmUpSeconds });
    const before = server.runSeconds();
    const perSecond = await generator.load({ ...load, seconds });
    const after = server.runSeconds();
    const micros =
      before === null || after === null ? null : ((after - before) * 1e6) / (perSecond * seconds);
    return { perSecond, microsPerRequest: micros };
  } finally {
    await server.stop();
  }
}

/**
 * @param {Variant[]} variants @param {Sample[][]} samples by variant, then by round @param {(number | null)[]} laneShares
 * @param {string} generator @param {Extent} extent
 */
function summarise(variants, samples, laneShares, generator, extent) {
  const bare = samples[0] ?? [];
  const results = variants.map(({ name }, at) => {
    const own = samples[at] ?? [];
    const micros = own.flatMap(({ microsPerRequest }) =>
      microsPerRequest === null ? [] : [microsPerRequest],
    );
    return {
      name,
      perSecond: spread(own.map(({ perSecond }) => perSecond)),
      // Of measurements that follow each other, so that the machine's moods cancel out.
      ratio: spread(own.map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? Number.NaN))),
      microsPerRequest: micros.length === 0 ? null : median(micros),
      laneShare: laneShares[at] ?? null,
      samples: own,
    };
  });
  const [, larder, , peer] = results;
  const ratio = larder?.ratio.median ?? 0;
  const peerRatio = peer?.ratio.median ?? 0;
  const verdicts = [
    { aim: `at least ${RATIO_AIM} of a bare Worker`, found: ratio.toFixed(3), met: ratio >= RATIO_AIM },
    {
      aim: "above the peer",
      found: `${ratio.toFixed(3)} to ${peerRatio.toFixed(3)}`,
      met: ratio > peerRatio,
    },
  ];
  return { path: PATH, generator, connections: CONNECTIONS, extent, results, verdicts };
}

/** @param {Awaited<ReturnType<typeof benchHttp>>} found @returns {string} */
export function httpReport({ generator, connections, extent, results }) {
  const head = `Memory hits on workerd: ${extent.rounds} rounds of ${extent.seconds} s, fresh processes, ${connections} connections by ${generator}`;
  const rows = results.map(({ name, perSecond, ratio, microsPerRequest, laneShare }) => [
    name,
    perSecond.median.toFixed(0),
    `${perSecond.least.toFixed(0)}-${perSecond.greatest.toFixed(0)}`,
    ratio.median.toFixed(3),
    `${ratio.least.toFixed(2)}-${ratio.greatest.toFixed(2)}`,
    microsPerRequest?.toFixed(1) ?? "-",
    laneShare === null ? "-" : `${(laneShare * 100).toFixed(1)} %`,
  ]);
  return `${head}\n${table(["", "requests/s", "spread", "of bare", "spread", "CPU µs", "by lane"], rows)}`;
}
