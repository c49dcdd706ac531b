// Writes data.json: the core, given synthetic identifiers, and as many made-up authors and works as bring the
// catalogue to its size. Deterministic: the same core.txt and words.js always give the same bytes.
//
//   node catalogue/generate.js           write data.json
//   node catalogue/generate.js --check   exit 1 when data.json is stale

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseCore } from "./core.js";
import { isbn10Of, isbn13CheckDigit } from "./isbn.js";
import { draws } from "./seeded.js";
import { folded } from "./text.js";
import { ENGLISH, OTHER_LANGUAGES, SUBJECTS } from "./words.js";

/**
 * @typedef {object} Author
 * @property {string} key OL…A
 * @property {string} name
 * @property {string[]} [otherNames]
 *
 * @typedef {object} Edition
 * @property {string} key OL…M
 * @property {string[]} isbn the thirteen-digit form and, under prefix 978, the ten-digit one
 * @property {number} year
 * @property {string} language
 *
 * @typedef {object} Work
 * @property {string} key OL…W
 * @property {string} title
 * @property {string} [subtitle]
 * @property {string[]} authors keys
 * @property {number} year of first publication
 * @property {string[]} subjects
 * @property {number} [cover]
 * @property {Edition[]} editions the oldest first, at least one
 *
 * @typedef {{authors: Author[], works: Work[]}} Part
 *
 * @typedef {object} CatalogueData
 * @property {string} note what is real and what is not
 * @property {string} lastModified RFC 3339
 * @property {string} publisher of every edition
 * @property {Part} core
 * @property {Part} generated
 *
 * @typedef {import("./core.js").CoreWork} WorkPlan a work before it has identifiers; authors by name
 * @typedef {{name: string, vocabulary: import("./words.js").Vocabulary, subjects: string[]}} MadeUpAuthor
 */

const AUTHORS_COUNT = 520;
const WORKS_COUNT = 5_600;
const YEAR_LAST = 2025;

// Above anything Open Library has handed out, so that no key or cover here names a real record there.
const KEY_FIRST = 90_000_001;

// Registration groups that the International ISBN Agency has not handed out: no number is a real book's.
// Each leaves four digits for the item.
const ISBN_GROUP_978 = "97899999";
const ISBN_GROUP_979 = "97999999";
const ISBN_ITEMS_MAX = 10_000;

const NOTE =
  "Bundled with Larder for development and tests. Under core, authors, titles and first publication years " +
  "are real; all identifiers (keys, covers, ISBNs) and editions are synthetic: the ISBNs have valid check " +
  "digits but lie in registration groups 978-99999 and 979-99999, which are not in use. Under generated, " +
  "everything is made up, and a likeness to a real author or work is chance.";

/**
 * @param {string} coreText the content of core.txt
 * @returns {CatalogueData}
 */
export function generate(coreText) {
  const core = parseCore(coreText);
  const madeUp = madeUpAuthors(
    AUTHORS_COUNT - core.authors.length,
    new Set(core.authors.map(({ name }) => folded(name))),
  );
  const plans = madeUpWorks(
    madeUp,
    WORKS_COUNT - core.works.length,
    new Set(core.works.map(({ title }) => folded(title))),
  );
  const identify = identifier();
  return {
    note: NOTE,
    lastModified: "2026-11-01T00:00:00Z",
    publisher: "Larder Sample Press",
    core: identify(core.authors, core.works),
    generated: identify(
      madeUp.map(({ name }) => ({ name, otherNames: [] })),
      plans,
    ),
  };
}

/**
 * Readable differences: one record a line.
 * @param {CatalogueData} data
 * @returns {string}
 */
export function serialize(data) {
  /** @param {object[]} records */
  const lines = (records) => records.map((record) => JSON.stringify(record)).join(",\n");
  /** @param {Part} part */
  const partText = (part) => `{"authors":[\n${lines(part.authors)}\n],"works":[\n${lines(part.works)}\n]}`;
  const { core, generated, ...head } = data;
  const headText = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},\n`,
  );
  return `{${headText.join("")}"core":${partText(core)},\n"generated":${partText(generated)}}\n`;
}

/**
 * Every third chain of authors (below) writes in English, the others share the other languages.
 * @param {number} count
 * @param {Set<string>} taken folded names
 * @returns {MadeUpAuthor[]}
 */
function madeUpAuthors(count, taken) {
  return Array.from({ length: count }, (_, index) => {
    const chain = Math.floor(index / CHAIN_LENGTH);
    const vocabulary =
      chain % 3 === 0
        ? ENGLISH
        : OTHER_LANGUAGES[(chain - Math.floor(chain / 3) - 1) % OTHER_LANGUAGES.length];
    const draw = draws(`author ${index}`);
    let name = madeUpName(vocabulary, draw);
    while (taken.has(folded(name))) name = madeUpName(vocabulary, draw);
    taken.add(folded(name));
    return { name, vocabulary, subjects: [draw.pick(SUBJECTS), draw.pick(SUBJECTS), draw.pick(SUBJECTS)] };
  });
}

/**
 * @param {import("./words.js").Vocabulary} vocabulary
 * @param {import("./seeded.js").Draws} draw
 * @returns {string}
 */
function madeUpName(vocabulary, draw) {
  const surname = draw.pick(vocabulary.surnameStarts) + draw.pick(vocabulary.surnameEnds);
  const given = draw.pick(vocabulary.given);
  return vocabulary.nameOrder === "given first" ? `${given} ${surname}` : surname + given;
}

// Authors 0 to 9, 10 to 19, … each form a chain in which neighbours write together: from one end, every step
// of a walk over co-authors finds one new author, so that walks of depth 1, 2 and 3 have different results.
const CHAIN_LENGTH = 10;
const CO_AUTHORED_SHARE = 0.2;
const COMMON_TITLE_SHARE = 0.02;
const COMMON_TITLES = ["Collected Poems", "Selected Stories", "The Return Journey", "Homecoming Songs"];

/**
 * @param {MadeUpAuthor[]} authors
 * @param {number} count
 * @param {Set<string>} taken folded titles
 * @returns {WorkPlan[]}
 */
function madeUpWorks(authors, count, taken) {
  return Array.from({ length: count }, (_, index) => {
    const draw = draws(`work ${index}`);
    const position = index % authors.length;
    const author = authors[position];
    // Real catalogues hold different works of one title; so does this one, now and then.
    const common = draw.chance(COMMON_TITLE_SHARE) && author.vocabulary === ENGLISH;
    const title = common ? draw.pick(COMMON_TITLES) : untakenTitle(author.vocabulary, taken, draw);
    taken.add(folded(title));
    return {
      title,
      subtitle: undefined,
      year: draw.between(1900, YEAR_LAST),
      language: author.vocabulary.language,
      subjects: [...new Set([draw.pick(author.subjects), draw.pick(author.subjects), draw.pick(SUBJECTS)])],
      authors: [author.name, ...coAuthors(authors, position, index, draw)],
    };
  });
}

/**
 * The first round of works (one an author) makes the chains whole; later ones add to them by chance.
 * @param {MadeUpAuthor[]} authors
 * @param {number} position of the author
 * @param {number} index of the work
 * @param {import("./seeded.js").Draws} draw
 * @returns {string[]} names, mostly none
 */
function coAuthors(authors, position, index, draw) {
  const chance = draw.next();
  const place = position % CHAIN_LENGTH;
  if (place === CHAIN_LENGTH - 1 || position === authors.length - 1) return [];
  if (index >= authors.length && chance >= CO_AUTHORED_SHARE) return [];
  return [authors[position + 1].name];
}

/**
 * @param {import("./words.js").Vocabulary} vocabulary
 * @param {Set<string>} taken folded titles
 * @param {import("./seeded.js").Draws} draw
 * @returns {string}
 */
function untakenTitle(vocabulary, taken, draw) {
  let title = madeUpTitle(vocabulary, draw);
  for (let volume = 2; taken.has(folded(title)); volume++) {
    // A language has a few hundred pairs; when chance finds only used ones, a numbered volume will do.
    title = madeUpTitle(vocabulary, draw);
    if (volume > 20) title = `${title} ${volume - 19}`;
  }
  return title;
}

/**
 * @param {import("./words.js").Vocabulary} vocabulary
 * @param {import("./seeded.js").Draws} draw
 * @returns {string}
 */
function madeUpTitle(vocabulary, draw) {
  return draw.pick(vocabulary.heads) + vocabulary.joint + draw.pick(vocabulary.complements);
}

/** Hands out identifiers in order, over both parts. */
function identifier() {
  let authorNumber = KEY_FIRST;
  let workNumber = KEY_FIRST;
  let editionNumber = KEY_FIRST;
  let item978 = 0;
  let item979 = 0;

  /** @param {import("./seeded.js").Draws} draw @returns {string[]} */
  function nextIsbns(draw) {
    const only979 = draw.chance(0.08);
    const item = only979 ? item979++ : item978++;
    if (item >= ISBN_ITEMS_MAX) throw new Error("more editions than the ISBN group holds");
    const digits = (only979 ? ISBN_GROUP_979 : ISBN_GROUP_978) + String(item).padStart(4, "0");
    const isbn13 = digits + isbn13CheckDigit(digits);
    return only979 ? [isbn13] : [isbn13, isbn10Of(isbn13)];
  }

  /** @param {WorkPlan} plan @param {import("./seeded.js").Draws} draw @returns {Edition[]} */
  function editionsOf(plan, draw) {
    const count = draw.pick([1, 1, 1, 1, 1, 2, 2, 3, 4]);
    const years = Array.from({ length: count - 1 }, () => draw.between(plan.year, YEAR_LAST)).sort(
      (a, b) => a - b,
    );
    return [plan.year, ...years].map((year, index) => ({
      key: `OL${editionNumber++}M`,
      isbn: nextIsbns(draw),
      year,
      language:
        index < 2 ? plan.language : draw.pick([plan.language, "eng", "fre", "spa", "ger", "ita", "jpn"]),
    }));
  }

  /**
   * @param {{name: string, otherNames: string[]}[]} authors
   * @param {WorkPlan[]} plans
   * @returns {Part}
   */
  return function identify(authors, plans) {
    /** @type {Map<string, string>} */
    const keys = new Map();
    const identified = authors.map(({ name, otherNames }) => {
      const key = `OL${authorNumber++}A`;
      keys.set(name, key);
      return { key, name, ...(otherNames.length > 0 && { otherNames }) };
    });
    const works = plans.map((plan) => {
      const draw = draws(`${plan.title} by ${plan.authors.join()}`);
      const number = workNumber++;
      return {
        key: `OL${number}W`,
        title: plan.title,
        ...(plan.subtitle !== undefined && { subtitle: plan.subtitle }),
        authors: plan.authors.map((name) => /** @type {string} */ (keys.get(name))),
        year: plan.year,
        subjects: plan.subjects,
        ...(draw.chance(0.8) && { cover: number }),
        editions: editionsOf(plan, draw),
      };
    });
    return { authors: identified, works };
  };
}

/** @returns {string} what data.json should hold now */
export function generatedText() {
  return serialize(generate(readFileSync(new URL("core.txt", import.meta.url), "utf8")));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL("data.json", import.meta.url);
  const text = generatedText();
  if (process.argv.includes("--check")) {
    const fresh = readFileSync(file, "utf8") === text;
    console.log(fresh ? "data.json is fresh" : "data.json is stale: run node catalogue/generate.js");
    process.exitCode = fresh ? 0 : 1;
  } else {
    writeFileSync(file, text);
    console.log(`data.json: ${text.length} characters`);
  }
}
