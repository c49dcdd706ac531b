// A reader's path through the Worker, in the runtime.
import { env, SELF } from "cloudflare:test";
import { expect, test } from "vitest";
import { worker } from "../../shim/larder.js";

/** @param {string} path @param {RequestInit} [init] */
const get = (path, init) => SELF.fetch(`http://larder.test${path}`, init);
/** @param {string} text @returns {Promise<number>} */
const asked = async (text) =>
  (await fetch(`http://origin.test/count?for=${encodeURIComponent(text)}`)).json();
/** @param {Response} response */
const status = (response) => response.headers.get("cache-status");

/** Nothing is in flight, and the only bodies alive are the memory tier's. */
function expectSettled() {
  const { serving } = worker;
  expect(serving?.requests.size).toBe(0);
  expect(serving?.bodies.alive).toBe(serving?.exports.larder_bodies_held());
}

test("the module under test is the project's own", async () => {
  const health = await (await get("/health")).json();
  expect(health).toEqual({ status: "ok", version: "0.1.0", cache: "kv", toolchain: env.TEST_TOOLCHAIN });
});

test("a miss asks the origin once, the next read is a memory hit with the same bytes", async () => {
  const first = await get("/search/title?q=Good%20Omens");
  expect(first.status).toBe(200);
  expect(status(first)).toBe("larder; fwd=miss; fwd-status=200; stored; detail=absent");
  const body = await first.json();
  expect(body.query).toBe("good omens");
  expect(body.works).toHaveLength(1);
  expect(body.works[0]).toEqual({
    title: "good omens",
    authors: ["Terry Pratchett", "Neil Gaiman"],
    isbn10: ["0060853980", "0552137030"],
    isbn13: ["9780060853983", "9780552137034"],
    firstPublishYear: 1990,
    coverUrl: "https://covers.openlibrary.org/b/id/12547191-L.jpg",
    ids: { openlibrary: "OL45804W" },
  });
  const second = await get("/search/title?q=good++omens");
  expect(status(second)).toMatch(/^larder; hit; ttl=86(400|3\d\d); detail=memory$/);
  expect(second.headers.get("age")).toMatch(/^\d+$/);
  expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
  expect(await second.json()).toEqual(body);
  expect(await asked("title=good omens")).toBe(1);
});

test("a fast lane gives the same answer, until a condition or another method asks for thought", async () => {
  // A lane opens on the second hit within six seconds; on a busy machine that may take more than two.
  const plain = [await get("/search/title?q=lane")];
  while (worker.serving?.lanes.table.size === 0) plain.push(await get("/search/title?q=lane"));
  plain.push(await get("/search/title?q=lane"));
  const bodies = await Promise.all(plain.map((response) => response.text()));
  expect(new Set(bodies).size).toBe(1);
  expect(worker.serving?.lanes.table.size).toBe(1);
  for (const response of plain.slice(1)) {
    expect(status(response)).toMatch(/^larder; hit; ttl=\d+; detail=memory$/);
    expect(response.headers.get("content-type")).toBe("application/json");
  }
  const etag = plain[0].headers.get("etag") ?? "";
  const conditional = await get("/search/title?q=lane", { headers: { "if-none-match": etag } });
  expect(conditional.status).toBe(304);
  expect(await conditional.text()).toBe("");
  const head = await get("/search/title?q=lane", { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe("");
  expect(await asked("title=lane")).toBe(1);
});

test("a fresh isolate finds the entry in its farther tiers without asking the origin", async () => {
  await (await get("/search/author?q=farther")).text();
  await settle();
  worker.serving = null;
  const edge = await get("/search/author?q=farther");
  expect(status(edge)).toMatch(/detail=edge$/);
  await edge.text();
  const cache = await caches.open("larder");
  const { keys } = await env.CACHE.list();
  for (const key of keys) await cache.delete(`https://larder.internal/entry/${encodeURIComponent(key.name)}`);
  worker.serving = null;
  const kv = await get("/search/author?q=farther");
  expect(status(kv)).toMatch(/detail=kv$/);
  await kv.text();
  expect(await asked("author=farther")).toBe(1);
});

test("both forms of an ISBN are one entry", async () => {
  expect((await get("/search/isbn?isbn=0-552-13703-0")).status).toBe(200);
  expect(status(await get("/search/isbn?isbn=9780552137034"))).toMatch(/hit/);
  expect(await asked("isbn=9780552137034")).toBe(1);
});

test("nothing known is a negative entry", async () => {
  const first = await get("/search/title?q=missing");
  expect(first.status).toBe(404);
  expect(first.headers.get("content-type")).toBe("application/problem+json");
  expect(first.headers.get("cache-control")).toBe("no-store");
  const second = await get("/search/title?q=missing");
  expect(second.status).toBe(404);
  expect(status(second)).toMatch(/^larder; hit; ttl=(900|8\d\d); detail=memory$/);
  expect(await asked("title=missing")).toBe(1);
});

test.for([
  ["html", 502],
  ["truncated", 502],
  ["error", 502],
  ["limited", 503],
  ["huge", 502],
])("an origin that answers %s is a problem of status %i and nothing is kept", async ([word, wanted]) => {
  // An instance that knows nothing of the failures before: its circuit breaker is closed.
  worker.serving = null;
  const response = await get(`/search/title?q=${word}`);
  expect(response.status).toBe(wanted);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  const problem = await response.json();
  expect(problem.status).toBe(wanted);
  expect(problem.origin).toBe("openlibrary");
  expect(problem.requestId).toMatch(/^[0-9a-f]{16}$/);
  await settle();
  expect((await env.CACHE.list({ prefix: `larder:title:v3:${word}` })).keys).toEqual([]);
});

test.for([
  ["/search/title", 400],
  ["/search/title?q=", 400],
  [`/search/title?q=${"a".repeat(600)}`, 400],
  [`/search/title?q=${"a".repeat(10_000)}`, 414],
  ["/search/title?q=%ff", 400],
  ["/search/isbn?isbn=9780552137035", 400],
  ["/nowhere", 404],
])("%s is refused with %i", async ([path, wanted]) => {
  const response = await get(/** @type {string} */ (path));
  expect(response.status).toBe(wanted);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await response.json();
  expect(problem.status).toBe(wanted);
  expect(problem.detail.length).toBeGreaterThan(20);
});

test("a method that a path does not know is 405 with Allow, and OPTIONS tells it", async () => {
  const refused = await get("/search/title?q=x", { method: "DELETE" });
  expect(refused.status).toBe(405);
  expect(refused.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  const options = await get("/search/title", { method: "OPTIONS" });
  expect(options.status).toBe(204);
  expect(options.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
});

test("status page: counters and no handle that outlives its request", async () => {
  await settle();
  expectSettled();
  // A hundred megabytes came from an origin above; no more of them than its bound was ever held.
  expect(worker.serving?.memory.buffer.byteLength).toBeLessThan(16 * 1024 * 1024);
  const page = await (await get("/internal/cache")).json();
  expect(page.enabled).toBe(true);
  expect(page.resources).toEqual(["title", "isbn", "author", "subject", "narr"]);
  expect(page.requestsInFlight).toBe(1);
  expect(page.flightsUnderWay).toBe(0);
});

/** Waits until no request of the instance is at work any more. */
async function settle() {
  while ((worker.serving?.requests.size ?? 0) > 0) await scheduler.wait(0);
}
