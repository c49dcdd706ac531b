// Holds an OTLP/HTTP request with metrics to its schema (opentelemetry-proto 1.x, metrics/v1, in protobuf's JSON form, read
// 2026-11): lowerCamelCase members and no others, 64-bit integers as decimal texts, enums as numbers.

import assert from "node:assert/strict";

/** @typedef {Record<string, (value: unknown, path: string) => void>} Shape */

const CUMULATIVE = 2;

/** @param {unknown} value @param {Shape} shape @param {string} path @param {string[]} required */
function object(value, shape, path, required) {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value), `${path} is an object`);
  for (const [name, member] of Object.entries(value)) {
    const check = shape[name];
    assert.ok(check, `${path}.${name} is no member`);
    check(member, `${path}.${name}`);
  }
  for (const name of required) assert.ok(name in value, `${path}.${name} is missing`);
}
/** @param {(value: unknown, path: string) => void} check */
const list = (check) => (/** @type {unknown} */ value, /** @type {string} */ path) => {
  assert.ok(Array.isArray(value), `${path} is a list`);
  for (const [index, item] of value.entries()) check(item, `${path}[${index}]`);
};
/** @param {unknown} value @param {string} path */
const text = (value, path) => assert.equal(typeof value, "string", path);
/** @param {unknown} value @param {string} path */
const flag = (value, path) => assert.equal(typeof value, "boolean", path);
/** @param {unknown} value @param {string} path */
const real = (value, path) => assert.ok(typeof value === "number" && Number.isFinite(value), path);
/** @param {unknown} value @param {string} path */
const whole = (value, path) => assert.match(/** @type {string} */ (value), /^\d+$/, path);
/** @param {unknown} value @param {string} path */
const cumulative = (value, path) => assert.equal(value, CUMULATIVE, path);

const attribute = (/** @type {unknown} */ value, /** @type {string} */ path) =>
  object(
    value,
    { key: text, value: (one, at) => object(one, { stringValue: text }, at, ["stringValue"]) },
    path,
    ["key", "value"],
  );
const times = { startTimeUnixNano: whole, timeUnixNano: whole, attributes: list(attribute) };

const number = (/** @type {unknown} */ value, /** @type {string} */ path) => {
  object(value, { ...times, asInt: whole, asDouble: real }, path, ["timeUnixNano"]);
  const given = ["asInt", "asDouble"].filter((name) => name in /** @type {object} */ (value));
  assert.equal(given.length, 1, `${path} has one value`);
};

const histogramPoint = (/** @type {any} */ value, /** @type {string} */ path) => {
  object(
    value,
    { ...times, count: whole, sum: real, bucketCounts: list(whole), explicitBounds: list(real) },
    path,
    ["startTimeUnixNano", "timeUnixNano", "count", "bucketCounts", "explicitBounds"],
  );
  assert.equal(value.bucketCounts.length, value.explicitBounds.length + 1, path);
  const counted = value.bucketCounts.reduce(
    (/** @type {bigint} */ sum, /** @type {string} */ one) => sum + BigInt(one),
    0n,
  );
  assert.equal(counted, BigInt(value.count), `${path}: the buckets add up to the count`);
  const bounds = value.explicitBounds;
  assert.deepEqual(
    bounds,
    [...bounds].sort((a, b) => a - b),
    `${path}: bounds ascend`,
  );
};

const metric = (/** @type {any} */ value, /** @type {string} */ path) => {
  object(
    value,
    {
      name: text,
      description: text,
      unit: text,
      sum: (one, at) =>
        object(one, { aggregationTemporality: cumulative, isMonotonic: flag, dataPoints: list(number) }, at, [
          "aggregationTemporality",
          "isMonotonic",
          "dataPoints",
        ]),
      gauge: (one, at) => object(one, { dataPoints: list(number) }, at, ["dataPoints"]),
      histogram: (one, at) =>
        object(one, { aggregationTemporality: cumulative, dataPoints: list(histogramPoint) }, at, [
          "aggregationTemporality",
          "dataPoints",
        ]),
    },
    path,
    ["name"],
  );
  const kinds = ["sum", "gauge", "histogram"].filter((kind) => kind in value);
  assert.equal(kinds.length, 1, `${path} is of one kind`);
};

/** @param {unknown} request an ExportMetricsServiceRequest */
export function checkOtlp(request) {
  const scope = (/** @type {unknown} */ value, /** @type {string} */ path) =>
    object(value, { name: text, version: text }, path, ["name"]);
  const scopeMetrics = (/** @type {unknown} */ value, /** @type {string} */ path) =>
    object(value, { scope, metrics: list(metric) }, path, ["metrics"]);
  const resource = (/** @type {unknown} */ value, /** @type {string} */ path) =>
    object(value, { attributes: list(attribute) }, path, ["attributes"]);
  const resourceMetrics = (/** @type {unknown} */ value, /** @type {string} */ path) =>
    object(value, { resource, scopeMetrics: list(scopeMetrics) }, path, ["resource", "scopeMetrics"]);
  object(request, { resourceMetrics: list(resourceMetrics) }, "request", ["resourceMetrics"]);
}
