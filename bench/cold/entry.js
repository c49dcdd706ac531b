/// <reference path="../modules.d.ts" />
// Larder with stand-ins for KV, R2 and a queue in its own isolate, which answer as late as the platform's do and cost next to
// nothing themselves: what a run of the archiver costs beside hits is the archiver's own work. The back door fills KV, starts runs
// and holds them up.

import index from "./larder_bundle.js";

export * from "./larder_bundle.js";

const KV_MILLIS = 8;
const R2_MILLIS = 30;
const HELD_POLL_MILLIS = 20;
const STUB = "~cold";
const DIGITS = 6;

/** @param {number} millis */
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** @type {Map<string, {value: ArrayBuffer, metadata: string}>} */
const entries = new Map();
/** @type {string[] | null} of KV, in their order */
let names = null;
/** @type {Map<string, any>} */
const objects = new Map();
/** @type {unknown[]} bodies of messages */
const messages = [];
let etags = 0;
let moved = 0;
let isHeld = false;

const kv = {
  /** @param {string} key */
  async getWithMetadata(key) {
    await sleep(KV_MILLIS);
    const { value, metadata } = entries.get(key) ?? { value: null, metadata: null };
    return { value: value?.slice(0) ?? null, metadata };
  },
  /** @param {string} key @param {ArrayBuffer} value @param {{metadata: string}} options */
  async put(key, value, { metadata }) {
    await sleep(KV_MILLIS);
    if (metadata.endsWith(STUB)) moved += 1;
    keep(key, value, metadata);
  },
  /** @param {string} key */
  async delete(key) {
    await sleep(KV_MILLIS);
    entries.delete(key);
    names = null;
  },
  /** @param {{prefix: string, limit: number, cursor: string | null}} asked */
  async list({ prefix, limit, cursor }) {
    await sleep(KV_MILLIS);
    names ??= [...entries.keys()].sort();
    const all = names.filter((name) => name.startsWith(prefix));
    const from = Number(cursor ?? 0);
    const keys = all
      .slice(from, from + limit)
      .map((name) => ({ name, metadata: entries.get(name)?.metadata }));
    return { keys, list_complete: from + limit >= all.length, cursor: String(from + limit) };
  },
};

/** @param {string} key @param {ArrayBuffer} value @param {string} metadata */
function keep(key, value, metadata) {
  if (!entries.has(key)) names = null;
  entries.set(key, { value, metadata });
}

/** R2 answers no one while runs are held up. */
async function r2() {
  await sleep(R2_MILLIS);
  // Another request's word does not wake this one.
  while (isHeld) await sleep(HELD_POLL_MILLIS);
}

const bucket = {
  /** @param {string} key */
  async head(key) {
    await r2();
    return objects.get(key) ?? null;
  },
  /** @param {string} key @param {ArrayBuffer} content @param {any} options */
  async put(key, content, { onlyIf, customMetadata, sha256 }) {
    await r2();
    const there = objects.get(key);
    const holds =
      onlyIf === undefined ||
      (onlyIf instanceof Headers && there === undefined) ||
      (onlyIf.etagMatches !== undefined && there?.etag === onlyIf.etagMatches) ||
      (onlyIf.uploadedBefore !== undefined && !(there?.uploaded >= onlyIf.uploadedBefore));
    if (!holds) return null;
    const object = {
      key,
      etag: String(++etags),
      size: content.byteLength,
      customMetadata,
      checksums: { sha256 },
    };
    objects.set(key, { ...object, uploaded: new Date() });
    return object;
  },
  /** @param {string[]} keys */
  async delete(keys) {
    await r2();
    for (const key of keys) objects.delete(key);
  },
  /** @param {{prefix: string, limit: number, startAfter?: string}} asked */
  async list({ prefix, limit, startAfter = "" }) {
    await r2();
    const all = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > startAfter).sort();
    return { objects: all.slice(0, limit).map((key) => ({ key })), truncated: all.length > limit };
  },
};

const queue = {
  /** Those that are to wait do so for longer than is measured. @param {{body: unknown, delaySeconds?: number}[]} batch */
  async sendBatch(batch) {
    for (const { body, delaySeconds = 0 } of batch) if (delaySeconds === 0) messages.push(body);
  },
};

/** @type {Record<string, any> | null} */
let bound = null;
/** @param {Record<string, any>} env */
function withStores(env) {
  bound ??= { ...env, CACHE: kv, LIBRARY_DATA: bucket, ARCHIVE_QUEUE: queue };
  return bound;
}

/** Copies of an entry under other keys of the same length: its header names the key. @param {string} prefix @param {string} id @param {number} count */
function fill(prefix, id, count) {
  const template = entries.get(`${prefix}${id}`);
  if (template === undefined) return 0;
  const header = atob(template.metadata.replaceAll("-", "+").replaceAll("_", "/"));
  for (let number = 0; number < count; number++) {
    const other = String(number).padStart(DIGITS, "0");
    const text = btoa(header.replaceAll(id, other))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    keep(`${prefix}${other}`, template.value, text);
  }
  return count;
}

/** The next message of the archiver's queue; a run begins where there is none. @param {Record<string, any>} env @param {any} ctx */
async function work(env, ctx) {
  const body = messages.shift();
  if (body === undefined) {
    await index.scheduled(/** @type {any} */ ({ cron: "0 2 * * *", scheduledTime: Date.now() }), env, ctx);
    return;
  }
  const message = {
    id: "message",
    attempts: 1,
    body,
    ack: () => {},
    retry: () => {
      messages.push(body);
    },
  };
  await index.queue(/** @type {any} */ ({ queue: "archive-queue", messages: [message] }), env, ctx);
}

export default {
  /** @param {Request} request @param {Record<string, any>} own @param {any} ctx */
  async fetch(request, own, ctx) {
    const env = withStores(own);
    const at = request.url.indexOf("/_bench/");
    if (at < 0) return index.fetch(request, env, ctx);
    const { pathname, searchParams } = new URL(request.url);
    const text = (/** @type {string} */ name) => searchParams.get(name) ?? "";
    switch (pathname) {
      case "/_bench/fill":
        return Response.json({ filled: fill(text("prefix"), text("id"), Number(text("count"))) });
      case "/_bench/flush":
        await index.scheduled(
          /** @type {any} */ ({ cron: "*/5 * * * *", scheduledTime: Date.now() }),
          env,
          ctx,
        );
        return Response.json({});
      case "/_bench/work":
        await work(env, ctx);
        return Response.json({});
      case "/_bench/hold":
        isHeld = text("on") === "1";
        return Response.json({});
      default:
        return Response.json({ moved });
    }
  },
};
