// A reader's export in Goodreads' form, made of the bundled catalogue: real titles by real authors, synthetic ISBNs. Who
// else wrote a book is left out, so that co-authors have to be found.

import { readFileSync } from "node:fs";

export const BOOKS = 500;
const AUTHORS = 310;
const OTHERS_MIN = 60;
const HEADER =
  "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding," +
  "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves," +
  "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies";

/** @typedef {{key: string, title: string, authors: string[], year: number, isbns: string[]}} Work */

/** Authors by key, and works with names. @returns {{names: Map<string, string>, works: Work[]}} */
export function library() {
  const { core, generated } = JSON.parse(readFileSync("catalogue/data.json", "utf8"));
  const names = new Map();
  for (const { key, name } of [...core.authors, ...generated.authors]) names.set(key, name);
  const works = [...core.works, ...generated.works].map((work) => ({
    key: work.key,
    title: work.title,
    authors: work.authors,
    year: work.year,
    isbns: work.editions.flatMap((/** @type {{isbn: string[]}} */ edition) => edition.isbn),
  }));
  return { names, works };
}

/** @param {Work[]} works @returns {Work[]} the reader's books: at least one of as many first authors as there are, then more */
function chosen(works) {
  /** @type {Map<string, Work[]>} */
  const byAuthor = new Map();
  for (const work of works) {
    const [first = ""] = work.authors;
    byAuthor.set(first, [...(byAuthor.get(first) ?? []), work]);
  }
  // Who wrote with somebody who is in already stays out, to be found.
  const taken = new Set();
  const left = new Set();
  for (const [author, own] of byAuthor) {
    if (taken.size === AUTHORS || left.has(author)) continue;
    taken.add(author);
    if (left.size >= OTHERS_MIN) continue;
    for (const work of own) for (const other of work.authors) if (!taken.has(other)) left.add(other);
  }
  /** @type {Work[]} */
  const books = [];
  for (let round = 0; books.length < BOOKS; round += 1) {
    for (const author of taken) {
      const work = byAuthor.get(author)?.[round];
      if (work !== undefined && books.length < BOOKS) books.push(work);
    }
  }
  return books;
}

/** @param {string | number} text */
const quoted = (text) =>
  /[",\n]/.test(String(text)) ? `"${String(text).replaceAll('"', '""')}"` : String(text);

/** @returns {{csv: string, authors: Set<string>}} the file, and the keys of the authors whom it names */
export function readersList() {
  const { names, works } = library();
  const books = chosen(works);
  const rows = books.map((work, i) => {
    const name = names.get(work.authors[0] ?? "") ?? "";
    const isbn13 = work.isbns.find((isbn) => isbn.length === 13) ?? "";
    const isbn10 = work.isbns.find((isbn) => isbn.length === 10) ?? "";
    const inverted = `${name.slice(name.lastIndexOf(" ") + 1)}, ${name.slice(0, name.lastIndexOf(" "))}`;
    const rating = [0, 3, 4, 5][i % 4] ?? 0;
    const shelf = i % 5 === 0 ? "to-read" : "read";
    return [
      1000 + i,
      quoted(work.title),
      quoted(name),
      quoted(inverted),
      "",
      quoted(`="${isbn10}"`),
      quoted(`="${isbn13}"`),
      rating,
      "4.01",
      "",
      "Paperback",
      300,
      work.year,
      work.year,
      "",
      "2024/01/01",
      "",
      "",
      shelf,
      "",
      "",
      "",
      shelf === "read" ? 1 : 0,
      0,
    ].join(",");
  });
  return {
    csv: `${HEADER}\n${rows.join("\n")}\n`,
    authors: new Set(books.map((work) => work.authors[0] ?? "")),
  };
}
