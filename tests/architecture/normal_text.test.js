// Both sides of the boundary agree on what normal text is: the shim is held to the table that the simulated host of the
// native tests is held to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { normalText } from "../../shim/normal_text.js";

const TABLE = "tests/host/normal_text.def";
const ROW = /^LARDER_NORMAL_TEXT\(("[^"\n]*"),\s*("[^"\n]*")\)$/gm;

const rows = [...readFileSync(TABLE, "utf8").matchAll(ROW)].map(([, given, normal]) => ({
  given: JSON.parse(given ?? ""),
  normal: JSON.parse(normal ?? ""),
}));

test("every row of the table is read", () => {
  const written = readFileSync(TABLE, "utf8").match(/^LARDER_NORMAL_TEXT\(/gm);
  assert.ok(rows.length > 20);
  assert.equal(rows.length, written?.length);
});

test("the shim makes what the table says, and leaves it as it is", () => {
  for (const { given, normal } of rows) {
    assert.equal(normalText(given), normal, given);
    assert.equal(normalText(normal), normal, normal);
  }
});

test("text may become many times as long", () => {
  assert.equal(Buffer.byteLength(normalText("\ufdfa".repeat(100))), 3300);
});
