// What the deployment costs, and what a month would come to.

import { get } from "../api.js";
import { card, dollarsText, h, numberText, table, when } from "../dom.js";

export async function costs() {
  const answer = await get("/api/costs");
  const { planUsd, usageUsd, basis } = answer.month;
  return [
    h(
      "div",
      { class: "tiles" },
      tile("A month", dollarsText(planUsd + usageUsd), "forecast"),
      tile("The plan", dollarsText(planUsd), "a month"),
      tile("Its use", dollarsText(usageUsd), "beyond what is included"),
      tile("Models so far", dollarsText(answer.modelsUsd), "since the beginning"),
    ),
    card(
      "By what is billed",
      table(
        [
          ["what", (one) => one.what],
          ["counted", (one) => `${numberText(one.counted)} ${one.unit}`, "number"],
          ["at list price", (one) => dollarsText(one.listUsd), "number"],
          ["in a month", (one) => numberText(one.monthForecast), "number"],
          ["included", (one) => numberText(one.monthIncluded), "number"],
          ["the month's cost", (one) => dollarsText(one.monthUsd), "number"],
        ],
        answer.items,
        { caption: "By what is billed", empty: "Nothing that is billed was counted yet." },
      ),
      h("p", { class: "quiet" }, "Counted since ", when(answer.since), `. ${basis} ${answer.unknown}`),
    ),
    card(
      "Stores by resource",
      table(
        [
          ["resource", (one) => one.resource],
          ["KV reads", (one) => numberText(one.kvReads), "number"],
          ["KV writes", (one) => numberText(one.kvWrites), "number"],
          ["Redis calls", (one) => numberText(one.redisCalls), "number"],
          ["R2 reads", (one) => numberText(one.r2Reads), "number"],
          ["at list price", (one) => dollarsText(one.listUsd), "number"],
        ],
        answer.resources,
        { caption: "Stores by resource", empty: "No resource is declared." },
      ),
    ),
    card(
      "By day",
      table(
        [
          ["day", (one) => one.day],
          ["most of it", (one) => dearest(one.listUsdByItem)],
          ["at list price", (one) => dollarsText(one.listUsd), "number"],
        ],
        answer.days.toReversed(),
        { caption: "By day", empty: "Nothing that is billed was counted yet." },
      ),
      h("p", { class: "quiet" }, "As counted: what the plan includes in a month is not taken off."),
    ),
  ];
}

/** The item that cost most. @param {Record<string, number>} byItem */
function dearest(byItem) {
  const [first] = Object.entries(byItem).sort(([, one], [, other]) => other - one);
  return first === undefined ? "–" : `${first[0].replaceAll("_", " ")}, ${dollarsText(first[1])}`;
}

/** @param {string} label @param {string} value @param {string} note */
const tile = (label, value, note) =>
  h(
    "div",
    { class: "tile" },
    h("span", { class: "label" }, label),
    h("strong", {}, value),
    h("small", {}, note),
  );
