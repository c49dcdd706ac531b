// Analytics Engine's datasets ([[analytics_engine_datasets]] in wrangler.toml), and Analytics SQL ([analytics]).

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @param {import("../instance.js").InFlight} request @param {{binding: string, points: string[]}} wanted */
export async function analyticsWrite(request, { binding, points }) {
  const dataset = request.env[binding];
  if (!dataset)
    throw new OperationFailure("unsupported", `There is no dataset ${binding}; declare it in wrangler.toml.`);
  for (const point of points) dataset.writeDataPoint(JSON.parse(point));
  return {};
}

/**
 * @param {import("../instance.js").InFlight} request
 * @param {{binding: string, query: string, params: [string, string][], wait_millis: number}} wanted
 */
export async function analyticsQuery(request, { binding, query, params, wait_millis: wait }) {
  const sql = request.env[binding];
  if (typeof sql?.query !== "function")
    throw new OperationFailure(
      "unsupported",
      `There is no binding ${binding} of Analytics SQL; declare it in wrangler.toml.`,
    );
  const asked = sql.query({ query, params: Object.fromEntries(params) }).catch(refused);
  const reply = JSON.stringify(await within(wait, "Analytics SQL", asked));
  if (reply === undefined) throw new OperationFailure("corrupt", "Analytics SQL gave no value.");
  return { reply };
}

/** What the platform says of a query may quote it, so only its kind is told. @param {any} thrown @returns {never} */
function refused(thrown) {
  const kind = thrown?.retryable === true ? "unavailable" : "rejected";
  throw new OperationFailure(kind, "Analytics SQL did not answer the query.");
}
