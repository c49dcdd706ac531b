/// <reference path="../modules.d.ts" />
// The same job with @epic-web/cachified and lru-cache: a keyed look-up with stale-while-revalidate, Age and Cache-Status,
// validators and 304. It is given every advantage that its users could give it: the body is kept as bytes, and the
// entry's constant header fields are made once.

import { cachified } from "@epic-web/cachified";
import { LRUCache } from "lru-cache";
import fields from "./fields.json";

/** @typedef {{body: ArrayBuffer, etag: string, contentType: string}} Book */

const FRESH_MILLIS = 86_400_000;
const STALE_MILLIS = 7 * FRESH_MILLIS;
/** @type {LRUCache<string, any>} */
const cache = new LRUCache({ max: 10_000 });

/** @param {string} title @returns {Promise<Book>} */
async function ask(title) {
  const response = await fetch(`http://origin.test/search.json?title=${encodeURIComponent(title)}`);
  if (!response.ok) throw new Error(`The origin answered ${response.status}.`);
  return {
    body: await response.arrayBuffer(),
    etag: fields.etag,
    contentType: response.headers.get("content-type") ?? "application/octet-stream",
  };
}

/** @param {string} text */
const normalise = (text) => text.trim().replace(/\s+/g, " ").toLowerCase();

export default {
  /** @param {Request} request @param {unknown} _env @param {{waitUntil: (work: Promise<unknown>) => void}} ctx */
  async fetch(request, _env, ctx) {
    const url = new URL(request.url);
    if (request.method !== "GET" || url.pathname !== "/search/title")
      return new Response(null, { status: 404 });
    const title = normalise(url.searchParams.get("q") ?? "");
    if (title === "") return new Response(null, { status: 400 });
    const key = `larder:title:v1:${title}`;
    const book = await cachified({
      key,
      cache,
      ttl: FRESH_MILLIS,
      staleWhileRevalidate: STALE_MILLIS,
      waitUntil: (work) => ctx.waitUntil(work),
      getFreshValue: () => ask(title),
    });
    const created = cache.get(key)?.metadata.createdTime ?? Date.now();
    const age = Math.floor((Date.now() - created) / 1000);
    const headers = {
      ...fields,
      "content-type": book.contentType,
      etag: book.etag,
      age: String(age),
      "cache-status": `larder;hit;ttl=${FRESH_MILLIS / 1000 - age};detail=memory`,
    };
    if (request.headers.get("if-none-match") === book.etag)
      return new Response(null, { status: 304, headers });
    return new Response(book.body, { headers });
  },
};
