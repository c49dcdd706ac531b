// docs/PERFORMANCE.md and its plots, made of what was measured.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shareOfBare } from "./http/bench.js";
import { barPlot } from "./plot.js";

/** @typedef {import("./results.js").Results} Results */
/** @typedef {import("./plot.js").Bars} Bars */

const FOLDER = "docs/performance";

/** @param {string[]} head @param {(string | number)[][]} rows */
function markdownTable(head, rows) {
  const line = (/** @type {(string | number)[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** @param {Results} results writes what they have; each part of the page needs its benchmark */
export function publish(results) {
  mkdirSync(FOLDER, { recursive: true });
  const parts = [
    head(results),
    hits(results),
    misses(results),
    overhead(results),
    archiving(results),
    parsing(results),
    start(results),
    aims(results),
  ];
  writeFileSync("docs/PERFORMANCE.md", `${parts.filter((part) => part !== "").join("\n\n")}\n`);
}

/** @param {string} name @param {string} alternative @param {Parameters<typeof barPlot>[0]} plot @returns {string} its place in a page */
function drawn(name, alternative, plot) {
  writeFileSync(join(FOLDER, `${name}.svg`), barPlot(plot));
  return `![${alternative}](performance/${name}.svg)`;
}

/** @param {Results} results */
function head({ node, processor, measured }) {
  const days = [...new Set(Object.values(measured).map((time) => time.slice(0, 10)))].sort();
  return [
    "# Performance",
    "",
    "What `npm run bench -- --publish` measured, written by it. All numbers are ratios of one run: a bare Worker gives the",
    "same bytes and fields, or asks the same origin and passes on what it says, on the same `workerd serve`, in turns with",
    "Larder. Ratios are of processor time where the system tells it; medians, and in the plots the quartiles.",
    "",
    `Measured ${days.join(", ")} on ${processor}, Node ${node}. The machine had other work at the time: compare within a`,
    "table, not between machines. `npm run bench -- --guard` holds the ratios to wide bounds (`bench/bounds.js`).",
    "Where the time goes: [profiles](performance/profiles.md).",
  ].join("\n");
}

/** @param {Results} results */
function hits({ http }) {
  if (http === undefined) return "";
  const { results, memory } = http;
  /** @type {Map<string, Bars>} */
  const groups = new Map();
  for (const result of results) {
    if (result.name === "bare Worker") continue;
    const group = groups.get(result.group) ?? { name: result.group, bars: [] };
    const { low, high } = result.ratioOfWork ?? result.ratio;
    const kind = result.way === "no_larder" ? "other" : "larder";
    group.bars.push({ label: result.name, value: shareOfBare(result), low, high, kind });
    groups.set(result.group, group);
  }
  const plot = drawn("hits", "Hits as shares of a bare Worker's speed", {
    title: "Memory hits",
    unit: "share of a bare Worker's speed by processor time; the line is the bare Worker",
    groups: [...groups.values()],
    mark: 1,
  });
  const rows = results.map(({ group, name, microsPerRequest, ratioOfWork, ratio, laneShare }) => [
    group,
    name,
    microsPerRequest?.toFixed(1) ?? "-",
    (ratioOfWork?.median ?? Number.NaN).toFixed(3),
    ratio.median.toFixed(3),
    laneShare === null ? "" : `${(laneShare * 100).toFixed(0)} %`,
  ]);
  const titles = ["asked for", "by", "CPU µs", "of bare, CPU", "of bare, requests/s", "by a lane"];
  const kept =
    memory === null
      ? ""
      : `\n\nAn answer of ${memory.bodyBytes} bytes that is kept takes ${memory.bytesPerEntry} bytes of the process, its \`Headers\` ` +
        `included (${memory.entries} of them), beside what the module keeps of it ([profiles](performance/profiles.md#memory)).`;
  return `## Hits\n\n${plot}\n\n${markdownTable(titles, rows)}${kept}`;
}

/** @param {Results} results */
function misses({ misses }) {
  if (misses === undefined) return "";
  const kinds = /** @type {const} */ ([
    ["a title", "titles"],
    ["a page in mode http", "pages"],
  ]);
  const groups = kinds.flatMap(([name, kind]) => {
    const results = misses.results.filter(({ reads }) => reads === kind);
    return results.length === 0 ? [] : [{ name, results }];
  });
  const plot = drawn("misses", "Misses as multiples of a bare Worker's processor time", {
    title: "Misses",
    unit: "times the processor time of a bare Worker that asks the same origin",
    groups: groups.map(({ name, results }) => ({
      name,
      bars: results.map(({ name: label, ratioOfWork, ratio }) => {
        const { median, low, high } = ratioOfWork ?? ratio;
        const kind = label === "bare Worker" ? "other" : "larder";
        return { label, value: 1 / median, low: 1 / high, high: 1 / low, kind };
      }),
    })),
    mark: 1,
  });
  const rows = groups.flatMap(({ name: asked, results }) =>
    results.map(({ name, microsPerRequest, ratioOfWork, sparedMicros }) => [
      asked,
      name,
      microsPerRequest?.toFixed(0) ?? "-",
      ratioOfWork === null ? "-" : (1 / ratioOfWork.median).toFixed(2),
      sparedMicros === null ? "-" : sparedMicros.median.toFixed(0),
    ]),
  );
  const head = ["asked for", "by", "CPU µs", "times bare", "µs less than with everything on"];
  return (
    `## Misses\n\nThe stand-ins for KV and the data centre's cache and the Durable Objects run in the measured process, so ` +
    `their work counts.\n\n${plot}\n\n${markdownTable(head, rows)}`
  );
}

/** @param {Results} results */
function overhead({ measuring, experiments }) {
  const rows = [
    ...(measuring?.results ?? []).map((row) => ({ what: "all measuring on", ...row })),
    ...(experiments?.results ?? []).map((row) => ({ what: "two experiments", ...row })),
  ].map(({ what, name, ratio, ratioOfWork, ledgerCalls }) => [
    what,
    name,
    (ratioOfWork?.median ?? Number.NaN).toFixed(3),
    `${ratio.median.toFixed(3)} (${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)})`,
    ledgerCalls.toFixed(2),
  ]);
  if (rows.length === 0) return "";
  const titles = ["with", "one hot key", "CPU", "requests/s (quartiles)", "ledger calls for 1,000 requests"];
  return `## Measuring and experiments\n\nHits with them, as ratios to hits without.\n\n${markdownTable(titles, rows)}`;
}

/** @param {Results} results */
function archiving({ cold }) {
  if (cold === undefined) return "";
  const rows = cold.results.map(({ name, ratio, ratioOfWork, movedPerSecond }) => [
    name,
    ratioOfWork.median.toFixed(3),
    ratio.median.toFixed(3),
    movedPerSecond.toFixed(1),
  ]);
  const titles = ["one hot key", "CPU", "requests/s", "moved a second"];
  return (
    `## A run of the archiver\n\nHits while entries of ${cold.bodyBytes} bytes move to R2, as ratios to hits while none do. The stand-ins ` +
    `for KV and R2 answer as late as the platform's (8 and 30 ms) and run in the measured process.\n\n${markdownTable(titles, rows)}`
  );
}

/** @param {Results} results */
function parsing({ json, csv }) {
  const parts = [];
  if (json !== undefined) {
    const plot = drawn("parse", "Reading replies as multiples of JSON.parse's speed", {
      title: "Replies of book origins",
      unit: "times as fast as decode + JSON.parse, which is the line",
      groups: json.results.map(({ name, walkRatio, readRatio }) => ({
        name,
        bars: [
          { label: "On-Demand, every value", value: walkRatio, kind: "other" },
          { label: "the reader of works", value: readRatio, kind: "larder" },
        ],
      })),
      mark: 1,
    });
    const rows = json.results.map(
      ({ name, bytes, works, parseMicros, walkMicros, readMicros, walkRatio, readRatio }) => [
        name,
        bytes,
        works,
        parseMicros.toFixed(1),
        walkMicros.toFixed(1),
        walkRatio.toFixed(2),
        readMicros.toFixed(1),
        readRatio.toFixed(2),
      ],
    );
    const titles = ["", "bytes", "works", "JSON.parse µs", "On-Demand µs", "times", "reader µs", "times"];
    parts.push(`## Replies\n\n${plot}\n\n${markdownTable(titles, rows)}`);
  }
  if (csv !== undefined) {
    const rows = csv.results.map(({ name, millis, ratio }) => [name, millis.toFixed(0), ratio.toFixed(2)]);
    const titles = [`${(csv.bytes / 1e6).toFixed(0)} MB`, "ms", "times the faster of the first two"];
    parts.push(`## Book lists\n\n${markdownTable(titles, rows)}`);
  }
  return parts.join("\n\n");
}

/** @param {Results} results */
function start({ module }) {
  if (module === undefined) return "";
  const rows = module.builds.map(({ build, raw, gzip, brotli, startMillis, workerdMillis }) => [
    build,
    raw,
    gzip,
    brotli,
    startMillis.toFixed(2),
    workerdMillis.toFixed(2),
  ]);
  const titles = ["module", "bytes", "gzip", "brotli", "start in Node, ms", "start in workerd, ms"];
  return `## The module\n\n${markdownTable(titles, rows)}`;
}

/** @param {Results} results */
function aims(results) {
  const { http, misses, measuring, experiments, cold, json, csv, module } = results;
  const rows = [http, misses, measuring, experiments, cold, json, csv, module].flatMap((found) =>
    (found?.verdicts ?? []).map(({ aim, found: value, met }) => [aim, value, met ? "yes" : "**no**"]),
  );
  return rows.length === 0 ? "" : `## Aims\n\n${markdownTable(["aim", "found", "met"], rows)}`;
}
