// Who called what.

import { get, isAdmin } from "../api.js";
import { badge, button, card, fill, h, table, when } from "../dom.js";
import { failure } from "./failure.js";

export async function audit() {
  if (!isAdmin())
    return [
      card(
        "Audit log",
        h("p", { class: "empty" }, "The audit log is for admins: sign in with a token of that role."),
      ),
    ];
  const place = h("div", {});
  await page(place);
  return [card("Audit log", place)];
}

/** @param {HTMLElement} place @param {string} [cursor] */
async function page(place, cursor) {
  const answer = await get("/api/audit", { limit: "100", cursor });
  fill(
    place,
    table(
      [
        ["at", (one) => when(one.at)],
        ["who", (one) => one.who || "unknown"],
        ["role", (one) => one.role],
        ["from", (one) => one.from],
        ["call", (one) => h("code", { class: "wrap" }, `${one.method} ${one.path}`)],
        [
          "status",
          (one) => badge(String(one.status), one.status < 400 ? "good" : one.status < 500 ? "warn" : "bad"),
        ],
        ["times", (one) => one.count, "number"],
        ["what", (one) => one.what, "prose"],
      ],
      answer.entries,
      { caption: "Audit log", empty: "There are no calls in the log." },
    ),
    answer.cursor === null
      ? null
      : button("Older calls", () => page(place, answer.cursor).catch((error) => fill(place, failure(error)))),
  );
}
