// Alerts: what fires, what to do, and silence for a time.

import { ask, get, isAdmin } from "../api.js";
import { badge, button, card, confirmed, field, fill, h, table, when } from "../dom.js";
import { failure } from "./failure.js";

const ORDER = ["firing", "pending", "resolved", "ok"];

export async function alerts() {
  const answer = await get("/api/alerts");
  const rows = [...answer.alerts].sort((a, b) => rank(a.state) - rank(b.state));
  const result = h("div", { "aria-live": "polite" });
  return [
    card(
      "Alerts",
      table(
        [
          ["alert", (one) => one.name],
          [
            "state",
            (one) =>
              badge(one.state, one.state === "firing" ? "bad" : one.state === "pending" ? "warn" : "calm"),
          ],
          ["severity", (one) => one.severity],
          ["value", (one) => one.value ?? "–", "number"],
          ["threshold", (one) => one.threshold, "number"],
          ["since", (one) => when(one.since)],
          [
            "what, and what to do",
            (one) => [h("p", {}, one.what), h("p", { class: "quiet" }, one.help)],
            "prose",
          ],
          [
            "",
            (one) =>
              one.silencedUntil
                ? ["silent until ", when(one.silencedUntil)]
                : isAdmin()
                  ? silence(one.name)
                  : null,
          ],
        ],
        rows,
        { caption: "Alerts" },
      ),
    ),
    card(
      "Who is told",
      answer.transports.length === 0
        ? h(
            "p",
            { class: "empty" },
            "Nobody: set the secret ALERT_WEBHOOK_URL, or ALERT_EMAIL_TO and ALERT_EMAIL_FROM.",
          )
        : h(
            "p",
            {},
            `By ${answer.transports.join(", ")}. Messages that wait: ${answer.waiting.length}; given up: ${answer.undelivered.length}.`,
          ),
      isAdmin() && answer.transports.length > 0
        ? button("Send a test message", async () => {
            await ask("POST", "/api/alerts/test").then(
              ({ sent }) =>
                fill(
                  result,
                  h(
                    "p",
                    { role: "status" },
                    sent.map(
                      (/** @type {any} */ one) =>
                        `${one.transport}: ${one.delivered ? "delivered" : one.fault}. `,
                    ),
                  ),
                ),
              (error) => fill(result, failure(error)),
            );
          })
        : "",
      result,
    ),
  ];
}

/** @param {string} state */
const rank = (state) => (ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length);

/** @param {string} name */
const silence = (name) =>
  button(
    "Silence",
    async () => {
      const how = h(
        "select",
        {},
        ["30m", "2h", "1d", "7d"].map((one) => h("option", {}, one)),
      );
      if (!(await confirmed(`Silence ${name}?`, [field("For", how)], "Silence"))) return;
      await ask("POST", `/api/alerts/${encodeURIComponent(name)}/silence`, { json: { for: how.value } });
      dispatchEvent(new Event("refresh"));
    },
    { "aria-label": `Silence ${name}` },
  );
