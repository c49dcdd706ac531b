// What each protection costs a miss: the same bundle in several configurations, beside a bare Worker that asks the same
// origin, all on `workerd serve`. No title and no page is asked for twice, but unknown titles are. Fresh processes and
// turns as for hits (bench/http/bench.js). The stores that stand in for KV and the data centre's cache and the Durable
// Objects run in the measured process, so their work counts.

import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CONNECTIONS, loadSeries } from "../http/load.js";
import { microsOf, ratios, ratiosOfWork, takeTurns } from "../http/samples.js";
import { Server } from "../http/server.js";
import { bundleLarder, makeLarder, writeConfiguration } from "../http/workers.js";
import { median, quartiles, spread, table } from "../statistics.js";
import { Origin, UNKNOWN } from "./origin.js";

/** @typedef {import("../http/samples.js").Extent} Extent */
/** @typedef {import("../http/samples.js").Sample & {askedPerRead: number}} Sample */
/**
 * What a configuration does, as it is seen from outside: keeps what it fetched, in KV too, asks the lock, serves stale
 * copies, remembers unknown titles.
 * @typedef {{keeps: boolean, far: boolean, locks: boolean, stale: boolean, negative: boolean}} Conduct
 */
/** Pages are those of an API in mode http. @typedef {"titles" | "unknown titles" | "pages"} Reads */
/**
 * One row of the report. Titles and pages are asked for once, unknown titles twice in a row.
 * @typedef {{name: string, configuration: string, path: string, reads: Reads, status: number, askedPerRead: number}} Variant
 */

const BARE = "bare Worker";
const WHOLE = "Larder, everything on";
const NO_NEGATIVE_CACHE = "no negative cache";
const NO_CACHE = "no cache at all";
const WHOLE_AIM = 5;
const NO_CACHE_AIM = 1.6;
const TITLE_PATH = "/search/title";
const PAGE_PATH = "/page/";
// The shipped declaration of titles under other paths: with a fresh time that a check can wait for, and without the stores,
// which stand-ins answer for in the measured process.
const BRIEF = { name: "brief", path: "/search/brief", more: { ttl: "1s" } };
const NEAR = { name: "near", path: "/search/near", more: { tiers: ["memory"] } };
const BRIEF_OVER_MILLIS = 1_200;
const CONDUCT = { keeps: true, far: true, locks: true, stale: true, negative: true };
/** @type {{name: string, settings: Record<string, string>, path?: string, conduct: Conduct}[]} */
const CONFIGURATIONS = [
  { name: WHOLE, settings: {}, conduct: CONDUCT },
  { name: "no edge, no KV", settings: {}, path: NEAR.path, conduct: { ...CONDUCT, far: false } },
  {
    name: "no stampede protection",
    settings: { ENABLE_STAMPEDE_PROTECTION: "false" },
    conduct: { ...CONDUCT, locks: false },
  },
  {
    name: "no stale-while-revalidate",
    settings: { ENABLE_SWR: "false" },
    conduct: { ...CONDUCT, stale: false },
  },
  {
    name: NO_NEGATIVE_CACHE,
    settings: { ENABLE_NEGATIVE_CACHE: "false" },
    conduct: { ...CONDUCT, negative: false },
  },
  {
    name: NO_CACHE,
    settings: { FEATURE_CACHE: "false" },
    conduct: { keeps: false, far: false, locks: false, stale: false, negative: false },
  },
];
// What goes on behind the last responses belongs to their turn.
const SETTLES_MILLIS = 100;

/** @param {string} folder @param {Extent} extent */
export async function benchMisses(folder, extent) {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, "log"), "w");
  const origin = await Origin.start();
  try {
    const variants = await makeVariants(folder, origin, log, extent.scope);
    /** @type {Sample[][]} */
    const samples = variants.map(() => []);
    for (let round = 0; round < extent.rounds; round++) {
      const taken = await measureRound(variants, origin, { ...extent, round }, log);
      for (const [at, turns] of taken.entries()) samples[at]?.push(...turns);
    }
    return summarise(variants, samples, extent);
  } catch (error) {
    console.error(readFileSync(join(folder, "log"), "utf8").slice(-4_000));
    throw error;
  } finally {
    closeSync(log);
    origin.close();
  }
}

/**
 * @param {string} folder @param {Origin} origin @param {number} log @param {import("../http/samples.js").Scope} scope
 * @returns {Promise<Variant[]>} all of them checked
 */
async function makeVariants(folder, origin, log, scope) {
  const declarations = join(folder, "larder.json.txt");
  writeFileSync(declarations, moreDeclarations(origin.url));
  const modules = (await bundleLarder(folder)).map((part) =>
    part.type === "text" ? { ...part, path: declarations } : part,
  );
  const bare = makeBare(place(folder, "bare"), origin.url);
  const plain = { name: BARE, configuration: bare, path: TITLE_PATH, status: 200, askedPerRead: 1 };
  /** @type {Variant[]} */
  const titles = [{ ...plain, reads: "titles" }];
  /** @type {Variant[]} */
  const unknown = [{ ...plain, reads: "unknown titles" }];
  /** @type {Variant[]} */
  const pages = [{ ...plain, path: PAGE_PATH, reads: "pages" }];
  await checked(BARE, bare, log, (server) => checkBare(server, origin));
  for (const [at, { name, settings, path = TITLE_PATH, conduct }] of CONFIGURATIONS.entries()) {
    if (scope === "guarded" && name !== WHOLE && name !== NO_CACHE) continue;
    const bindings = { ...settings, OPENLIBRARY_URL: origin.url };
    const configuration = makeLarder(place(folder, `larder-${at}`), modules, bindings);
    await checked(name, configuration, log, (server) => checkConduct(server, path, conduct));
    titles.push({ name, configuration, path, reads: "titles", status: 200, askedPerRead: 1 });
    if (name === WHOLE || name === NO_CACHE) {
      const asked = { name, configuration, path: PAGE_PATH, status: 200, askedPerRead: 1 };
      pages.push({ ...asked, reads: "pages" });
    }
    if (name !== WHOLE && name !== NO_NEGATIVE_CACHE) continue;
    const askedPerRead = conduct.negative ? 0.5 : 1;
    unknown.push({ name, configuration, path, reads: "unknown titles", status: 404, askedPerRead });
  }
  return scope === "guarded" ? titles : [...titles, ...unknown, ...pages];
}

/** @param {string} folder @param {string} name */
function place(folder, name) {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

/** @param {string} origin */
function moreDeclarations(origin) {
  const { resources } = JSON.parse(readFileSync("larder.json", "utf8"));
  const titles = resources.find((/** @type {{name: string}} */ { name }) => name === "title");
  const copies = [BRIEF, NEAR].map(({ name, path, more }) => {
    return { ...titles, name, match: { ...titles.match, path }, ...more };
  });
  const [match, url] = [{ path: `${PAGE_PATH}{id}` }, `${origin}${PAGE_PATH}{id}`];
  const pages = { name: "page", mode: "http", match, origin: { url } };
  return JSON.stringify({ resources: [...resources, ...copies, pages] });
}

/** @param {string} folder @param {string} origin @returns {string} its configuration */
function makeBare(folder, origin) {
  /** @type {import("../http/workers.js").Part} */
  const served = { name: "bare.js", type: "esModule", path: "bench/misses/bare.js" };
  return writeConfiguration(folder, [{ name: "bare", modules: [served], bindings: { ORIGIN: origin } }]);
}

// Nothing is measured before each does what its name says --------------------------------------------------

/** @param {string} name @param {string} configuration @param {number} log @param {(server: Server) => Promise<void>} check */
async function checked(name, configuration, log, check) {
  const server = await Server.start(configuration, log);
  try {
    await check(server);
  } catch (error) {
    throw new Error(`"${name}" does not behave as it is named`, { cause: error });
  } finally {
    await server.stop();
  }
}

/** @param {Server} server @param {Origin} origin */
async function checkBare(server, origin) {
  for (let i = 0; i < 2; i++) {
    const [{ status }, asked] = await origin.counting(() => server.ask("/search/title?q=check"));
    if (status !== 200 || asked !== 1)
      throw new Error(`it answers ${status} with ${asked} requests to the origin`);
  }
}

/** @param {Server} server @param {string} path @param {Conduct} expected */
async function checkConduct(server, path, expected) {
  const keeps = isKept(await cacheStatus(server, `${path}?q=check`, 200));
  // The stores are written behind the response.
  await sleep(SETTLES_MILLIS);
  const far = (await counters(server, "cache_set_total")).some(({ impl }) => impl === "kv");
  const locks = (await counters(server, "lock_acquired_total"))[0]?.value === 1;
  const unknown = `${path}?q=${UNKNOWN}-check`;
  await cacheStatus(server, unknown, 404);
  const negative = isHit(await cacheStatus(server, unknown, 404));
  const brief = `${BRIEF.path}?q=check`;
  await cacheStatus(server, brief, 200);
  await sleep(BRIEF_OVER_MILLIS);
  const stale = isHit(await cacheStatus(server, brief, 200));
  const found = JSON.stringify({ keeps, far, locks, stale, negative });
  if (found !== JSON.stringify(expected))
    throw new Error(`it shows ${found}, where ${JSON.stringify(expected)} was expected`);
  if (isKept(await cacheStatus(server, `${PAGE_PATH}check`, 200)) !== keeps)
    throw new Error("it keeps titles and no pages, or pages and no titles");
  // Every operation's failure is counted: those of the lock and of the control log, too.
  const failures = await counters(server, "cache_errors_total");
  if (failures.length > 0) throw new Error(`its stores or Durable Objects fail: ${JSON.stringify(failures)}`);
}

/** Stored, or passed through; a first read is one of them. @param {string} status */
function isKept(status) {
  const keeps = /;\s*fwd=miss\b.*;\s*stored\b/.test(status);
  if (!keeps && !/;\s*fwd=bypass\b.*;\s*detail=disabled\b/.test(status))
    throw new Error(`a first read is neither stored nor passed through: ${status}`);
  return keeps;
}

/** @param {string} status */
const isHit = (status) => /;\s*hit\b/.test(status);

/** @param {Server} server @param {string} path @param {number} expected its status */
async function cacheStatus(server, path, expected) {
  const { status, headers } = await server.ask(path);
  if (status !== expected) throw new Error(`${path} answers ${status}`);
  return headers.find(([name]) => name === "cache-status")?.[1] ?? "";
}

/** @param {Server} server @param {string} name @returns {Promise<{value: number, impl?: string}[]>} by its labels */
async function counters(server, name) {
  return JSON.parse(Buffer.from((await server.ask("/internal/cache")).body).toString()).counters[name] ?? [];
}

// Measuring ------------------------------------------------------------------------------------------------

/**
 * @param {Variant[]} variants @param {Origin} origin @param {Extent & {round: number}} extent @param {number} log
 * @returns {Promise<Sample[][]>} by variant, then by turn
 */
async function measureRound(variants, origin, { turns, turnSeconds, warmUpSeconds, round }, log) {
  /** @type {Server[]} */
  const servers = [];
  let titles = 0;
  /** @param {number} at @param {number} seconds @returns {Promise<Sample>} */
  const load = async (at, seconds) => {
    const server = /** @type {Server} */ (servers[at]);
    const { path, reads, status } = /** @type {Variant} */ (variants[at]);
    const series = () => {
      const title = `m-${at}-${titles++}`;
      const unknown = `${path}?q=${UNKNOWN}-${title}`;
      if (reads === "pages") return [`${path}${title}`];
      return reads === "titles" ? [`${path}?q=${title}`] : [unknown, unknown];
    };
    const before = server.runSeconds();
    const [{ answers, perSecond }, asked] = await origin.counting(async () => {
      const loaded = await loadSeries({ port: server.port, seconds, series, status });
      await sleep(SETTLES_MILLIS);
      return loaded;
    });
    const micros = microsOf(before, server.runSeconds(), answers);
    return { perSecond, microsPerRequest: micros, askedPerRead: asked / answers };
  };
  try {
    for (const [at, { configuration }] of variants.entries()) {
      servers.push(await Server.start(configuration, log));
      await load(at, warmUpSeconds);
    }
    return await takeTurns(variants.length, turns, round, (at) => load(at, turnSeconds));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** @param {Variant[]} variants @param {Sample[][]} samples by variant, then by turn @param {Extent} extent */
function summarise(variants, samples, extent) {
  /** @param {string} name @param {Reads} reads */
  const samplesOf = (name, reads) =>
    samples[variants.findIndex((variant) => variant.name === name && variant.reads === reads)] ?? [];
  const results = variants.map(({ name, reads, askedPerRead }, at) => {
    const own = samples[at] ?? [];
    const [bare, whole] = [samplesOf(BARE, reads), samplesOf(WHOLE, reads)];
    const micros = own.flatMap(({ microsPerRequest }) => microsPerRequest ?? []);
    const byWork = ratiosOfWork(own, bare);
    const spared = own.flatMap(({ microsPerRequest }, turn) => {
      const other = whole[turn]?.microsPerRequest ?? null;
      return microsPerRequest === null || other === null ? [] : [other - microsPerRequest];
    });
    return {
      name,
      reads,
      perSecond: spread(own.map(({ perSecond }) => perSecond)),
      ratio: spread(ratios(own, bare)),
      microsPerRequest: micros.length === 0 ? null : median(micros),
      ratioOfWork: byWork.length === 0 ? null : spread(byWork),
      sparedMicros: spared.length === 0 ? null : spread(spared),
      expectedAskedPerRead: askedPerRead,
      askedPerRead: spread(own.map((sample) => sample.askedPerRead)),
      samples: own,
    };
  });
  /** @param {Reads} reads */
  const exact = (reads) => {
    const wrong = results.filter(
      (result) =>
        result.reads === reads &&
        result.samples.some(({ askedPerRead }) => askedPerRead !== result.expectedAskedPerRead),
    );
    return { met: wrong.length === 0, found: wrong.map(({ name }) => name).join(", ") || "in every turn" };
  };
  /** @param {string} name @param {number} most @param {Reads} [reads] */
  const times = (name, most, reads = /** @type {Reads} */ ("titles")) => {
    const of = results.find((result) => result.name === name && result.reads === reads);
    const found = 1 / (of?.ratioOfWork ?? of?.ratio ?? { median: Number.NaN }).median;
    return {
      aim: `${reads === "pages" ? "a page in mode http, " : ""}${name}: at most ${most} times a bare Worker`,
      found: found.toFixed(2),
      met: found <= most,
    };
  };
  const verdicts = [
    times(WHOLE, WHOLE_AIM),
    times(NO_CACHE, NO_CACHE_AIM),
    { aim: "exactly one origin request a miss", ...exact("titles") },
    {
      aim: "one for two reads of an unknown title, or two without the negative cache",
      ...exact("unknown titles"),
    },
  ];
  if (results.some(({ reads }) => reads === "pages")) {
    verdicts.push(times(WHOLE, WHOLE_AIM, "pages"), times(NO_CACHE, NO_CACHE_AIM, "pages"));
    verdicts.push({ aim: "exactly one origin request a page", ...exact("pages") });
  }
  return { connections: CONNECTIONS, extent, results, verdicts };
}

/** @param {Awaited<ReturnType<typeof benchMisses>>} found @returns {string} */
export function missesReport({ connections, extent, results }) {
  const { rounds, turns, turnSeconds } = extent;
  const head = ["", "requests/s", "", "of bare", "", "CPU µs", "of bare", "", "spares µs", "", "origin/read"];
  /** @param {Reads} wanted */
  const rowsOf = (wanted) =>
    results
      .filter(({ reads }) => reads === wanted)
      .map(({ name, perSecond, ratio, microsPerRequest, ratioOfWork, sparedMicros, askedPerRead }) => [
        name,
        perSecond.median.toFixed(0),
        quartiles(perSecond, 0),
        ratio.median.toFixed(3),
        quartiles(ratio, 2),
        microsPerRequest?.toFixed(0) ?? "-",
        ratioOfWork?.median.toFixed(3) ?? "-",
        ratioOfWork === null ? "-" : quartiles(ratioOfWork, 2),
        sparedMicros === null || name === WHOLE ? "-" : sparedMicros.median.toFixed(0),
        sparedMicros === null || name === WHOLE ? "-" : quartiles(sparedMicros, 0),
        askedPerRead.median.toFixed(2),
      ]);
  return [
    `Misses on workerd: ${rounds} rounds in fresh processes, ${turns} turns of ${turnSeconds} s each, ` +
      `${connections} connections by Node (median, quartiles); "spares" is against everything on`,
    table(head, rowsOf("titles")),
    "Unknown titles, each read twice in a row",
    table(head, rowsOf("unknown titles")),
    "Pages of an API in mode http",
    table(head, rowsOf("pages")),
  ].join("\n");
}
