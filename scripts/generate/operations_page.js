// docs/reference/operations.md: every effect that the core can ask for, with the table's own words.

import { code, note, table } from "./page.js";
import { rowsOf, source } from "./tables.js";

/** What the table says of the rows below it, up to the next comment. */
const GROUP = /((?:^\/\/.*\n)+)((?:^(?!\/\/).*\n)+)/gm;

/** Fields as `key: text, count: u32`. @param {string} list */
const fields = (list) =>
  [...list.matchAll(/\( ?(\w+), (\w+) ?\)/g)].map(([, type, name]) => `${name}: ${type}`).join(", ");

/** @param {string} comment */
const prose = (comment) =>
  comment
    .replace(/^\/\/ ?/gm, "")
    .replace(/\s+/g, " ")
    .trim();

export default {
  path: "docs/reference/operations.md",
  text() {
    const sections = [...source("host/ops.def").matchAll(GROUP)].flatMap(([, comment = "", body = ""]) => {
      const rows = rowsOf(body, "LARDER_OPERATION", ["name", "number", "arguments", "results"]);
      if (rows.length === 0) return [];
      const lines = rows.map((row) => [code(row.name), fields(row.arguments), fields(row.results)]);
      const head = rows.map(({ name }) => code(name)).join(", ");
      return [`## ${head}\n\n${prose(comment)}\n\n${table(["operation", "arguments", "results"], lines)}`];
    });
    return `${note("host/ops.def")}

# Operations

Every effect that the core can ask of its host. Types: u8, u32, u64, text, texts, pairs, and body, which is a handle and
its size. [The boundary](../architecture.md#the-boundary) says how they cross it.

${sections.join("\n\n")}
`;
  },
};
