// A reader's export of the catalogue's books in Goodreads' format, for tests and measurements. The same seed gives the
// same bytes on every machine.

import { readFileSync } from "node:fs";
import { draws } from "./seeded.js";

/** @typedef {import("./generate.js").CatalogueData} CatalogueData */
/** @typedef {import("./generate.js").Work} Work */

const HEADERS = [
  "Book Id",
  "Title",
  "Author",
  "Author l-f",
  "Additional Authors",
  "ISBN",
  "ISBN13",
  "My Rating",
  "Average Rating",
  "Publisher",
  "Binding",
  "Number of Pages",
  "Year Published",
  "Original Publication Year",
  "Date Read",
  "Date Added",
  "Bookshelves",
  "Bookshelves with positions",
  "Exclusive Shelf",
  "My Review",
  "Spoiler",
  "Private Notes",
  "Read Count",
  "Owned Copies",
];
const BINDINGS = ["Paperback", "Hardcover", "Mass Market Paperback", "Kindle Edition", "ebook"];
const REMARKS = [
  "Better than I remembered.",
  'The line about "the other door" stays with me.',
  "Slow to begin with, then not.\nI read the second half in one night.",
  "For a long winter, with tea, and nobody else in the house.",
];
/** Of the authors who are never a work's first: the rest are left for whoever follows co-authors to find. */
const CO_AUTHOR_SHARE = 0.5;
/** Books by authors who are made up, as are their titles. */
const MADE_UP_SHARE = 0.06;

const bundled = new URL("./data.json", import.meta.url);

/** RFC 4180: in quotes where it has to be. @param {string} text */
const field = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** As Goodreads guards numbers against spreadsheets. @param {string} digits */
const guarded = (digits) => field(`="${digits}"`);

/** @param {string} name */
function lastFirst(name) {
  const space = name.lastIndexOf(" ");
  return space < 0 ? name : `${name.slice(space + 1)}, ${name.slice(0, space)}`;
}

/**
 * One work of each author first, so that a short list has many; then further works, then further editions.
 * @param {CatalogueData} data @param {number} books @param {import("./seeded.js").Draws} draw
 * @returns {{work: Work, author: string}[]}
 */
function choose({ core, generated }, books, draw) {
  /** @param {Work[]} works @returns {Map<string, Work[]>} by first author, in a drawn order */
  const byFirst = (works) => {
    /** @type {Map<string, Work[]>} */
    const grouped = new Map();
    for (const work of works) {
      const first = work.authors[0] ?? "";
      grouped.set(first, [...(grouped.get(first) ?? []), work]);
    }
    return grouped;
  };
  const real = byFirst(core.works);
  const madeUp = byFirst(generated.works);
  const coAuthored = core.works.filter((work) => work.authors.length > 1);
  /** @type {Map<string, Work>} who is never first, with a work */
  const coOnly = new Map();
  for (const work of coAuthored) {
    for (const author of work.authors) if (!real.has(author) && !coOnly.has(author)) coOnly.set(author, work);
  }
  const named = [...coOnly].slice(0, Math.ceil(coOnly.size * CO_AUTHOR_SHARE));
  /** @type {{work: Work, author: string}[]} */
  const chosen = [...real].map(([author, works]) => ({ work: draw.pick(works), author }));
  chosen.push(...named.map(([author, work]) => ({ work, author })));
  for (const [author, works] of [...madeUp].slice(0, Math.round(books * MADE_UP_SHARE))) {
    chosen.push({ work: draw.pick(works), author });
  }
  const all = core.works.map((work) => ({ work, author: work.authors[0] ?? "" }));
  while (chosen.length < books) {
    const next = draw.pick(all);
    // Beyond what the catalogue holds, books are listed again.
    if (chosen.length >= all.length || !chosen.some(({ work }) => work === next.work)) chosen.push(next);
  }
  return chosen.slice(0, books);
}

/**
 * @param {{books: number, seed: string, data?: CatalogueData}} wanted
 * @returns {{csv: string, authors: string[], books: {title: string, author: string, isbn: string}[]}} the file; its
 *   authors, each once; and its books with their ISBNs of thirteen digits
 */
export function readingList({ books, seed, data = JSON.parse(readFileSync(bundled, "utf8")) }) {
  const draw = draws(seed);
  const names = new Map([...data.core.authors, ...data.generated.authors].map(({ key, name }) => [key, name]));
  const listed = [];
  const lines = [HEADERS.join(",")];
  for (const [at, { work, author }] of choose(data, books, draw).entries()) {
    const edition = draw.pick(work.editions);
    const isbn13 = edition.isbn.find((isbn) => isbn.length === 13) ?? "";
    const isbn10 = edition.isbn.find((isbn) => isbn.length === 10) ?? "";
    const name = names.get(author) ?? "";
    listed.push({ title: work.title, author: name, isbn: isbn13 });
    lines.push(row({ at, work, name, isbn10, isbn13, year: edition.year }, draw));
  }
  return { csv: `${lines.join("\n")}\n`, authors: [...new Set(listed.map((book) => book.author))], books: listed };
}

/**
 * @param {{at: number, work: Work, name: string, isbn10: string, isbn13: string, year: number}} book
 * @param {import("./seeded.js").Draws} draw
 */
function row({ at, work, name, isbn10, isbn13, year }, draw) {
  const shelf = draw.chance(0.8) ? "read" : draw.chance(0.7) ? "to-read" : "currently-reading";
  const isRead = shelf === "read";
  const shelves = [...(isRead && draw.chance(0.08) ? ["favorites"] : []), ...work.subjects.slice(0, 2)];
  const day = () => `20${draw.between(10, 25)}/0${draw.between(1, 9)}/${draw.between(10, 28)}`;
  return [
    String(1000 + at),
    work.title,
    name,
    lastFirst(name),
    "",
    guarded(isbn10),
    guarded(isbn13),
    isRead && draw.chance(0.9) ? String(draw.between(2, 5)) : "0",
    `${draw.between(3, 4)}.${draw.between(10, 99)}`,
    "Larder Sample Press",
    draw.pick(BINDINGS),
    String(draw.between(90, 900)),
    String(year),
    String(work.year),
    isRead ? day() : "",
    day(),
    shelves.join(", "),
    shelves.map((each) => `${each} (#${draw.between(1, 400)})`).join(", "),
    shelf,
    isRead && draw.chance(0.15) ? draw.pick(REMARKS) : "",
    "",
    "",
    isRead ? String(draw.chance(0.1) ? 2 : 1) : "0",
    "0",
  ]
    .map((text) => (text.startsWith('"=') ? text : field(text)))
    .join(",");
}

/** Only the file. @param {{books: number, seed: string, data?: CatalogueData}} wanted */
export const goodreadsCsv = (wanted) => readingList(wanted).csv;
