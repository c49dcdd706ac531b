// Requests a second of memory hits, beside a bare Worker that gives the same bytes and the same job with a JavaScript
// library, all on `workerd serve`. Each round starts a fresh process of each; then the cases take turns, so that what else
// the machine does meets all of them. Ratios are of turns that follow each other, within a group of cases that ask alike.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Origin } from "../misses/origin.js";
import { median, quartiles, spread, table } from "../statistics.js";
import { BARE, HOT_KEY, LARDER, makeCases, urlsOfMix } from "./cases.js";
import { askForEach, CONNECTIONS, loadGenerator } from "./load.js";
import { microsOf, ratios, ratiosOfWork, takeTurns } from "./samples.js";
import { Server } from "./server.js";

/** @typedef {import("./cases.js").Case} Case */
/** @typedef {import("./cases.js").Group} Group */
/** @typedef {import("./workers.js").Answer} Answer */
/** @typedef {import("./load.js").Generator} Generator */
/** @typedef {import("./samples.js").Extent} Extent */
/** @typedef {import("./samples.js").Sample} Sample */
/** @typedef {Map<string, Server>} Servers by configuration */

const URLS = 10_000;
const GUARDED_URLS = 200;
const KEPT_AT_ONCE = 100;
const LANE_AIM = 0.98;
const MODULE_AIM = 0.9;

/** @param {string} folder @param {Extent} extent */
export async function benchHttp(folder, extent) {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, "log"), "w");
  const origin = await Origin.start();
  const generator = await loadGenerator();
  try {
    const urls = urlsOfMix(extent.scope === "whole" ? URLS : GUARDED_URLS);
    const { configurations, groups } = await makeCases(folder, origin.url, log, extent.scope, urls);
    const cases = groups.flatMap((group) => group.cases);
    /** @type {Sample[][]} */
    const samples = cases.map(() => []);
    /** @type {(number | null)[]} */
    let laneShares = [];
    /** @type {Memory | null} */
    let memory = null;
    for (let round = 0; round < extent.rounds; round++) {
      const servers = await startAll(configurations, log);
      try {
        await fill(servers, urls);
        memory = await memoryOf(serverOf(servers, "kept"), serverOf(servers, "bare"), urls.length);
        if (round === 0) laneShares = await check(groups, servers, generator, extent.warmUpSeconds);
        const taken = await measureRound(cases, servers, generator, { ...extent, firstTurn: round });
        for (const [at, turns] of taken.entries()) samples[at]?.push(...turns);
      } finally {
        await Promise.all([...servers.values()].map((server) => server.stop()));
      }
    }
    return { ...summarise(groups, samples, laneShares, generator.name, extent), memory };
  } catch (error) {
    console.error(readFileSync(join(folder, "log"), "utf8").slice(-4_000));
    throw error;
  } finally {
    closeSync(log);
    origin.close();
  }
}

/** @param {Record<string, string>} configurations @param {number} log @returns {Promise<Servers>} */
async function startAll(configurations, log) {
  /** @type {Servers} */
  const servers = new Map();
  for (const [name, configuration] of Object.entries(configurations)) {
    servers.set(name, await Server.start(configuration, log));
  }
  return servers;
}

/** @param {Servers} servers @param {string} name */
const serverOf = (servers, name) => /** @type {Server} */ (servers.get(name));

/** @typedef {{entries: number, bodyBytes: number, bytesPerEntry: number}} Memory what a kept answer takes of the process */

/** Every URL of the mix is in memory before anything is measured. @param {Servers} servers @param {string[]} urls */
async function fill(servers, urls) {
  for (const name of ["peer", LARDER]) await askForEach(serverOf(servers, name).port, urls);
}

/**
 * What a kept answer takes, in a Worker that does nothing else: in Larder's own process, what is left of filling it takes far
 * more, until it is collected.
 * @param {Server} server the Worker that keeps @param {Server} bare which gives one of them @param {number} entries
 * @returns {Promise<Memory | null>} null where the system does not tell
 */
async function memoryOf(server, bare, entries) {
  const keep = async () => {
    for (let kept = 0; kept < entries; kept += KEPT_AT_ONCE) await server.ask(`/?more=${KEPT_AT_ONCE}`);
    return server.residentBytes();
  };
  const before = await keep();
  const after = await keep();
  if (before === null || after === null) return null;
  const { body } = await bare.ask("/");
  return { entries, bodyBytes: body.length, bytesPerEntry: Math.round((after - before) / entries) };
}

/** @param {Case} asked @param {Servers} servers @param {Generator} generator @param {number} seconds */
const loadOf = ({ server, method, paths, header, status }, servers, generator, seconds) =>
  generator.load({ port: serverOf(servers, server).port, method, paths, header, status, seconds });

/**
 * Nothing is measured before all of a group give the same: each after some seconds of requests.
 * @param {Group[]} groups @param {Servers} servers @param {Generator} generator @param {number} seconds
 * @returns {Promise<(number | null)[]>} by case: which share of the requests a fast lane answered; null where there is none
 */
async function check(groups, servers, generator, seconds) {
  const shares = [];
  for (const { name: group, cases } of groups) {
    /** @type {string | null} */
    let expected = null;
    for (const asked of cases) {
      const server = serverOf(servers, asked.server);
      const before = asked.way === "no_larder" ? null : await hitsOf(server);
      await loadOf(asked, servers, generator, seconds);
      const { compared, method } = asked;
      const answer = await server.ask(compared, Object.fromEntries([asked.header]), method);
      const form = formOf(answer);
      expected ??= form;
      if (form !== expected)
        throw new Error(`${group}: ${asked.name} answers\n${form}\nand not\n${expected}`);
      if (before === null) {
        shares.push(null);
        continue;
      }
      const after = await hitsOf(server);
      shares.push((after.byLane - before.byLane) / (after.all - before.all));
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
async function hitsOf(server) {
  const { counters } = JSON.parse(Buffer.from((await server.ask("/internal/cache")).body).toString());
  /** @param {string} name */
  const count = (name) => counters[name]?.[0]?.value ?? 0;
  return { byLane: count("lane_hits_total"), all: count("cache_hit_fresh_total") };
}

/**
 * @param {Case[]} cases @param {Servers} servers @param {Generator} generator
 * @param {Extent & {firstTurn: number}} extent @returns {Promise<Sample[][]>} by case, then by turn
 */
async function measureRound(cases, servers, generator, { turns, turnSeconds, warmUpSeconds, firstTurn }) {
  for (const asked of cases) await loadOf(asked, servers, generator, warmUpSeconds);
  return await takeTurns(cases.length, turns, firstTurn, async (at) => {
    const asked = /** @type {Case} */ (cases[at]);
    const server = serverOf(servers, asked.server);
    const before = server.runSeconds();
    const perSecond = await loadOf(asked, servers, generator, turnSeconds);
    return { perSecond, microsPerRequest: microsOf(before, server.runSeconds(), perSecond * turnSeconds) };
  });
}

/**
 * @param {Group[]} groups @param {Sample[][]} samples by case, then by turn @param {(number | null)[]} laneShares
 * @param {string} generator @param {Extent} extent
 */
function summarise(groups, samples, laneShares, generator, extent) {
  let at = 0;
  const results = groups.flatMap(({ name: group, cases }) => {
    const bare = samples[at] ?? [];
    return cases.map(({ name, way }) => {
      const own = samples[at] ?? [];
      const laneShare = laneShares[at] ?? null;
      at += 1;
      const micros = own.flatMap(({ microsPerRequest }) => microsPerRequest ?? []);
      const byWork = ratiosOfWork(own, bare);
      return {
        group,
        name,
        way,
        perSecond: spread(own.map(({ perSecond }) => perSecond)),
        ratio: spread(ratios(own, bare)),
        microsPerRequest: micros.length === 0 ? null : median(micros),
        ratioOfWork: byWork.length === 0 ? null : spread(byWork),
        laneShare,
        samples: own,
      };
    });
  });
  return { generator, connections: CONNECTIONS, extent, results, verdicts: verdictsOf(results) };
}

/**
 * Processor time says more where it is known: what else the machine does takes little of it.
 * @param {{ratio: {median: number}, ratioOfWork: {median: number} | null}} result
 */
export const shareOfBare = ({ ratio, ratioOfWork }) => (ratioOfWork ?? ratio).median;

/** @param {{group: string, name: string, way: Case["way"], ratio: {median: number}, ratioOfWork: {median: number} | null}[]} results */
function verdictsOf(results) {
  return results.flatMap((result) => {
    if (result.way === "no_larder") return [];
    const aim = result.way === "by_lane" && result.group === HOT_KEY ? LANE_AIM : MODULE_AIM;
    const found = shareOfBare(result);
    const verdicts = [
      {
        aim: `${result.group}, ${result.name}: at least ${aim} of a bare Worker`,
        found: found.toFixed(3),
        met: found >= aim,
      },
    ];
    const peer = results.find(
      ({ group, name, way }) => group === result.group && way === "no_larder" && name !== BARE,
    );
    if (peer !== undefined) {
      const times = found / shareOfBare(peer);
      verdicts.push({
        aim: `${result.group}, ${result.name}: above the peer`,
        found: `${times.toFixed(2)} times as fast`,
        met: times > 1,
      });
    }
    return verdicts;
  });
}

/** @param {Awaited<ReturnType<typeof benchHttp>>} found @returns {string} */
export function httpReport({ generator, connections, extent, results }) {
  const { rounds, turns, turnSeconds } = extent;
  const head =
    `Memory hits on workerd: ${rounds} rounds in fresh processes, ${turns} turns of ${turnSeconds} s each, ` +
    `${connections} connections by ${generator} (median, quartiles)`;
  const titles = ["", "requests/s", "", "of bare", "", "CPU µs", "of bare", "", "by lane"];
  const rows = results.flatMap((result, at) => {
    const { group, name, perSecond, ratio, microsPerRequest, ratioOfWork, laneShare } = result;
    const row = [
      name,
      perSecond.median.toFixed(0),
      quartiles(perSecond, 0),
      ratio.median.toFixed(3),
      quartiles(ratio, 2),
      microsPerRequest?.toFixed(1) ?? "-",
      ratioOfWork?.median.toFixed(3) ?? "-",
      ratioOfWork === null ? "-" : quartiles(ratioOfWork, 2),
      laneShare === null ? "-" : `${(laneShare * 100).toFixed(1)} %`,
    ];
    return results[at - 1]?.group === group ? [row] : [[`${group}:`], row];
  });
  return `${head}\n${table(titles, rows)}`;
}
