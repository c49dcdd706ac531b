// The catalogue's routes: a method and a URL to an answer. Pure: faults and validators are the server's.

import { SORTS } from "./library.js";
import { authorDocument, authorRecord, editionRecord, searchDocument, workRecord } from "./records.js";

/**
 * @typedef {import("./library.js").Library} Library
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string | number>} [headers]
 * @property {unknown} [body] sent as JSON
 *
 * @typedef {(library: Library, url: URL, id: string) => Answer} Route
 */

const SEARCH_LIMIT_DEFAULT = 100;
const AUTHOR_WORKS_LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;

/** @type {[RegExp, Route][]} the group of the pattern is the route's `id` */
const ROUTES = [
  [/^\/search\.json$/, search],
  [/^\/search\/authors\.json$/, searchAuthors],
  [/^\/isbn\/([^/]+?)(?:\.json)?$/, isbn],
  [/^\/books\/(OL\d+M)\.json$/, book],
  [/^\/works\/(OL\d+W)\.json$/, work],
  [/^\/authors\/(OL\d+A)\.json$/, author],
  [/^\/authors\/(OL\d+A)\/works\.json$/, authorWorks],
];

/**
 * @param {Library} library
 * @param {string} method
 * @param {URL} url
 * @returns {Answer}
 */
export function catalogueAnswer(library, method, url) {
  for (const [pattern, route] of ROUTES) {
    const match = pattern.exec(url.pathname);
    if (match === null) continue;
    if (method === "GET" || method === "HEAD") return route(library, url, match[1]);
    return { status: 405, headers: { Allow: "GET, HEAD" }, body: { error: "method_not_allowed" } };
  }
  return notFound(url.pathname);
}

/** @type {Route} */
function search(library, { searchParams }) {
  const page = pageOf(searchParams, SEARCH_LIMIT_DEFAULT);
  if ("status" in page) return page;
  const sort = textOf(searchParams, "sort");
  if (sort !== undefined && !Object.hasOwn(SORTS, sort))
    return { status: 400, body: { error: `sort must be one of ${Object.keys(SORTS).join(", ")}` } };
  const found = library.searchWorks({
    q: textOf(searchParams, "q"),
    title: textOf(searchParams, "title"),
    author: textOf(searchParams, "author"),
    isbn: textOf(searchParams, "isbn"),
    subject: textOf(searchParams, "subject"),
    sort,
  });
  const fields = textOf(searchParams, "fields") ?? null;
  const docs = found.slice(page.start, page.start + page.limit);
  const offset = searchParams.has("offset") ? page.start : null;
  return {
    status: 200,
    body: {
      ...counts(found.length, page.start),
      q: searchParams.get("q") ?? "",
      offset,
      docs: docs.map((each) => searchDocument(library, each, fields)),
    },
  };
}

/** @type {Route} */
function searchAuthors(library, { searchParams }) {
  const page = pageOf(searchParams, SEARCH_LIMIT_DEFAULT);
  if ("status" in page) return page;
  const found = library.searchAuthors(searchParams.get("q") ?? "");
  const docs = found.slice(page.start, page.start + page.limit);
  return {
    status: 200,
    body: { ...counts(found.length, page.start), docs: docs.map((each) => authorDocument(library, each)) },
  };
}

/** @type {Route} */
function isbn(library, _url, id) {
  const text = decoded(id);
  const copy = library.findIsbn(text);
  if (copy === undefined) return notFound(`/isbn/${text}`);
  return { status: 302, headers: { Location: `/books/${copy.edition.key}.json` } };
}

/** @type {Route} */
function book(library, _url, id) {
  const copy = library.findEdition(id);
  return copy === undefined
    ? notFound(`/books/${id}`)
    : found(editionRecord(library, copy.work, copy.edition));
}

/** @type {Route} */
function work(library, _url, id) {
  const record = library.findWork(id);
  return record === undefined ? notFound(`/works/${id}`) : found(workRecord(library, record));
}

/** @type {Route} */
function author(library, _url, id) {
  const record = library.findAuthor(id);
  return record === undefined ? notFound(`/authors/${id}`) : found(authorRecord(library, record));
}

/** @type {Route} */
function authorWorks(library, { pathname, search: query, searchParams }, id) {
  const page = pageOf(searchParams, AUTHOR_WORKS_LIMIT_DEFAULT);
  if ("status" in page) return page;
  if (library.findAuthor(id) === undefined) return notFound(`/authors/${id}`);
  const works = library.worksOf(id);
  const end = page.start + page.limit;
  const more = page.limit > 0 && end < works.length;
  return found({
    links: {
      self: pathname + query,
      author: `/authors/${id}`,
      next: more ? `${pathname}?limit=${page.limit}&offset=${end}` : undefined,
    },
    size: works.length,
    entries: works.slice(page.start, end).map((each) => workRecord(library, each)),
  });
}

/** @param {unknown} body @returns {Answer} */
function found(body) {
  return { status: 200, body };
}

/** @param {string} key @returns {Answer} */
function notFound(key) {
  return { status: 404, body: { error: "notfound", key } };
}

/** @param {number} numFound @param {number} start */
function counts(numFound, start) {
  return { numFound, start, numFoundExact: true, num_found: numFound };
}

/**
 * @param {URLSearchParams} parameters
 * @param {string} name
 * @returns {string | undefined} undefined when absent or blank
 */
function textOf(parameters, name) {
  const text = parameters.get(name)?.trim();
  return text === "" ? undefined : text;
}

/**
 * `offset` wins over `page` (which counts from 1); a limit above the highest is lowered, as at Open Library.
 * @param {URLSearchParams} parameters
 * @param {number} limitDefault
 * @returns {{start: number, limit: number} | Answer} the answer refuses a number that is none
 */
function pageOf(parameters, limitDefault) {
  const faults = ["limit", "offset", "page"].filter((name) => !/^\d{1,9}$/.test(parameters.get(name) ?? "0"));
  if (faults.length > 0)
    return { status: 400, body: { error: `${faults.join(", ")} must be a whole number` } };
  const limit = Math.min(Number(parameters.get("limit") ?? limitDefault), LIMIT_MAX);
  const page = Math.max(1, Number(parameters.get("page") ?? 1));
  return { start: Number(parameters.get("offset") ?? (page - 1) * limit), limit };
}

/** @param {string} text percent-encoded @returns {string} as written when it cannot be decoded */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
