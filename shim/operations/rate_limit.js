// The platform's rate limits ([[ratelimits]] in wrangler.toml).

import { OperationFailure } from "../failure.js";

/** @param {import("../instance.js").InFlight} request @param {{binding: string, key: string}} wanted */
export async function rateLimit(request, { binding, key }) {
  const limit = request.env[binding];
  if (!limit)
    throw new OperationFailure(
      "unsupported",
      `There is no rate limit ${binding}; declare it in wrangler.toml.`,
    );
  const { success } = await limit.limit({ key });
  return { allowed: success ? 1 : 0 };
}
