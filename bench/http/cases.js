// What is asked of whom: groups of cases that ask alike, the first of each group a bare Worker.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Server } from "./server.js";
import { bundleLarder, makeBare, makeKept, makeLarder, makePeer } from "./workers.js";
import { zipfSequence } from "./zipf.js";

/** @typedef {import("./workers.js").Answer} Answer */
/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} server one of the configurations
 * @property {string} method
 * @property {string[]} paths
 * @property {string} compared of these paths, the one whose answers have to be alike within the group
 * @property {[string, string]} header
 * @property {number} status
 * @property {"by_lane" | "by_module" | "no_larder"} way how Larder answers: by a fast lane where it can, or never
 */
/** @typedef {{name: string, cases: Case[]}} Group */

/** The configuration that is Larder's. */
export const LARDER = "larder";
export const BARE = "bare Worker";
const REQUESTS = 50_000;
/** The group whose hits a fast lane can answer. */
export const HOT_KEY = "one hot key";
const MODE_HTTP = "mode http, Vary";
const HOT = "/search/title?q=foundation";
const PAGE = "/page/7";
// One header field of about the same length for all. A condition sends a request past the fast lane and into the module;
// this one is no date, so it has no other effect.
const PLAIN = /** @type {[string, string]} */ (["x-modified-since", "never"]);
const CONDITIONAL = /** @type {[string, string]} */ (["if-modified-since", "never"]);
const LANGUAGE = /** @type {[string, string]} */ (["accept-language", "de"]);

/** The URLs of a mix, the most frequent first. @param {number} count */
export const urlsOfMix = (count) => [
  HOT,
  ...Array.from({ length: count - 1 }, (_, at) => `${HOT}-${at + 1}`),
];

/**
 * Makes the configurations that the cases need, of answers that Larder gives.
 * @param {string} folder @param {string} origin @param {number} log
 * @param {import("./samples.js").Scope} scope
 * @param {string[]} urls those of the mix
 * @returns {Promise<{configurations: Record<string, string>, groups: Group[]}>}
 */
export async function makeCases(folder, origin, log, scope, urls) {
  /** @param {string} name */
  const place = (name) => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const declarations = join(place(LARDER), "declarations.json.txt");
  writeFileSync(declarations, withPages(origin));
  const modules = (await bundleLarder(place(LARDER))).map((part) =>
    part.type === "text" ? { ...part, path: declarations } : part,
  );
  // Every isolate has the same fresh time, which the others repeat.
  const settings = { OPENLIBRARY_URL: origin, TTL_JITTER_PERCENT: "0" };
  const larder = makeLarder(place(LARDER), modules, settings);
  const { hot, notModified, page } = await answersOf(larder, log);
  const configurations = {
    [LARDER]: larder,
    bare: makeBare(place("bare"), hot),
    bare_304: makeBare(place("bare_304"), notModified),
    bare_page: makeBare(place("bare_page"), page),
    peer: makePeer(place("peer"), hot),
    kept: makeKept(place("kept"), hot),
  };
  const groups = groupsOf(fieldOf(hot, "etag"), urls);
  return { configurations, groups: scope === "whole" ? groups : guarded(groups) };
}

/** The shipped declarations and one of an API in mode http whose answers differ by language. @param {string} origin */
function withPages(origin) {
  const { resources } = JSON.parse(readFileSync("larder.json", "utf8"));
  const page = {
    name: "page",
    mode: "http",
    match: { path: "/page/{id}" },
    origin: { url: `${origin}/page/{id}` },
  };
  return JSON.stringify({ resources: [...resources, page] });
}

/** @param {string} larder @param {number} log */
async function answersOf(larder, log) {
  const server = await Server.start(larder, log);
  try {
    /** @param {string} path @param {Record<string, string>} [headers] */
    const hit = async (path, headers) => {
      await server.ask(path, headers);
      const answer = await server.ask(path, headers);
      const status = fieldOf(answer, "cache-status");
      if (!/;\s*hit\b.*;\s*detail=memory\b/.test(status))
        throw new Error(`Larder's answer is no memory hit: ${status}`);
      return answer;
    };
    const hot = await hit(HOT);
    const notModified = await hit(HOT, { "if-none-match": fieldOf(hot, "etag") });
    const page = await hit(PAGE, Object.fromEntries([LANGUAGE]));
    if (notModified.status !== 304 || !fieldOf(page, "vary"))
      throw new Error("Larder ignores conditions or Vary");
    return { hot, notModified, page };
  } finally {
    await server.stop();
  }
}

/** What is held to bounds whenever the tree changes: the shortest that tells. @param {Group[]} groups */
function guarded(groups) {
  return groups
    .filter(({ name }) => name === HOT_KEY || name === MODE_HTTP)
    .map(({ name, cases }) => ({ name, cases: cases.filter(({ server }) => server !== "peer") }));
}

/** @param {string} etag @param {string[]} urls @returns {Group[]} */
function groupsOf(etag, urls) {
  const mix = zipfSequence(urls.length, REQUESTS).map((rank) => /** @type {string} */ (urls[rank]));
  /** @param {Partial<Case>} more @returns {Case} */
  const asked = (more) => ({
    name: "Larder",
    server: LARDER,
    method: "GET",
    paths: [HOT],
    compared: HOT,
    header: PLAIN,
    status: 200,
    way: "by_module",
    ...more,
  });
  /** @param {string} name @param {string[]} paths @returns {Group} */
  const groupOf = (name, paths) => ({
    name,
    cases: [
      asked({ name: BARE, server: "bare", paths, way: "no_larder" }),
      asked({ paths, way: "by_lane" }),
      asked({ name: "Larder, no fast lane", paths, header: CONDITIONAL }),
      asked({ name: "cachified + lru-cache", server: "peer", paths, way: "no_larder" }),
    ],
  });
  const condition = /** @type {[string, string]} */ (["if-none-match", etag]);
  const paged = { paths: [PAGE], compared: PAGE, header: LANGUAGE };
  const confirmed = { header: condition, status: 304 };
  return [
    groupOf(HOT_KEY, [HOT]),
    groupOf(`a mix of ${urls.length} URLs`, mix),
    {
      name: "304",
      cases: [asked({ name: BARE, server: "bare_304", way: "no_larder", ...confirmed }), asked(confirmed)],
    },
    {
      name: "HEAD",
      cases: [
        asked({ name: BARE, server: "bare", method: "HEAD", way: "no_larder" }),
        asked({ method: "HEAD" }),
      ],
    },
    {
      name: MODE_HTTP,
      cases: [asked({ name: BARE, server: "bare_page", way: "no_larder", ...paged }), asked(paged)],
    },
  ];
}

/** @param {Answer} answer @param {string} name */
export const fieldOf = ({ headers }, name) => headers.find(([field]) => field === name)?.[1] ?? "";
