// A known load in two isolates: each isolate's counters of its memory are exactly what it was asked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

/** Titles, and how often each isolate is asked for them, one request after the other. */
const LOAD = [
  { dune: 8, emma: 3, ulysses: 1 },
  { dune: 5, emma: 1, middlemarch: 40 },
];

for (const flavour of FLAVOURS) {
  test(`${flavour}: memory's counters in two isolates are those of a known load`, async () => {
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const worker = await startWorker(flavour, { origin: origin.url, isolates: 2 });
    try {
      for (const [isolate, titles] of LOAD.entries()) {
        for (const [title, count] of Object.entries(titles)) {
          for (let i = 0; i < count; i += 1) {
            const response = await worker.getFrom(isolate, `/search/title?q=${title}`);
            assert.equal(response.status, 200);
            await response.text();
          }
        }
      }
      for (const [isolate, titles] of LOAD.entries()) {
        const { counters, implementations } = /** @type {any} */ (
          await (await worker.getFrom(isolate, "/internal/cache")).json()
        );
        /** @param {string} name */
        const ofMemory = (name) =>
          counters[name].filter((/** @type {any} */ series) => series.impl === "memory");
        const reads = Object.values(titles).reduce((sum, count) => sum + count, 0);
        const keys = Object.keys(titles).length;
        assert.deepEqual(ofMemory("cache_hits_total"), [
          { impl: "memory", key_pattern: "title", value: reads - keys },
        ]);
        assert.deepEqual(ofMemory("cache_miss_total"), [
          { impl: "memory", key_pattern: "title", value: keys },
        ]);
        // What decides on replacement has seen the same, answers that the shim repeated by itself included.
        const { hits, misses } = implementations[0].statistics.memory;
        assert.deepEqual({ hits, misses }, { hits: reads - keys, misses: keys });
        const [{ value }] = counters.cache_candidate_requests_total;
        assert.equal(value, reads);
      }
      assert.equal(origin.asked.length, 4);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
