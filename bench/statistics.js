// Numbers and how they are shown.

/** @param {number[]} values not empty */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  return sorted.length % 2 === 1 ? upper : (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
}

/** The median, and the quarters of the values below and above it that outliers do not reach. @param {number[]} values */
export function spread(values) {
  const sorted = [...values].sort((one, other) => one - other);
  /** @param {number} share */
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  return { median: median(values), low: at(0.25), high: at(0.75) };
}

/** @param {{low: number, high: number}} of @param {number} digits */
export const quartiles = ({ low, high }, digits) => `${low.toFixed(digits)}-${high.toFixed(digits)}`;

/** @param {string[]} head @param {string[][]} rows the first column is text, the others are numbers */
export function table(head, rows) {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  /** @param {string[]} row */
  const line = (row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)].map((text) => `  ${text}`).join("\n");
}

/** @typedef {{aim: string, found: string, met: boolean}} Verdict */

/** @param {Verdict} verdict */
export const verdictLine = ({ aim, found, met }) => `  aim ${met ? "met" : "MISSED"}: ${aim} (${found})`;
