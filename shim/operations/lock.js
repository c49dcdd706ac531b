// The Durable Object of a key (shim/objects/lock.js). Every failure, a reset object included, means: go on without the lock.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

// The object ends a wait itself; this is for an object that does not answer at all. What it grants later ends by itself.
const LATE_MILLIS = 1000;

/**
 * @param {InFlight} request @param {string} key
 * @returns {Pick<import("../objects/lock.js").Lock, "acquire" | "release">}
 */
function lockOf(request, key) {
  const binding = request.env.LOCK;
  if (!binding)
    throw new OperationFailure(
      "unsupported",
      "There is no Durable Object binding LOCK; declare it in wrangler.toml.",
    );
  return /** @type {any} */ (binding).getByName(key);
}

/** @param {InFlight} request @param {{key: string, token: string, keep_millis: number, wait_millis: number}} wanted */
export async function lockAcquire(request, { key, token, keep_millis, wait_millis }) {
  const acquiring = lockOf(request, key).acquire(token, keep_millis, wait_millis);
  const { outcome, value } = await within(wait_millis + LATE_MILLIS, "The lock", acquiring);
  const content = request.instance.bodies.keep(value?.content ?? null);
  return { outcome, header: value?.header ?? "", content };
}

/**
 * @param {InFlight} request
 * @param {{key: string, token: string, verdict: number, header: string, content: ArrayBuffer | null,
 *   value_millis: number}} wanted
 */
export async function lockRelease(request, { key, token, verdict, header, content, value_millis }) {
  const value = content instanceof ArrayBuffer ? { header, content } : null;
  return { held: await lockOf(request, key).release(token, verdict, value, value_millis) };
}
