// A real redis-server that is killed, stopped, restarted empty and full, under 200 readers at once; and the removal of what a
// purge names among 100,000 keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SignJWT } from "jose";
import { startRedis } from "./redis_server.js";
import { startOrigin, startWorker } from "./support.js";

const SECRET = "a secret for tests, of 32 bytes and more";
const READERS = 200;
/** A look-up's two attempts, a lock's, and the origin: less than a reader's wait for another one's answer. */
const DEADLINE_MILLIS = 15_000;

const token = await new SignJWT({ sub: "ann", role: "admin" })
  .setProtectedHeader({ alg: "HS256" })
  .setExpirationTime("1h")
  .sign(new TextEncoder().encode(SECRET));

/** @type {Awaited<ReturnType<typeof startRedis>>} */
let redis;
/** @type {Awaited<ReturnType<typeof startOrigin>>} */
let origin;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let larder;

before(
  async () => {
    redis = await startRedis();
    origin = await startOrigin(({ url }) => ({
      body: `the answer of ${url}`.padEnd(2_000, "."),
      headers: { "content-type": "text/plain" },
    }));
    const declarations = {
      resources: [
        {
          name: "page",
          match: { path: "/page/{id}" },
          origin: { url: `${origin.url}/page/{id}` },
          key: [{ path: "id", required: true }],
          ttl: "1h",
          tiers: ["redis"],
        },
      ],
    };
    larder = await startWorker("wasi", {
      origin: origin.url,
      declarations,
      bindings: {
        CACHE_IMPL: "redis",
        ENABLE_REDIS_CACHE: "true",
        ENABLE_PUBLIC_LIMIT: "false",
        REDIS_URL: redis.url,
        ADMIN_JWT_SECRET: SECRET,
      },
    });
  },
  { timeout: 60_000 },
);
after(async () => {
  await larder.stop();
  await redis.stop();
  await origin.stop();
});

/** Readers of different keys, all at once: every one is answered, rightly and in time. @param {string} name */
async function readAll(name) {
  const readers = Array.from({ length: READERS }, async (_, i) => {
    const began = performance.now();
    const response = await larder.get(`/page/${name}-${i}`);
    const body = await response.text();
    return {
      i,
      status: response.status,
      body,
      from: response.headers.get("cache-status") ?? "",
      took: performance.now() - began,
    };
  });
  const answers = await Promise.all(readers);
  for (const { i, status, body, took } of answers) {
    assert.equal(status, 200, `${name}-${i}`);
    assert.ok(body.startsWith(`the answer of /page/${name}-${i}.`), body.slice(0, 60));
    assert.ok(took < DEADLINE_MILLIS, `${name}-${i} took ${took} ms`);
  }
  return answers;
}

/** @param {string} counter @param {string[]} labels */
async function counted(counter, ...labels) {
  const { counters } = await (await larder.get("/internal/cache")).json();
  const cells = /** @type {{name: string, labels: Record<string, string>, value: number}[]} */ (
    cellsOf(counters, counter)
  );
  return cells
    .filter((cell) => labels.every((label) => Object.values(cell.labels).includes(label)))
    .reduce((sum, { value }) => sum + value, 0);
}

/** @param {any} counters @param {string} counter */
const cellsOf = (counters, counter) =>
  (counters[counter] ?? []).map((/** @type {any} */ { value, ...labels }) => ({
    name: counter,
    labels,
    value,
  }));

/** @param {string} name @returns whether Redis has it and answers */
const isHit = async (name) =>
  /detail=redis/.test((await larder.get(`/page/${name}`)).headers.get("cache-status") ?? "");

test("killed under load, Redis costs no answer; the breaker opens, and closes when an empty server is back", async () => {
  await readAll("killed");
  await larder.until(async () => (await redis.client.keys("larder:page:v3:killed-*")).length === READERS);
  assert.ok((await readAll("killed")).every(({ from }) => /detail=redis/.test(from)));

  const under = readAll("killed");
  await redis.kill();
  await under;
  await readAll("killed");
  assert.ok((await counted("breaker_refused_total", "redis")) > 0, "the breaker is open");

  await redis.start();
  await larder.until(async () => isHit("killed-0"));
  // Scripts are gone with the old server; locks are taken again, and handed back on the new one all the same.
  let reads = 0;
  await larder.until(async () => {
    await larder.get(`/page/after-${reads++}`);
    return /^calls=\d+/.test(await redis.info("commandstats", "cmdstat_eval"));
  });
  await readAll("after");
  await larder.until(async () => (await redis.client.keys("larder::lock:*")).length === 0);
  assert.match(await redis.info("commandstats", "cmdstat_evalsha"), /^calls=\d+/);
});

test("stopped under load, Redis costs no answer and nobody waits past the deadline", async () => {
  await readAll("stopped");
  await larder.until(async () => isHit("stopped-0"));
  redis.freeze();
  await readAll("stopped");
  await readAll("stopped");
  redis.thaw();
  await larder.until(async () => isHit("stopped-0"));
});

test("full, and told to evict nothing, Redis is still read, and costs no answer", async () => {
  await readAll("full");
  await larder.until(async () => isHit("full-0"));
  await redis.client.config("SET", "maxmemory-policy", "noeviction");
  await redis.client.config("SET", "maxmemory", "1mb");
  await readAll("more");
  assert.ok((await counted("cache_errors_total", "redis", "rejected")) > 0, "stores were refused");
  assert.equal(await isHit("full-0"), true);
  const { implementations } = await (await larder.get("/internal/cache")).json();
  const { server } = implementations.find((/** @type {any} */ { active }) => active).statistics.redis;
  assert.equal(server.evictionPolicy, "noeviction");
  assert.match(server.evictionAdvice, /allkeys-lru/);
  assert.equal(server.bytesMax, 1_048_576);

  await redis.client.config("SET", "maxmemory", "0");
  await larder.until(async () => isHit("more-0"));
});

test("of 100,000 keys a purge removes the 1,000 that it names, in bounded calls, while others are read", async () => {
  await redis.client.flushall();
  await larder.until(async () => isHit("read"));
  const pipeline = redis.client.pipeline();
  for (let i = 0; i < 100_000; i++) {
    const tenant = i % 2 === 0 ? "larder" : "larder2";
    pipeline.set(i % 100 === 0 ? `larder:page:v3:[old]*?${i}` : `${tenant}:page:v3:old-${i}`, "x");
  }
  await pipeline.exec();
  await redis.client.set("larder:page:v3:oXd", "x");

  /** @type {number[]} */
  const latencies = [];
  let isReading = true;
  const reading = (async () => {
    while (isReading) {
      const began = performance.now();
      assert.equal(await isHit("read"), true);
      latencies.push(performance.now() - began);
    }
  })();
  let cursor = "";
  let removed = 0;
  let calls = 0;
  do {
    const response = await larder.get(
      `/api/cache/purge${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ prefixes: ["larder:page:v3:[old]*?"], mode: "hard" }),
      },
    );
    assert.equal(response.status, 200, await response.clone().text());
    const answer = await response.json();
    assert.equal("purged" in answer, calls === 0, "only the first call adds to the log");
    removed += answer.removed.count;
    cursor = answer.removed.cursor ?? "";
    calls += 1;
  } while (cursor !== "");
  isReading = false;
  await reading;

  assert.equal(removed, 1_000);
  assert.equal((await redis.client.keys("larder:page:v3:old-*")).length, 49_000);
  assert.equal((await redis.client.keys("larder2:*")).length, 50_000);
  assert.equal((await redis.client.keys("larder:page:v3:\\[old*")).length, 0);
  assert.equal(await redis.client.exists("larder:page:v3:oXd"), 1);
  assert.equal(await redis.client.exists("larder2:page:v3:old-1"), 1);
  latencies.sort((one, other) => one - other);
  const at = (/** @type {number} */ share) =>
    (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1);
  console.log(
    `hits while keys were removed: ${latencies.length}, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms; ${calls} calls`,
  );
});
