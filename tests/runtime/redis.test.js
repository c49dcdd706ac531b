// The Worker with Redis as its shared tier, on the real runtime and a real redis-server: over TCP, over TLS and by REST.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeCertificate, startRedis, startRest } from "./redis_server.js";

const TOKEN = "a-token-of-rest";
const folder = mkdtempSync(join(tmpdir(), "larder-certificate-"));
const tls = makeCertificate(folder);
// Miniflare reads it when it is loaded.
process.env.NODE_EXTRA_CA_CERTS = tls.authority;
const { startOrigin, startWorker } = await import("./support.js");

/** @type {Awaited<ReturnType<typeof startRedis>>} */
let redis;
/** @type {Awaited<ReturnType<typeof startRest>>} */
let rest;
/** @type {Awaited<ReturnType<typeof startOrigin>>} */
let origin;
/** By path: what the origin says. @type {Map<string, {body: string | Buffer, headers?: Record<string, string>}>} */
const answers = new Map();

before(
  async () => {
    redis = await startRedis({ tls });
    rest = await startRest(redis.port, TOKEN);
    origin = await startOrigin(({ url }) => answers.get(url ?? "") ?? { status: 404, body: "none" });
  },
  { timeout: 60_000 },
);
after(async () => {
  await rest.stop();
  await redis.stop();
  await origin.stop();
  rmSync(folder, { recursive: true, force: true });
});

const declarations = () => ({
  resources: [
    {
      name: "page",
      match: { path: "/page/{id}" },
      origin: { url: `${origin.url}/page/{id}` },
      key: [{ path: "id", required: true }],
      ttl: "1h",
      tiers: ["redis"],
      maxBytes: 1_000_000,
    },
    {
      name: "brief",
      match: { path: "/brief/{id}" },
      origin: { url: `${origin.url}/brief/{id}` },
      key: [{ path: "id", required: true }],
      ttl: "2s",
      tiers: ["redis"],
    },
  ],
});

/** @param {Record<string, string>} bindings @param {number} [isolates] */
const worker = (bindings, isolates = 1) =>
  startWorker("wasi", {
    origin: origin.url,
    declarations: declarations(),
    isolates,
    bindings: { CACHE_IMPL: "redis", ENABLE_REDIS_CACHE: "true", TTL_JITTER_PERCENT: "0", ...bindings },
  });

/** @param {"tcp" | "tls" | "rest"} transport @returns {Record<string, string>} */
const addressOf = (transport) =>
  ({
    tcp: { REDIS_URL: redis.url },
    tls: { CACHE_REDIS_URL: redis.tlsUrl },
    rest: { REDIS_URL: rest.url, REDIS_TOKEN: TOKEN },
  })[transport];

/** The names in Redis, and what is stored under them. */
const stored = async () => {
  const names = (await redis.client.keys("*")).sort();
  return Promise.all(
    names.map(async (name) => ({ name, value: (await redis.client.getBuffer(name)) ?? Buffer.of() })),
  );
};

for (const transport of /** @type {const} */ (["tcp", "tls", "rest"])) {
  test(`over ${transport}, values come back as they were, gzip above the threshold`, async (context) => {
    await redis.client.flushall();
    const larder = await worker(addressOf(transport));
    context.after(() => larder.stop());
    const letters = (/** @type {number} */ count) => "déjà vu, ".repeat(count).slice(0, count);
    /** @type {[string, string | Buffer, string][]} */
    const cases = [
      ["ok", "OK", "text/plain"],
      ["empty-list", "[]", "application/json"],
      ["under", "x".repeat(65_535), "text/plain"],
      ["at", "y".repeat(65_536), "text/plain"],
      ["over", letters(65_537), "text/plain"],
      ["bytes", randomBytes(5_000), "application/octet-stream"],
    ];
    for (const [id, body, type] of cases) {
      answers.set(`/page/${id}`, { body, headers: { "content-type": type } });
      const first = await larder.get(`/page/${id}`);
      assert.equal(first.status, 200, id);
      assert.match(first.headers.get("cache-status") ?? "", /fwd=miss/, id);
      assert.deepEqual(Buffer.from(await first.arrayBuffer()), Buffer.from(body), id);
    }
    await larder.until(
      async () => (await stored()).filter(({ name }) => !name.includes("::")).length === cases.length,
    );
    const calls = origin.asked.length;
    for (const [id, body] of cases) {
      const again = await larder.get(`/page/${id}`);
      assert.match(again.headers.get("cache-status") ?? "", /hit.*detail=redis/, id);
      assert.deepEqual(Buffer.from(await again.arrayBuffer()), Buffer.from(body), id);
    }
    assert.equal(origin.asked.length, calls);
    const values = new Map((await stored()).map(({ name, value }) => [name.split(":").at(-1), value]));
    const sizeOf = (/** @type {string} */ id) => values.get(id)?.length ?? 0;
    assert.ok(sizeOf("at") > 65_536 && sizeOf("at") < 67_000, `${sizeOf("at")} bytes, plain`);
    assert.ok(sizeOf("under") > 65_535 && sizeOf("under") < 67_000, `${sizeOf("under")} bytes, plain`);
    assert.ok(sizeOf("over") < 10_000, `${sizeOf("over")} bytes, packed`);
    for (const [id, value] of values) assert.equal(value.subarray(0, 4).toString(), "LRD1", id);
  });
}

test("what is written one way is read the other ways", async (context) => {
  await redis.client.flushall();
  const body = randomBytes(70_000).toString("hex");
  answers.set("/page/shared", { body, headers: { "content-type": "text/plain" } });
  const byRest = await worker(addressOf("rest"));
  context.after(() => byRest.stop());
  assert.equal(await (await byRest.get("/page/shared")).text(), body);
  await byRest.until(async () => (await stored()).some(({ name }) => name === "larder:page:v3:shared"));
  const byTls = await worker(addressOf("tls"));
  context.after(() => byTls.stop());
  const read = await byTls.get("/page/shared");
  assert.match(read.headers.get("cache-status") ?? "", /hit.*detail=redis/);
  assert.equal(await read.text(), body);
});

test("a key leaves Redis by Redis' own clock", async (context) => {
  await redis.client.flushall();
  answers.set("/brief/one", { body: "soon gone", headers: { "content-type": "text/plain" } });
  const larder = await worker(addressOf("tcp"));
  context.after(() => larder.stop());
  await larder.get("/brief/one");
  await larder.until(async () => (await redis.client.exists("larder:brief:v3:one")) === 1);
  const left = await redis.client.pttl("larder:brief:v3:one");
  assert.ok(left > 0 && left <= 3_000, `${left} ms`);
  await larder.until(async () => (await redis.client.exists("larder:brief:v3:one")) === 0);
});

test("what others left under a key's name is a miss", async (context) => {
  await redis.client.flushall();
  const larder = await worker(addressOf("tcp"));
  context.after(() => larder.stop());
  answers.set("/page/foreign", { body: "ours", headers: { "content-type": "text/plain" } });
  await redis.client.lpush("larder:page:v3:foreign", "a list");
  const response = await larder.get("/page/foreign");
  assert.equal(await response.text(), "ours");
  assert.match(response.headers.get("cache-status") ?? "", /fwd=miss/);
  await larder.until(async () => (await redis.client.type("larder:page:v3:foreign")) === "string");
});

test("all requests of an object's isolates share one connection", async (context) => {
  await redis.client.flushall();
  for (let i = 0; i < 200; i++)
    answers.set(`/page/many-${i}`, { body: `${i}`, headers: { "content-type": "text/plain" } });
  const larder = await worker(addressOf("tcp"), 2);
  context.after(() => larder.stop());
  const before = Number(await redis.info("stats", "total_connections_received"));
  const bodies = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => (await larder.getFrom(i % 2, `/page/many-${i}`)).text()),
  );
  assert.deepEqual(
    bodies,
    Array.from({ length: 200 }, (_, i) => `${i}`),
  );
  // And that of INFO itself.
  assert.ok(Number(await redis.info("stats", "total_connections_received")) - before <= 2);
});

test("100 readers of a cold key over two isolates make one origin call", async (context) => {
  await redis.client.flushall();
  answers.set("/page/cold", { body: "once", headers: { "content-type": "text/plain" } });
  const larder = await worker(addressOf("tcp"), 2);
  context.after(() => larder.stop());
  origin.hold();
  const from = origin.asked.length;
  const readers = Array.from({ length: 100 }, async (_, i) =>
    (await larder.getFrom(i % 2, "/page/cold")).text(),
  );
  await origin.arrived(from + 1);
  origin.letGo();
  assert.deepEqual(await Promise.all(readers), Array(100).fill("once"));
  assert.deepEqual(origin.asked.slice(from), ["/page/cold"]);
  // Handed back, and not left to its time.
  await larder.until(async () => (await redis.client.exists("larder::lock:larder:page:v3:cold")) === 0);
});

test("a server of a cluster is told as one", async (context) => {
  const cluster = await startRedis({ options: ["--cluster-enabled", "yes"] });
  context.after(() => cluster.stop());
  answers.set("/page/clustered", { body: "served", headers: { "content-type": "text/plain" } });
  const larder = await worker({ REDIS_URL: cluster.url });
  context.after(() => larder.stop());
  assert.equal(await (await larder.get("/page/clustered")).text(), "served");
});

test("a password is used, and a wrong one costs no answer", async (context) => {
  const guarded = await startRedis({ password: true });
  context.after(() => guarded.stop());
  answers.set("/page/guarded", { body: "served", headers: { "content-type": "text/plain" } });
  const larder = await worker({ REDIS_URL: guarded.url });
  context.after(() => larder.stop());
  await larder.get("/page/guarded");
  await larder.until(async () => (await guarded.client.exists("larder:page:v3:guarded")) === 1);
  const stranger = await worker({ REDIS_URL: `redis://:wrong@127.0.0.1:${guarded.port}` });
  context.after(() => stranger.stop());
  const answer = await stranger.get("/page/guarded");
  assert.equal(await answer.text(), "served");
  assert.match(answer.headers.get("cache-status") ?? "", /fwd=miss/);
});
