// The control log (src/records/control_log.h), read through the data centre's cache. A document is the object's reply.

import { OperationFailure } from "../failure.js";
import { OBJECTS } from "../generated/objects.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

const { append, read } = OBJECTS.ControlLog.methods;
const NO_ARGUMENT = new Uint8Array();
/** The name of the one object. */
const CONTROL_NAME = "control";

/**
 * The object, and where the cache has its copy. Deployments share a cache where they share a zone, but no object: so its id
 * is part of the address.
 * @param {InFlight} request
 */
function logOf(request) {
  /** @type {DurableObjectNamespace<import("../objects/index.js").ControlLog> | undefined} */
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
  return await within(wait_millis, "The control log", readThrough(object, address, direct, keep_seconds));
}

/**
 * @param {DurableObjectStub<import("../objects/index.js").ControlLog>} object @param {string} address
 * @param {number} direct @param {number} keep_seconds
 */
async function readThrough(object, address, direct, keep_seconds) {
  const copy = direct === 1 ? null : await copyAt(address);
  if (copy !== null) return { document: copy };
  const document = await object.call(read.number, NO_ARGUMENT);
  await keepCopy(address, document, keep_seconds);
  return { document };
}

/** @param {InFlight} request @param {{changes: Uint8Array, keep_seconds: number}} wanted */
export async function controlAppend(request, { changes, keep_seconds }) {
  const { object, address } = logOf(request);
  const document = await object.call(append.number, changes);
  // A refusal of the object is not stored as a log.
  if (document[0] === 0) await keepCopy(address, document, keep_seconds);
  return { document };
}

// The cache only saves the call of the object: where the cache fails, the object is asked.

/** @param {string} address @returns {Promise<Uint8Array | null>} */
async function copyAt(address) {
  try {
    return (await (await caches.default.match(address))?.bytes()) ?? null;
  } catch {
    return null;
  }
}

/** @param {string} address @param {Uint8Array} document @param {number} keepSeconds */
async function keepCopy(address, document, keepSeconds) {
  const headers = { "cache-control": `max-age=${keepSeconds}`, "content-type": "application/octet-stream" };
  try {
    await caches.default.put(address, new Response(document, { headers }));
  } catch {
    // The next read goes to the object.
  }
}
