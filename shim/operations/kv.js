// The KV namespace CACHE. The entry header is the key's metadata.

import { OperationFailure } from "../failure.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

/** @param {InFlight} request @returns {KVNamespace} */
function namespace(request) {
  const binding = request.env.CACHE;
  if (!binding)
    throw new OperationFailure("unsupported", "There is no KV binding CACHE; declare it in wrangler.toml.");
  return binding;
}

/** @param {InFlight} request @param {{key: string, wait_millis: number}} wanted */
export async function kvGet(request, { key, wait_millis }) {
  const getting = namespace(request).getWithMetadata(key, { type: "arrayBuffer" });
  const { value, metadata } = await within(wait_millis, "KV", getting);
  if (value === null || typeof metadata !== "string") {
    return { found: 0, header: "", content: request.instance.bodies.keep(null) };
  }
  return { found: 1, header: metadata, content: request.instance.bodies.keep(value) };
}

/** @param {InFlight} request @param {{key: string, header: string, content: ArrayBuffer | null, keep_seconds: number}} entry */
export async function kvPut(request, { key, header, content, keep_seconds }) {
  if (content === null) throw new OperationFailure("invalid", "An entry of KV needs a body.");
  if (!(content instanceof ArrayBuffer)) {
    throw new OperationFailure("rejected", "KV takes bytes alone: this body is in R2, or a stream.");
  }
  const kept = keep_seconds === 0 ? {} : { expirationTtl: keep_seconds };
  await namespace(request).put(key, content, { metadata: header, ...kept });
  return {};
}

/** @param {InFlight} request @param {{key: string}} wanted */
export async function kvDelete(request, { key }) {
  await namespace(request).delete(key);
  return {};
}

/** @param {InFlight} request @param {{prefix: string, cursor: string, count_max: number}} wanted */
export async function kvList(request, { prefix, cursor, count_max }) {
  const page = await namespace(request).list({ prefix, limit: count_max, cursor: cursor || null });
  return {
    keys: page.keys.map((key) => key.name),
    headers: page.keys.map(({ metadata }) => (typeof metadata === "string" ? metadata : "")),
    next_cursor: page.list_complete ? "" : page.cursor,
  };
}

/** @param {InFlight} request @param {{keys: string[]}} wanted */
export async function kvGetMany(request, { keys }) {
  const found = await namespace(request).getWithMetadata(keys, { type: "text" });
  /** @param {string} key */
  const entry = (key) => {
    const { value, metadata } = found.get(key) ?? { value: null, metadata: null };
    return value === null || typeof metadata !== "string"
      ? { header: "", content: "" }
      : { header: metadata, content: value };
  };
  const entries = keys.map(entry);
  return { headers: entries.map(({ header }) => header), contents: entries.map(({ content }) => content) };
}
