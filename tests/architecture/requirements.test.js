// docs/requirements.md tells the truth about where things are: every path that it names exists.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PAGE = "docs/requirements.md";
/** A table row that starts with a requirement's id: `| F1 | … |`. */
const ROW = /^\|\s*\**([A-Z]\d{1,2})\**\s*\|(.*)\|\s*$/;

/** @type {{id: string, paths: string[]}[]} */
const rows = readFileSync(PAGE, "utf8")
  .split("\n")
  .flatMap((line) => {
    const match = ROW.exec(line);
    if (match === null) return [];
    const named = [...(match[2] ?? "").matchAll(/`([^`\s]+)`/g)].map(([, name]) => name ?? "");
    // A path has a folder or an ending; a name in code that is neither is no path.
    return [
      {
        id: match[1] ?? "",
        paths: named.filter((name) => /^[\w.-]+\/[\w./-]*$|^[\w-]+\.(json|js|txt|toml|md)$/.test(name)),
      },
    ];
  });

test("the page has rows", () => {
  assert.ok(rows.length > 0);
});

test("every id is there once", () => {
  const ids = rows.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
});

test("every row names a file and a test, and they exist", () => {
  const faults = rows.flatMap(({ id, paths }) => {
    const missing = paths.filter((path) => !existsSync(path)).map((path) => `${id}: ${path} does not exist`);
    if (paths.length === 0) missing.push(`${id}: names no file`);
    if (!paths.some((path) => /^(tests|bench|\.ci)\//.test(path) || path.startsWith("scripts/smoke"))) {
      missing.push(`${id}: names no test`);
    }
    return missing;
  });
  assert.deepEqual(faults, []);
});
