// A stand-in of Analytics Engine on loopback: it answers the archiver's two queries over points that were written, in the shapes
// of the SQL API and of the binding of Analytics SQL.

import { createServer } from "node:http";

/** @typedef {{indexes: string[], blobs: string[], doubles: number[]}} Point */
/** @typedef {{path: string, authorization: string, query: string, params: Record<string, string>}} Asked */

/** @param {string} text @param {RegExp} pattern with one group */
const numbersOf = (text, pattern) => [...text.matchAll(pattern)].map(([, digits]) => Number(digits));

/** @param {Asked} asked @param {Point[]} points @returns {Record<string, unknown>[]} */
function rowsOf({ query, params }, points) {
  const isAboutKeys = query.includes("index1 IN");
  const keys = new Set([
    ...Object.values(params),
    ...[...query.matchAll(/'([0-9a-f]{16})'/g)].map(([, key]) => key),
  ]);
  const from = numbersOf(query, /double2 >= (\d+)/g);
  const until = [Number.POSITIVE_INFINITY, ...numbersOf(query, /double2 < (\d+)/g)];
  /** @type {Map<string, Point[]>} */
  const groups = new Map();
  for (const point of points) {
    const [event = ""] = point.blobs;
    const [index = ""] = point.indexes;
    if (isAboutKeys && (event !== "key_read" || !keys.has(index))) continue;
    const group = isAboutKeys ? index : event;
    groups.set(group, [...(groups.get(group) ?? []), point]);
  }
  return [...groups].map(([group, its]) => {
    const times = its.map(({ doubles }) => doubles[1] ?? 0);
    if (!isAboutKeys) {
      return { event: group, first_time: Math.min(...times), last_time: Math.max(...times) };
    }
    const sums = from.map((begin, i) => {
      const within = its.filter((_, at) => (times[at] ?? 0) >= begin && (times[at] ?? 0) < (until[i] ?? 0));
      return [`reads_${i}`, within.reduce((sum, { doubles }) => sum + (doubles[0] ?? 0), 0)];
    });
    return { key_hash: group, ...Object.fromEntries(sums), last_read: Math.max(...times) };
  });
}

/** @param {() => Promise<Point[]>} points what was written */
export async function startAnalyticsEngine(points) {
  /** @type {Asked[]} */
  const asked = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const path = request.url ?? "";
    const isBinding = path === "/binding";
    const { query, params } = isBinding ? JSON.parse(text) : { query: text, params: {} };
    const one = { path, authorization: request.headers.authorization ?? "", query, params };
    asked.push(one);
    const data = rowsOf(one, await points());
    const rows = data.length;
    const reply = isBinding
      ? { data, rows, statistics: { elapsed_ms: 1, rows_read: rows, bytes_read: 0 } }
      : { meta: [], data, rows, rows_before_limit_at_least: rows };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(status === 200 ? JSON.stringify(reply) : "{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    /** @param {number} next */
    answerWith: (next) => {
      status = next;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve(undefined))),
  };
}
