// docs/reference/metrics.md.

import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

const TABLE = "observe/metrics.def";

/** @param {string[]} labels */
const labelled = (...labels) =>
  labels
    .filter((label) => label !== "")
    .map(code)
    .join(", ");

/** The metrics' names with what the requirements call them. */
const sources = () =>
  new Map(rows(TABLE, "LARDER_SOURCE_NAME", ["name", "source"]).map(({ name, source }) => [name, source]));

/** All metrics' names, as Prometheus has them. */
export const metricNames = () => [
  ...rows(TABLE, "LARDER_COUNTER", ["name", "first", "second", "help"]).map(({ name }) => name),
  ...rows(TABLE, "LARDER_GAUGE", ["name", "unit", "first", "help"]).map(({ name }) => name),
  ...rows(TABLE, "LARDER_HISTOGRAM", ["name", "unit", "scale", "bounds", "first", "help"]).flatMap(
    ({ name }) => ["_bucket", "_sum", "_count"].map((ending) => name + ending),
  ),
];

export default {
  path: "docs/reference/metrics.md",
  text: () => `${note(TABLE)}

# Metrics

Every isolate counts for itself and hands what it has counted to the ledger, at most ten seconds later; \`/metrics\` shows
the ledger's sums over all isolates since the deployment began, \`/internal/cache\` the counters of the isolate that answers.
[Monitoring](../MONITORING_OPTIMIZATION.md) says how to read them.

## Counters

In JSON a counter has the name in brackets, where there is one.

${table(
  ["counter", "labels", "counts"],
  rows(TABLE, "LARDER_COUNTER", ["name", "first", "second", "help"]).map((row) => [
    code(row.name) + (sources().has(row.name) ? ` (${code(sources().get(row.name) ?? "")})` : ""),
    labelled(row.first, row.second),
    row.help,
  ]),
)}

## Gauges

Added up over the isolates that were heard of within the last minute.

${table(
  ["gauge", "label", "is"],
  rows(TABLE, "LARDER_GAUGE", ["name", "unit", "first", "help"]).map((row) => [
    code(row.name),
    labelled(row.first),
    row.help,
  ]),
)}

## Histograms

${table(
  ["histogram", "label", "measures"],
  rows(TABLE, "LARDER_HISTOGRAM", ["name", "unit", "scale", "bounds", "first", "help"]).map((row) => [
    code(row.name),
    labelled(row.first),
    row.help,
  ]),
)}
`,
};
