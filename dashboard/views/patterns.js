// Key patterns: how often each is asked for, what it misses, and what that costs.

import { get } from "../api.js";
import { card, dollarsText, h, numberText, percentText, table } from "../dom.js";

export async function patterns() {
  const [{ metrics }, costs] = await Promise.all([get("/metrics"), get("/api/costs")]);
  /** @type {Map<string, {pattern: string, hits: number, origin: number, lookups: number, misses: number, bytes: number, stored: number, usd: number}>} */
  const rows = new Map();
  const row = (/** @type {string} */ pattern) => {
    const found = rows.get(pattern) ?? {
      pattern,
      hits: 0,
      origin: 0,
      lookups: 0,
      misses: 0,
      bytes: 0,
      stored: 0,
      usd: 0,
    };
    rows.set(pattern, found);
    return found;
  };
  for (const one of metrics.cache_hits_total ?? []) row(one.key_pattern).hits += one.value;
  for (const one of metrics.cache_miss_total ?? []) {
    const of = row(one.key_pattern);
    of.misses += one.value;
    // The last tier's misses are those that nobody could answer.
    if (one.impl !== "memory") of.origin = Math.max(of.origin, one.value);
  }
  for (const one of metrics.value_size_bytes ?? []) {
    row(one.key_pattern).bytes += one.sum;
    row(one.key_pattern).stored += one.count;
  }
  for (const one of costs.resources ?? []) row(one.resource).usd += one.listUsd;
  const sorted = [...rows.values()].filter((one) => one.pattern !== "").sort((a, b) => b.origin - a.origin);
  return [
    h(
      "p",
      { class: "lead" },
      "Those with the most misses come first: a longer lifetime, a warmer or a better key pays there.",
    ),
    card(
      "Key patterns",
      table(
        [
          [
            "pattern",
            (one) => h("a", { href: `#/entries?prefix=${encodeURIComponent(one.pattern)}` }, one.pattern),
          ],
          ["hits", (one) => numberText(one.hits), "number"],
          ["misses of all tiers", (one) => numberText(one.origin), "number"],
          [
            "hit ratio",
            (one) => percentText(one.hits + one.origin === 0 ? null : one.hits / (one.hits + one.origin)),
            "number",
          ],
          ["stored", (one) => numberText(one.stored), "number"],
          ["KV at list price", (one) => dollarsText(one.usd), "number"],
        ],
        sorted,
        { caption: "Key patterns", empty: "Nothing was asked for yet: send some requests, and look again." },
      ),
    ),
  ];
}
