// The data centre's cache. An entry is a response of its own with the entry header in a field: the Cache API's own
// freshness is only physical retention.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

const ENTRY_FIELD = "larder-entry";

// Opened for each operation: what one request opens, another may not use.
const cache = () => caches.open("larder");

/** @param {string} key */
const address = (key) => `https://larder.internal/entry/${encodeURIComponent(key)}`;

/** @param {InFlight} request @param {{key: string, wait_millis: number}} wanted */
export async function edgeGet(request, { key, wait_millis }) {
  const { header, content } = await within(wait_millis, "The edge cache", entryAt(address(key)));
  return { found: content === null ? 0 : 1, header, content: request.instance.bodies.keep(content) };
}

/** @param {string} url @returns {Promise<{header: string, content: ArrayBuffer | null}>} */
async function entryAt(url) {
  const response = await (await cache()).match(url);
  const header = response?.headers.get(ENTRY_FIELD);
  if (response === undefined || !header) return { header: "", content: null };
  return { header, content: await response.arrayBuffer() };
}

/** @param {InFlight} _request @param {{key: string, header: string, content: ArrayBuffer | null, keep_seconds: number}} entry */
export async function edgePut(_request, { key, header, content, keep_seconds }) {
  if (content === null) throw new OperationFailure("invalid", "An entry of the edge cache needs a body.");
  const response = new Response(content, {
    headers: { "cache-control": `max-age=${keep_seconds}`, [ENTRY_FIELD]: header },
  });
  await (await cache()).put(address(key), response);
  return {};
}

/** @param {InFlight} _request @param {{key: string}} wanted */
export async function edgeDelete(_request, { key }) {
  return { found: (await (await cache()).delete(address(key))) ? 1 : 0 };
}
