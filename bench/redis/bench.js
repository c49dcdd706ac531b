// Hits from every tier in one run, and the two ways to a Redis server: requests a second, time, processor time, and what
// the server was asked. The Worker runs in miniflare's runtime, reached past its front; the servers are real.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleWorker } from "../../scripts/bundle.js";
import { startRedis, startRest } from "../../tests/runtime/redis_server.js";
import { startOrigin, startWorker } from "../../tests/runtime/support.js";
import { median, table } from "../statistics.js";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const miniflarePath = createRequire(require.resolve("wrangler")).resolve("miniflare");
const { Miniflare, convertV4MiniflareOptions } = await import(pathToFileURL(miniflarePath).href);

const TOKEN = "a-token-for-this-measurement";
const BODY = "x".repeat(2_000);
const READERS = 50;
const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
/** Of this program to the server. */
const OWN_CONNECTIONS = 1;
/** A way has to be better by so much to be called so. */
const CLEARLY = 1.2;

/**
 * @typedef {{way: string, readers: number, perSecond: number, median: number, p95: number, cpuMicros: number, commands: number,
 *   reads: number, connections: number}} Row
 * @typedef {{bundleBytes: number, clientBytes: number, hits: Row[], ways: Row[], verdicts: import("../statistics.js").Verdict[]}} Found
 */

/** Processor time of the runtimes that this process has started, in seconds. */
function cpuSeconds() {
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const [, name, rest] =
        /^\d+ \((.*)\) (.*)$/.exec(readFileSync(`/proc/${pid}/stat`, "utf8").trim()) ?? [];
      const fields = (rest ?? "").split(" ");
      if (name === "workerd" && Number(fields[1]) === process.pid)
        ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** @param {Agent} agent @param {string} url @returns {Promise<number>} milliseconds */
const ask = (agent, url) =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    get(url, { agent }, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 200
          ? resolve(performance.now() - began)
          : reject(new Error(`${url} was answered with ${response.statusCode}`)),
      );
    }).on("error", reject);
  });

/**
 * @param {string} way @param {string[]} urls as many as readers, or one for all of them @param {number} readers
 * @param {number} seconds @param {Awaited<ReturnType<typeof startRedis>>} redis @returns {Promise<Row>}
 */
async function load(way, urls, readers, seconds, redis) {
  const urlOf = (/** @type {number} */ reader) => urls[reader % urls.length] ?? "";
  const agent = new Agent({ keepAlive: true, maxSockets: readers });
  for (let i = 0; i < Math.max(20, urls.length); i++) await ask(agent, urlOf(i));
  const figures = async () => ({
    commands: Number(await redis.info("stats", "total_commands_processed")),
    reads: Number(await redis.info("stats", "total_reads_processed")),
  });
  const before = await figures();
  const cpu = cpuSeconds();
  /** @type {number[]} */
  const times = [];
  let connections = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  const watch = setInterval(async () => {
    connections = Math.max(
      connections,
      Number(await redis.info("clients", "connected_clients")) - OWN_CONNECTIONS,
    );
  }, 50);
  await Promise.all(
    Array.from({ length: readers }, async (_, reader) => {
      while (performance.now() < end) times.push(await ask(agent, urlOf(reader)));
    }),
  );
  clearInterval(watch);
  const took = (performance.now() - began) / 1000;
  const cpuMicros = ((cpuSeconds() - cpu) * 1e6) / times.length;
  const after = await figures();
  agent.destroy();
  times.sort((one, other) => one - other);
  return {
    way,
    readers,
    perSecond: times.length / took,
    median: median(times),
    p95: times[Math.floor(times.length * 0.95)] ?? 0,
    cpuMicros,
    commands: (after.commands - before.commands) / times.length,
    reads: (after.reads - before.reads) / times.length,
    connections,
  };
}

/** @param {Awaited<ReturnType<typeof startRedis>>} redis @param {number} seconds */
async function benchWays(redis, seconds) {
  await redis.client.set("key", BODY);
  const contents = await bundleWorker(join(here, "connections_worker.js"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "ways",
          modules: [{ type: "ESModule", path: "worker.js", contents }],
          compatibilityDate: "2026-11-17",
          bindings: { ADDRESS: redis.url },
          durableObjects: { REDIS_LINK: { className: "RedisLink", useSQLite: true } },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
      ],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  await miniflare.ready;
  const url = await miniflare.unsafeGetDirectURL("ways");
  const rows = [];
  for (const readers of [1, READERS, 200]) {
    rows.push(await load("a connection a request", [new URL("/request", url).href], readers, seconds, redis));
    rows.push(await load("one of an object", [new URL("/object", url).href], readers, seconds, redis));
  }
  await miniflare.dispose();
  return rows;
}

/** @param {Awaited<ReturnType<typeof startRedis>>} redis @param {number} seconds */
async function benchHits(redis, seconds) {
  const origin = await startOrigin(() => ({ body: BODY, headers: { "content-type": "text/plain" } }));
  const rest = await startRest(redis.port, TOKEN);
  const resource = (/** @type {string} */ tier) => ({
    name: tier,
    match: { path: `/${tier}/{id}` },
    origin: { url: `${origin.url}/{id}` },
    key: [{ path: "id", required: true }],
    ttl: "1h",
    tiers: [tier],
  });
  const declarations = { resources: ["memory", "edge", "kv"].map(resource) };
  const redisBindings = { CACHE_IMPL: "redis", ENABLE_REDIS_CACHE: "true" };
  /** @type {[string, string, Record<string, string>][]} */
  const cases = [
    ["memory", "memory", {}],
    ["edge", "edge", {}],
    ["KV", "kv", {}],
    ["Redis (TCP)", "kv", { ...redisBindings, REDIS_URL: redis.url }],
    ["Redis (REST)", "kv", { ...redisBindings, REDIS_URL: rest.url, REDIS_TOKEN: TOKEN }],
  ];
  const rows = [];
  for (const [way, tier, bindings] of cases) {
    const larder = await startWorker("wasi", { origin: origin.url, declarations, bindings });
    // Readers of one key would share a read, so each has a key of its own.
    const paths = Array.from({ length: READERS }, (_, at) => `/${tier}/${at}`);
    for (const path of paths)
      await larder.until(async () => / hit/.test((await larder.get(path)).headers.get("cache-status") ?? ""));
    const urls = paths.map((path) => new URL(path, larder.url).href);
    rows.push(await load(way, urls, READERS, seconds, redis));
    await larder.stop();
  }
  await rest.stop();
  await origin.stop();
  return rows;
}

/** Of the script as it is sent, packed. @param {string} entry */
const packedBytes = async (entry) => gzipSync(await bundleWorker(join(here, entry)), { level: 9 }).length;

/** @param {number} seconds of each measurement @returns {Promise<Found>} */
export async function benchRedis(seconds) {
  const bundleBytes = await packedBytes("../../shim/index.js");
  const clientBytes = await packedBytes("../../shim/redis/connection.js");
  const redis = await startRedis();
  try {
    const ways = await benchWays(redis, seconds);
    const hits = await benchHits(redis, seconds);
    const [request, object] = ways.slice(-2);
    const ratio = (object?.perSecond ?? 0) / (request?.perSecond ?? 1);
    const verdicts = [
      {
        aim: "at 200 requests at once, one connection of an object is clearly faster than one a request",
        found: `${ratio.toFixed(2)} times the throughput, ${object?.connections} for ${request?.connections} connections`,
        met: ratio >= CLEARLY,
      },
    ];
    return { bundleBytes, clientBytes, hits, ways, verdicts };
  } finally {
    await redis.stop();
  }
}

/** @param {Found} found */
export function redisReport({ bundleBytes, clientBytes, hits, ways }) {
  const head = [
    "",
    "readers",
    "requests/s",
    "p50 ms",
    "p95 ms",
    "CPU µs",
    "commands",
    "server reads",
    "connections",
  ];
  const line = (/** @type {Row} */ row) => [
    row.way,
    `${row.readers}`,
    row.perSecond.toFixed(0),
    row.median.toFixed(1),
    row.p95.toFixed(1),
    row.cpuMicros.toFixed(0),
    row.commands.toFixed(2),
    row.reads.toFixed(2),
    `${row.connections}`,
  ];
  return [
    "Redis: a GET of 2 KB, by the way to the server (CPU, commands and reads of the server's sockets are for each request)",
    table(head, ways.map(line)),
    "Hits of 2 KB, by tier",
    table(head, hits.map(line)),
    `The client of Redis is ${clientBytes} of the bundle's ${bundleBytes} bytes (gzip, without the module).`,
  ].join("\n");
}
