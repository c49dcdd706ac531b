// What is made for Prometheus and Grafana asks for metrics that exist, and what alerts point to in the guide is there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { columns, queries } from "../../scripts/generate/analytics.js";
import { metricNames } from "../../scripts/generate/metrics.js";
import { rows } from "../../scripts/generate/tables.js";

/** @param {string} path */
const read = (path) => readFileSync(path, "utf8");
const metrics = new Set(metricNames());

/** PromQL's own words, and names of labels, which are no metrics. */
const WORDS = new Set(
  (
    "sum by rate increase topk histogram_quantile max min avg count and or unless on without le impl key_pattern " +
    "error_type route method tag verdict outcome what origin item kind transport reason job label_replace clamp_min " +
    "quantile by_ time vector offset bool group_left ignoring"
  ).split(" "),
);

/** The names in a query that have to be metrics. @param {string} query */
function namesOf(query) {
  const bare = query
    .replace(/"[^"]*"/g, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\$\w+/g, "")
    .replace(/\bby\s*\([^)]*\)/g, "");
  return [...bare.matchAll(/(?<![0-9.])[a-z_][a-z0-9_:]*/g)]
    .map(([name]) => name)
    .filter((name) => !WORDS.has(name));
}

test("every panel of the dashboard asks for metrics of the table", () => {
  const dashboard = JSON.parse(read("ops/grafana/dashboard.json"));
  assert.equal(dashboard.schemaVersion, 42);
  /** @type {any[]} */
  const panels = dashboard.panels.flatMap((/** @type {any} */ panel) => [panel, ...(panel.panels ?? [])]);
  const queries = panels.flatMap((panel) =>
    (panel.targets ?? []).map((/** @type {any} */ target) => [panel.title, target.expr]),
  );
  assert.ok(queries.length >= 16, `${queries.length} queries`);
  for (const [title, query] of queries) {
    const names = namesOf(query);
    assert.ok(names.length > 0, `${title}: ${query}`);
    for (const name of names) assert.ok(metrics.has(name), `${title} asks for ${name}`);
  }
});

test("every rule asks for metrics of the table, or for what another rule records", () => {
  const rules = read("ops/prometheus/rules.yml");
  const recorded = new Set([...rules.matchAll(/- record: (\S+)/g)].map(([, name]) => name));
  const queries = [...rules.matchAll(/expr: (?:\|\n((?: {10}.*\n)+)|(.+))/g)].map(
    ([, block, line]) => block ?? line ?? "",
  );
  assert.ok(queries.length >= 20);
  for (const query of queries) {
    for (const name of namesOf(query)) assert.ok(metrics.has(name) || recorded.has(name), name);
  }
});

test("Grafana has every alert of the rules, with the same expression", () => {
  const { apiVersion, groups } = JSON.parse(read("ops/grafana/alerts.json"));
  assert.equal(apiVersion, 1);
  /** @type {any[]} */
  const provisioned = groups.flatMap((/** @type {any} */ group) => group.rules);
  const names = [...read("ops/prometheus/rules.yml").matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  assert.deepEqual(
    provisioned.map(({ title }) => title),
    names,
  );
  assert.equal(new Set(provisioned.map(({ uid }) => uid)).size, names.length);
  for (const { title, condition, data, labels, annotations } of provisioned) {
    assert.ok(read("ops/prometheus/rules.yml").includes(`expr: ${data[0].model.expr}\n`), title);
    assert.equal(data.at(-1).refId, condition, title);
    assert.match(labels.severity, /^(?:page|ticket)$/, title);
    assert.match(annotations.summary, /\.$/, title);
  }
});

test("every query of the guide asks for metrics of the table", () => {
  const guide = read("docs/MONITORING_OPTIMIZATION.md");
  const queries = [...guide.matchAll(/`([^`]*\b(?:rate|increase)\([^`]*)`/g)].map(([, query]) => query ?? "");
  assert.ok(queries.length >= 15);
  for (const query of queries) {
    for (const name of namesOf(query)) assert.ok(metrics.has(name), `${query} asks for ${name}`);
  }
});

test("queries of Analytics Engine ask for columns that are written, and weight each sum by the sampling", () => {
  const datasets = new Map(
    [...read("wrangler.toml").matchAll(/^binding = "(\w+_ANALYTICS)"\ndataset = "(\w+)"/gm)].map(
      ([, binding = "", dataset = ""]) => [dataset, binding],
    ),
  );
  assert.deepEqual([...datasets.values()].sort(), ["CACHE_ANALYTICS", "KEY_ANALYTICS", "WARMING_ANALYTICS"]);
  assert.ok(queries().length >= 3);
  for (const { name, text, tells } of queries()) {
    assert.match(tells, /\.$/, name);
    const dataset = datasets.get((/\bFROM (\w+)/.exec(text) ?? [])[1] ?? "");
    assert.ok(dataset, `${name}: its dataset is one of wrangler.toml`);
    const known = new Map(
      columns()
        .filter((row) => row.dataset === dataset)
        .map((row) => [row.column, row]),
    );
    for (const [column] of text.matchAll(/\b(?:index|blob|double)\d+\b/g)) {
      assert.ok(known.has(column), `${name}: ${column}`);
    }
    for (const [, sum = ""] of text.matchAll(/\bSUM\(([^)]*)\)/gi))
      assert.match(sum, /^_sample_interval \* /, name);
    for (const [, weight = ""] of text.matchAll(/quantileExactWeighted\([\d.]+\)\(\w+, ([^)]*)\)/g)) {
      assert.match(weight, /^_sample_interval/, name);
    }
    // The event that it picks is the one that is written.
    const event = (/blob1 = '(\w+)'/.exec(text) ?? [])[1];
    assert.ok(event && known.get("blob1")?.what.split(" or ").includes(event), name);
    // What the platform's SQL does not know.
    assert.doesNotMatch(text, /\b(?:JOIN|UNION|uniq|stddev)/i, name);
    assert.match(text, /INTERVAL '\d+' (?:HOUR|DAY)/, name);
  }
});

test("the source's hourly query of authors and works is there, word for word but for the weights", () => {
  const query = queries().find(({ name }) => name === "authors_by_hour.sql")?.text ?? "";
  const words = query.replace(/--.*/, "").replace(/\s+/g, " ").trim();
  assert.equal(
    words,
    "SELECT toStartOfInterval(timestamp, INTERVAL '1' HOUR) AS hour, SUM(_sample_interval * double1) AS authors, " +
      "SUM(_sample_interval * double2) AS works FROM warming_analytics WHERE blob1 = 'author_processed' " +
      "AND blob4 = 'processed' AND timestamp > NOW() - INTERVAL '1' DAY GROUP BY hour ORDER BY hour DESC",
  );
});

test("every alert points to a section of the guide that is there", () => {
  const headings = new Set(
    [...read("docs/MONITORING_OPTIMIZATION.md").matchAll(/^#+ (.+)$/gm)].map(([, title]) => title),
  );
  const names = ["name", "severity", "signal", "comparison", "threshold", "hold", "what", "help", "section"];
  const alerts = rows("metrics/alerts.def", "LARDER_ALERT", names);
  assert.ok(alerts.length >= 10);
  for (const { name, section } of alerts) assert.ok(headings.has(section), `${name}: ${section}`);
});
