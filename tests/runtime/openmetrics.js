// A strict reader of OpenMetrics text 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/, read 2026-11): what the
// specification forbids is an error here, also what scrapers let pass.

import assert from "node:assert/strict";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Numbers as the specification's ABNF has them. */
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)|nan)$/i;
/** Bounds are written canonically: one text for a number. */
const BOUND = /^(?:\+Inf|-?(?:0|[1-9]\d*)\.\d+|-?\d(?:\.\d+)?e[+-]\d{2})$/;

/** What may follow a family's name in its samples. @type {Record<string, string[]>} */
const SUFFIXES = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  unknown: [""],
};

/**
 * @typedef {{name: string, labels: Map<string, string>, value: number}} Sample
 * @typedef {{name: string, type: string, unit: string, help: string, samples: Sample[]}} Family
 * @param {string} text @returns {Map<string, Family>} families by name
 */
export function parseOpenMetrics(text) {
  assert.ok(text.endsWith("# EOF\n"), "the text ends with # EOF and a line feed");
  const lines = text.slice(0, -"# EOF\n".length).split("\n");
  assert.equal(lines.pop(), "", "every line ends with a line feed");
  /** @type {Map<string, Family>} */
  const families = new Map();
  /** @type {Family | null} */
  let current = null;
  for (const line of lines) {
    assert.notEqual(line, "", "there are no blank lines");
    if (line.startsWith("#")) {
      current = metadata(line, families, current);
    } else {
      assert.ok(current !== null, `a sample without a family: ${line}`);
      sample(line, current);
    }
  }
  for (const family of families.values()) check(family);
  return families;
}

/** @param {string} line @param {Map<string, Family>} families @param {Family | null} current @returns {Family} */
function metadata(line, families, current) {
  const found = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line);
  assert.ok(found, `no comments but HELP, TYPE and UNIT: ${line}`);
  const [, kind = "", name = "", text = ""] = found;
  assert.match(name, NAME);
  let family = current;
  if (family === null || family.name !== name) {
    assert.ok(!families.has(name), `the lines of ${name} are apart`);
    family = { name, type: "", unit: "", help: "", samples: [] };
    families.set(name, family);
  }
  assert.equal(family.samples.length, 0, `what is said of ${name} comes before its samples`);
  if (kind === "TYPE") {
    assert.equal(family.type, "", `${name} has one type`);
    assert.ok(text in SUFFIXES, `${text} is no type that is written here`);
    family.type = text;
  } else if (kind === "UNIT") {
    assert.equal(family.unit, "", `${name} has one unit`);
    assert.ok(name.endsWith(`_${text}`), `${name} ends in its unit ${text}`);
    family.unit = text;
  } else {
    assert.equal(family.help, "", `${name} has one help`);
    assert.ok(!/\\[^\\n"]/.test(text), `only \\\\, \\n and \\" are escapes: ${text}`);
    family.help = text;
  }
  return family;
}

/** @param {string} line @param {Family} family */
function sample(line, family) {
  assert.notEqual(family.type, "", `${family.name} has its type before its samples`);
  const found = /^([^{ ]+)(?:\{(.*)\})? ([^ ]+)$/.exec(line);
  assert.ok(found, `one name, labels and one value: ${line}`);
  const [, name = "", labelText, value = ""] = found;
  assert.ok(name.startsWith(family.name), `${name} stands among the samples of ${family.name}`);
  assert.ok(
    SUFFIXES[family.type]?.includes(name.slice(family.name.length)),
    `${name} is no sample of a ${family.type}`,
  );
  assert.match(value, NUMBER);
  const labels = labelsOf(labelText ?? "", line);
  if (name.endsWith("_bucket")) assert.match(labels.get("le") ?? "", BOUND);
  else assert.ok(!labels.has("le") && !labels.has("quantile"), `${name} has a label of another type`);
  if (name.endsWith("_total") || name.endsWith("_count") || name.endsWith("_bucket")) {
    assert.ok(Number(value) >= 0, `${name} is not below 0`);
  }
  family.samples.push({ name, labels, value: Number(value) });
}

/** @param {string} text @param {string} line */
function labelsOf(text, line) {
  /** @type {Map<string, string>} */
  const labels = new Map();
  let rest = text;
  while (rest !== "") {
    const found = /^([a-zA-Z0-9_]+)="((?:[^"\\\n]|\\[\\n"])*)"(?:,(?=.)|$)/.exec(rest);
    assert.ok(found, `labels are name="value", with commas between: ${line}`);
    const [all, name = "", value = ""] = found;
    assert.match(name, LABEL_NAME);
    assert.ok(!labels.has(name), `${name} is there twice: ${line}`);
    labels.set(name, value);
    rest = rest.slice(all.length);
  }
  return labels;
}

/** @param {Family} family */
function check(family) {
  assert.notEqual(family.type, "", `${family.name} has a type`);
  if (family.type === "counter") assert.ok(!family.name.endsWith("_total"), family.name);
  const seen = new Set();
  /** A series' samples stand together. @type {string[]} */
  const order = [];
  for (const one of family.samples) {
    const series = JSON.stringify([...one.labels].filter(([name]) => name !== "le").sort());
    if (order.at(-1) !== series) {
      assert.ok(!order.includes(series), `the samples of ${family.name}${series} are apart`);
      order.push(series);
    }
    const point = `${one.name}${JSON.stringify([...one.labels].sort())}`;
    assert.ok(!seen.has(point), `${point} is there twice`);
    seen.add(point);
  }
  if (family.type !== "histogram") return;
  for (const series of order) {
    const of = (/** @type {string} */ suffix) =>
      family.samples.filter(
        (one) =>
          one.name === family.name + suffix &&
          JSON.stringify([...one.labels].filter(([name]) => name !== "le").sort()) === series,
      );
    const buckets = of("_bucket");
    assert.equal(
      of("_count").length,
      of("_sum").length,
      `${family.name} has _count if and only if it has _sum`,
    );
    const bounds = buckets.map((one) => Number((one.labels.get("le") ?? "").replace("+Inf", "Infinity")));
    assert.deepEqual(
      bounds,
      [...bounds].sort((a, b) => a - b),
      `the buckets of ${family.name} ascend`,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, `${family.name} has the bucket +Inf`);
    const counts = buckets.map((one) => one.value);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
      `the buckets of ${family.name} are cumulative`,
    );
    assert.equal(counts.at(-1), of("_count")[0]?.value, `+Inf of ${family.name} is its count`);
  }
}
