// Both sides of the boundary agree on what normal text is: the shim is held to the table that the simulated host of the
// native tests is held to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lowerText, normalText } from "../../shim/normal_text.js";

const TABLE = "tests/host/normal_text.def";
const ROW = /^LARDER_(NORMAL|LOWER)_TEXT\(("[^"\n]*"),\s*("[^"\n]*")\)$/gm;

const table = [...readFileSync(TABLE, "utf8").matchAll(ROW)].map(([, form, given, made]) => ({
  form,
  given: JSON.parse(given ?? ""),
  normal: JSON.parse(made ?? ""),
}));
const rows = table.filter(({ form }) => form === "NORMAL");
const lowerRows = table.filter(({ form }) => form === "LOWER");

test("every row of the table is read", () => {
  const written = readFileSync(TABLE, "utf8").match(/^LARDER_(NORMAL|LOWER)_TEXT\(/gm);
  assert.ok(rows.length > 20 && lowerRows.length > 10);
  assert.equal(table.length, written?.length);
});

test("the shim makes what the table says, and leaves it as it is", () => {
  for (const { given, normal } of rows) {
    assert.equal(normalText(given), normal, given);
    assert.equal(normalText(normal), normal, normal);
  }
});

test("composed it is as people write it, and two texts have one form here exactly if they have one there", () => {
  for (const { given, normal: lower } of lowerRows) assert.equal(lowerText(given), lower, given);
  for (const { given, normal } of rows) {
    assert.equal(lowerText(lowerText(given)), lowerText(given), given);
    assert.equal(lowerText(normal), lowerText(given), given);
    assert.equal(normalText(lowerText(given)), normal, given);
  }
});

test("text may become many times as long", () => {
  assert.equal(Buffer.byteLength(normalText("\ufdfa".repeat(100))), 3300);
});
