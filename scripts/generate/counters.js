// docs/reference/counters.md.

import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

export default {
  path: "docs/reference/counters.md",
  text: () => `${note("observe/counters.def")}

# Counters

Each isolate counts for itself, from zero; \`/internal/cache\` shows what the one that answers has counted.

${table(
  ["counter", "labels", "counts"],
  rows("observe/counters.def", "LARDER_COUNTER", ["name", "first", "second", "help"]).map((row) => [
    code(row.name),
    [row.first, row.second]
      .filter((label) => label !== "")
      .map(code)
      .join(", "),
    row.help,
  ]),
)}
`,
};
