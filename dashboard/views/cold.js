// Cold storage: what is archived, what that saves, and the archiver's runs.

import { ask, get, isAdmin } from "../api.js";
import {
  badge,
  button,
  bytesText,
  card,
  confirmed,
  dollarsText,
  fill,
  h,
  numberText,
  table,
  when,
} from "../dom.js";
import { failure } from "./failure.js";

export async function cold() {
  const answer = await get("/api/cold").catch((error) => error);
  if (answer instanceof Error) {
    const { status } = /** @type {import("../api.js").Refused} */ (answer);
    // It is not set up, and says why.
    if (status === 404 || status === 409)
      return [card("Cold storage", h("p", { class: "empty" }, answer.message))];
    throw answer;
  }
  return [summary(answer), card("Runs", runs(answer.runs), isAdmin() && answer.archives ? buttons() : "")];
}

/** @param {any} answer */
function summary({ archives, why, tiers, costs }) {
  if (!archives) return card("Cold storage", h("p", { class: "empty" }, `Nothing is archived. ${why}`));
  if (tiers === null) {
    return card(
      "Cold storage",
      h("p", { class: "empty" }, "No run is through yet: the first comes at night, or begin one below."),
    );
  }
  const tile = (/** @type {string} */ label, /** @type {string} */ value, /** @type {string} */ note) =>
    h(
      "div",
      { class: "tile" },
      h("span", { class: "label" }, label),
      h("strong", {}, value),
      h("small", {}, note),
    );
  return h(
    "div",
    { class: "tiles" },
    tile("In KV", bytesText(tiers.kv.bytes), `${numberText(tiers.kv.entries)} entries`),
    tile(
      "In R2",
      bytesText(tiers.cold.bytes),
      `${numberText(tiers.cold.entries)} entries that are seldom read`,
    ),
    tile(
      "A month of storage",
      dollarsText(costs.monthlyStorageAfter),
      `all in KV: ${dollarsText(costs.monthlyStorageBefore)}`,
    ),
    tile("Saved", `${numberText(costs.savedPercent)} %`, "of what storage would cost"),
  );
}

/** @param {any[]} found */
const runs = (found) =>
  table(
    [
      ["run", (run) => run.run],
      [
        "state",
        (run) => [
          badge(run.state, run.state === "failed" ? "bad" : run.state === "complete" ? "good" : "calm"),
          run.dryRun ? badge("plan only") : null,
        ],
      ],
      ["began", (run) => when(run.beganAt)],
      ["seen", (run) => numberText(run.seen), "number"],
      ["worth moving", (run) => numberText(run.planned.entries), "number"],
      ["would save a month", (run) => dollarsText(run.planned.savingDollars), "number"],
      ["moved", (run) => `${numberText(run.moved)} (${bytesText(run.movedBytes)})`, "number"],
      ["failed", (run) => numberText(run.failed), "number"],
      ["fault", (run) => run.fault],
    ],
    found,
    { caption: "Runs of the archiver", empty: "There were no runs yet." },
  );

function buttons() {
  const result = h("div", { "aria-live": "polite" });
  const begin = async (/** @type {boolean} */ dryRun) => {
    const what = dryRun
      ? "It only counts what is worth moving."
      : "What is seldom read moves to R2; it stays readable.";
    if (!(await confirmed(dryRun ? "Plan a run?" : "Archive now?", [what], dryRun ? "Plan" : "Archive")))
      return;
    await ask("POST", "/api/cold/archive", { json: { dryRun } }).then(
      () => dispatchEvent(new Event("refresh")),
      (error) => fill(result, failure(error)),
    );
  };
  return h(
    "div",
    {},
    h(
      "div",
      { class: "row" },
      button("Plan a run", () => begin(true)),
      button("Archive now", () => begin(false)),
    ),
    result,
  );
}
