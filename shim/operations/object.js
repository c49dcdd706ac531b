// Methods of the Durable Objects that take JSON text and give JSON text (shim/objects).

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

/** What an object says that it refuses: its message is for people and goes on. Others are told by their kind only. */
const REFUSAL = "Refusal: ";

/** Thrown in an object: crosses to its caller with its message. */
export class Refusal extends Error {
  /** @param {string} message */
  constructor(message) {
    super(REFUSAL + message);
  }
}

/**
 * @param {InFlight} request
 * @param {{binding: string, name: string, method: string, argument: string, wait_millis: number}} wanted
 */
export async function objectCall(request, { binding, name, method, argument, wait_millis }) {
  const objects = request.env[binding];
  if (!objects)
    throw new OperationFailure(
      "unsupported",
      `There is no Durable Object binding ${binding}; declare it in wrangler.toml.`,
    );
  try {
    const calling = Promise.resolve(objects.getByName(name)[method](argument));
    return { result: await within(wait_millis, binding, calling) };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : "";
    if (message.startsWith(REFUSAL)) throw new OperationFailure("invalid", message.slice(REFUSAL.length));
    throw thrown;
  }
}

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
