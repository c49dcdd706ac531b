import assert from "node:assert/strict";
import { test } from "node:test";
import { smallData, startCatalogue } from "./support.js";

const data = smallData();
const written = { type: "/type/datetime", value: "2026-11-01T00:00:00.000000" };
const revision = { latest_revision: 1, revision: 1, created: written, last_modified: written };

/** @param {{docs: {key: string}[]}} reply */
const keysOf = ({ docs }) => docs.map(({ key }) => key);

test("a search by title answers in Open Library's shape", async (context) => {
  const { json } = await startCatalogue(context, { data });
  assert.deepEqual(await json("/search.json?title=winters+garden"), {
    numFound: 1,
    start: 0,
    numFoundExact: true,
    num_found: 1,
    q: "",
    offset: null,
    docs: [
      {
        author_key: ["OL1A", "OL3A"],
        author_name: ["Åsa Ödegård", "Iris Small"],
        cover_edition_key: "OL1M",
        cover_i: 71,
        ebook_access: "no_ebook",
        edition_count: 2,
        first_publish_year: 1990,
        has_fulltext: false,
        key: "/works/OL1W",
        language: ["swe", "eng"],
        public_scan_b: false,
        subtitle: "A Tale",
        title: "The Winter's Garden",
      },
    ],
  });
});

test("fields choose what a document holds; unknown ones are ignored, * is all", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const chosen = await json("/search.json?title=winter+garden&fields=key,isbn,subject,cover_i,nonsense");
  assert.deepEqual(chosen.docs, [
    { key: "/works/OL2W", isbn: ["9789999900027", "999990002X"], subject: ["poetry"] },
  ]);
  const [all] = (await json("/search.json?title=winter+garden&fields=*")).docs;
  assert.deepEqual(all.edition_key, ["OL3M"]);
  assert.deepEqual(all.publisher, ["Test Press"]);
});

test("a title matches by whole words, all of them, the exact title first", async (context) => {
  const { json } = await startCatalogue(context, { data });
  assert.deepEqual(keysOf(await json("/search.json?title=GARDEN")), [
    "/works/OL4W",
    "/works/OL1W",
    "/works/OL2W",
  ]);
  assert.deepEqual(keysOf(await json("/search.json?title=gard")), []);
  assert.deepEqual(keysOf(await json("/search.json?title=winter+summer")), []);
  assert.deepEqual(keysOf(await json(`/search.json?title=${encodeURIComponent("海辺")}`)), ["/works/OL3W"]);
});

test("an author matches without case and diacritics, by other names and by key", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const both = ["/works/OL1W", "/works/OL2W"];
  assert.deepEqual(keysOf(await json("/search.json?author=asa+ODEGARD")), both);
  assert.deepEqual(keysOf(await json("/search.json?author=haruki+murakami")), ["/works/OL3W"]);
  assert.deepEqual(keysOf(await json("/search.json?author=OL1A")), both);
  assert.deepEqual(keysOf(await json("/search.json?author=OL9A")), []);
});

test("all criteria must hold", async (context) => {
  const { json } = await startCatalogue(context, { data });
  assert.deepEqual(keysOf(await json("/search.json?title=garden&author=iris")), ["/works/OL1W"]);
  assert.deepEqual(keysOf(await json("/search.json?title=garden&subject=poetry")), ["/works/OL2W"]);
});

test("q looks everywhere and knows fields", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const garden = await json("/search.json?q=garden+odegard");
  assert.deepEqual(keysOf(garden), ["/works/OL1W", "/works/OL2W"]);
  assert.equal(garden.q, "garden odegard");
  assert.deepEqual(keysOf(await json("/search.json?q=9999900003")), ["/works/OL1W"]);
  assert.deepEqual(keysOf(await json("/search.json?q=author_key:OL3A+garden")), ["/works/OL1W"]);
  assert.deepEqual(keysOf(await json('/search.json?q=title:"winter+garden"')), ["/works/OL2W"]);
});

test("words in quotes stand in a row, within one subject, title or name", async (context) => {
  const phrases = structuredClone(data);
  phrases.core.works[0].subjects = ["science fiction", "history"];
  phrases.core.works[1].subjects = ["fiction", "popular science"];
  const { json } = await startCatalogue(context, { data: phrases });
  const found = async (/** @type {string} */ q) =>
    keysOf(await json(`/search.json?q=${encodeURIComponent(q)}`));
  assert.deepEqual(await found('subject:"Science Fiction"'), ["/works/OL1W"]);
  assert.deepEqual(await found('subject:"fiction science"'), []);
  assert.deepEqual(await found('subject:"fiction history"'), []);
  assert.deepEqual(keysOf(await json("/search.json?subject=science+fiction")), [
    "/works/OL1W",
    "/works/OL2W",
  ]);
  assert.deepEqual(await found('author:"Haruki Murakami"'), ["/works/OL3W"]);
  assert.deepEqual(await found('author:"Murakami Haruki"'), []);
  assert.deepEqual(await found('title:"garden winter"'), []);
});

test("sort puts the most read, the newest or the oldest first, and refuses what it does not know", async (context) => {
  const { json, get } = await startCatalogue(context, { data });
  const sorted = async (/** @type {string} */ sort) =>
    keysOf(await json(`/search.json?author=OL1A&sort=${sort}`));
  assert.deepEqual(await sorted("readinglog"), ["/works/OL1W", "/works/OL2W"]);
  assert.deepEqual(await sorted("old"), ["/works/OL2W", "/works/OL1W"]);
  assert.deepEqual(await sorted("new"), ["/works/OL1W", "/works/OL2W"]);
  const [most] = (await json("/search.json?author=OL1A&sort=readinglog&fields=readinglog_count")).docs;
  assert.deepEqual(most, { readinglog_count: 200 });
  assert.equal((await get("/search.json?author=OL1A&sort=constructor")).status, 400);
});

test("an ISBN matches in either form, with or without hyphens", async (context) => {
  const { json } = await startCatalogue(context, { data });
  for (const isbn of ["9789999900027", "999990002X", "999990002x", "978-99999-0002-7", "99999-0002-X"]) {
    assert.deepEqual(keysOf(await json(`/search.json?isbn=${isbn}`)), ["/works/OL2W"]);
  }
  assert.deepEqual(keysOf(await json("/search.json?isbn=9789999900028")), []);
});

test("nothing asked for, or nothing but punctuation, finds nothing", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const nothing = { numFound: 0, start: 0, numFoundExact: true, num_found: 0, offset: null, docs: [] };
  assert.deepEqual(await json("/search.json"), { ...nothing, q: "" });
  assert.deepEqual(await json("/search.json?title=&q=!!"), { ...nothing, q: "!!" });
});

test("limit, page and offset cut the same list", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const second = await json("/search.json?title=garden&limit=1&page=2");
  assert.deepEqual(
    [second.numFound, second.start, second.offset, keysOf(second)],
    [3, 1, null, ["/works/OL1W"]],
  );
  const third = await json("/search.json?title=garden&limit=1&offset=2");
  assert.deepEqual([third.numFound, third.start, third.offset, keysOf(third)], [3, 2, 2, ["/works/OL2W"]]);
  const none = await json("/search.json?title=garden&limit=0");
  assert.deepEqual([none.numFound, keysOf(none)], [3, []]);
});

test("a page that is no number is refused by name", async (context) => {
  const { get } = await startCatalogue(context, { data });
  const response = await get("/search.json?q=garden&limit=ten&offset=-1");
  assert.equal(response.status, 400);
  assert.deepEqual(await response.json(), { error: "limit, offset must be a whole number" });
});

test("the limit is 100 unless told, and at most 1,000", async (context) => {
  const { json } = await startCatalogue(context);
  const usual = await json("/search.json?q=fiction");
  assert.ok(usual.numFound > 1_000);
  assert.equal(usual.docs.length, 100);
  assert.equal((await json("/search.json?q=fiction&limit=5000&fields=key")).docs.length, 1_000);
});

test("an ISBN leads to its edition", async (context) => {
  const { get } = await startCatalogue(context, { data });
  for (const path of ["/isbn/9789999900003", "/isbn/9999900003.json", "/isbn/978-99999-0000-3.json"]) {
    const response = await get(path);
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), "/books/OL1M.json");
    const followed = await get(path, { redirect: "follow" });
    assert.deepEqual(await followed.json(), {
      key: "/books/OL1M",
      title: "The Winter's Garden",
      subtitle: "A Tale",
      authors: [{ key: "/authors/OL1A" }, { key: "/authors/OL3A" }],
      covers: [71],
      isbn_10: ["9999900003"],
      isbn_13: ["9789999900003"],
      languages: [{ key: "/languages/swe" }],
      publish_date: "1990",
      publishers: ["Test Press"],
      subjects: ["fantasy"],
      works: [{ key: "/works/OL1W" }],
      type: { key: "/type/edition" },
      ...revision,
    });
  }
});

test("an edition with a 979 number has no ten-digit form, and its second language", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const edition = await json("/books/OL2M.json");
  assert.equal("isbn_10" in edition, false);
  assert.deepEqual(edition.isbn_13, ["9799999900002"]);
  assert.deepEqual(edition.languages, [{ key: "/languages/eng" }]);
});

test("works and authors answer as records", async (context) => {
  const { json } = await startCatalogue(context, { data });
  assert.deepEqual(await json("/works/OL2W.json"), {
    key: "/works/OL2W",
    title: "Winter Garden",
    authors: [{ type: { key: "/type/author_role" }, author: { key: "/authors/OL1A" } }],
    first_publish_date: "1980",
    subjects: ["poetry"],
    type: { key: "/type/work" },
    ...revision,
  });
  assert.deepEqual(await json("/authors/OL2A.json"), {
    key: "/authors/OL2A",
    name: "村上春樹",
    personal_name: "村上春樹",
    alternate_names: ["Haruki Murakami"],
    type: { key: "/type/author" },
    ...revision,
  });
});

test("authors are found by name", async (context) => {
  const { json } = await startCatalogue(context, { data });
  assert.deepEqual(await json("/search/authors.json?q=Odegard"), {
    numFound: 1,
    start: 0,
    numFoundExact: true,
    num_found: 1,
    docs: [
      {
        key: "OL1A",
        name: "Åsa Ödegård",
        top_subjects: ["poetry", "fantasy"],
        top_work: "Winter Garden",
        type: "author",
        work_count: 2,
      },
    ],
  });
  assert.deepEqual(keysOf(await json("/search/authors.json?q=murakami+haruki")), ["OL2A"]);
  assert.equal((await json("/search/authors.json")).numFound, 0);
});

test("an author's works come in pages, the oldest first", async (context) => {
  const { json } = await startCatalogue(context, { data });
  const first = await json("/authors/OL1A/works.json?limit=1");
  assert.deepEqual(first.links, {
    self: "/authors/OL1A/works.json?limit=1",
    author: "/authors/OL1A",
    next: "/authors/OL1A/works.json?limit=1&offset=1",
  });
  assert.equal(first.size, 2);
  assert.deepEqual(first.entries, [await json("/works/OL2W.json")]);
  const second = await json(first.links.next);
  assert.deepEqual(second.entries, [await json("/works/OL1W.json")]);
  assert.equal("next" in second.links, false);
});

test("what is unknown is a 404 that names it", async (context) => {
  const { get } = await startCatalogue(context, { data });
  const unknown = {
    "/isbn/9789999900010.json": "/isbn/9789999900010",
    "/isbn/%E0%A4%A.json": "/isbn/%E0%A4%A",
    "/books/OL9M.json": "/books/OL9M",
    "/works/OL9W.json": "/works/OL9W",
    "/authors/OL9A.json": "/authors/OL9A",
    "/authors/OL9A/works.json": "/authors/OL9A",
    "/works/OL1A.json": "/works/OL1A.json",
    "/": "/",
    "/_control/nothing": "/_control/nothing",
  };
  for (const [path, key] of Object.entries(unknown)) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.deepEqual(await response.json(), { error: "notfound", key });
  }
});

test("HEAD has the headers and no body; other methods are told which are allowed", async (context) => {
  const { get } = await startCatalogue(context, { data });
  const whole = await get("/works/OL1W.json");
  const head = await get("/works/OL1W.json", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  for (const name of ["content-type", "content-length", "etag", "last-modified", "x-catalogue"]) {
    assert.notEqual(head.headers.get(name), null, name);
    assert.equal(head.headers.get(name), whole.headers.get(name));
  }
  const post = await get("/search.json", { method: "POST", body: "q=garden" });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get("allow"), "GET, HEAD");
  const control = await get("/_control/settings", { method: "DELETE" });
  assert.equal(control.status, 405);
  assert.equal(control.headers.get("allow"), "GET, HEAD, PUT");
});

test("a client that has the answer gets 304", async (context) => {
  const { get } = await startCatalogue(context, { data });
  const first = await get("/works/OL1W.json");
  assert.equal(first.headers.get("content-type"), "application/json");
  assert.equal(first.headers.get("last-modified"), "Sun, 01 Nov 2026 00:00:00 GMT");
  const etag = first.headers.get("etag") ?? "";
  assert.match(etag, /^"[\w-]{22}"$/);

  /** @param {Record<string, string>} headers */
  const status = async (headers) => (await get("/works/OL1W.json", { headers })).status;
  assert.equal(await status({ "If-None-Match": etag }), 304);
  assert.equal(await status({ "If-None-Match": `"other", W/${etag}` }), 304);
  assert.equal(await status({ "If-None-Match": "*" }), 304);
  assert.equal(await status({ "If-None-Match": '"other"' }), 200);
  assert.equal(await status({ "If-Modified-Since": "Sun, 01 Nov 2026 00:00:00 GMT" }), 304);
  assert.equal(await status({ "If-Modified-Since": "Sat, 31 Oct 2026 23:59:59 GMT" }), 200);
  assert.equal(await status({ "If-Modified-Since": "nonsense" }), 200);
  // If-None-Match is the more exact of the two, so it alone decides.
  assert.equal(
    await status({ "If-None-Match": '"other"', "If-Modified-Since": "Sun, 01 Nov 2026 00:00:00 GMT" }),
    200,
  );
});

test("the bundled catalogue knows Good Omens by title, by both authors and by ISBN", async (context) => {
  const { json } = await startCatalogue(context);
  const fields = "fields=key,title,author_name,isbn,first_publish_year";
  const [work] = (await json(`/search.json?title=Good%20Omens&${fields}`)).docs;
  assert.deepEqual(work.author_name, ["Terry Pratchett", "Neil Gaiman"]);
  assert.equal(work.first_publish_year, 1990);
  for (const query of ["author=pratchett+gaiman", `isbn=${work.isbn[0]}`, "q=good+omens+gaiman"]) {
    assert.deepEqual((await json(`/search.json?${query}&${fields}`)).docs, [work]);
  }
});
