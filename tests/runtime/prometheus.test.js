// Prometheus itself: promtool has nothing to say about the live endpoint nor about the rules, and a server that scrapes a
// running Worker has exactly what was asked of two isolates, over a restart.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bear, METRICS_TOKEN, READER } from "./load.js";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** What scripts/setup.sh has unpacked, or the machine's own. @param {string} name */
function tool(name) {
  const unpacked = join(root, ".tools/prometheus/usr/bin", name);
  return existsSync(unpacked) ? unpacked : name;
}

test("promtool takes the rules, and its tests of them pass", () => {
  for (const command of [
    "check rules ops/prometheus/rules.yml",
    "test rules ops/prometheus/rules_test.yml",
  ]) {
    const { status, stdout, stderr } = spawnSync(tool("promtool"), command.split(" "), {
      cwd: root,
      encoding: "utf8",
    });
    assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
  }
});

/** A port that was free a moment ago. @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** @param {string} folder @param {string} url the Worker's */
function configure(folder, url) {
  writeFileSync(
    join(folder, "prometheus.yml"),
    `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: larder
    metrics_path: /metrics/prom
    authorization: { credentials: "${METRICS_TOKEN}" }
    static_configs: [{ targets: ["${new URL(url).host}"] }]
    relabel_configs: [{ target_label: instance, replacement: larder }]
`,
  );
}

/** @param {string} folder */
async function startPrometheus(folder) {
  const port = await freePort();
  const server = spawn(
    tool("prometheus"),
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-lifecycle",
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  /** Why it does not run (any more). @type {string | null} */
  let over = null;
  const ended = new Promise((resolve) => {
    /** @param {string} reason */
    const ends = (reason) => {
      over = reason;
      resolve(undefined);
    };
    server.once("exit", (status, signal) => ends(`ended with ${status ?? signal}`));
    server.once("error", ({ message }) => ends(`did not start (npm run setup unpacks it): ${message}`));
  });
  /** @param {string} path @param {RequestInit} [init] */
  const ask = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return {
    reload: async () => assert.equal((await ask("/-/reload", { method: "POST" })).status, 200),
    /** The value of a query with one result; undefined while there is none. @param {string} query */
    value: async (query) => {
      if (over !== null) throw new Error(`Prometheus ${over}`);
      try {
        const response = await ask(`/api/v1/query?query=${encodeURIComponent(query)}`);
        const { data } = /** @type {any} */ (await response.json());
        return data.result.length === 1 ? Number(data.result[0].value[1]) : undefined;
      } catch {
        // It is still starting.
        return undefined;
      }
    },
    /** @param {string} query @returns {Promise<any>} as its API says it */
    answer: async (query) => (await ask(`/api/v1/query?query=${encodeURIComponent(query)}`)).json(),
    stop: async () => {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: promtool has nothing to say about the live endpoint`, async () => {
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const worker = await startWorker(flavour, {
      origin: origin.url,
      isolates: 2,
      bindings: { LEDGER_SHARDS: "1", METRICS_TOKEN },
    });
    try {
      await bear(worker);
      await (await worker.getFrom(0, "/metrics/prom", READER)).text();
      const text = await (await worker.getFrom(1, "/metrics/prom", READER)).text();
      const { status, stdout, stderr } = spawnSync(tool("promtool"), ["check", "metrics"], {
        input: text,
        encoding: "utf8",
      });
      assert.equal(`${stdout}${stderr}`, "");
      assert.equal(status, 0);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });

  test(`${flavour}: Prometheus has exactly what two isolates were asked, over a restart`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "larder-prometheus-"));
    const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
    const start = () =>
      startWorker(flavour, {
        origin: origin.url,
        isolates: 2,
        persist: join(folder, "worker"),
        bindings: { LEDGER_SHARDS: "1", METRICS_TOKEN },
      });
    const requests = 'cache_candidate_requests_total{route="/search/title"}';
    let worker = await start();
    configure(folder, worker.url);
    const prometheus = await startPrometheus(folder);
    try {
      let asked = await bear(worker);
      // The second isolate hands over when it is asked; the first when it is scraped.
      await (await worker.getFrom(1, "/metrics/prom", READER)).text();
      await worker.until(async () => (await prometheus.value(requests)) === asked);
      assert.equal(await prometheus.value(`resets(${requests}[1h])`), 0);

      await worker.stop();
      worker = await start();
      configure(folder, worker.url);
      await prometheus.reload();
      asked += await bear(worker);
      await (await worker.getFrom(1, "/metrics/prom", READER)).text();
      await worker.until(async () => (await prometheus.value(requests)) === asked);
      // A counter that began anew would have been one reset.
      assert.equal(await prometheus.value(`resets(${requests}[1h])`), 0);
      assert.equal(await prometheus.value('sum(answers_total{outcome=~"hit|miss|stale"})'), asked);
    } finally {
      await prometheus.stop();
      await worker.stop();
      await origin.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Counters that this load does not move: what asks for them alone has no series yet. */
const UNMOVED =
  /^(?:cache_del_total|cache_errors_total|cache_invalidate_total|purged_entries_total|refresh_\w+|warm\w+|model_calls_total|locks_in_flight|tier_errors_total|cold_\w+)$/;
/** And billed items that nothing in it comes to. */
const UNBILLED =
  /item="(?:kv_deletes|kv_lists|r2_\w+|queue_operations|analytics_points|analytics_queries|emails)"/;

test("wasi: what every panel of the dashboard asks for, Prometheus answers, with series where there was a load", {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "larder-panels-"));
  const origin = await startOrigin(() => ({ body: searchReply("Counted") }));
  const worker = await startWorker("wasi", {
    origin: origin.url,
    isolates: 2,
    bindings: { LEDGER_SHARDS: "1", METRICS_TOKEN },
  });
  configure(folder, worker.url);
  const prometheus = await startPrometheus(folder);
  const requests = 'cache_candidate_requests_total{route="/search/title"}';
  try {
    let asked = 0;
    // Rates want two samples.
    for (let round = 0; round < 2; round += 1) {
      asked += await bear(worker);
      await (await worker.getFrom(1, "/metrics/prom", READER)).text();
      await worker.until(async () => (await prometheus.value(requests)) === asked);
    }
    const { panels } = JSON.parse(readFileSync(join(root, "ops/grafana/dashboard.json"), "utf8"));
    const queries = panels.flatMap((/** @type {any} */ panel) =>
      (panel.targets ?? []).map((/** @type {any} */ target) => [panel.title, target.expr]),
    );
    let shown = 0;
    for (const [title, expr] of queries) {
      const query = expr
        .replaceAll("$job", "larder")
        .replaceAll("$__range", "15m")
        .replaceAll("$__rate_interval", "5m");
      const { status, data, error } = await prometheus.answer(query);
      assert.equal(status, "success", `${title}: ${query}: ${error}`);
      const metrics = [...query.matchAll(/([a-z_:]+)\{/g)].map(([, name]) => name ?? "");
      const isMoved = !UNBILLED.test(query) && metrics.some((name) => !UNMOVED.test(name));
      assert.equal(data.result.length > 0, isMoved, `${title}: ${query}: ${data.result.length} series`);
      shown += Number(isMoved);
    }
    assert.ok(shown >= 25, `${shown} of ${queries.length}`);
    console.log(
      `${shown} of ${queries.length} queries have series after this load; Prometheus takes the others too`,
    );
    // Its one variable beside the data source: the deployments there are.
    const jobs = await prometheus.answer("group by (job) (answers_total)");
    assert.deepEqual(
      jobs.data.result.map((/** @type {any} */ { metric }) => metric),
      [{ job: "larder" }],
    );
  } finally {
    await prometheus.stop();
    await worker.stop();
    await origin.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
