// The Worker with Redis as its shared tier, on the real runtime and a real redis-server: over TCP, over TLS and by REST.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SignJWT } from "jose";
import { createCatalogue } from "../../catalogue/server.js";
import { makeCertificate, startRedis, startRest } from "./redis_server.js";

const TOKEN = "a-token-of-rest";
/** A question that is asked again until it is so has to end. */
const IN_TIME = { timeout: 120_000 };
const SECRET = "a secret of thirty-two bytes, no less";
const token = () =>
  new SignJWT({ sub: "ann", role: "admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
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
    origin = await startOrigin(
      ({ url }) => answers.get(decodeURIComponent(url ?? "")) ?? { status: 404, body: "none" },
    );
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

/**
 * What every tier promises (tests/tiers/contract_test.cpp), of the real server: the Worker's own memory and edge cache are
 * no tiers of these resources, so that whatever is a hit has come from Redis.
 */
for (const transport of /** @type {const} */ (["tcp", "tls", "rest"])) {
  test(`over ${transport}, Redis keeps the contract of a tier`, IN_TIME, async (context) => {
    await redis.client.flushall();
    const larder = await worker({ ...addressOf(transport), ADMIN_JWT_SECRET: SECRET }, 2);
    context.after(() => larder.stop());
    /** @param {string} id @param {number} [isolate] */
    const read = async (id, isolate = 0) => {
      const response = await larder.getFrom(isolate, `/page/${id}`);
      const status = response.headers.get("cache-status") ?? "";
      return {
        body: Buffer.from(await response.arrayBuffer()),
        type: response.headers.get("content-type"),
        tag: response.headers.get("etag"),
        from: /detail=redis/.test(status) ? "redis" : /fwd=/.test(status) ? "origin" : status,
      };
    };
    const name = (/** @type {string} */ id) => `larder:page:v3:${id}`;
    const isThere = async (/** @type {string} */ id) => (await redis.client.exists(name(id))) === 1;
    /** @param {string} id @param {string | Buffer} body @param {Record<string, string>} [more] */
    const keep = async (id, body, more = {}) => {
      answers.set(`/page/${decodeURIComponent(id)}`, {
        body,
        headers: { "content-type": "text/plain", ...more },
      });
      const first = await read(id);
      assert.equal(first.from, "origin", id);
      await larder.until(async () => (await read(id, 1)).from === "redis");
      return first;
    };

    // An absent key is a miss and no failure; what was put is found whole, by another isolate too.
    const first = await keep("round", Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256)), {
      "content-type": "application/octet-stream",
      etag: '"one"',
    });
    for (const isolate of [0, 1]) assert.deepEqual(await read("round", isolate), { ...first, from: "redis" });
    // An empty body is an entry too.
    await keep("empty", "");
    const empty = await read("empty");
    assert.deepEqual([empty.from, empty.body.length], ["redis", 0]);
    // Keys that look alike, glob characters among them, are different keys.
    const alike = ["a-b", "a.b", "A-b", "a*b", "a[b]", "a~1", "a_b", "a^b"];
    for (const id of alike) await keep(encodeURIComponent(id), id);
    for (const id of alike) assert.equal(`${(await read(encodeURIComponent(id), 1)).body}`, id);
    // Once removed, by whomever, it is not found; the others are.
    const removed = await larder.get(`/api/cache/entry?key=${encodeURIComponent(name("round"))}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${await token()}` },
    });
    assert.ok(removed.ok, `${removed.status} ${await removed.text()}`);
    await larder.until(async () => !(await isThere("round")));
    assert.equal((await read("empty", 1)).from, "redis");
    // Putting replaces header and body.
    answers.set("/page/round", { body: "another", headers: { "content-type": "text/html" } });
    await larder.until(async () => (await read("round")).type === "text/html" && (await isThere("round")));
    const second = await read("round", 1);
    assert.deepEqual([second.from, `${second.body}`, second.type], ["redis", "another", "text/html"]);
    // What is cut off, foreign or of another key is a miss, and is replaced.
    const whole = (await redis.client.getBuffer(name("round"))) ?? Buffer.of();
    for (const [id, value] of /** @type {[string, Buffer][]} */ ([
      ["round", whole.subarray(0, whole.length - 1)],
      ["empty", whole],
      ["a-b", Buffer.from("OK")],
    ])) {
      await redis.client.set(name(id), value);
      // What locks' last holders left would answer for a minute yet.
      await redis.client.del(...(await redis.client.keys("larder::handed:*")), "none");
      assert.equal((await read(id)).from, "origin", id);
      await larder.until(async () => (await read(id)).from === "redis");
    }
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
  // As what it is, and not as a server that is away: where somebody looks, and in the counts.
  await larder.until(async () => {
    const { counters } = await (await larder.get("/internal/cache")).json();
    return (counters.cache_errors_total ?? []).some(
      (/** @type {any} */ { impl, error_type }) => impl === "redis" && error_type === "unsupported",
    );
  });
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

test(
  "a list of authors is warmed into Redis, and every work of theirs is a hit from there",
  IN_TIME,
  async (context) => {
    await redis.client.flushall();
    const catalogue = createCatalogue();
    const { url } = await catalogue.listen(0);
    context.after(() => catalogue.close());
    const start = () =>
      startWorker("wasi", {
        origin: url,
        bindings: {
          CACHE_IMPL: "redis",
          ENABLE_REDIS_CACHE: "true",
          REDIS_URL: redis.url,
          ADMIN_JWT_SECRET: SECRET,
          OPENLIBRARY_RATE: "200",
        },
      });
    let larder = await start();
    context.after(() => larder.stop());
    const call = async (/** @type {string} */ path, /** @type {RequestInit} */ init = {}) => {
      const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
      const response = await larder.get(path, { ...init, headers });
      return { status: response.status, body: /** @type {any} */ (await response.json()) };
    };
    const upload = await call("/api/warming/upload", {
      method: "POST",
      body: JSON.stringify({
        csv: Buffer.from("Title,Author\nGood Omens,Terry Pratchett\nEmma,Jane Austen\n").toString("base64"),
        maxDepth: 1,
        priority: "high",
      }),
    });
    assert.equal(upload.status, 202, JSON.stringify(upload.body));
    let state = "queued";
    await larder.until(async () => {
      const job = await call(`/api/warming/jobs/${upload.body.jobId}`);
      // Who polls may be told to ask less often.
      state = job.status === 200 ? job.body.state : state;
      return !["queued", "running"].includes(state);
    });
    assert.equal(state, "complete");
    // Another isolate, in whose memory nothing is, and no KV of the first one.
    await larder.stop();
    larder = await start();
    /** @type {string[]} */
    const titles = [];
    for (const author of ["Terry Pratchett", "Jane Austen"]) {
      const found = await fetch(
        `${url}/search.json?author=${encodeURIComponent(author)}&fields=title&limit=100`,
      );
      titles.push(...(await found.json()).docs.map((/** @type {any} */ { title }) => title));
    }
    assert.ok(titles.length > 2);
    // Once each: a second answer would be from memory. Behind it the origin is asked for a title's other authors.
    for (const title of new Set(titles.map((one) => one.toLowerCase()))) {
      const response = await larder.get(`/search/title?q=${encodeURIComponent(title)}`);
      assert.match(response.headers.get("cache-status") ?? "", /^larder; hit;.*detail=redis/, title);
      await response.arrayBuffer();
    }
  },
);
