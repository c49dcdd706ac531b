import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { generatedText } from "../../catalogue/generate.js";
import { canonicalIsbn, isbn10Of } from "../../catalogue/isbn.js";
import { bundledData } from "../../catalogue/server.js";

const data = bundledData();
const authors = [...data.core.authors, ...data.generated.authors];
const works = [...data.core.works, ...data.generated.works];
const editions = works.flatMap((work) => work.editions);
const coAuthored = works.filter((work) => work.authors.length > 1);

/** @param {string[]} values */
const assertUnique = (values) => assert.equal(new Set(values).size, values.length);

test("generating again gives the same bytes, and few of them", () => {
  const stored = readFileSync(new URL("../../catalogue/data.json", import.meta.url), "utf8");
  assert.ok(stored === generatedText(), "data.json is stale: run node catalogue/generate.js");
  assert.ok(Buffer.byteLength(stored) < 2_000_000);
});

test("the catalogue says what it is", () => {
  assert.match(data.note, /titles and first publication years are real/);
  assert.match(data.note, /all identifiers .* are synthetic/);
  assert.match(data.note, /everything is made up/);
});

test("it is as large as promised", () => {
  assert.ok(data.core.authors.length >= 150);
  assert.ok(data.core.works.length >= 1_500);
  assert.equal(authors.length, 520);
  assert.equal(works.length, 5_600);
});

test("keys are unique and have Open Library's shapes", () => {
  assertUnique(authors.map(({ key }) => key));
  assertUnique(works.map(({ key }) => key));
  assertUnique(editions.map(({ key }) => key));
  for (const { key } of authors) assert.match(key, /^OL\d+A$/);
  for (const { key } of works) assert.match(key, /^OL\d+W$/);
  for (const { key } of editions) assert.match(key, /^OL\d+M$/);
});

test("no key is an orphan: works have known authors, authors have works, works have editions", () => {
  const known = new Set(authors.map(({ key }) => key));
  const writing = new Set(works.flatMap((work) => work.authors));
  assert.deepEqual(
    [...writing].filter((key) => !known.has(key)),
    [],
  );
  assert.deepEqual(
    [...known].filter((key) => !writing.has(key)),
    [],
  );
  for (const work of works) {
    assertUnique(work.authors);
    assert.ok(work.editions.length > 0);
    assert.equal(work.editions[0].year, work.year);
  }
});

test("every edition has ISBNs with valid check digits, no number twice", () => {
  for (const { isbn } of editions) {
    for (const number of isbn) assert.notEqual(canonicalIsbn(number), null);
    if (isbn[0].startsWith("978")) assert.deepEqual(isbn, [isbn[0], isbn10Of(isbn[0])]);
    else assert.deepEqual(isbn, [isbn[0]]);
  }
  assertUnique(editions.flatMap(({ isbn }) => isbn));
});

test("no ISBN can be a real book's: all lie in groups that are not in use", () => {
  assert.ok(editions.every(({ isbn }) => /^97[89]99999/.test(isbn[0])));
});

test("there is variety: numbers of one form only, several editions, no cover, languages, scripts", () => {
  const only979 = works.filter((work) => work.editions.every(({ isbn }) => isbn.length === 1));
  assert.ok(only979.length > 100);
  assert.ok(only979.length < works.length / 10);
  assert.ok(works.filter((work) => work.editions.length > 1).length > 1_000);
  assert.ok(works.filter(({ cover }) => cover === undefined).length > 500);
  assert.ok(new Set(editions.map(({ language }) => language)).size >= 20);
  for (const script of ["Latin", "Cyrillic", "Greek", "Han", "Arabic", "Hangul", "Bengali"]) {
    const pattern = new RegExp(`\\p{Script=${script}}`, "u");
    assert.ok(
      authors.some(({ name }) => pattern.test(name)),
      script,
    );
  }
});

test("no two works have both title and authors in common, but different authors share titles", () => {
  assertUnique(works.map((work) => `${work.title} by ${work.authors}`));
  const owners = Map.groupBy(works, ({ title }) => title);
  assert.equal(owners.get("Hide and Seek")?.length, 2);
  assert.ok([...owners.values()].filter((group) => group.length > 1).length >= 5);
});

test("years are plausible", () => {
  for (const { year } of editions) assert.ok(year >= 1500 && year <= 2025);
});

test("at least 70 authors have co-authors, among the real and among the made-up", () => {
  for (const part of [data.core, data.generated]) {
    const writers = part.works.filter((work) => work.authors.length > 1).flatMap((work) => work.authors);
    assert.ok(new Set(writers).size >= 70);
  }
  assert.ok(coAuthored.length >= 700);
});

/**
 * @param {string} name
 * @param {number} depth
 * @returns {number[]} how many new authors each step of a walk over co-authors finds
 */
function walk(name, depth) {
  const start = authors.find((author) => author.name === name);
  assert.ok(start !== undefined);
  const seen = new Set([start.key]);
  let front = [start.key];
  return Array.from({ length: depth }, () => {
    const found = coAuthored.filter((work) => work.authors.some((key) => front.includes(key)));
    front = [...new Set(found.flatMap((work) => work.authors))].filter((key) => !seen.has(key));
    for (const key of front) seen.add(key);
    return front.length;
  });
}

test("a walk over co-authors finds new ones at each of three steps", () => {
  // Gaiman, Stewart, Cohen, Simpson and Baxter; Reaves, McKean, Clarke and Reynolds; Perry, Preiss, Lee,
  // Benford, McQuay and Pohl.
  assert.deepEqual(walk("Terry Pratchett", 3), [5, 4, 6]);
  // The end of a chain of made-up authors.
  assert.deepEqual(walk(data.generated.authors[0].name, 3), [1, 1, 1]);
});

test("Good Omens stands once, with both its authors", () => {
  const names = new Map(authors.map(({ key, name }) => [key, name]));
  const found = works.filter(({ title }) => title === "Good Omens");
  assert.equal(found.length, 1);
  assert.equal(found[0].year, 1990);
  assert.deepEqual(
    found[0].authors.map((key) => names.get(key)),
    ["Terry Pratchett", "Neil Gaiman"],
  );
});
