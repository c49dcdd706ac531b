// Settings: what each is, where it comes from, and those that may be changed while Larder runs.

import { ask, get, isAdmin } from "../api.js";
import { badge, button, card, confirmed, field, fill, h, table } from "../dom.js";
import { failure } from "./failure.js";

export async function settings() {
  const answer = await get("/api/settings");
  const rows = Object.entries(answer.settings).map(([name, setting]) => ({
    name,
    .../** @type {any} */ (setting),
  }));
  const result = h("div", { "aria-live": "polite" });
  return [
    card(
      "Settings",
      h("p", {}, `Answers come from the implementation ${answer.implementation}.`),
      result,
      table(
        [
          ["setting", (row) => h("code", {}, row.name)],
          ["value", (row) => h("code", { class: "wrap" }, row.value === "" ? "(empty)" : row.value)],
          ["source", (row) => badge(row.source, row.source === "runtime" ? "warn" : "calm")],
          ["what it does", (row) => row.purpose, "prose"],
          ["", (row) => (isAdmin() && row.changeable ? change(row, result) : null)],
        ],
        rows,
        { caption: "Settings", empty: "There are no settings that this token may see." },
      ),
    ),
  ];
}

/** @param {any} row @param {HTMLElement} result */
function change(row, result) {
  const put = (/** @type {string | null} */ value) =>
    ask("PUT", "/api/settings", { json: { [row.name]: value } }).then(
      () => dispatchEvent(new Event("refresh")),
      (error) => fill(result, failure(error)),
    );
  return h(
    "span",
    { class: "row" },
    button(
      "Change",
      async () => {
        const control = h("input", { value: row.value, autocomplete: "off", spellcheck: "false" });
        const what = [
          row.purpose,
          field(`The new value (by default ${row.default || "empty"})`, control),
          "It holds in all isolates within seconds, and the audit log keeps it.",
        ];
        if (await confirmed(`Change ${row.name}?`, what, "Change")) await put(control.value);
      },
      { "aria-label": `Change ${row.name}` },
    ),
    row.source === "runtime"
      ? button(
          "As deployed",
          async () => {
            if (
              await confirmed(
                `${row.name} as deployed?`,
                ["It goes back to what the deployment says."],
                "Go back",
              )
            )
              await put(null);
          },
          { "aria-label": `${row.name} as deployed` },
        )
      : null,
  );
}
