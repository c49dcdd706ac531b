// A load of known size for two isolates, and the credentials of who reads the metrics.

import assert from "node:assert/strict";

export const METRICS_TOKEN = "read-the-metrics-and-nothing-else";
export const READER = { headers: { authorization: `Bearer ${METRICS_TOKEN}` } };

/** Titles, and how often each isolate is asked for them, one request after the other. */
const LOAD = [
  { dune: 8, emma: 3, ulysses: 1 },
  { dune: 5, emma: 1, middlemarch: 40 },
];

/** How many requests for titles it makes; and one bad request and one for no path, of each isolate.
 * @param {Awaited<ReturnType<typeof import("./support.js").startWorker>>} worker */
export async function bear(worker) {
  let asked = 0;
  for (const [isolate, titles] of LOAD.entries()) {
    for (const [title, count] of Object.entries(titles)) {
      for (let i = 0; i < count; i += 1) {
        const response = await worker.getFrom(isolate, `/search/title?q=${title}`);
        assert.equal(response.status, 200);
        await response.text();
        asked += 1;
      }
    }
    const bad = await worker.getFrom(isolate, "/search/title");
    assert.equal(bad.status, 400);
    await bad.text();
    const unknown = await worker.getFrom(isolate, "/no/such/path");
    assert.equal(unknown.status, 404);
    await unknown.text();
  }
  return asked;
}
