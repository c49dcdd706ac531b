// Analytics Engine's datasets ([[analytics_engine_datasets]] in wrangler.toml).

import { OperationFailure } from "../failure.js";

/** @param {import("../instance.js").InFlight} request @param {{binding: string, points: string[]}} wanted */
export async function analyticsWrite(request, { binding, points }) {
  const dataset = request.env[binding];
  if (!dataset)
    throw new OperationFailure("unsupported", `There is no dataset ${binding}; declare it in wrangler.toml.`);
  for (const point of points) dataset.writeDataPoint(JSON.parse(point));
  return {};
}
