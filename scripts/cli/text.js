// What goes to a terminal: tables, and texts that cannot take it over.

import Table from "cli-table3";

/** C0 and C1 control characters and DEL: an answer's text may hold the codes that a terminal obeys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
/** JSON escapes the others by itself. */
const CONTROLS_IN_JSON = /[\u007f-\u009f]/g;

/** @param {unknown} value @returns {string} fit for one line of a terminal */
export const shown = (value) =>
  value === null || value === undefined ? "" : String(value).replace(CONTROLS, "\ufffd");

/** The same for a text that may have several lines. @param {string} text */
export const shownLines = (text) => text.split("\n").map(shown).join("\n");

/** @param {unknown} value @returns {string} a line of JSON */
export const jsonLine = (value) =>
  `${JSON.stringify(value).replace(CONTROLS_IN_JSON, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;

const NO_BORDERS = {
  ...Object.fromEntries(
    ["top", "bottom"].flatMap((edge) =>
      ["", "-mid", "-left", "-right"].map((part) => [`${edge}${part}`, ""]),
    ),
  ),
  ...Object.fromEntries(
    ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"].map((part) => [part, ""]),
  ),
  middle: "  ",
};

/**
 * Columns side by side, without lines between them.
 * @param {string[]} head @param {unknown[][]} rows
 */
export function tableText(head, rows) {
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    head,
  });
  table.push(...rows.map((row) => row.map(shown)));
  return `${table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}

/** @param {number} bytes */
export function bytesText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit + 1 < units.length) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** @param {unknown} share 0 to 1, or null where nothing is known */
export const percent = (share) => (typeof share === "number" ? `${(share * 100).toFixed(1)} %` : "");

/** @param {unknown} number of an answer, or null where nothing is known */
export const rounded = (number) => (typeof number === "number" ? Number(number.toPrecision(4)) : "");

/** @param {unknown} amount */
export const dollars = (amount) =>
  typeof amount === "number" ? `$${amount.toFixed(amount < 1 ? 4 : 2)}` : "";
