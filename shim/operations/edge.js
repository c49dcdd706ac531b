// The data centre's cache. An entry is a response of its own with the entry header in a field: the Cache API's own
// freshness is only physical retention.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

const ENTRY_FIELD = "larder-entry";

/** Opened once for each request: a request may not use what another one opened. @param {InFlight} request */
function cacheOf(request) {
  request.edge ??= caches.open("larder");
  return request.edge;
}

/** @param {string} key */
const address = (key) => `https://larder.internal/entry/${encodeURIComponent(key)}`;

/** @param {InFlight} request @param {{key: string, wait_millis: number}} wanted */
export async function edgeGet(request, { key, wait_millis }) {
  const { header, content } = await within(wait_millis, "The edge cache", entryAt(request, address(key)));
  return { found: content === null ? 0 : 1, header, content: request.instance.bodies.keep(content) };
}

/** @param {InFlight} request @param {string} url @returns {Promise<{header: string, content: ArrayBuffer | null}>} */
async function entryAt(request, url) {
  const response = await (await cacheOf(request)).match(url);
  const header = response?.headers.get(ENTRY_FIELD);
  if (response === undefined || !header) return { header: "", content: null };
  return { header, content: await response.arrayBuffer() };
}

/** @param {InFlight} request @param {{key: string, header: string, content: ArrayBuffer | null, keep_seconds: number}} entry */
export async function edgePut(request, { key, header, content, keep_seconds }) {
  if (content === null) throw new OperationFailure("invalid", "An entry of the edge cache needs a body.");
  if (!(content instanceof ArrayBuffer)) {
    throw new OperationFailure(
      "rejected",
      "The edge cache takes bytes alone: this body is in R2, or a stream.",
    );
  }
  const response = new Response(content, {
    headers: { "cache-control": `max-age=${keep_seconds}`, [ENTRY_FIELD]: header },
  });
  await (await cacheOf(request)).put(address(key), response);
  return {};
}

/** @param {InFlight} request @param {{key: string}} wanted */
export async function edgeDelete(request, { key }) {
  return { found: (await (await cacheOf(request)).delete(address(key))) ? 1 : 0 };
}
