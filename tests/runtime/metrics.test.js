// Metrics over all isolates: what the ledger has is exactly what was asked, in two isolates and over a restart.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bear, METRICS_TOKEN, READER } from "./load.js";
import { parseOpenMetrics } from "./openmetrics.js";
import { checkOtlp } from "./otlp.js";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

const BINDINGS = { LEDGER_SHARDS: "1", METRICS_TOKEN, FEATURE_OTEL: "true" };

/** @typedef {Awaited<ReturnType<typeof startWorker>>} Worker */

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
      assert.equal(first.get('cache_enabled{impl="kv"}'), 1);
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
      const began = Date.now();
      for (let i = 0; i < 1000; i += 1) {
        await (await worker.getFrom(0, "/search/title?q=dune")).text();
      }
      // Hits of a fast lane are told in one: the first flush may be that of the time, not of the number.
      let flushes = 0;
      await worker.until(async () => {
        flushes = (await read(worker)).get('ledger_flushes_total{outcome="taken"}') ?? 0;
        return flushes > 0;
      });
      t.diagnostic(`${flushes} flushes for 1,000 requests`);
      // A flush for each 1,000 events, of which a hit has about six, and one for each 9 s that it took.
      const most = 8 + Math.ceil((Date.now() - began) / 9_000);
      assert.ok(flushes <= most, `${flushes} flushes, at most ${most}`);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });

  test(`${flavour}: /metrics/otel is OpenMetrics by a strict reader, and JSON says the same`, async () => {
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const worker = await startWorker(flavour, { origin: origin.url, isolates: 2, bindings: BINDINGS });
    try {
      const asked = await bear(worker);
      await read(worker);
      const response = await worker.getFrom(1, "/metrics/otel", READER);
      assert.equal(
        response.headers.get("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
      );
      const families = parseOpenMetrics(await response.text());
      const candidates = families.get("cache_candidate_requests")?.samples ?? [];
      assert.equal(candidates.find(({ name }) => name.endsWith("_total"))?.value, asked);
      assert.equal(families.get("answer_duration_seconds")?.unit, "seconds");
      assert.ok(families.size >= 10, `${families.size} families`);
      const { metrics } = /** @type {any} */ (await (await worker.getFrom(1, "/metrics", READER)).json());
      assert.deepEqual(metrics.cache_candidate_requests, [
        { route: "/search/title", method: "GET", value: asked },
      ]);
      // A scraper says what it reads.
      const negotiated = await worker.getFrom(1, "/metrics", {
        headers: { ...READER.headers, accept: "text/plain;version=0.0.4;q=0.9,*/*;q=0.1" },
      });
      assert.equal(negotiated.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });

  test(`${flavour}: a push by OTLP holds to its schema, and is sent again where the receiver asks`, async () => {
    const statuses = [503, 200];
    /** @type {{type: string | undefined, authorization: string | undefined, body: string}[]} */
    const pushes = [];
    const receiver = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { "content-type": type, authorization } = request.headers;
      pushes.push({ type, authorization, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses.shift() ?? 200, { "content-type": "application/json" }).end("{}");
    });
    await new Promise((resolve) => receiver.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (receiver.address());
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const worker = await startWorker(flavour, {
      origin: origin.url,
      isolates: 2,
      bindings: {
        ...BINDINGS,
        OTLP_URL: `http://127.0.0.1:${port}/v1/metrics`,
        OTLP_AUTHORIZATION: "Bearer of metrics",
      },
    });
    try {
      const asked = await bear(worker);
      await read(worker);
      await worker.trigger("*/5 * * * *");
      assert.equal(pushes.length, 2);
      assert.equal(pushes[0]?.body, pushes[1]?.body);
      const { type, authorization, body } = pushes[1] ?? { body: "" };
      assert.equal(type, "application/json");
      assert.equal(authorization, "Bearer of metrics");
      const request = JSON.parse(body);
      checkOtlp(request);
      const { metrics } = request.resourceMetrics[0].scopeMetrics[0];
      const candidates = metrics.find(
        (/** @type {any} */ one) => one.name === "cache_candidate_requests_total",
      );
      assert.deepEqual(
        candidates.sum.dataPoints.map((/** @type {any} */ point) => point.asInt),
        [String(asked)],
      );
    } finally {
      await worker.stop();
      await origin.stop();
      receiver.close();
      receiver.closeAllConnections();
    }
  });
}
