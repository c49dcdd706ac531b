// Replies of book origins against TextDecoder and JSON.parse, which makes objects but reads no book out of them: a walk over
// all of the reply with simdjson On-Demand in Wasm, and Larder's reader on top of it. The copy into Wasm memory counts.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createCatalogue } from "../../catalogue/server.js";
import { median, table } from "../statistics.js";

/** @typedef {{name: string, bytes: Uint8Array, reader: string}} Reply */
/** @typedef {ReturnType<typeof loadModule>} Module */

const FIELDS = "key,title,subtitle,author_name,author_key,first_publish_year,cover_i,isbn,subject";
const LOOKUPS = [
  "title=Good%20Omens&limit=20",
  "title=foundation&limit=20",
  "title=night&limit=20",
  "author=asimov&limit=100",
];
const BATCH_MILLIS = 4;
const ROUNDS = 25;
const WALK_AIM = 2;
const READER_AIM = 2;

/** @param {string} path of bench_json.wasm */
export function loadModule(path) {
  const bytes = readFileSync(path);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
  const { memory, _initialize, allocate, ...readers } = /** @type {Record<string, any>} */ (exports);
  _initialize();
  const at = allocate(8 << 20);
  /** @param {string} name @param {Uint8Array} bytes @returns {number} */
  const call = (name, bytes) => {
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
    return readers[name](at, bytes.length);
  };
  return {
    /** @param {Reply} reply */
    read: ({ bytes, reader }) => call(reader, bytes),
    /** @param {Reply} reply */
    walk: ({ bytes }) => call("walk", bytes),
  };
}

/** @param {string} payloads a folder of real replies, used where it exists @returns {Promise<Reply[]>} */
export async function replies(payloads) {
  const catalogue = createCatalogue();
  const { url } = await catalogue.listen();
  const found = [];
  try {
    for (const lookup of LOOKUPS) {
      const response = await fetch(`${url}/search.json?${lookup}&fields=${FIELDS}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      found.push({ name: `catalogue ${decodeURIComponent(lookup)}`, bytes, reader: "openlibrary_search" });
    }
  } finally {
    await catalogue.close();
  }
  const names = existsSync(payloads) ? readdirSync(payloads).filter((name) => name.endsWith(".json")) : [];
  for (const name of names.sort()) {
    const bytes = new Uint8Array(readFileSync(join(payloads, name)));
    const reader = readerOf(JSON.parse(new TextDecoder().decode(bytes)));
    // An error in place of works has no reader.
    if (reader !== null) found.push({ name, bytes, reader });
  }
  return found;
}

/** @param {Record<string, unknown>} reply @returns {string | null} */
function readerOf(reply) {
  if ("error" in reply) return null;
  if ("docs" in reply) return "openlibrary_search";
  if ("items" in reply) return "google_volumes";
  if ("book" in reply || "books" in reply) return "isbndb";
  return "key" in reply ? "openlibrary_record" : "openlibrary_isbns";
}

const decoder = new TextDecoder();

/** @param {Reply} reply */
const parse = ({ bytes }) => JSON.parse(decoder.decode(bytes));

/** @param {Reply} reply @param {Module} module */
export function compare(reply, module) {
  if (module.read(reply) < 0 || module.walk(reply) < 0)
    throw new Error(`the reader does not take ${reply.name}`);
  const works = [() => parse(reply), () => module.walk(reply), () => module.read(reply)];
  // All are warm, and hot for the engine's compilers, before anything counts.
  const times = works.map(timesInBatch);
  const samples = Array.from({ length: ROUNDS }, () =>
    works.map((work, at) => microsEach(work, times[at] ?? 1)),
  );
  const [parseMicros = 0, walkMicros = 0, readMicros = 0] = works.map((_, at) =>
    median(samples.map((sample) => sample[at] ?? Number.NaN)),
  );
  /** @param {number} at */
  const ratioOf = (at) => median(samples.map((sample) => (sample[0] ?? 0) / (sample[at] ?? Number.NaN)));
  const { name, bytes } = reply;
  return {
    name,
    bytes: bytes.length,
    works: module.read(reply),
    parseMicros,
    walkMicros,
    readMicros,
    walkRatio: ratioOf(1),
    readRatio: ratioOf(2),
  };
}

/** @param {() => unknown} work @returns {number} how often it can be done in a batch */
function timesInBatch(work) {
  let times = 0;
  const began = performance.now();
  while (performance.now() - began < 50) {
    work();
    times += 1;
  }
  return Math.max(1, Math.round((times * BATCH_MILLIS) / 50));
}

/** @param {() => unknown} work @param {number} times */
function microsEach(work, times) {
  const began = performance.now();
  for (let i = 0; i < times; i++) work();
  return ((performance.now() - began) / times) * 1000;
}

/** @param {string} path @param {string} payloads */
export async function benchJson(path, payloads) {
  const module = loadModule(path);
  const results = (await replies(payloads)).map((reply) => compare(reply, module));
  const ratio = median(results.map(({ walkRatio }) => walkRatio));
  const readRatio = median(results.map((result) => result.readRatio));
  const least = Math.min(...results.map((result) => result.readRatio));
  const verdicts = [
    {
      aim: `On-Demand ${WALK_AIM} times as fast as decode + JSON.parse (median of the replies)`,
      found: ratio.toFixed(2),
      met: ratio >= WALK_AIM,
    },
    {
      aim: `the reader of works ${READER_AIM} times as fast, on every reply`,
      found: `the least ${least.toFixed(2)}, the median ${readRatio.toFixed(2)}`,
      met: least >= READER_AIM,
    },
  ];
  return { results, ratio, readRatio, verdicts };
}

/** @param {Awaited<ReturnType<typeof benchJson>>} found */
export function jsonReport({ results }) {
  const rows = results.map((result) => [
    result.name,
    String(result.bytes),
    String(result.works),
    result.parseMicros.toFixed(1),
    result.walkMicros.toFixed(1),
    result.walkRatio.toFixed(2),
    result.readMicros.toFixed(1),
    result.readRatio.toFixed(2),
  ]);
  const head = [
    "",
    "bytes",
    "works",
    "JSON.parse µs",
    "On-Demand µs",
    "ratio",
    "Larder's reader µs",
    "ratio",
  ];
  return `Replies: decode + JSON.parse, simdjson On-Demand in Wasm, and Larder's reader (times as fast)\n${table(head, rows)}`;
}
