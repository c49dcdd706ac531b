// Calls of the Durable Objects (shim/objects): argument and reply are the core's own records, and pass through unread.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

/**
 * @param {InFlight} request
 * @param {{binding: string, name: string, method: number, argument: Uint8Array, wait_millis: number}} wanted
 */
export async function objectRun(request, { binding, name, method, argument, wait_millis }) {
  const objects = request.env[binding];
  if (!objects)
    throw new OperationFailure(
      "unsupported",
      `There is no Durable Object binding ${binding}; declare it in wrangler.toml.`,
    );
  const calling = Promise.resolve(objects.getByName(name).call(method, argument));
  return { reply: await within(wait_millis, binding, calling) };
}
