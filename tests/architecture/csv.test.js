// The reader of lists finds the rows and fields that csv-parse finds, on thousands of seeded files: with quotes, doubled
// quotes, line ends of every kind and in fields, empty lines, ragged rows, byte order marks and three delimiters. Of
// UTF-16 and Windows-1252 it finds those of the same file in UTF-8. Between tabs, where most programs write no quotes, it
// believes a quote that spans lines only as far as these files go: fields with line ends have no tabs, and stand in rows
// of full width.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import { goodreadsCsv } from "../../catalogue/reading_list.js";
import { draws } from "../../catalogue/seeded.js";
import { nativeProgram } from "../../scripts/files.js";

const FILES = 3000;
const DELIMITERS = [",", "\t", ";"];
const LINE_ENDS = ["\n", "\r\n", "\r"];
const PIECES = [
  ..."abz 019,;\t\n\r'=",
  '"',
  '"',
  "\r\n",
  "\u0001",
  "a longer run of plain text",
  "\u00e9\u00ff",
  "\u6d77",
  "\u{1f4da}",
  "\u201cquoted\u201d",
];

/** @param {string} text @param {string} delimiter */
const mustBeQuoted = (text, delimiter) =>
  text.startsWith('"') || ["\n", "\r", delimiter].some((each) => text.includes(each));

/**
 * A file as some program might write it.
 * @param {number} seed @returns {{text: string, delimiter: string}}
 */
function file(seed) {
  const draw = draws(`csv ${seed}`);
  const delimiter = draw.pick(DELIMITERS);
  const width = draw.between(2, 7);
  const oneEnd = draw.pick(LINE_ENDS);
  const mixesEnds = draw.chance(0.2);
  const lineEnd = () => (mixesEnds ? draw.pick(LINE_ENDS) : oneEnd);
  /** @param {boolean} isWhole whether the row has as many fields as the header */
  const field = (isWhole) => {
    const drawn = Array.from({ length: draw.between(0, draw.pick([0, 1, 3, 12])) }, () =>
      draw.pick(PIECES),
    ).join("");
    const text =
      delimiter !== "\t" || !/[\r\n]/.test(drawn) ? drawn : drawn.replaceAll(isWhole ? "\t" : /[\r\n]/g, " ");
    if (!mustBeQuoted(text, delimiter) && draw.chance(0.7)) return text;
    return `"${text.replaceAll('"', '""')}"`;
  };
  // The header has the delimiter, and no other as often.
  const header = Array.from({ length: width }, (_, at) => (draw.chance(0.2) ? `"h, ""${at}"""` : `h ${at}`));
  const lines = [header.join(delimiter)];
  for (let row = draw.between(0, 12); row > 0; row--) {
    const fields = draw.chance(0.15) ? draw.between(1, width + 2) : width;
    const line = Array.from({ length: fields }, () => field(fields === width)).join(delimiter);
    lines.push(line, ...(draw.chance(0.1) ? [""] : []));
  }
  const text = lines
    .map((line, at) => (at === lines.length - 1 && draw.chance(0.3) ? line : line + lineEnd()))
    .join("");
  return { text: draw.chance(0.1) ? `\ufeff${text}` : text, delimiter };
}

/** @param {Uint8Array[]} files @returns {any[]} what C++ reads */
function read(files) {
  const binary = nativeProgram("csv_rows");
  const input = Buffer.concat(files.flatMap((bytes) => [Buffer.from(`${bytes.length}\n`), bytes]));
  const output = execFileSync(binary, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  const lines = output.split("\n").slice(0, -1);
  assert.equal(lines.length, files.length);
  return lines.map((line) => JSON.parse(line));
}

/** @param {string} text @param {string} delimiter @returns {string[][]} */
const peer = (text, delimiter) =>
  parse(text, {
    bom: true,
    delimiter,
    // The longest first: csv-parse takes the first that fits.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });

const files = Array.from({ length: FILES }, (_, seed) => file(seed));

test("rows and fields are csv-parse's", () => {
  const found = read(files.map(({ text }) => Buffer.from(text)));
  for (const [seed, { text, delimiter }] of files.entries()) {
    const about = `seed ${seed}: ${JSON.stringify(text)}`;
    assert.deepEqual(found[seed], { delimiter, rows: peer(text, delimiter) }, about);
  }
});

test("the files have what is hard: quotes, line ends in fields, ragged rows, empty lines", () => {
  const rows = files.map(({ text, delimiter }) => peer(text, delimiter));
  const fields = rows.flat(2);
  assert.ok(fields.some((text) => text.includes('"')) && fields.some((text) => text.includes("\r\n")));
  assert.ok(rows.some((each) => new Set(each.map((row) => row.length)).size > 2));
  assert.ok(files.some(({ text }) => /\n\n|\r\r\r|\r\n\r\n/.test(text)));
  assert.ok(fields.length > FILES * 10);
});

test("a Goodreads export of 500 books reads as csv-parse reads it", () => {
  const csv = goodreadsCsv({ books: 500, seed: "reader" });
  const [found] = read([Buffer.from(csv)]);
  assert.deepEqual(found.rows, peer(csv, ","));
  assert.equal(found.rows.length, 501);
});

test("UTF-16 in either order, and Windows-1252, read as the same text in UTF-8", () => {
  const some = files.slice(0, 300);
  const little = some.map(({ text }) => Buffer.from(text.replace(/^\ufeff?/, "\ufeff"), "utf16le"));
  const found = read([...little, ...little.map((bytes) => Buffer.from(bytes).swap16())]);
  for (const [at, { text, delimiter }] of some.entries()) {
    const expected = { delimiter, rows: peer(text, delimiter) };
    assert.deepEqual(found[at], expected);
    assert.deepEqual(found[at + some.length], expected);
  }
  const western =
    "Title;Author\nCien a\u00f1os de soledad;Garc\u00eda M\u00e1rquez\n\u00ab\u00df\u00ff\u00bb;\u00c6\n";
  assert.deepEqual(read([Buffer.from(western, "latin1")]), [{ delimiter: ";", rows: peer(western, ";") }]);
});
