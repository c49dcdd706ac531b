// Reads the C++ tables (src/**/*.def): rows are calls of a macro. Understands what the tables use of the preprocessor:
// comments, adjacent string literals, `#` and `##`, and a macro that makes rows of another table's rows.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A string literal, or a comment to the end of its line. */
const LITERAL_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/.*$/gm;
const LITERAL = /"(?:[^"\\]|\\.)*"/g;
const LITERAL_PIECE = /("(?:[^"\\]|\\.)*")/;

/** @param {string} path below src */
export const source = (path) => readFileSync(join(root, "src", path), "utf8");

/**
 * The table's text without comments, with the rows that it makes of other tables written out.
 * @param {string} text @returns {string}
 */
function expanded(text) {
  const code = text
    .replace(LITERAL_OR_COMMENT, (found) => (found.startsWith("//") ? "" : found))
    .replace(/\\\n/g, " ");
  const makers = [...code.matchAll(/^#define (\w+)\(([^)]*)\) (.+)$/gm)];
  return code.replace(/^#include "([^"]+)"$/gm, (_line, path) =>
    makers
      .flatMap(([, macro = "", parameters = "", body = ""]) =>
        callsOf(expanded(source(path)), macro).map((values) => substituted(body, parameters, values)),
      )
      .join("\n"),
  );
}

/**
 * A macro's body with values in place of its parameters.
 * @param {string} body @param {string} parameters @param {string[]} values
 */
function substituted(body, parameters, values) {
  const names = parameters.split(",").map((name) => name.trim());
  const literals = body.match(LITERAL) ?? [];
  const code = body.split(LITERAL).map((piece) =>
    piece
      .replace(/(?<!#)#(\w+)/g, (_text, word) => JSON.stringify(values[names.indexOf(word)] ?? word))
      .split(LITERAL_PIECE)
      .map((part) =>
        part.startsWith('"') ? part : part.replace(/\w+/g, (word) => values[names.indexOf(word)] ?? word),
      )
      .join(""),
  );
  return code
    .flatMap((piece, i) => [piece, literals[i] ?? ""])
    .join("")
    .replace(/\s*##\s*/g, "");
}

/**
 * The arguments of every call of the macro, as they are written.
 * @param {string} code @param {string} macro @returns {string[][]}
 */
function callsOf(code, macro) {
  const lines = code.replace(/^#.*$/gm, "");
  const rows = [];
  for (let at = lines.indexOf(`${macro}(`); at >= 0; at = lines.indexOf(`${macro}(`, at + 1)) {
    /** @type {string[]} */
    const values = [""];
    let depth = 0;
    for (const [piece] of lines.slice(at + macro.length).matchAll(/"(?:[^"\\]|\\.)*"|[\s\S]/g)) {
      if (piece === "(" && depth++ === 0) continue;
      if (piece === ")" && --depth === 0) break;
      if (piece === "," && depth === 1) values.push("");
      else values[values.length - 1] += piece;
    }
    rows.push(values.map((value) => value.replace(/\s+/g, " ").trim()));
  }
  return rows;
}

/**
 * A value of a row: the text of adjacent string literals, else as it is written.
 * @param {string} value
 */
export const textOf = (value) =>
  value.startsWith('"') ? (value.match(LITERAL) ?? []).map((literal) => JSON.parse(literal)).join("") : value;

/**
 * The rows of a macro in a table's text, each as its values by name.
 * @template {string} Name
 * @param {string} text @param {string} macro @param {readonly Name[]} names of the macro's parameters
 * @returns {Record<Name, string>[]}
 */
export function rowsOf(text, macro, names) {
  return callsOf(expanded(text), macro).map((values) => {
    if (values.length !== names.length) {
      throw new Error(`${macro}(${values.join(", ")}) has ${values.length} values, not ${names.length}.`);
    }
    return /** @type {Record<Name, string>} */ (
      Object.fromEntries(names.map((name, i) => [name, textOf(/** @type {string} */ (values[i]))]))
    );
  });
}

/**
 * The same of a file.
 * @template {string} Name
 * @param {string} path below src @param {string} macro @param {readonly Name[]} names
 */
export function rows(path, macro, names) {
  const found = rowsOf(source(path), macro, names);
  if (found.length === 0) throw new Error(`src/${path} has no row of ${macro}.`);
  return found;
}
