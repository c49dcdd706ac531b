// The API's description is true: what every operators' route really answers holds to it, and so do the public routes'.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { createCatalogue } from "../../catalogue/server.js";
import { operatorRoutes } from "../../scripts/pages/openapi.js";
import { bringToLife, call, SECRET, tokenOf } from "./operators_api.js";
import { startOrigin, startWorker } from "./support.js";

const KEY = "larder:title:v3:dune";

/** A flag that is rolled out by client. */
const flag = {
  name: "new-search",
  hypothesis: "It fails less.",
  kind: "rollout",
  unit: "client",
  variants: [
    { name: "off", value: false },
    { name: "on", value: true },
  ],
  guardrails: [{ metric: "error_rate", tolerance: 1 }],
};

/** @type {[string, string, number, {json?: unknown}?][]} a call of every route, and the status that it gets */
const CALLS = [
  ["GET", "/api/settings", 200],
  ["PUT", "/api/settings", 200, { json: { ENABLE_SWR: false } }],
  ["PUT", "/api/settings", 400, { json: { ENABLE_SWR: "perhaps" } }],
  ["GET", `/api/cache/entry?key=${KEY}`, 200],
  ["GET", "/api/cache/entry", 400],
  ["GET", "/api/cache/keys?limit=2", 200],
  ["GET", "/api/explain?url=/search/title%3Fq%3Ddune", 200],
  ["GET", "/api/explain?url=/search/title%3Fq%3Dnothing%20yet", 200],
  ["GET", "/api/explain?url=/nowhere", 200],
  ["POST", "/api/cache/purge", 200, { json: { tags: ["title"], mode: "soft" } }],
  ["GET", "/api/explain?url=/search/title%3Fq%3Ddune", 200],
  ["DELETE", `/api/cache/entry?key=${KEY}`, 200],
  ["GET", "/api/cold", 200],
  ["POST", "/api/cold/archive", 202, { json: { dryRun: true } }],
  ["GET", "/api/cold", 200],
  ["GET", "/api/narrative/stats", 200],
  ["GET", "/api/narrative/analytics", 200],
  ["DELETE", "/api/narrative/user/ann", 200],
  ["DELETE", "/api/narrative/user", 200, { json: { userId: "../ann" } }],
  ["POST", "/api/warming/prewarm", 202, { json: { resource: "title", items: [{ q: "emma" }], qps: 50 } }],
  ["POST", "/api/warming/upload", 202, { json: { csv: "VGl0bGUsQXV0aG9yCkVtbWEsSmFuZSBBdXN0ZW4K" } }],
  ["POST", "/api/warming/upload", 400, { json: { csv: "" } }],
  ["GET", "/api/warming/jobs", 200],
  ["GET", "/api/warming/jobs/{id}", 200],
  ["GET", "/api/warming/jobs/none", 404],
  ["DELETE", "/api/warming/jobs/{id}", 200],
  ["GET", "/api/warming/dlq", 200],
  ["POST", "/api/warming/dlq/replay", 200],
  ["GET", "/metrics", 200],
  ["GET", "/metrics?format=prometheus", 200],
  ["GET", "/metrics/prom", 200],
  ["GET", "/metrics/otel", 200],
  ["GET", "/api/metrics/history", 200],
  ["GET", "/api/metrics/history?span=90d", 200],
  ["GET", "/api/metrics/history?span=91d", 400],
  ["GET", "/api/cache/candidates", 200],
  ["GET", "/api/costs", 200],
  ["GET", "/api/slo", 200],
  ["GET", "/api/advice", 200],
  ["GET", "/api/alerts", 200],
  ["POST", "/api/alerts/test", 200],
  ["POST", "/api/alerts/dead_letters_high/silence", 200, { json: { for: "2h" } }],
  ["POST", "/api/alerts/none/silence", 404, { json: { for: "2h" } }],
  ["GET", "/api/audit", 200],
  ["POST", "/api/experiments", 201, { json: { template: "cached-against-uncached", resources: ["isbn"] } }],
  ["GET", "/api/experiments", 200],
  ["GET", "/api/experiments/title-ttl", 200],
  ["POST", "/api/experiments/title-ttl/promote?variant=week", 200],
  ["POST", "/api/experiments/title-ttl/rollback", 200],
  ["POST", "/api/experiments", 201, { json: flag }],
  ["POST", "/ofrep/v1/evaluate/flags/new-search", 200, { json: { context: { targetingKey: "a" } } }],
  [
    "POST",
    "/api/experiments/new-search/observations",
    200,
    { json: { observations: [{ unit: "a", millis: 1 }] } },
  ],
  ["POST", "/api/experiments/none/observations", 404, { json: { observations: [{ unit: "a", millis: 1 }] } }],
  ["POST", "/ofrep/v1/evaluate/flags/none", 404, { json: { context: { targetingKey: "a" } } }],
  ["POST", "/ofrep/v1/evaluate/flags", 200, { json: { context: { targetingKey: "a" } } }],
  ["POST", "/ofrep/v1/evaluate/flags", 400, { json: {} }],
];

/** @param {string} text */
const escaped = (text) => text.replaceAll("~", "~0").replaceAll("/", "~1");

/** Checks answers against the description that the Worker serves. @param {any} document */
function judgeOf(document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  const templates = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
  }));
  /** @param {string} method @param {string} url @param {Response} response */
  return async (method, url, response) => {
    const { pathname } = new URL(url, "http://larder.test");
    const literal = templates.find(({ path }) => path === pathname);
    const path = (literal ?? templates.find(({ pattern }) => pattern.test(pathname)))?.path ?? "";
    const operation = document.paths[path]?.[method.toLowerCase()];
    assert.ok(operation, `${method} ${url} is not described`);
    const status = operation.responses[response.status] === undefined ? "default" : String(response.status);
    const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
    const content = operation.responses[status].content;
    assert.ok(content[type] ?? content["*/*"], `${method} ${url}: ${response.status} as ${type}`);
    const text = await response.text();
    if (!type.endsWith("json")) return { path, text };
    const pointer = ["paths", path, method.toLowerCase(), "responses", status, "content", type, "schema"];
    const validate = ajv.compile({
      $ref: `api#/${pointer.map(encodeURIComponent).map(unpercented).join("/")}`,
    });
    const value = JSON.parse(text);
    assert.ok(validate(value), `${method} ${url}: ${ajv.errorsText(validate.errors)}\n${text.slice(0, 600)}`);
    return { path, value };
  };
}

/** A pointer's part in a fragment (RFC 6901 §6). @param {string} part */
const unpercented = (part) => encodeURIComponent(escaped(decodeURIComponent(part)));

test("every route's real answers hold to /openapi.json", { timeout: 120_000 }, async () => {
  const catalogue = createCatalogue();
  const { url } = await catalogue.listen(0);
  const hook = await startOrigin(() => ({ body: "{}" }));
  const worker = await startWorker("wasi", {
    origin: url,
    cold: true,
    bindings: {
      ADMIN_JWT_SECRET: SECRET,
      LEDGER_SHARDS: "1",
      FEATURE_OTEL: "true",
      OPENLIBRARY_RATE: "200",
      ALERT_WEBHOOK_URL: hook.url,
    },
  });
  try {
    const described = await worker.get("/openapi.json");
    assert.equal(described.headers.get("content-type"), "application/json");
    const judge = judgeOf(await described.json());
    await bringToLife(worker, { url });
    const reached = new Set();
    let job = "";
    for (const [method, path, status, how] of CALLS) {
      const target = path.replace("{id}", job);
      const response = await call(worker, method, target, how);
      assert.equal(response.status, status, `${method} ${target}: ${await response.clone().text()}`);
      const judged = await judge(method, target, response);
      if (status < 400) reached.add(`${method} ${judged.path}`);
      job = judged.value?.jobs?.[0]?.jobId ?? job;
    }
    const wanted = operatorRoutes().map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual([...reached].sort(), wanted.sort());

    const viewer = await tokenOf("viewer");
    const refused = await call(worker, "GET", "/api/audit", { token: viewer });
    assert.equal(refused.status, 403);
    await judge("GET", "/api/audit", refused);
    await judge("GET", "/api/costs", await worker.get("/api/costs"));
    for (const path of ["/", "/health", "/search/title?q=dune", "/search/title", "/search/isbn?isbn=1"]) {
      await judge("GET", path, await worker.get(path));
    }
    const narrative = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"profile": {"systems": []}}',
    };
    await judge("POST", "/api/narrative", await worker.get("/api/narrative", narrative));
  } finally {
    await worker.stop();
    await hook.stop();
    await catalogue.close();
  }
});

test("the pages are the same for everybody, and closed to what is not theirs", async () => {
  const origin = await startOrigin(() => ({ body: "{}" }));
  const worker = await startWorker("wasi", {
    origin: origin.url,
    bindings: { ADMIN_JWT_SECRET: SECRET, ENVIRONMENT: "production" },
  });
  try {
    const page = await worker.get("/dashboard");
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    const html = await page.text();
    assert.doesNotMatch(html, /<script>|<style>|\son\w+=|style=|a secret/);
    for (const name of ["app.js", "style.css", "icon.svg"]) {
      const file = await worker.get(`/dashboard/${name}`);
      assert.equal(file.status, 200);
      const etag = file.headers.get("etag") ?? "";
      await file.arrayBuffer();
      const again = await worker.get(`/dashboard/${name}`, { headers: { "if-none-match": etag } });
      assert.equal(again.status, 304);
    }
    const head = await worker.get("/dashboard", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const posted = await worker.get("/dashboard", { method: "POST" });
    assert.deepEqual([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
    for (const path of ["/dashboard/", "/dashboard/none.js", "/dashboard/__proto__", "/openapi.json/x"]) {
      const none = await worker.get(path);
      assert.equal(none.status, 404, path);
      await none.arrayBuffer();
    }
  } finally {
    await worker.stop();
    await origin.stop();
  }
});
