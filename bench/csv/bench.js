// A reader's book list of 20 MB, in the shape of a Goodreads export: Larder's reader in Wasm beside papaparse and
// csv-parse. All begin with the file's bytes and check that they are UTF-8 or decode them; the copy into Wasm memory
// counts. The others make strings of all fields, Larder's leaves them where they lie, which is a part of why it is fast.

import { readFileSync } from "node:fs";
import { parse as csvParse } from "csv-parse/sync";
import papaparse from "papaparse";
import { goodreadsCsv } from "../../catalogue/reading_list.js";
import { median, table } from "../statistics.js";

const FILE_BYTES = 20_000_000;
const BOOKS = 90_000;
const ROUNDS = 7;
const RATIO_AIM = 5;
const BOOKS_AIM = 3;

/** @param {string} path of bench_csv.wasm */
function loadModule(path) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {});
  const { memory, _initialize, allocate, read_rows, read_books } = /** @type {Record<string, any>} */ (
    exports
  );
  _initialize();
  const at = allocate(FILE_BYTES + 4096);
  /** @param {Uint8Array} bytes */
  const place = (bytes) => new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
  return {
    /** @param {Uint8Array} bytes @returns {number} fields, the header's included */
    rows(bytes) {
      place(bytes);
      return read_rows(at, bytes.length);
    },
    /** @param {Uint8Array} bytes @returns {number} books */
    books(bytes) {
      place(bytes);
      return read_books(at, bytes.length);
    },
  };
}

/** Whole rows, as many as fit. */
function file() {
  const csv = Buffer.from(goodreadsCsv({ books: BOOKS, seed: "bench" }));
  const rows = csv.subarray(0, FILE_BYTES);
  // A remark may hold line feeds, but a row ends in one only behind its last two numbers.
  const end = /^[\s\S]*,\d,0\n/.exec(rows.toString("latin1"))?.[0].length ?? 0;
  return new Uint8Array(rows.subarray(0, end));
}

const decoder = new TextDecoder("utf-8", { fatal: true });
/** @param {string[][]} rows */
const fieldsOf = (rows) => rows.reduce((sum, row) => sum + row.length, 0);

/** @param {string} path */
export async function benchCsv(path) {
  const bytes = file();
  const module = loadModule(path);
  /** @type {{name: string, work: () => number}[]} what each finds: fields, or books in the last */
  const readers = [
    {
      name: "papaparse",
      work: () => fieldsOf(papaparse.parse(decoder.decode(bytes), { skipEmptyLines: true }).data),
    },
    { name: "csv-parse", work: () => fieldsOf(csvParse(bytes, { relax_column_count: true })) },
    { name: "Larder, rows", work: () => module.rows(bytes) },
    { name: "Larder, books and authors", work: () => module.books(bytes) },
  ];
  const found = readers.map(({ work }) => work());
  const [fields = 0] = found;
  if (fields <= 0 || found[1] !== fields || found[2] !== fields || !((found[3] ?? 0) > 0))
    throw new Error(`the readers do not agree: ${found.join(", ")}`);
  // By turns, so that what else the machine does meets all of them.
  const samples = Array.from({ length: ROUNDS }, () => readers.map(({ work }) => millis(work)));
  const fastest = samples.map(([papa = 0, csv = 0]) => Math.min(papa, csv));
  const results = readers.map(({ name }, at) => ({
    name,
    millis: median(samples.map((sample) => sample[at] ?? Number.NaN)),
    ratio: median(samples.map((sample, round) => (fastest[round] ?? 0) / (sample[at] ?? Number.NaN))),
  }));
  const ratio = results[2]?.ratio ?? Number.NaN;
  const booksRatio = results[3]?.ratio ?? Number.NaN;
  const aim = `rows ${RATIO_AIM} times as fast as the faster of papaparse and csv-parse`;
  const booksAim = `books and authors ${BOOKS_AIM} times as fast as its rows`;
  return {
    bytes: bytes.length,
    fields,
    results,
    ratio,
    booksRatio,
    verdicts: [
      { aim, found: ratio.toFixed(2), met: ratio >= RATIO_AIM },
      { aim: booksAim, found: booksRatio.toFixed(2), met: booksRatio >= BOOKS_AIM },
    ],
  };
}

/** @param {() => unknown} work */
function millis(work) {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** @param {Awaited<ReturnType<typeof benchCsv>>} found */
export function csvReport({ bytes, fields, results }) {
  const rows = results.map(({ name, millis, ratio }) => [
    name,
    millis.toFixed(1),
    (bytes / 1000 / millis).toFixed(0),
    ratio.toFixed(2),
  ]);
  const head = ["", "ms", "MB/s", "ratio"];
  return `A book list of ${bytes} bytes and ${fields} fields (ratio: times as fast as the faster of the first two)\n${table(head, rows)}`;
}
