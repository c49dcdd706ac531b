// The replies, in Open Library's shapes. Pure: data in, plain objects out.

import { readersOf } from "./library.js";

/**
 * @typedef {import("./generate.js").Author} Author
 * @typedef {import("./generate.js").Edition} Edition
 * @typedef {import("./generate.js").Work} Work
 * @typedef {import("./library.js").Library} Library
 */

// What a search document holds when `fields` is absent: as at Open Library, neither `isbn` nor `subject`.
const FIELDS_DEFAULT = [
  "author_key",
  "author_name",
  "cover_edition_key",
  "cover_i",
  "ebook_access",
  "edition_count",
  "first_publish_year",
  "has_fulltext",
  "key",
  "language",
  "public_scan_b",
  "subtitle",
  "title",
];

/**
 * @param {Library} library
 * @param {Work} work
 * @param {string | null} fields comma-separated names; "*" for all; unknown names are ignored
 * @returns {Record<string, unknown>}
 */
export function searchDocument(library, work, fields) {
  const authors = work.authors.map((key) => library.author(key));
  /** @type {Record<string, unknown>} */
  const all = {
    author_alternative_name: present(authors.flatMap(({ otherNames = [] }) => otherNames)),
    author_key: work.authors,
    author_name: authors.map(({ name }) => name),
    cover_edition_key: work.cover === undefined ? undefined : work.editions[0].key,
    cover_i: work.cover,
    ebook_access: "no_ebook",
    edition_count: work.editions.length,
    edition_key: work.editions.map(({ key }) => key),
    first_publish_year: work.year,
    has_fulltext: false,
    isbn: work.editions.flatMap(({ isbn }) => isbn),
    key: `/works/${work.key}`,
    language: [...new Set(work.editions.map(({ language }) => language))],
    public_scan_b: false,
    publish_year: [...new Set(work.editions.map(({ year }) => year))],
    publisher: [library.publisher],
    readinglog_count: readersOf(work),
    subject: work.subjects,
    subtitle: work.subtitle,
    title: work.title,
    type: "work",
  };
  const names = fields === null ? FIELDS_DEFAULT : fields.split(",").map((name) => name.trim());
  if (names.includes("*")) return all;
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(all, name)).map((name) => [name, all[name]]),
  );
}

/**
 * @param {Library} library
 * @param {Author} author
 */
export function authorDocument(library, author) {
  const works = library.worksOf(author.key);
  return {
    alternate_names: present(author.otherNames ?? []),
    key: author.key,
    name: author.name,
    top_subjects: [...new Set(works.flatMap(({ subjects }) => subjects))].slice(0, 10),
    top_work: works.at(0)?.title,
    type: "author",
    work_count: works.length,
  };
}

/**
 * @param {Library} library
 * @param {Author} author
 */
export function authorRecord(library, author) {
  return {
    key: `/authors/${author.key}`,
    name: author.name,
    personal_name: author.name,
    alternate_names: present(author.otherNames ?? []),
    type: { key: "/type/author" },
    ...revision(library),
  };
}

/**
 * @param {Library} library
 * @param {Work} work
 */
export function workRecord(library, work) {
  return {
    key: `/works/${work.key}`,
    title: work.title,
    subtitle: work.subtitle,
    authors: work.authors.map((key) => ({
      type: { key: "/type/author_role" },
      author: { key: `/authors/${key}` },
    })),
    covers: work.cover === undefined ? undefined : [work.cover],
    first_publish_date: String(work.year),
    subjects: work.subjects,
    type: { key: "/type/work" },
    ...revision(library),
  };
}

/**
 * @param {Library} library
 * @param {Work} work
 * @param {Edition} edition
 */
export function editionRecord(library, work, edition) {
  return {
    key: `/books/${edition.key}`,
    title: work.title,
    subtitle: work.subtitle,
    authors: work.authors.map((key) => ({ key: `/authors/${key}` })),
    covers: work.cover === undefined ? undefined : [work.cover],
    isbn_10: present(edition.isbn.filter(({ length }) => length === 10)),
    isbn_13: present(edition.isbn.filter(({ length }) => length === 13)),
    languages: [{ key: `/languages/${edition.language}` }],
    publish_date: String(edition.year),
    publishers: [library.publisher],
    subjects: work.subjects,
    works: [{ key: `/works/${work.key}` }],
    type: { key: "/type/edition" },
    ...revision(library),
  };
}

/**
 * Open Library leaves a field out rather than send an empty list.
 * @template Item
 * @param {Item[]} items
 * @returns {Item[] | undefined}
 */
function present(items) {
  return items.length > 0 ? items : undefined;
}

/** @param {Library} library */
function revision(library) {
  const written = { type: "/type/datetime", value: library.lastModified.toISOString().replace("Z", "000") };
  return { latest_revision: 1, revision: 1, created: written, last_modified: written };
}
