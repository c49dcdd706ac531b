// The catalogue in memory: look-ups by key and ISBN, and word indexes for the searches.

import { canonicalIsbn } from "./isbn.js";
import { folded, wordsOf } from "./text.js";

/**
 * @typedef {import("./generate.js").Author} Author
 * @typedef {import("./generate.js").Edition} Edition
 * @typedef {import("./generate.js").Work} Work
 * @typedef {{work: Work, edition: Edition}} Copy
 *
 * @typedef {object} Library
 * @property {string} publisher
 * @property {Date} lastModified
 * @property {(key: string) => Author} author throws for an unknown key
 * @property {(key: string) => Author | undefined} findAuthor
 * @property {(key: string) => Work | undefined} findWork
 * @property {(key: string) => Copy | undefined} findEdition
 * @property {(isbn: string) => Copy | undefined} findIsbn either form, with or without hyphens
 * @property {(authorKey: string) => Work[]} worksOf the oldest first
 * @property {(query: WorkQuery) => Work[]} searchWorks best first
 * @property {(query: string) => Author[]} searchAuthors best first
 *
 * @typedef {object} WorkQuery all that is given must hold
 * @property {string} [q] words of title, authors or subjects, an ISBN, or Solr-like `field:value`; in quotes
 *   the value's words stand in a row
 * @property {string} [title] words
 * @property {string} [author] words of the names, or a key
 * @property {string} [isbn]
 * @property {string} [subject] words
 * @property {string} [sort] one of SORTS; without it by relevance
 */

/** @param {Work} work how many readers have it on their shelves, as far as made-up readers go */
export const readersOf = (work) => work.editions.length * 100;

/** @type {Record<string, (work: Work) => number>} the higher, the earlier */
export const SORTS = {
  editions: (work) => work.editions.length,
  new: (work) => work.year,
  old: (work) => -work.year,
  readinglog: readersOf,
};

const AUTHOR_KEY_PATTERN = /^OL\d+A$/;
const QUERY_FIELD_PATTERN = /\b(title|author|author_key|isbn|subject):("[^"]*"|\S+)/g;

/**
 * @param {import("./generate.js").CatalogueData} data
 * @returns {Library}
 */
export function createLibrary(data) {
  const allAuthors = [...data.core.authors, ...data.generated.authors];
  const allWorks = [...data.core.works, ...data.generated.works];
  const authors = new Map(allAuthors.map((author) => [author.key, author]));
  const works = new Map(allWorks.map((work) => [work.key, work]));
  const copies = allWorks.flatMap((work) => work.editions.map((edition) => ({ work, edition })));
  const editions = new Map(copies.map((copy) => [copy.edition.key, copy]));
  const isbns = new Map(copies.map((copy) => [copy.edition.isbn[0], copy]));
  const worksByAuthor = groupByAuthor(allWorks);

  const nameWords = new Map(allAuthors.map((author) => [author.key, wordsOf(allNames(author))]));
  /** @param {Work} work */
  const titleWords = ({ title, subtitle = "" }) => wordsOf(`${title} ${subtitle}`);
  /** @param {Work} work */
  const authorWords = (work) => work.authors.flatMap((key) => nameWords.get(key) ?? []);
  /** @param {Work} work */
  const subjectWords = ({ subjects }) => wordsOf(subjects.join(" "));
  const titleIndex = indexWords(allWorks, [titleWords]);
  const authorIndex = indexWords(allWorks, [authorWords]);
  const subjectIndex = indexWords(allWorks, [subjectWords]);
  const anyIndex = indexWords(allWorks, [titleWords, authorWords, subjectWords]);
  const nameIndex = indexWords(allAuthors, [({ key }) => nameWords.get(key) ?? []]);

  /** @param {string} key */
  function author(key) {
    const found = authors.get(key);
    if (found === undefined) throw new Error(`no author ${key}`);
    return found;
  }

  /** @param {string} authorKey */
  const worksOf = (authorKey) => worksByAuthor.get(authorKey) ?? [];

  /** @param {string} text @returns {Copy | undefined} */
  function findIsbn(text) {
    const isbn = canonicalIsbn(text);
    return isbn === null ? undefined : isbns.get(isbn);
  }

  /** @param {string} text @returns {Work[]} */
  function worksByIsbn(text) {
    const copy = findIsbn(text);
    return copy === undefined ? [] : [copy.work];
  }

  /** @type {Record<string, (text: string) => Work[]>} */
  const searches = {
    title: titleIndex,
    author: (text) => (AUTHOR_KEY_PATTERN.test(text) ? worksOf(text) : authorIndex(text)),
    author_key: worksOf,
    isbn: worksByIsbn,
    subject: subjectIndex,
    any: (text) => (canonicalIsbn(text) === null ? anyIndex(text) : worksByIsbn(text)),
  };

  /** @type {Record<string, (work: Work) => string[]>} the texts in which a phrase may stand */
  const texts = {
    title: ({ title, subtitle = "" }) => [title, subtitle],
    author: (work) =>
      work.authors.map((key) => author(key)).flatMap((each) => [each.name, ...(each.otherNames ?? [])]),
    subject: ({ subjects }) => subjects,
  };

  /** @param {WorkQuery} query */
  function searchWorks({ q, sort, ...fields }) {
    /** @type {Condition[]} */
    const conditions = Object.entries(fields)
      .filter(([, text]) => text !== undefined)
      .map(([field, text]) => ({ field, text, isPhrase: false }));
    if (q !== undefined) conditions.push(...queryConditions(q));
    if (conditions.length === 0) return [];
    const [first, ...others] = conditions.map(({ field, text, isPhrase }) => {
      const found = searches[field](text);
      return isPhrase && Object.hasOwn(texts, field)
        ? found.filter((work) => texts[field](work).some((each) => hasPhrase(each, text)))
        : found;
    });
    const sets = others.map((found) => new Set(found));
    const exact = folded(fields.title ?? q ?? "");
    const relevance = (/** @type {Work} */ work) =>
      folded(work.title) === exact ? Number.POSITIVE_INFINITY : work.editions.length;
    return ranked(
      first.filter((work) => sets.every((set) => set.has(work))),
      sort === undefined ? relevance : SORTS[sort],
    );
  }

  /** @param {string} query */
  function searchAuthors(query) {
    const exact = folded(query);
    return ranked(nameIndex(query), ({ key, name }) =>
      folded(name) === exact ? Number.POSITIVE_INFINITY : worksOf(key).length,
    );
  }

  return {
    publisher: data.publisher,
    lastModified: new Date(data.lastModified),
    author,
    findAuthor: (key) => authors.get(key),
    findWork: (key) => works.get(key),
    findEdition: (key) => editions.get(key),
    findIsbn,
    worksOf,
    searchWorks,
    searchAuthors,
  };
}

/** @typedef {{field: string, text: string, isPhrase: boolean}} Condition */

/**
 * @param {string} q
 * @returns {Condition[]}
 */
function queryConditions(q) {
  /** @type {Condition[]} */
  const conditions = [];
  const rest = q.replace(QUERY_FIELD_PATTERN, (_, field, value) => {
    conditions.push({ field, text: value.replaceAll('"', ""), isPhrase: value.startsWith('"') });
    return " ";
  });
  if (rest.trim() !== "" || conditions.length === 0)
    conditions.push({ field: "any", text: rest, isPhrase: false });
  return conditions;
}

/** @param {string} text @param {string} phrase whether its words stand in the text in a row */
function hasPhrase(text, phrase) {
  return ` ${wordsOf(text).join(" ")} `.includes(` ${wordsOf(phrase).join(" ")} `);
}

/** @param {Author} author */
function allNames({ name, otherNames = [] }) {
  return [name, ...otherNames].join(" ");
}

/**
 * @param {Work[]} works
 * @returns {Map<string, Work[]>} by author key, the oldest first
 */
function groupByAuthor(works) {
  /** @type {Map<string, Work[]>} */
  const groups = new Map();
  for (const work of [...works].sort((one, other) => one.year - other.year)) {
    for (const key of work.authors) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [work]);
      else group.push(work);
    }
  }
  return groups;
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {((item: Item) => string[])[]} sources of an item's words
 * @returns {(query: string) => Item[]} the items that hold all words of the query, in their order;
 *   none for a query without words
 */
function indexWords(items, sources) {
  /** @type {Map<string, Set<Item>>} */
  const itemsByWord = new Map();
  for (const item of items) {
    for (const word of sources.flatMap((source) => source(item))) {
      const holders = itemsByWord.get(word);
      if (holders === undefined) itemsByWord.set(word, new Set([item]));
      else holders.add(item);
    }
  }
  /** @type {Set<Item>} */
  const none = new Set();
  return (query) => {
    const holders = wordsOf(query).map((word) => itemsByWord.get(word) ?? none);
    if (holders.length === 0) return [];
    const [fewest, ...others] = holders.sort((one, other) => one.size - other.size);
    return [...fewest].filter((item) => others.every((set) => set.has(item)));
  };
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => number} rank higher is better; equals keep their order
 * @returns {Item[]}
 */
function ranked(items, rank) {
  return items
    .map((item) => ({ item, rank: rank(item) }))
    .sort((one, other) => (one.rank === other.rank ? 0 : other.rank - one.rank))
    .map(({ item }) => item);
}
