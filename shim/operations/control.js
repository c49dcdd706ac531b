// The control log (shim/control.js), read through the data centre's cache.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

/** The name of the one object. */
const CONTROL_NAME = "control";

/**
 * The object, and where the cache has its copy. Deployments share a cache where they share a zone, but no object: so its id
 * is part of the address.
 * @param {InFlight} request
 */
function logOf(request) {
  /** @type {DurableObjectNamespace<import("../control.js").ControlLog> | undefined} */
  const binding = request.env.CONTROL;
  if (!binding)
    throw new OperationFailure(
      "unsupported",
      "There is no Durable Object binding CONTROL; declare it in wrangler.toml.",
    );
  const id = binding.idFromName(CONTROL_NAME);
  return { object: binding.get(id), address: `https://larder.internal/control/${id}` };
}

/** @param {InFlight} request @param {{direct: number, keep_seconds: number, wait_millis: number}} wanted */
export async function controlRead(request, { direct, keep_seconds, wait_millis }) {
  const { object, address } = logOf(request);
  return await within(wait_millis, "The control log", read(object, address, direct, keep_seconds));
}

/**
 * @param {DurableObjectStub<import("../control.js").ControlLog>} object @param {string} address
 * @param {number} direct @param {number} keep_seconds
 */
async function read(object, address, direct, keep_seconds) {
  const copy = direct === 1 ? null : await copyAt(address);
  if (copy !== null) return { document: copy };
  const document = await object.read();
  await keepCopy(address, document, keep_seconds);
  return { document };
}

/** @param {InFlight} request @param {{changes: string, keep_seconds: number}} wanted */
export async function controlAppend(request, { changes, keep_seconds }) {
  const { object, address } = logOf(request);
  const document = await object.append(changes);
  await keepCopy(address, document, keep_seconds);
  return { document };
}

// The cache only saves the way to the object: whatever is wrong with it, the object has the answer.

/** @param {string} address @returns {Promise<string | null>} */
async function copyAt(address) {
  try {
    return (await (await caches.default.match(address))?.text()) ?? null;
  } catch {
    return null;
  }
}

/** @param {string} address @param {string} document @param {number} keepSeconds */
async function keepCopy(address, document, keepSeconds) {
  const headers = { "cache-control": `max-age=${keepSeconds}`, "content-type": "application/json" };
  try {
    await caches.default.put(address, new Response(document, { headers }));
  } catch {
    // The next read goes to the object.
  }
}
