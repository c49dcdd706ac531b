// Lines over time, drawn by uPlot, with a table of the same numbers beside each.

import uPlot from "uplot";
import { h, table } from "./dom.js";

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @typedef {{label: string, colour: string, width?: number, dash?: number[], band?: boolean}} Line
 * @typedef {object} Chart
 * @property {string} title
 * @property {number[]} times seconds since the epoch, ascending
 * @property {Line[]} lines
 * @property {(number | null)[][]} values a list for each line
 * @property {(value: number) => string} format
 * @property {[number, number]} [range]
 * @property {[number, number][]} [bands] pairs of lines with the space between them filled
 * @property {[number, number]} [span] the times at both ends; without it: of the first and the last value
 * @property {(seconds: number) => string} [timeText] how a time is written
 */

/** @type {Set<{plot: uPlot, place: HTMLElement}>} */
const drawn = new Set();
const HEIGHT = 190;
/** Between the times that are written. */
const STEPS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400, 604_800];

const DAY_SECONDS = 86_400;

/** How times within a day, or over several, are told apart. @param {number[]} times @returns {(seconds: number) => string} */
function writerOf(times) {
  const isLong = (times.at(-1) ?? 0) - (times[0] ?? 0) > DAY_SECONDS;
  const written = new Intl.DateTimeFormat(
    "en-GB",
    isLong
      ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
      : { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  );
  return (seconds) => written.format(seconds * 1000);
}

/** Views are made anew every few seconds: the canvas of a chart that is not shown any more goes. */
function forgetUnseen() {
  for (const one of drawn) {
    if (!one.place.isConnected) {
      one.plot.destroy();
      drawn.delete(one);
    }
  }
}

new ResizeObserver(() => {
  forgetUnseen();
  for (const { place, plot } of drawn) {
    const width = place.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }
}).observe(document.documentElement);

/** @param {Chart} chart @returns {HTMLElement} */
export function chart({
  title,
  times,
  lines,
  values,
  format,
  range,
  bands = [],
  span,
  timeText = writerOf(times),
}) {
  const place = h("div", {
    class: "plot",
    role: "img",
    "aria-label": `${title}. The table below has the numbers.`,
  });
  const last = (/** @type {number} */ i) => values[i]?.findLast((value) => value !== null) ?? null;
  const legend = h(
    "ul",
    { class: "legend" },
    lines.map((line, i) => {
      const value = last(i);
      const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = `var(${line.colour})`;
      return h("li", {}, swatch, line.label, h("b", {}, value === null ? "–" : format(value)));
    }),
  );
  const rows = times.map((time, at) => ({ time, at })).reverse();
  const details = h(
    "details",
    {},
    h("summary", {}, "Show as a table"),
    table(
      [
        ["time", (row) => timeText(row.time)],
        ...lines.map(
          (line, i) =>
            /** @type {[string, (row: any) => string, string]} */ ([
              line.label,
              (row) =>
                values[i]?.[row.at] === null || values[i]?.[row.at] === undefined
                  ? "–"
                  : format(Number(values[i]?.[row.at])),
              "number",
            ]),
        ),
      ],
      rows,
      { caption: title },
    ),
  );
  if (times.length < 2 && span === undefined) {
    return h(
      "figure",
      { class: "chart" },
      h("figcaption", {}, title),
      legend,
      h("p", { class: "empty" }, "A line needs two looks."),
    );
  }
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  // It has a size once it is a part of the page, which may be long after it was made.
  const shown = new ResizeObserver(() => {
    if (place.clientWidth === 0) return;
    shown.disconnect();
    forgetUnseen();
    const plot = new uPlot(
      {
        width: Math.max(place.clientWidth, 120),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          ...(span ? { x: { range: span } } : {}),
          y: {
            range: range ?? ((_plot, low, high) => [Math.min(0, low), high > low ? high * 1.1 : low + 1]),
          },
        },
        axes: [
          { ...axis, space: 84, incrs: STEPS_SECONDS, values: (_plot, ticks) => ticks.map(timeText) },
          { ...axis, size: 62, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            stroke: colour(line.colour),
            width: line.width ?? 2,
            points: { show: times.length < 20, size: times.length < 20 ? 5 : 0 },
            spanGaps: true,
            ...(line.dash ? { dash: line.dash } : {}),
          })),
        ],
        bands: bands.map(([high, low]) => ({
          series: /** @type {[number, number]} */ ([high + 1, low + 1]),
          fill: colour("--band"),
        })),
      },
      /** @type {any} */ ([times, ...values]),
      place,
    );
    drawn.add({ plot, place });
  });
  shown.observe(place);
  return h("figure", { class: "chart" }, h("figcaption", {}, title), legend, place, details);
}
