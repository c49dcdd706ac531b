// docs/reference/limits.md: every bound with its reason, under the headings of the table, and then those of Durable Objects.

import { TABLE } from "./object_rows.js";
import { code, note, table } from "./page.js";
import { rows, rowsOf, source } from "./tables.js";

const HEADING = /^\/\/ (.+?) -{5,}$/m;
const TIMES = /** @type {const} */ ([
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
]);

/** @param {number} count @param {string} unit */
const counted = (count, unit) => `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;

/**
 * A value as a person writes it.
 * @param {string} unit @param {string} text
 */
function shown(unit, text) {
  const value = Number(text.replaceAll("'", ""));
  if (unit === "millis") {
    const [name, size] = TIMES.find(([, millis]) => value >= millis && value % millis === 0) ?? ["ms", 1];
    return name === "ms" ? `${value} ms` : counted(value / size, name);
  }
  if (unit !== "bytes") return value.toLocaleString("en");
  if (value >= 1 << 20 && value % (1 << 20) === 0) return `${value / (1 << 20)} MiB`;
  return value >= 1 << 10 && value % (1 << 10) === 0 ? `${value / (1 << 10)} KiB` : counted(value, "byte");
}

/** @param {string} title @param {Record<"name" | "unit" | "value" | "why", string>[]} limits */
function sectionOf(title, limits) {
  const body = limits.map((row) => [code(row.name), shown(row.unit, row.value), row.why]);
  return `## ${title}\n\n${table(["limit", "value", "why"], body)}`;
}

export default {
  path: "docs/reference/limits.md",
  text() {
    const [, ...pieces] = source("config/limits.def").split(HEADING);
    const sections = [];
    for (let i = 0; i < pieces.length; i += 2) {
      const limits = rowsOf(pieces[i + 1] ?? "", "LARDER_LIMIT", ["name", "unit", "value", "why"]);
      sections.push(sectionOf(pieces[i] ?? "", limits));
    }
    const bounds = rows(TABLE, "LARDER_BOUND", ["object", "name", "unit", "value", "why"]);
    sections.push(
      sectionOf(
        "Durable Objects, each its own",
        bounds.map((bound) => ({ ...bound, name: `${bound.object}::${bound.name}` })),
      ),
    );
    return `${note("config/limits.def", TABLE)}

# Limits

Everything that could grow has a bound, fixed here. What a deployment may set is among the [settings](settings.md) and in
[larder.json](../declaring.md).

${sections.join("\n\n")}
`;
  },
};
