// What is made of the tables names every row, so that nobody has to look for one; and tables are read as the compiler does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rowsOf } from "../../scripts/generate/tables.js";

/** @param {string} path */
const read = (path) => readFileSync(path, "utf8");
/** The first value of every row that begins a line. @param {string} path @param {string} macro */
const named = (path, macro) =>
  [...read(path).matchAll(new RegExp(`^${macro}\\("?([^,"]+)`, "gm"))].map(([, name = ""]) => name);

const providers = [
  ...read("src/config/providers.def").matchAll(/^LARDER_PROVIDER\(\w+, (\w+), "[^"]+", "[^"]+", (\w+),/gm),
].map(([, prefix = "", keyPlace = ""]) => ({ prefix, hasKey: keyPlace !== "nowhere" }));
const settings = [
  ...named("src/config/settings.def", "LARDER_SETTING"),
  ...providers.flatMap(({ prefix }) => [`${prefix}_URL`, `${prefix}_RATE`]),
];
const secrets = [
  ...named("src/config/settings.def", "LARDER_SECRET"),
  ...providers.filter(({ hasKey }) => hasKey).map(({ prefix }) => `${prefix}_API_KEY`),
];

test("there are providers, with keys and without", () => {
  assert.ok(providers.some(({ hasKey }) => hasKey) && providers.some(({ hasKey }) => !hasKey));
});

test(".dev.vars.example names every setting and secret once, and nothing that is none", () => {
  const listed = [...read(".dev.vars.example").matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
  assert.deepEqual(listed.sort(), [...settings, ...secrets].sort());
});

for (const [page, names] of /** @type {[string, string[]][]} */ ([
  ["settings", [...settings, ...secrets]],
  [
    "metrics",
    ["LARDER_COUNTER", "LARDER_GAUGE", "LARDER_HISTOGRAM"].flatMap((macro) =>
      named("src/observe/metrics.def", macro),
    ),
  ],
  ["limits", named("src/config/limits.def", "LARDER_LIMIT")],
  ["operations", named("src/host/ops.def", "LARDER_OPERATION")],
])) {
  test(`docs/reference/${page}.md has a row for each of its table's`, () => {
    const rows = [...read(`docs/reference/${page}.md`).matchAll(/^\| `(\w+)` [|(]/gm)].map(
      ([, name]) => name,
    );
    assert.ok(rows.length > 0);
    assert.deepEqual(rows.sort(), names.sort());
  });
}

test("the pages of routes and reasons name all that their tables name", () => {
  const routes = read("docs/reference/routes.md");
  for (const [, path] of read("src/operators/routes.def").matchAll(/^LARDER_ROUTE\(\w+, "([^"]+)"/gm)) {
    assert.ok(routes.includes(`\`${path}\``), path);
  }
  const reasons = read("docs/reference/reasons.md");
  for (const [, word] of read("src/policy/reasons.def").matchAll(/^LARDER_REASON\(\w+, "([^"]+)"/gm)) {
    assert.ok(reasons.includes(`\`${word}\``), word);
  }
});

test("a table's values may hold commas, brackets, quotes and addresses, and comments are none", () => {
  const text = `
    // ROW(no, "row")
    ROW(one, "a, (b)) \\"c\\"", "https://x.example")  // ROW(nor, "this")
    ROW(two,
        "in two "
        "pieces",
        ((text, key), (u32, count)))
  `;
  assert.deepEqual(rowsOf(text, "ROW", ["name", "first", "second"]), [
    { name: "one", first: 'a, (b)) "c"', second: "https://x.example" },
    { name: "two", first: "in two pieces", second: "((text, key), (u32, count))" },
  ]);
});

test("a row with another number of values is refused", () => {
  assert.throws(() => rowsOf("ROW(one, two)", "ROW", ["name"]), /has 2 values, not 1/);
});

test("rows that a table makes of another table's are read", () => {
  const text = `
#define LARDER_PROVIDER(name, PREFIX, title, a, b, c, d, e, f) \\
  ROW(PREFIX##_URL, name##_url, "The title of " title ".")
#include "config/providers.def"
`;
  assert.deepEqual(rowsOf(text, "ROW", ["name", "member", "purpose"])[0], {
    name: "OPENLIBRARY_URL",
    member: "openlibrary_url",
    purpose: "The title of Open Library.",
  });
});
