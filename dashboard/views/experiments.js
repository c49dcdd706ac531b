// Experiments: what each variant does, with the interval that narrows as more is seen.

import { ask, get, isAdmin } from "../api.js";
import { chart } from "../charts.js";
import { badge, button, card, confirmed, h, numberText, table, when } from "../dom.js";
import { failure } from "./failure.js";

/** Whatever is under way is shown; of what is over, as much as makes it so many. */
const SHOWN_MIN = 6;
/** By experiment and variant: what was seen of the primary metric. @type {Map<string, {time: number, low: number | null, value: number | null, high: number | null}[]>} */
const seen = new Map();

export function forget() {
  seen.clear();
}

export async function experiments() {
  const { experiments: found, templates } = await get("/api/experiments");
  if (found.length === 0) {
    return [
      card(
        "Experiments",
        h(
          "p",
          { class: "empty" },
          "There are no experiments. Declare one with: larder experiments declare FILE",
        ),
        h("p", {}, `Templates: ${templates.join(", ")}.`),
      ),
    ];
  }
  const sorted = [...found].sort(
    (a, b) => Number(isUnderWay(b)) - Number(isUnderWay(a)) || b.changed - a.changed,
  );
  const most = Math.max(SHOWN_MIN, found.filter(isUnderWay).length);
  const shown = await Promise.all(
    sorted
      .slice(0, most)
      .map((one) => get(`/api/experiments/${encodeURIComponent(one.id)}`).then(dossier, failure)),
  );
  return [...shown, others(sorted.slice(most))];
}

/** @param {any} one */
const isUnderWay = (one) => ["running", "watching"].includes(one.state);

/** Those that are over for longer. @param {any[]} found */
const others = (found) =>
  found.length === 0
    ? null
    : card(
        "Earlier ones",
        table(
          [
            ["experiment", (one) => one.id],
            ["state", (one) => badge(one.state, TONES[one.state] ?? "calm")],
            ["ended", (one) => when(one.changed)],
            ["hypothesis", (one) => one.declaration.hypothesis, "prose"],
          ],
          found,
          { caption: "Earlier experiments" },
        ),
        h("p", { class: "quiet" }, "What they showed: larder experiments show NAME"),
      );

const TONES = /** @type {Record<string, "good" | "warn" | "bad" | "calm">} */ ({
  running: "calm",
  watching: "warn",
  kept: "good",
  stopped: "bad",
  "rolled-back": "bad",
});
const GUARDED = /** @type {Record<string, "good" | "bad" | "calm">} */ ({
  open: "calm",
  unharmed: "good",
  harmed: "bad",
});

/** @param {any} one */
function dossier(one) {
  const variants = one.analysis.numbers.variants;
  return card(
    one.id,
    h("p", {}, badge(one.state, TONES[one.state] ?? "calm"), ` ${one.declaration.hypothesis ?? ""}`),
    h("p", {}, h("b", {}, one.analysis.call), ` ${one.analysis.reason}`),
    table(
      [
        ["variant", (variant) => variant.variant],
        ["requests", (variant) => numberText(variant.requests), "number"],
        ["units", (variant) => numberText(variant.units), "number"],
        ["primary metric", (variant) => (variant.primary ? variant.primary.words : "the control"), "prose"],
        [
          "guardrails",
          (variant) =>
            (variant.guardrails ?? []).map((/** @type {any} */ guard) =>
              badge(`${guard.metric}: ${guard.state}`, GUARDED[guard.state] ?? "calm"),
            ),
        ],
        [
          "",
          (variant) =>
            isAdmin() && one.state === "running" && variant.guardrails
              ? promote(one.id, variant.variant)
              : null,
        ],
      ],
      variants,
      { caption: `Variants of ${one.id}` },
    ),
    ...variants
      .filter((/** @type {any} */ variant) => variant.primary && variant.guardrails)
      .map((/** @type {any} */ variant) => interval(one, variant)),
    h(
      "details",
      {},
      h("summary", {}, `Decisions (${one.decisions.length})`),
      table(
        [
          ["decision", (decision) => decision.call],
          ["by", (decision) => decision.actor],
          ["at", (decision) => when(decision.at)],
          ["why", (decision) => decision.reason, "prose"],
        ],
        one.decisions,
        { caption: "Decisions", empty: "Nothing was decided yet." },
      ),
    ),
    isAdmin() && ["running", "watching", "kept"].includes(one.state) ? rollBack(one.id) : "",
  );
}

/** The effect and its interval: those of the decisions, and those that were seen here. @param {any} one @param {any} variant */
function interval(one, variant) {
  const key = `${one.id} ${variant.variant}`;
  const past =
    seen.get(key) ??
    one.decisions
      .map((/** @type {any} */ decision) => ({
        at: new Date(decision.at).getTime() / 1000,
        primary: decision.numbers?.variants?.find(
          (/** @type {any} */ other) => other.variant === variant.variant,
        )?.primary,
      }))
      .filter((/** @type {any} */ point) => point.primary && Number.isFinite(point.at))
      .map((/** @type {any} */ point) => ({
        time: point.at,
        low: point.primary.low,
        value: point.primary.effect,
        high: point.primary.high,
      }))
      .sort((/** @type {any} */ a, /** @type {any} */ b) => a.time - b.time);
  const { low, effect, high, metric } = variant.primary;
  const time = (isUnderWay(one) ? Date.now() : one.changed) / 1000;
  const earlier = past.filter((/** @type {{time: number}} */ point) => point.time < time);
  const points = [...earlier, { time, low, value: effect, high }].slice(-300);
  seen.set(key, points);
  return chart({
    title: `${variant.variant} against the control: ${metric}, with the interval that holds at 95 %`,
    times: points.map((point) => point.time),
    lines: [
      { label: "from", colour: "--c1", width: 1 },
      { label: "effect", colour: "--c2" },
      { label: "to", colour: "--c1", width: 1 },
    ],
    values: [
      points.map((point) => point.low),
      points.map((point) => point.value),
      points.map((point) => point.high),
    ],
    format: (value) => numberText(value),
    bands: [[2, 0]],
  });
}

/** @param {string} id @param {string} variant */
const promote = (id, variant) =>
  button("Promote", async () => {
    if (
      !(await confirmed(
        "Promote this variant?",
        [`${variant} of ${id} counts for everybody but a tenth, which is compared.`],
        "Promote",
      ))
    )
      return;
    await ask("POST", `/api/experiments/${encodeURIComponent(id)}/promote`, { query: { variant } });
    dispatchEvent(new Event("refresh"));
  });

/** @param {string} id */
const rollBack = (id) =>
  button(
    "Stop, or roll back",
    async () => {
      if (
        !(await confirmed(
          "Stop this experiment?",
          [`${id}: what was promoted is taken back, what runs is stopped.`],
          "Stop",
        ))
      )
        return;
      await ask("POST", `/api/experiments/${encodeURIComponent(id)}/rollback`);
      dispatchEvent(new Event("refresh"));
    },
    { class: "danger" },
  );
