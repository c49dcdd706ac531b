// .dev.vars.example lists every setting of the table, so that nobody has to look for one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const declared = [
  ...readFileSync("src/config/settings.def", "utf8").matchAll(/^LARDER_SETTING\((\w+),/gm),
].map(([, name]) => name);
/** What is set through the environment but never reaches the table: secrets that only the shim or a script reads. */
const OTHERS = ["ADMIN_JWT_SECRET", "GOOGLE_BOOKS_API_KEY", "ISBNDB_API_KEY"];

test(".dev.vars.example names every setting once, and nothing that is none", () => {
  const listed = [...readFileSync(".dev.vars.example", "utf8").matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(listed.sort(), [...new Set([...declared, ...OTHERS])].sort());
});
