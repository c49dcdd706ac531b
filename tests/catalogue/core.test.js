import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCore } from "../../catalogue/core.js";
import { folded, wordsOf } from "../../catalogue/text.js";

test("a block is an author and the works, with all that a line may hold", () => {
  const { authors, works } = parseCore(
    "# a remark\nLev = Leo = Leon | rus | fiction, essays\n1869 War // And Peace @fre + Ann B. + Cy\n" +
      "1880 Two\n",
  );
  assert.deepEqual(authors, [
    { name: "Lev", otherNames: ["Leo", "Leon"], language: "rus", subjects: ["fiction", "essays"] },
    { name: "Ann B.", otherNames: [], language: "rus", subjects: ["fiction", "essays"] },
    { name: "Cy", otherNames: [], language: "rus", subjects: ["fiction", "essays"] },
  ]);
  const subjects = ["fiction", "essays"];
  assert.deepEqual(works, [
    {
      title: "War",
      subtitle: "And Peace",
      year: 1869,
      language: "fre",
      subjects,
      authors: ["Lev", "Ann B.", "Cy"],
    },
    { title: "Two", subtitle: undefined, year: 1880, language: "rus", subjects, authors: ["Lev"] },
  ]);
});

test("a co-author with a block of their own keeps what it says", () => {
  const { authors } = parseCore("A | eng | x\n1900 One + B\n\nB = Bee | fre | y\n1901 Two\n");
  assert.deepEqual(
    authors.map(({ name, otherNames, language }) => [name, otherNames, language]),
    [
      ["A", [], "eng"],
      ["B", ["Bee"], "fre"],
    ],
  );
});

test("a line that cannot be read is named", () => {
  assert.throws(() => parseCore("A | english | x\n"), /no author: A \| english/);
  assert.throws(() => parseCore("A | eng | x\nUntimely\n"), /no work: Untimely/);
  assert.throws(() => parseCore("A | eng | x\n\nA | eng | x\n"), /two blocks for A/);
});

test("words are compared without case, diacritics and punctuation", () => {
  assert.equal(folded("L'Étranger!"), "letranger");
  assert.equal(folded("Stanisław LEM"), "stanislaw lem");
  assert.equal(folded("Straße — Œuvre"), "strasse oeuvre");
  assert.equal(folded("Ærø"), "aero");
  assert.deepEqual(wordsOf("海辺のカフカ 1Q84"), ["海", "辺", "の", "カ", "フ", "カ", "1q84"]);
  assert.deepEqual(wordsOf(" !? "), []);
});
