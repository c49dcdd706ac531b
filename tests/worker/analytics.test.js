// Analytics Engine in the runtime: points are written as they are, and Analytics SQL is asked by its binding, with what it refuses
// told by its kind alone.

import { expect, test } from "vitest";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";

/** @param {any} env @param {Record<string, any>} [more] */
const ask = (env, more) =>
  handlers.analytics_query(/** @type {any} */ ({ env }), {
    binding: "ANALYTICS_SQL",
    query: 'SELECT index1 FROM events.analyticsEngine."key_reads" WHERE index1 IN ($k0, $k1)',
    params: [
      ["k0", "00000000deadbeef"],
      ["k1", "' OR 1=1 --"],
    ],
    wait_millis: 5000,
    ...more,
  });
/** @param {any} env @param {Record<string, any>} [more] */
const failureOf = async (env, more) => {
  try {
    await ask(env, more);
  } catch (thrown) {
    const { status, message } = asFailure(thrown, "analytics_query");
    return [status, message];
  }
  return null;
};
/** @param {(asked: any) => any} query */
const withQuery = (query) => ({ ANALYTICS_SQL: { query: async (/** @type {any} */ asked) => query(asked) } });

test("a query goes with its parameters beside it, and its reply comes as JSON", async () => {
  /** @type {any[]} */
  const asked = [];
  const reply = {
    data: [{ key_hash: "00000000deadbeef", reads_0: 3 }],
    rows: 1,
    statistics: { elapsed_ms: 42 },
  };
  const given = await ask(
    withQuery((one) => {
      asked.push(one);
      return reply;
    }),
  );
  expect(given).toEqual({ reply: JSON.stringify(reply) });
  expect(asked).toEqual([
    {
      query: 'SELECT index1 FROM events.analyticsEngine."key_reads" WHERE index1 IN ($k0, $k1)',
      params: { k0: "00000000deadbeef", k1: "' OR 1=1 --" },
    },
  ]);
});

test("what it refuses is told by its kind, and never with the query", async () => {
  const thrown = (/** @type {any} */ more) =>
    withQuery(() => {
      throw Object.assign(new Error("near 'SELECT index1'"), more);
    });
  const message = "Analytics SQL did not answer the query.";
  expect(await failureOf(thrown({ retryable: true }))).toEqual(["unavailable", message]);
  expect(await failureOf(thrown({ retryable: false }))).toEqual(["rejected", message]);
  expect(await failureOf(thrown({}))).toEqual(["rejected", message]);
  expect(await failureOf(withQuery(() => undefined))).toEqual(["corrupt", "Analytics SQL gave no value."]);
});

test("one that is not bound, is a dataset, or says nothing is told apart", async () => {
  const missing = "There is no binding ANALYTICS_SQL of Analytics SQL; declare it in wrangler.toml.";
  expect(await failureOf({})).toEqual(["unsupported", missing]);
  expect(await failureOf({ ANALYTICS_SQL: { writeDataPoint: () => {} } })).toEqual(["unsupported", missing]);
  const silent = { ANALYTICS_SQL: { query: () => new Promise(() => {}) } };
  expect(await failureOf(silent, { wait_millis: 1 })).toEqual([
    "timeout",
    "Analytics SQL gave no answer within 1 ms.",
  ]);
});

test("points are written as they are", async () => {
  /** @type {any[]} */
  const written = [];
  const env = { KEY_ANALYTICS: { writeDataPoint: (/** @type {any} */ point) => written.push(point) } };
  const point = {
    indexes: ["00000000deadbeef"],
    blobs: ["key_read", "item", "larder"],
    doubles: [1, 1795917600],
  };
  const points = [JSON.stringify(point)];
  await handlers.analytics_write(/** @type {any} */ ({ env }), { binding: "KEY_ANALYTICS", points });
  expect(written).toEqual([point]);
});
