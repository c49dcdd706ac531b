// Metrics over all isolates: what the ledger has is exactly what was asked, in two isolates and over a restart.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

const METRICS_TOKEN = "read the metrics, and nothing else";
const READER = { headers: { authorization: `Bearer ${METRICS_TOKEN}` } };
const BINDINGS = { LEDGER_SHARDS: "1", METRICS_TOKEN, FEATURE_OTEL: "true" };

/** Titles, and how often each isolate is asked for them, one request after the other. */
const LOAD = [
  { dune: 8, emma: 3, ulysses: 1 },
  { dune: 5, emma: 1, middlemarch: 40 },
];

/** @typedef {Awaited<ReturnType<typeof startWorker>>} Worker */

/** @param {Worker} worker */
async function bear(worker) {
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
    assert.equal((await worker.getFrom(isolate, "/search/title")).status, 400);
    assert.equal((await worker.getFrom(isolate, "/no/such/path")).status, 404);
  }
  return asked;
}

/** The samples of Prometheus' text: name and labels as they stand. @param {string} text */
function samples(text) {
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}

/** Every isolate hands over what it has when it is asked itself; the last has it all. @param {Worker} worker */
async function read(worker) {
  await (await worker.getFrom(0, "/metrics/prom", READER)).text();
  const response = await worker.getFrom(1, "/metrics/prom", READER);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return samples(await response.text());
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: the ledger has exactly what two isolates were asked, also after a restart`, async () => {
    const persist = mkdtempSync(join(tmpdir(), "larder-metrics-"));
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const start = () =>
      startWorker(flavour, { origin: origin.url, isolates: 2, persist, bindings: BINDINGS });
    let worker = await start();
    try {
      const asked = await bear(worker);
      const first = await read(worker);
      /** @param {Map<string, number>} seen @param {string} name */
      const sum = (seen, name) =>
        [...seen]
          .filter(([series]) => series.startsWith(name))
          .reduce((total, [, value]) => total + value, 0);
      assert.equal(first.get('cache_candidate_requests_total{route="/search/title",method="GET"}'), asked);
      assert.equal(first.get('answers_total{outcome="miss"}'), 4);
      assert.equal(first.get('answers_total{outcome="hit"}'), asked - 4);
      assert.equal(first.get('answer_duration_seconds_count{outcome="hit"}'), asked - 4);
      assert.equal(first.get('answer_duration_seconds_bucket{outcome="hit",le="+Inf"}'), asked - 4);
      assert.equal(sum(first, "origin_requests_total"), 4);
      assert.equal(first.get('cache_enabled{impl="kv"}'), 2);
      // With both isolates' bad requests, unknown paths and readings of the metrics.
      assert.equal(first.get('billed_operations_total{item="worker_requests"}'), asked + 2 + 2 + 2);

      await worker.stop();
      worker = await start();
      const again = await bear(worker);
      const second = await read(worker);
      assert.equal(
        second.get('cache_candidate_requests_total{route="/search/title",method="GET"}'),
        asked + again,
      );
      const answers = ["hit", "stale", "miss"].map(
        (one) => second.get(`answers_total{outcome="${one}"}`) ?? 0,
      );
      assert.equal(
        answers.reduce((total, one) => total + one, 0),
        asked + again,
      );
      assert.equal(
        second.get('billed_operations_total{item="worker_requests"}'),
        asked + again + 2 * (2 + 2 + 2),
      );
      assert.equal(sum(second, "ledger_undelivered_total"), 0);
      // A counter that went down would be a restart to whoever scrapes it.
      for (const [series, value] of first) {
        if (/_total[{ ]?/.test(series)) assert.ok((second.get(series) ?? 0) >= value, series);
      }
    } finally {
      await worker.stop();
      await origin.stop();
      rmSync(persist, { recursive: true, force: true });
    }
  });

  test(`${flavour}: an isolate calls the ledger once a flush, however many requests it answers`, async (t) => {
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const worker = await startWorker(flavour, { origin: origin.url, isolates: 2, bindings: BINDINGS });
    try {
      for (let i = 0; i < 1000; i += 1) {
        await (await worker.getFrom(0, "/search/title?q=dune")).text();
      }
      const seen = await read(worker);
      const flushes = seen.get('ledger_flushes_total{outcome="taken"}') ?? 0;
      t.diagnostic(`${flushes} flushes for 1,000 requests`);
      // A flush for each 1,000 events, of which a hit has about six, and one for each 9 s.
      assert.ok(flushes >= 1 && flushes <= 12, `${flushes} flushes`);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
