// How the deployment is, at a glance: what the cache saves, how fast it answers, what is wrong, and what is advised.

import { get } from "../api.js";
import { chart } from "../charts.js";
import { badge, card, dollarsText, durationText, h, numberText, percentText, table } from "../dom.js";
import { failure } from "./failure.js";

const TIERS = ["memory", "edge", "kv", "redis", "cold"];
const POINTS_MAX = 360;
/** What was seen since the page was opened. @type {{time: number, counts: any}[]} */
let looks = [];

export function forget() {
  looks = [];
}

/** @param {any} metrics @param {string} name @param {(series: any) => boolean} [which] */
export const sum = (metrics, name, which = () => true) =>
  (metrics[name] ?? [])
    .filter(which)
    .reduce((/** @type {number} */ total, /** @type {any} */ one) => total + (one.value ?? 0), 0);

/** @param {any} metrics */
function counted(metrics) {
  const served = sum(metrics, "cache_hit_fresh") + sum(metrics, "cache_hit_stale");
  const reads = served + sum(metrics, "cache_miss");
  return {
    served,
    reads,
    origin: sum(metrics, "origin_requests_total"),
    tiers: Object.fromEntries(
      TIERS.map((tier) => [tier, sum(metrics, "cache_hits_total", (one) => one.impl === tier)]),
    ),
    latencies: quantiles(metrics.answer_duration_seconds ?? []),
  };
}

/** Of all outcomes together, from their buckets. @param {any[]} histograms */
function quantiles(histograms) {
  /** @type {Map<number, number>} */
  const cumulated = new Map();
  let count = 0;
  for (const one of histograms) {
    count += one.count ?? 0;
    for (const bucket of one.buckets ?? []) {
      const bound = bucket.le ?? Number.POSITIVE_INFINITY;
      cumulated.set(bound, (cumulated.get(bound) ?? 0) + bucket.count);
    }
  }
  const bounds = [...cumulated.entries()].sort(([a], [b]) => a - b);
  const at = (/** @type {number} */ share) => {
    if (count === 0) return null;
    let below = 0;
    let low = 0;
    for (const [bound, upTo] of bounds) {
      if (upTo >= share * count) {
        if (!Number.isFinite(bound)) return low;
        return upTo === below ? bound : low + ((share * count - below) / (upTo - below)) * (bound - low);
      }
      below = upTo;
      low = bound;
    }
    return low;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** @param {string} label @param {string} value @param {string} note @param {string} [tone] */
const tile = (label, value, note, tone = "") =>
  h(
    "div",
    { class: ["tile", tone] },
    h("span", { class: "label" }, label),
    h("strong", {}, value),
    h("small", {}, note),
  );

/** @param {{left: number} | undefined} budget */
function budgetTile(budget) {
  if (budget === undefined) return tile("Error budget left", "–", "of 30 days");
  const { left } = budget;
  if (left < 0)
    return tile("Error budget left", "none", `${numberText(1 - left)} times that of 30 days is used`, "bad");
  return tile("Error budget left", percentText(left), "of 30 days", left < 0.25 ? "bad" : "");
}

/** @param {PromiseSettledResult<any>} settled */
const answerOf = (settled) => (settled.status === "fulfilled" ? settled.value : null);

export async function overview() {
  const [metrics, slo, alerts, advice, costs] = await Promise.allSettled([
    get("/metrics"),
    get("/api/slo"),
    get("/api/alerts"),
    get("/api/advice"),
    get("/api/costs"),
  ]);
  if (metrics.status === "rejected") throw metrics.reason;
  const now = counted(metrics.value.metrics);
  looks = [...looks, { time: Date.now() / 1000, counts: now }].slice(-POINTS_MAX);

  const ratio = now.reads === 0 ? null : now.served / now.reads;
  const firing = (answerOf(alerts)?.alerts ?? []).filter((/** @type {any} */ one) => one.state === "firing");
  const budget = answerOf(slo)?.errorBudget;
  const month = answerOf(costs)?.month;
  const savedMoney = moneySaved(answerOf(costs), metrics.value.metrics);
  return [
    h(
      "div",
      { class: "tiles" },
      tile("Hit ratio", percentText(ratio), `${numberText(now.served)} of ${numberText(now.reads)} reads`),
      tile("Origin requests saved", numberText(now.served), `${numberText(now.origin)} were made`),
      tile(
        "Latency, 95 %",
        durationText(now.latencies.p95),
        `half within ${durationText(now.latencies.p50)}`,
      ),
      budgetTile(budget),
      tile(
        "A month costs",
        month ? dollarsText(month.planUsd + month.usageUsd) : "–",
        "plan and use, at this rate",
      ),
      tile("Models saved", dollarsText(savedMoney), "calls that copies spared, at their mean price"),
      tile(
        "Alerts firing",
        String(firing.length),
        firing.length === 0 ? "all is quiet" : firing.map((/** @type {any} */ one) => one.name).join(", "),
        firing.length > 0 ? "bad" : "",
      ),
    ),
    h("div", { class: "columns" }, card("Hit ratio by tier", tierChart()), card("Latency", latencyChart())),
    h(
      "div",
      { class: "columns" },
      card("Firing alerts", firingAlerts(alerts, firing)),
      card("Objectives", slo.status === "fulfilled" ? objectives(slo.value) : failure(slo.reason)),
    ),
    card("Advice", advice.status === "fulfilled" ? advised(advice.value) : failure(advice.reason)),
  ];
}

/** What narratives from copies would have cost, at what a call of a model has cost. @param {any} costs @param {any} metrics */
function moneySaved(costs, metrics) {
  const calls = sum(metrics, "model_calls_total");
  if (costs === null || calls === 0) return null;
  return (costs.modelsUsd / calls) * sum(metrics, "cache_hits_total", (one) => one.key_pattern === "narr");
}

function tierChart() {
  const seen = TIERS.filter((tier) => looks.some((look) => look.counts.tiers[tier] > 0));
  const shown = seen.length > 0 ? seen : ["memory"];
  return chart({
    title: "Share of all reads that each tier answered, since the beginning",
    times: looks.map((look) => look.time),
    lines: shown.map((tier) => ({ label: tier, colour: `--c${TIERS.indexOf(tier) + 1}` })),
    values: shown.map((tier) =>
      looks.map(({ counts }) => (counts.reads === 0 ? null : Math.min(1, counts.tiers[tier] / counts.reads))),
    ),
    format: (value) => percentText(value, 0),
    range: [0, 1],
  });
}

function latencyChart() {
  const names = /** @type {const} */ (["p50", "p95", "p99"]);
  return chart({
    title: "From a request to its answer, as seen so far",
    times: looks.map((look) => look.time),
    lines: [
      { label: "half", colour: "--c1" },
      { label: "95 %", colour: "--c2" },
      { label: "99 %", colour: "--c3" },
    ],
    values: names.map((name) => looks.map(({ counts }) => counts.latencies[name])),
    format: durationText,
  });
}

/** @param {PromiseSettledResult<any>} alerts @param {any[]} firing */
function firingAlerts(alerts, firing) {
  if (alerts.status === "rejected") return failure(alerts.reason);
  return table(
    [
      ["alert", (one) => h("a", { href: "#/alerts" }, one.name)],
      ["severity", (one) => badge(one.severity, one.severity === "critical" ? "bad" : "warn")],
      ["value", (one) => one.value ?? "–", "number"],
      ["threshold", (one) => one.threshold, "number"],
      ["what", (one) => one.what, "prose"],
    ],
    firing,
    { caption: "Firing alerts", empty: "No alert is firing." },
  );
}

/** @param {any} slo */
function objectives(slo) {
  return table(
    [
      ["objective", (one) => one.name],
      ["target", (one) => numberText(one.target, { maximumFractionDigits: 4 }), "number"],
      ["last hour", (one) => numberText(one.lastHour, { maximumFractionDigits: 4 }), "number"],
      [
        "",
        (one) =>
          one.met === null ? badge("unknown") : one.met ? badge("met", "good") : badge("missed", "bad"),
      ],
    ],
    slo.objectives,
    { caption: "Service level objectives" },
  );
}

/** @param {any} answer */
function advised(answer) {
  return table(
    [
      [
        "level",
        (one) => badge(one.level, one.level === "note" ? "calm" : one.level === "error" ? "bad" : "warn"),
      ],
      ["what", (one) => one.what, "prose"],
      ["what to do", (one) => one.help, "prose"],
    ],
    answer.advice,
    { caption: "Advice", empty: "There is nothing to advise: the configuration fits what is asked." },
  );
}
