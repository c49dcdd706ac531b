// What would happen to a request, and why.

import { get } from "../api.js";
import { badge, card, field, fill, h, instead, table, when } from "../dom.js";
import { copies } from "./entries.js";
import { failure } from "./failure.js";

const SAID = /** @type {Record<string, string>} */ ({
  came: "If the origin answers",
  late: "If it is late",
  failed: "If it fails",
  "server-error": "If it answers with an error of its own",
});

/** @param {URLSearchParams} parameters */
export async function explain(parameters) {
  const url = h("input", {
    name: "url",
    required: true,
    value: parameters.get("url") ?? "",
    placeholder: "/search/title?q=dune",
    autocomplete: "off",
    spellcheck: "false",
    class: "wide",
  });
  const method = h(
    "select",
    { name: "method" },
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].map((one) => h("option", {}, one)),
  );
  const body = h("input", {
    name: "body",
    placeholder: '{"profile": {}}',
    autocomplete: "off",
    spellcheck: "false",
  });
  const result = h(
    "div",
    { "aria-live": "polite" },
    h("p", { class: "empty" }, "Write a path. The origin is not asked, and nothing changes."),
  );
  const look = async () => {
    fill(result, h("p", { class: "quiet" }, "Looking …"));
    await get("/api/explain", { url: url.value, method: method.value, body: body.value || undefined }).then(
      (answer) => fill(result, ...told(answer)),
      (error) => fill(result, failure(error)),
    );
  };
  if (url.value !== "") await look();
  return [
    card(
      "A request",
      h(
        "form",
        { class: "row", on: { submit: instead(look) } },
        field("Method", method),
        field("Path or URL", url),
        field("Body, for POST", body),
        h("button", { type: "submit", class: "primary" }, "Explain"),
      ),
    ),
    result,
  ];
}

/** @param {any} answer @returns {(Node | string)[]} */
function told(answer) {
  if (answer.resource === null) return [card("No resource", answer.why)];
  const head = card(
    `It is for ${answer.resource.name}`,
    h(
      "dl",
      {},
      ...pair("Declared", `${answer.resource.path} (${answer.resource.mode})`),
      ...pair("Cache-Status", h("code", { class: "wrap" }, answer.cacheStatus)),
      ...(answer.key === undefined ? [] : pair("Key", h("code", { class: "wrap" }, answer.key))),
      ...(answer.tags === undefined ? [] : pair("Tags", answer.tags.join(" ") || "none")),
    ),
    answer.why === undefined ? "" : answer.why,
  );
  if (answer.steps === undefined) return [head];
  return [
    head,
    card("The plan", h("ol", { class: "steps" }, answer.steps.map(stepOf), answer.then.map(outlook))),
    card("Copies", copies(answer.tiers)),
    card(
      "Purges that are about it",
      table(
        [
          ["what", (one) => `${one.kind} ${one.text}`],
          ["how", (one) => badge(one.mode, one.mode === "hard" ? "bad" : "warn")],
          ["at", (one) => when(one.at)],
          ["reaches", (one) => one.reaches.join(", ") || "no copy that is there"],
        ],
        answer.purges,
        { caption: "Purges", empty: "No purge is about this key or its tags." },
      ),
    ),
  ];
}

/** @param {string} name @param {Node | string} value */
const pair = (name, value) => [h("dt", {}, name), h("dd", {}, value)];

/** @param {any} step */
const stepOf = (step) =>
  h(
    "li",
    {},
    h("span", { class: "rule" }, `rule ${step.rule}`),
    h("b", {}, step.tier ? `${step.step} ${step.tier}` : step.step),
    ` ${step.reason}`,
    h("p", {}, step.why),
  );

/** @param {any} one */
const outlook = (one) =>
  h(
    "li",
    { class: "then" },
    h("span", { class: "rule" }, `rule ${one.rule}`),
    h("b", {}, one.step),
    ` ${SAID[one.answer] ?? one.answer}`,
    h("p", {}, one.why),
  );
