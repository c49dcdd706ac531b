// docs/reference/tiers.md: where entries are kept.

import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

const TIER = /** @type {const} */ ([
  "word",
  "meaning",
  "hit",
  "holds",
  "reach",
  "listing",
  "keysAtOnce",
  "bound",
  "boundText",
  "sharedBy",
  "factory",
]);

export default {
  path: "docs/reference/tiers.md",
  text: () => `${note("config/tiers.def")}

# Tiers

Entries are kept in tiers, the nearest first. A resource's \`tiers\` in \`larder.json\` says which of them it uses.

${table(
  ["tier", "holds", "bound of a value", "shared by", "lists its keys"],
  rows("config/tiers.def", "LARDER_TIER", TIER).map((row) => [
    code(row.word),
    row.holds,
    row.boundText,
    row.sharedBy,
    row.listing === "pages" ? "yes" : "no",
  ]),
)}

CACHE_IMPL says which tiers there are, and in which order they are asked:

${table(
  ["CACHE_IMPL", "meaning"],
  rows("config/tiers.def", "LARDER_CACHE", ["word", "meaning", "tiers"]).map((row) => [
    code(row.word),
    row.meaning,
  ]),
)}
`,
};
