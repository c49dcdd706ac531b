// The Durable Object of a key (shim/lock.js). Every failure, a reset object included, means: go on without the lock.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

// As src/host/ops.def numbers them.
const OUTCOMES = Object.freeze({ retry: 0, granted: 1, value: 2, alone: 3 });

// The object ends a wait itself; this is for an object that does not answer at all. What it grants later ends by itself.
const LATE_MILLIS = 1000;

/** @param {InFlight} request @param {string} key @returns {DurableObjectStub<import("../lock.js").Lock>} */
function lockOf(request, key) {
  const binding = request.env.LOCK;
  if (!binding)
    throw new OperationFailure(
      "unsupported",
      "There is no Durable Object binding LOCK; declare it in wrangler.toml.",
    );
  return binding.getByName(key);
}

/** @param {InFlight} request @param {{key: string, token: string, keep_millis: number, wait_millis: number}} wanted */
export async function lockAcquire(request, { key, token, keep_millis, wait_millis }) {
  /** @type {Promise<import("../lock.js").Acquired>} */
  const acquiring = Promise.resolve(lockOf(request, key).acquire(token, keep_millis, wait_millis));
  const acquired = await within(wait_millis + LATE_MILLIS, "The lock", acquiring);
  const value = acquired.outcome === "value" ? acquired.value : null;
  return {
    outcome: OUTCOMES[acquired.outcome],
    header: value?.header ?? "",
    content: request.instance.bodies.keep(value?.content ?? null),
  };
}

/**
 * @param {InFlight} request
 * @param {{key: string, token: string, verdict: number, header: string, content: ArrayBuffer | null,
 *   value_millis: number}} wanted
 */
export async function lockRelease(request, { key, token, verdict, header, content, value_millis }) {
  const value = content instanceof ArrayBuffer ? { header, content } : null;
  const outcome =
    verdict === OUTCOMES.value && value ? "value" : verdict === OUTCOMES.alone ? "alone" : "retry";
  return { held: (await lockOf(request, key).release(token, outcome, value, value_millis)) ? 1 : 0 };
}
