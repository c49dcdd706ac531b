// What is worth caching, for how long, and the declaration to paste.

import { get } from "../api.js";
import { badge, button, card, h, numberText, percentText, table } from "../dom.js";

export async function candidates() {
  const { window, candidates: found } = await get("/api/cache/candidates");
  return [
    h(
      "p",
      { class: "lead" },
      `${window.hoursWithTraffic} of ${window.hours} hours had traffic; ${window.final ? "this is final." : "this may change."}`,
    ),
    card(
      "Candidates",
      table(
        [
          ["pattern", (one) => one.pattern],
          ["state", (one) => badge(one.state, one.state === "cached" ? "good" : "calm")],
          ["priority", (one) => badge(one.priority, one.priority === "high" ? "warn" : "calm")],
          ["requests", (one) => numberText(one.requests), "number"],
          ["recommended TTL", (one) => one.recommendedTtl],
          ["hit rate then", (one) => percentText(one.hitRate), "number"],
          [
            "origin takes",
            (one) => (one.meanOriginMillis === null ? "–" : `${Math.round(one.meanOriginMillis)} ms`),
            "number",
          ],
          ["why", (one) => one.why, "prose"],
          ["declaration", (one) => (one.declaration === null ? "–" : declaration(one))],
        ],
        found,
        {
          caption: "Candidates",
          empty: "There was no traffic to judge yet: send some requests, and look again in an hour.",
        },
      ),
    ),
  ];
}

/** @param {any} candidate */
function declaration(candidate) {
  const text = JSON.stringify(candidate.declaration, null, 2);
  const copied = h("span", { role: "status", class: "quiet" });
  return h(
    "details",
    {},
    h("summary", { "aria-label": `Show the declaration of ${candidate.pattern}` }, "Show"),
    h("pre", { tabindex: "0", "aria-label": "The declaration" }, text),
    h(
      "div",
      { class: "row" },
      button("Copy", async () => {
        await navigator.clipboard.writeText(text).then(
          () => (copied.textContent = "Copied; paste it into larder.json."),
          () => (copied.textContent = "Select it, and copy it by hand."),
        );
      }),
      copied,
    ),
  );
}
