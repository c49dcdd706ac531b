// .dev.vars.example lists every setting of the table, so that nobody has to look for one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const declared = [
  ...readFileSync("src/config/settings.def", "utf8").matchAll(/^LARDER_SETTING\((\w+),/gm),
].map(([, name]) => name);
/** What is set through the environment but never reaches the table: secrets. */
const OTHERS = [
  "ADMIN_JWT_SECRET",
  "GEMINI_API_KEY",
  "GOOGLE_BOOKS_API_KEY",
  "ISBNDB_API_KEY",
  "LLM_API_KEY",
];

test(".dev.vars.example names every setting once, and nothing that is none", () => {
  const listed = [...readFileSync(".dev.vars.example", "utf8").matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(listed.sort(), [...new Set([...declared, ...OTHERS])].sort());
});
