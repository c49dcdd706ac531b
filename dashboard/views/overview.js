// How the deployment is, at a glance: what the cache saves, how fast it answers, what is wrong, and what is advised.

import { get } from "../api.js";
import { chart } from "../charts.js";
import {
  badge,
  button,
  card,
  dollarsText,
  durationText,
  fill,
  h,
  numberText,
  percentText,
  table,
} from "../dom.js";
import { failure } from "./failure.js";

const TIERS = ["memory", "edge", "kv", "redis", "cold"];
/** What can be looked back at: [as the API wants it, as a reader says it]. */
const SPANS = /** @type {const} */ ([
  ["1h", "hour"],
  ["6h", "6 hours"],
  ["1d", "day"],
  ["7d", "7 days"],
  ["30d", "30 days"],
  ["90d", "90 days"],
]);
/** Its newest point changes once in so long: the ledger is up to ten seconds behind. */
const HISTORY_MILLIS = 15_000;
/** A line that has just begun is not pressed into a corner: as many points are seen at least. */
const POINTS_MIN = 10;
/** @type {string} */
let span = "1h";
/** @type {{span: string, at: number, answer: any} | undefined} */
let known;

export function forget() {
  known = undefined;
  span = "1h";
}

async function history() {
  if (known?.span === span && Date.now() - known.at < HISTORY_MILLIS) return known.answer;
  const asked = span;
  const answer = await get("/api/metrics/history", { span: asked });
  known = { span: asked, at: Date.now(), answer };
  return answer;
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
  const over = h("div", { class: "past" });
  const [past, metrics, slo, alerts, advice, costs] = await Promise.allSettled([
    history(),
    get("/metrics"),
    get("/api/slo"),
    get("/api/alerts"),
    get("/api/advice"),
    get("/api/costs"),
  ]);
  if (metrics.status === "rejected") throw metrics.reason;
  const now = counted(metrics.value.metrics);
  const ratio = now.reads === 0 ? null : now.served / now.reads;
  const firing = (answerOf(alerts)?.alerts ?? []).filter((/** @type {any} */ one) => one.state === "firing");
  const budget = answerOf(slo)?.errorBudget;
  const month = answerOf(costs)?.month;
  const savedMoney = moneySaved(answerOf(costs), metrics.value.metrics);
  fillHistory(over, past);
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
        firing.length === 0
          ? "all is quiet"
          : `${firing[0].name}${firing.length > 1 ? ` and ${firing.length - 1} more` : ""}`,
        firing.length > 0 ? "bad" : "",
      ),
    ),
    over,
    h(
      "div",
      { class: "columns uneven" },
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

/** The charts of the chosen span, and the choice. @param {HTMLElement} place @param {PromiseSettledResult<any>} past */
function fillHistory(place, past) {
  const choose = async (/** @type {string} */ wanted) => {
    span = wanted;
    const [answer] = await Promise.allSettled([history()]);
    if (span !== wanted || !place.isConnected) return;
    fillHistory(place, answer);
    for (const one of place.querySelectorAll("button"))
      if (one.getAttribute("aria-pressed") === "true") one.focus();
  };
  fill(
    place,
    h(
      "div",
      { class: "row", role: "group", "aria-label": "Look back" },
      h("span", { class: "quiet" }, "The last"),
      ...SPANS.map(([wanted, name]) =>
        button(name, () => choose(wanted), { "aria-pressed": String(wanted === span) }),
      ),
    ),
    past.status === "rejected"
      ? card("Over time", failure(past.reason))
      : past.value.points.length === 0
        ? card("Over time", h("p", { class: "empty" }, "Nothing was asked for in this time."))
        : h(
            "div",
            { class: "columns" },
            card("Hit ratio by tier", tierChart(past.value)),
            card("Latency", latencyChart(past.value)),
            card("Origin requests", originChart(past.value)),
          ),
  );
}

/** What all charts of a history have in common. @param {any} past */
function axisOf(past) {
  const seconds = (/** @type {string} */ time) => Date.parse(time) / 1000;
  const bucket = past.bucketSeconds;
  const until = seconds(past.until);
  const times = past.points.map((/** @type {any} */ point) => seconds(point.at));
  const from = Math.max(seconds(past.from), Math.min(times[0] ?? until, until - POINTS_MIN * bucket));
  /** Days are those of UTC, as they are counted. @type {Intl.DateTimeFormatOptions} */
  const options =
    bucket >= 86_400
      ? { day: "numeric", month: "short", timeZone: "UTC" }
      : until - from > 86_400
        ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
        : { hour: "2-digit", minute: "2-digit" };
  const written = new Intl.DateTimeFormat("en-GB", options);
  return {
    times,
    span: /** @type {[number, number]} */ ([from, until]),
    timeText: (/** @type {number} */ time) => written.format(time * 1000),
  };
}

const each = (/** @type {number} */ bucket) =>
  bucket >= 86_400 ? "each day" : bucket >= 3600 ? "each hour" : "each minute";

/** @param {any} past */
function tierChart(past) {
  const shown = TIERS.filter((tier) => past.points.some((/** @type {any} */ point) => point.tiers[tier]));
  return chart({
    ...axisOf(past),
    title: `Share of ${each(past.bucketSeconds)}’s reads that a copy answered, and each tier of it`,
    lines: [
      { label: "all tiers", colour: "--ink" },
      ...shown.map((tier) => ({ label: tier, colour: `--c${TIERS.indexOf(tier) + 1}` })),
    ],
    values: [
      past.points.map((/** @type {any} */ point) => point.hitRatio),
      ...shown.map((tier) =>
        past.points.map(
          (/** @type {any} */ point) => point.tiers[tier]?.hitRatio ?? (point.reads ? 0 : null),
        ),
      ),
    ],
    format: (value) => percentText(value, 0),
    range: [0, 1],
  });
}

/** @param {any} past */
function latencyChart(past) {
  const names = /** @type {const} */ (["p50", "p95", "p99"]);
  return chart({
    ...axisOf(past),
    title: `From a request to its answer, ${each(past.bucketSeconds)}`,
    lines: [
      { label: "half", colour: "--c1" },
      { label: "95 %", colour: "--c2" },
      { label: "99 %", colour: "--c3" },
    ],
    values: names.map((name) => past.points.map((/** @type {any} */ point) => point.latency?.[name] ?? null)),
    format: durationText,
  });
}

/** Between two points that have something there may be time that has nothing: it counts 0. @param {any} past */
function originChart(past) {
  const { times, ...axis } = axisOf(past);
  const step = past.bucketSeconds;
  const counts = new Map(
    past.points.map((/** @type {any} */ point, /** @type {number} */ i) => [times[i], point]),
  );
  /** @type {number[]} */
  const all = [];
  for (let time = times[0]; time <= times.at(-1); time += step) all.push(time);
  const of = (/** @type {string} */ name) => all.map((time) => counts.get(time)?.[name] ?? 0);
  return chart({
    ...axis,
    times: all,
    title: `Requests to origins ${each(step)}: what copies saved, and what was made`,
    lines: [
      { label: "saved", colour: "--c1" },
      { label: "made", colour: "--c3" },
    ],
    values: [of("originRequestsSaved"), of("originRequests")],
    format: (value) => numberText(value, { maximumFractionDigits: 0 }),
  });
}

/** @param {PromiseSettledResult<any>} alerts @param {any[]} firing */
function firingAlerts(alerts, firing) {
  if (alerts.status === "rejected") return failure(alerts.reason);
  return table(
    [
      ["alert", (one) => h("a", { href: "#/alerts" }, one.name)],
      ["severity", (one) => badge(one.severity, one.severity === "page" ? "bad" : "warn")],
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
    { caption: "Service level objectives", stacks: true },
  );
}

/** @param {any} answer */
function advised(answer) {
  return table(
    [
      [
        "level",
        (one) => badge(one.level, one.level === "note" ? "calm" : one.level === "fault" ? "bad" : "warn"),
      ],
      ["what", (one) => one.what, "prose"],
      ["what to do", (one) => one.help, "prose"],
    ],
    answer.advice,
    { caption: "Advice", empty: "There is nothing to advise: the configuration fits what is asked." },
  );
}
