// Elements made of values. Whatever comes from the API becomes a text node or an attribute of a fixed name, never markup.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, any>} Properties */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties] attributes; `on` holds listeners, `class` may be a list, false leaves one out
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "class") {
      element.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  fill(element, ...children);
  return element;
}

/** @param {Element} element @param {...(Child | Child[])} children in place of those it has */
export function fill(element, ...children) {
  const nodes = children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
  element.replaceChildren(...nodes);
}

/** @param {unknown} value @param {Intl.NumberFormatOptions} [options] */
export function numberText(value, options = { maximumFractionDigits: 2 }) {
  return typeof value === "number" && Number.isFinite(value) ? value.toLocaleString("en", options) : "–";
}

/** @param {unknown} value a share @param {number} [digits] */
export const percentText = (value, digits = 1) =>
  typeof value === "number" && Number.isFinite(value) ? `${(value * 100).toFixed(digits)} %` : "–";

/** @param {unknown} seconds */
export function durationText(seconds) {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (Math.abs(seconds) < 120) return `${numberText(seconds, { maximumFractionDigits: 1 })} s`;
  if (Math.abs(seconds) < 7200) return `${Math.round(seconds / 60)} min`;
  return Math.abs(seconds) < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

/** @param {unknown} value */
export function dollarsText(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 4 : 2;
  return `$${value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** @param {unknown} bytes */
export function bytesText(bytes) {
  if (typeof bytes !== "number") return "–";
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log2(bytes) / 10) : 0);
  return `${numberText(bytes / 1024 ** power, { maximumFractionDigits: power === 0 ? 0 : 1 })} ${units[power]}`;
}

/** A time as the reader's clock shows it. @param {unknown} value RFC 3339, or milliseconds */
export function when(value) {
  const time = new Date(/** @type {any} */ (value));
  if (value === null || value === undefined || Number.isNaN(time.getTime())) return h("span", {}, "–");
  const shown = time.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  return h("time", { datetime: time.toISOString(), title: time.toISOString() }, shown);
}

/**
 * @param {[string, (row: any) => Child | Child[], string?][]} columns title, cell, and "number" for what is compared, "prose" for what is read or "whole" for what is not to be broken
 * @param {any[]} rows
 * @param {{caption: string, empty?: Child, stacks?: boolean}} options `stacks`: on a phone its rows stand as blocks; those with prose do
 */
export function table(columns, rows, { caption, empty = "There is nothing yet.", stacks = false }) {
  if (rows.length === 0) return h("p", { class: "empty" }, empty);
  return h(
    "div",
    { class: "scroller", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      // The roles say that it is a table all the same where its rows stand as blocks.
      {
        role: "table",
        class: stacks || columns.some(([, , kind]) => kind === "prose") ? "stacks" : "",
      },
      h("caption", { class: "hidden" }, caption),
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          columns.map(([title, , kind]) =>
            h("th", { scope: "col", role: "columnheader", class: kind ?? "" }, title),
          ),
        ),
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map((row) =>
          h(
            "tr",
            { role: "row" },
            columns.map(([title, cell, kind], i) =>
              i === 0
                ? h("th", { scope: "row", role: "rowheader", class: kind ?? "" }, cell(row))
                : h("td", { role: "cell", class: kind ?? "", "data-title": title || false }, cell(row)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {string} text @param {"good" | "warn" | "bad" | "calm"} tone */
export const badge = (text, tone = "calm") => h("span", { class: `badge ${tone}` }, text);

/** @param {string} title @param {...(Child | Child[])} children */
export const card = (title, ...children) =>
  h(
    "section",
    { class: "card" },
    h("h2", {}, title),
    ...children.flat().map((child) => (child instanceof Node ? child : h("p", {}, child || ""))),
  );

/**
 * What it does and does not catch itself is shown above the view, as a failure.
 * @param {string} label @param {() => unknown} press @param {Properties} [properties]
 */
export function button(label, press, properties = {}) {
  const click = async () => {
    try {
      await press();
    } catch (error) {
      dispatchEvent(new CustomEvent("failed", { detail: error }));
    }
  };
  return h("button", { type: "button", on: { click }, ...properties }, label);
}

/** A listener for what the browser would do by itself. @param {() => unknown} act */
export const instead = (act) => (/** @type {Event} */ event) => {
  event.preventDefault();
  act();
};

/** @param {string} label @param {HTMLElement} control @param {string} [hint] */
export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", {}, label), control, hint ? h("small", {}, hint) : null);
}

/**
 * Asks before something is changed. Escape says no.
 * @param {string} title @param {Child[]} what @param {string} yes what the button says
 * @returns {Promise<boolean>}
 */
export function confirmed(title, what, yes) {
  return new Promise((resolve) => {
    /** @type {HTMLDialogElement} */
    const dialog = h(
      "dialog",
      { "aria-labelledby": "asked" },
      h("h2", { id: "asked" }, title),
      ...what.map((child) => (child instanceof HTMLElement ? child : h("p", {}, child))),
      h(
        "div",
        { class: "row end" },
        button("Cancel", () => dialog.close("no")),
        button(yes, () => dialog.close("yes"), { class: "primary" }),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
