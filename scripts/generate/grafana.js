// ops/grafana/dashboard.json: Grafana's dashboard of a deployment (schema 42, the last classic one, which Grafana 10 to 13
// import). Panels are rows of the lists below; tests/architecture/ops.test.js holds the names in their queries against
// the metrics' table.

import { rows } from "./tables.js";

const DEPLOYMENT = 'job="$job"';

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} description
 * @property {string} unit Grafana's name of it
 * @property {[query: string, legend: string][]} queries `{}` in a metric's selector stands for the deployment's labels
 * @property {"timeseries" | "stat" | "heatmap" | "piechart"} [type]
 * @property {number} [width] of 24
 */

/** @type {Panel[]} */
const OPERATION = [
  {
    title: "Operations",
    description: "Look-ups, stores and deletions a second, all tiers together.",
    unit: "ops",
    queries: [
      ["sum(rate(cache_hits_total{}[5m]))", "hits"],
      ["sum(rate(cache_miss_total{}[5m]))", "misses"],
      ["sum(rate(cache_set_total{}[5m]))", "stores"],
      ["sum(rate(cache_del_total{}[5m]))", "deletions"],
    ],
  },
  {
    title: "Hit rate by tier",
    description: "Of a tier's look-ups, those that it answered.",
    unit: "percentunit",
    queries: [
      [
        "sum by (impl) (rate(cache_hits_total{}[5m])) / (sum by (impl) (rate(cache_hits_total{}[5m])) + sum by (impl) (rate(cache_miss_total{}[5m])))",
        "{{impl}}",
      ],
    ],
  },
  {
    title: "Key patterns",
    description: "Which patterns are looked up, over the time shown.",
    unit: "short",
    type: "piechart",
    queries: [
      [
        "sum by (key_pattern) (increase(cache_hits_total{}[$__range]) + increase(cache_miss_total{}[$__range]))",
        "{{key_pattern}}",
      ],
    ],
  },
  {
    title: "Where a cache would help",
    description:
      "Requests a second by what they wait for at the origin: the darker and higher, the more a cache saves.",
    unit: "s",
    type: "heatmap",
    queries: [["sum by (le) (rate(origin_duration_seconds_bucket{}[5m]))", "{{le}}"]],
  },
  {
    title: "Errors by type",
    description: "Operations of tiers that failed; each counts as a miss.",
    unit: "ops",
    queries: [["sum by (error_type) (rate(cache_errors_total{}[5m]))", "{{error_type}}"]],
  },
  {
    title: "Candidate requests",
    description: "Requests of each route and method, cached or not.",
    unit: "reqps",
    queries: [
      [
        "topk(10, sum by (route, method) (rate(cache_candidate_requests_total{}[5m])))",
        "{{method}} {{route}}",
      ],
    ],
  },
  {
    title: "Invalidations and purges",
    description: "Invalidations by tag, and entries that purges reached.",
    unit: "ops",
    queries: [
      ["sum by (tag) (rate(cache_invalidate_total{}[5m]))", "tag {{tag}}"],
      ["sum by (verdict) (rate(purged_entries_total{}[5m]))", "{{verdict}}"],
    ],
  },
  {
    title: "The cache is on",
    description: "1 where requests may be answered from the cache.",
    unit: "short",
    type: "stat",
    queries: [["max by (impl) (cache_enabled{})", "{{impl}}"]],
  },
];

/** @type {Panel[]} */
const PERFORMANCE = [
  {
    title: "Answers",
    description: "Answers a second by what they are.",
    unit: "reqps",
    queries: [["sum by (outcome) (rate(answers_total{}[5m]))", "{{outcome}}"]],
  },
  {
    title: "Hit rate",
    description: "Reads that were answered from the cache; the objective is 90 %.",
    unit: "percentunit",
    queries: [
      [
        "(sum(rate(cache_hit_fresh_total{}[5m])) + (sum(rate(cache_hit_stale_total{}[5m])) or vector(0))) / (sum(rate(cache_hit_fresh_total{}[5m])) + (sum(rate(cache_hit_stale_total{}[5m])) or vector(0)) + sum(rate(cache_miss_reads_total{}[5m])))",
        "hit rate",
      ],
    ],
  },
  {
    title: "Time to an answer",
    description: "Quantiles by outcome; the objective for hits is 10 ms at the 95th.",
    unit: "s",
    queries: [
      [
        "histogram_quantile(0.5, sum by (le, outcome) (rate(answer_duration_seconds_bucket{}[5m])))",
        "{{outcome}} p50",
      ],
      [
        "histogram_quantile(0.95, sum by (le, outcome) (rate(answer_duration_seconds_bucket{}[5m])))",
        "{{outcome}} p95",
      ],
      [
        "histogram_quantile(0.99, sum by (le, outcome) (rate(answer_duration_seconds_bucket{}[5m])))",
        "{{outcome}} p99",
      ],
    ],
  },
  {
    title: "Tiers",
    description: "How long look-ups in a tier take, at the 95th percentile.",
    unit: "s",
    queries: [
      ["histogram_quantile(0.95, sum by (le, impl) (rate(tier_duration_seconds_bucket{}[5m])))", "{{impl}}"],
    ],
  },
  {
    title: "Origins",
    description: "How long origins take, and how their requests end.",
    unit: "s",
    queries: [
      [
        "histogram_quantile(0.95, sum by (le, origin) (rate(origin_duration_seconds_bucket{}[5m])))",
        "{{origin}} p95",
      ],
    ],
  },
  {
    title: "Origin requests",
    description: "Requests to origins a second, by how they ended.",
    unit: "reqps",
    queries: [["sum by (origin, outcome) (rate(origin_requests_total{}[5m]))", "{{origin}} {{outcome}}"]],
  },
  {
    title: "Refreshes",
    description: "Background refreshes a second.",
    unit: "ops",
    queries: [
      ["sum(rate(refresh_success_total{}[5m]))", "renewed"],
      ["sum(rate(refresh_fail_total{}[5m]))", "failed"],
      ["sum(rate(refresh_skipped_locked_total{}[5m]))", "left to another isolate"],
    ],
  },
  {
    title: "Locks",
    description: "Locks held now, taken and waited for.",
    unit: "short",
    queries: [
      ["sum(locks_in_flight{})", "held"],
      ["sum(rate(lock_acquired_total{}[5m]))", "taken a second"],
      ["sum(rate(lock_contended_total{}[5m]))", "waited for a second"],
    ],
  },
  {
    title: "Sizes of values",
    description: "The 95th percentile of stored values, by pattern.",
    unit: "bytes",
    queries: [
      [
        "histogram_quantile(0.95, sum by (le, key_pattern) (rate(value_size_bytes_bucket{}[1h])))",
        "{{key_pattern}}",
      ],
    ],
  },
  {
    title: "Warming",
    description: "Authors accounted for, dead letters and messages put off, an hour.",
    unit: "short",
    queries: [
      ["sum by (outcome) (increase(warmed_authors_total{}[1h]))", "authors {{outcome}}"],
      ["sum(increase(warming_letters_total{}[1h]))", "dead letters"],
      ["sum(increase(warming_deferred_total{}[1h]))", "put off"],
    ],
  },
];

/** What the platform tells no Worker: nothing counts these, so a panel would show nothing. */
const UNTOLD = [
  "worker_cpu_millis",
  "object_gigabyte_seconds",
  "object_rows_read",
  "object_rows_written",
  "object_bytes",
];

/**
 * What an item comes to in a month at the rate of the last hour: what is kept is a mean, as bytes are billed.
 * @param {string} item
 */
const monthlyUnits = (item) =>
  item.endsWith("_bytes")
    ? `sum(increase(kept_byte_seconds_total{item="${item}"}[1h])) / 3600`
    : `sum(increase(billed_operations_total{item="${item}"}[1h])) * 720`;

/** Dollars a month for each billed item, at the rate of the last hour, without what the plan includes. */
const monthly = () =>
  rows("metrics/prices.def", "LARDER_PRICE", [
    "item",
    "unit",
    "included",
    "microdollars",
    "per",
    "read",
    "what",
  ])
    .filter((row) => !UNTOLD.includes(row.item))
    .map((row) => {
      const price = Number(row.microdollars.replaceAll("'", "")) / Number(row.per.replaceAll("'", "")) / 1e6;
      return /** @type {[string, string]} */ ([
        `${monthlyUnits(row.item)} * ${price.toExponential()}`,
        row.item.replaceAll("_", " "),
      ]);
    });

/** @returns {Panel[]} */
const costs = () => [
  {
    title: "Cost of a month, by item",
    description: "In dollars, at the rate of the last hour and list prices, before what the plan includes.",
    unit: "currencyUSD",
    width: 12,
    queries: monthly(),
  },
  {
    title: "Billed operations",
    description: "What the platform bills, a second.",
    unit: "ops",
    queries: [["sum by (item) (rate(billed_operations_total{}[5m]))", "{{item}}"]],
  },
  {
    title: "Models",
    description: "What models' tokens cost, an hour, in dollars.",
    unit: "currencyUSD",
    queries: [["sum(increase(model_cost_microdollars_total{}[1h])) / 1e6", "models"]],
  },
  {
    title: "Origin requests saved",
    description: "Reads that needed no origin, a second.",
    unit: "reqps",
    queries: [
      [
        "sum(rate(cache_hit_fresh_total{}[5m])) + (sum(rate(cache_hit_stale_total{}[5m])) or vector(0))",
        "saved",
      ],
    ],
  },
];

/** @param {string} query */
const selected = (query) =>
  query.replaceAll(/([a-z_]+)\{([^{}]*)\}/g, (_, name, labels) =>
    labels === "" ? `${name}{${DEPLOYMENT}}` : `${name}{${DEPLOYMENT},${labels}}`,
  );

const HEIGHT = 8;
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own placeholder for a variable.
const SOURCE = { type: "prometheus", uid: "${datasource}" };

function dashboard() {
  /** @type {object[]} */
  const panels = [];
  let y = 0;
  let id = 0;
  const sections = /** @type {[string, Panel[]][]} */ ([
    ["Operation", OPERATION],
    ["Performance", PERFORMANCE],
    ["Cost", costs()],
  ]);
  for (const [title, list] of sections) {
    panels.push({
      id: ++id,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of list) {
      const width = panel.width ?? 8;
      if (x + width > 24) {
        x = 0;
        y += HEIGHT;
      }
      panels.push({
        id: ++id,
        type: panel.type ?? "timeseries",
        title: panel.title,
        description: panel.description,
        datasource: SOURCE,
        gridPos: { x, y, w: width, h: HEIGHT },
        fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
        options: panel.type === "heatmap" ? { yAxis: { unit: panel.unit } } : {},
        targets: panel.queries.map(([query, legend], index) => ({
          refId: String.fromCharCode(65 + index),
          datasource: SOURCE,
          expr: selected(query),
          legendFormat: legend,
          ...(panel.type === "heatmap" ? { format: "heatmap" } : {}),
        })),
      });
      x += width;
    }
    y += HEIGHT;
  }
  return {
    title: "Larder",
    uid: "larder",
    tags: ["larder", "cache"],
    schemaVersion: 42,
    editable: true,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    timezone: "utc",
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
        {
          name: "job",
          type: "query",
          label: "Deployment",
          datasource: SOURCE,
          query: "label_values(answers_total, job)",
          refresh: 2,
        },
      ],
    },
    panels,
  };
}

export default {
  path: "ops/grafana/dashboard.json",
  text: () => `${JSON.stringify(dashboard(), null, 2)}\n`,
};
