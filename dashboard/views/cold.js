// Cold storage: what is archived, and what that saves.

import { ask, get, isAdmin } from "../api.js";
import { button, bytesText, card, confirmed, dollarsText, fill, h, numberText, table, when } from "../dom.js";
import { failure } from "./failure.js";

export async function cold() {
  const answer = await get("/api/cold").catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (answer === null) {
    return [
      card(
        "Cold storage",
        h(
          "p",
          { class: "empty" },
          "This deployment has no cold storage. Entries that are seldom read stay in KV until their time is over.",
        ),
      ),
    ];
  }
  const result = h("div", { "aria-live": "polite" });
  return [
    card(
      "Cold storage",
      table(
        [
          ["what", (row) => row[0]],
          ["value", (row) => row[1], "number"],
        ],
        flat(answer),
        { caption: "Cold storage" },
      ),
      isAdmin()
        ? button("Archive now", async () => {
            if (
              !(await confirmed(
                "Archive now?",
                ["What is seldom read moves to R2; it stays readable."],
                "Archive",
              ))
            )
              return;
            await ask("POST", "/api/cold/archive").then(
              () => dispatchEvent(new Event("refresh")),
              (error) => fill(result, failure(error)),
            );
          })
        : "",
      result,
    ),
  ];
}

/** Members of members as rows, in the unit that their names say. @param {any} value @param {string} [name] @returns {[string, any][]} */
function flat(value, name = "") {
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([member, inner]) =>
      flat(inner, name ? `${name}, ${member}` : member),
    );
  }
  if (/bytes$/i.test(name)) return [[name, bytesText(value)]];
  if (/usd$/i.test(name)) return [[name, dollarsText(value)]];
  if (/at$/i.test(name) && typeof value === "string") return [[name, when(value)]];
  return [[name, typeof value === "number" ? numberText(value) : String(value ?? "–")]];
}
