// The Worker under load, by autocannon: a hundred at once on one key, a thousand keys, and how long hits take. Prints the
// percentiles; LOAD_SECONDS makes it longer.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import autocannon from "autocannon";
import { startOrigin, startWorker } from "../runtime/support.js";

const SECONDS = Number(process.env.LOAD_SECONDS ?? 2);
/** What hits may take at most, at the 95th percentile. */
const HIT_MILLIS_MAX = 10;
/** On a machine that is so busy that a bare answer takes long, this many times as long as that. */
const BUSY_FACTOR = 4;

const declarations = (/** @type {string} */ origin) => ({
  resources: [
    {
      name: "item",
      match: { path: "/items/{id}" },
      origin: { url: `${origin}/items/{id}` },
      key: [{ path: "id" }],
      ttl: "1h",
    },
  ],
});

/** @type {Awaited<ReturnType<typeof startOrigin>>} */
let origin;
/** @type {any} */
let worker;

before(async () => {
  origin = await startOrigin(() => ({ body: JSON.stringify({ made: "x".repeat(2000) }) }));
  worker = await startWorker("wasi", { origin: origin.url, declarations: declarations(origin.url) });
});
after(async () => {
  await worker?.stop();
  await origin?.stop();
});

/** @param {string} title @param {any} options */
async function load(title, options) {
  const result = await autocannon({ url: String(worker.url), ...options });
  const { p50, p90, p97_5, p99, max } = result.latency;
  console.log(
    `${title}: ${result.requests.total} requests, half within ${p50} ms, 90 % ${p90}, 97.5 % ${p97_5}, 99 % ${p99}, all ${max}`,
  );
  assert.deepEqual([result.errors, result.timeouts, result.non2xx], [0, 0, 0], title);
  return result;
}

test("a hundred at once on one key ask the origin once", { timeout: 60_000 }, async () => {
  const path = "/items/one";
  const asked = origin.asked.length;
  origin.hold();
  const loading = load("one key, 100 at once", { connections: 100, amount: 100, requests: [{ path }] });
  await origin.arrived(asked + 1);
  origin.letGo();
  await loading;
  assert.deepEqual(origin.asked.slice(asked), [path]);
});

test("a thousand keys ask the origin a thousand times, and then not at all", {
  timeout: 120_000,
}, async () => {
  const asked = origin.asked.length;
  const requests = Array.from({ length: 1000 }, (_, i) => ({ path: `/items/key-${i}` }));
  // A connection of its own goes through the list.
  await load("1,000 keys, for the first time", { connections: 1, amount: 1000, requests });
  assert.equal(new Set(origin.asked.slice(asked)).size, 1000);
  assert.equal(origin.asked.length, asked + 1000);
  await load("1,000 keys, again", { connections: 1, amount: 1000, requests });
  assert.equal(origin.asked.length, asked + 1000);
});

test("hits take ten milliseconds at most, at the 95th percentile", { timeout: 120_000 }, async () => {
  const options = { connections: 10, duration: SECONDS };
  const bare = await load("/health, 10 at once", { ...options, requests: [{ path: "/health" }] });
  const hits = await load("hits, 10 at once", { ...options, requests: [{ path: "/items/one" }] });
  // Of autocannon's percentiles the next above 95 %.
  const bound = Math.max(HIT_MILLIS_MAX, BUSY_FACTOR * bare.latency.p97_5);
  assert.ok(hits.latency.p97_5 <= bound, `${hits.latency.p97_5} ms, where ${bound} are allowed`);
  assert.ok(hits.requests.total > 0);
});
