// Bars beside each other as an SVG, drawn by hand: a picture of a few numbers needs no library.

const WIDTH = 760;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 60;
const BAR_HEIGHT = 18;
const GAP = 6;
const GROUP_GAP = 26;
const TOP = 46;
const BOTTOM = 16;
const COLOURS = { larder: "#1f6f8b", other: "#9aa5b1", line: "#c0392b", text: "#1c2833", quiet: "#5d6d7e" };

/** @typedef {{label: string, value: number, low?: number, high?: number, kind: "larder" | "other"}} Bar */
/** @typedef {{name: string, bars: Bar[]}} Bars */

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/**
 * @param {{title: string, unit: string, groups: Bars[], mark?: number}} plot `mark`: where a line stands that bars are
 *   compared with
 * @returns {string} an SVG
 */
export function barPlot({ title, unit, groups, mark }) {
  const all = groups.flatMap(({ bars }) => bars);
  const greatest = Math.max(mark ?? 0, ...all.map(({ value, high }) => high ?? value));
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  /** @param {number} value */
  const x = (value) => LABEL_WIDTH + (value / greatest) * room;
  const parts = [];
  let y = TOP;
  for (const { name, bars } of groups) {
    if (name !== "") {
      parts.push(
        `<text x="8" y="${y + 12}" font-weight="bold" fill="${COLOURS.text}">${escaped(name)}</text>`,
      );
      y += GROUP_GAP - GAP;
    }
    for (const { label, value, low, high, kind } of bars) {
      const middle = y + BAR_HEIGHT / 2;
      const text = `fill="${COLOURS.text}"`;
      parts.push(
        `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end" ${text}>${escaped(label)}</text>`,
      );
      const width = Math.max(1, x(value) - LABEL_WIDTH).toFixed(1);
      parts.push(
        `<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${COLOURS[kind]}"/>`,
      );
      if (low !== undefined && high !== undefined) {
        const [from, to] = [x(low).toFixed(1), x(high).toFixed(1)];
        parts.push(`<path d="M${from} ${middle}H${to}" stroke="${COLOURS.text}" stroke-width="1.5"/>`);
      }
      const end = Math.max(x(value), high === undefined ? 0 : x(high)) + 6;
      // White around the letters, where the line runs through them.
      const halo = `stroke="#ffffff" stroke-width="3" paint-order="stroke"`;
      parts.push(`<text x="${end.toFixed(1)}" y="${middle + 4}" ${text} ${halo}>${shown(value)}</text>`);
      y += BAR_HEIGHT + GAP;
    }
    y += GROUP_GAP - GAP;
  }
  const height = y - GROUP_GAP + GAP + BOTTOM;
  if (mark !== undefined) {
    const at = x(mark).toFixed(1);
    parts.unshift(
      `<path d="M${at} ${TOP - 6}V${height - BOTTOM + 4}" stroke="${COLOURS.line}" stroke-dasharray="4 3"/>`,
    );
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
      `font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="18" font-size="15" font-weight="bold" fill="${COLOURS.text}">${escaped(title)}</text>`,
    `<text x="8" y="34" fill="${COLOURS.quiet}">${escaped(unit)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** @param {number} value */
const shown = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
