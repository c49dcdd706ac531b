// Replays requests through the module, with the platform's stores as maps and a clock that goes by the log. Runs in a thread
// of its own, whose clock, cache and fetch are those of the replay.

import { parentPort, workerData } from "node:worker_threads";

/**
 * @typedef {import("./access_log.js").Logged} Logged
 *
 * @typedef {object} Outcome
 * @property {number} requests of declared resources
 * @property {number} others that no resource is for
 * @property {number} hits
 * @property {number} failures answers of 5xx
 * @property {number} originCalls
 * @property {number} storedBytes the most that the shared store held
 * @property {number} entries
 * @property {Record<string, number>} billed operations, by the names of prices.def
 * @property {Record<string, {requests: number, hits: number, originCalls: number}>} resources
 */

// The shim has the types of the Worker's runtime, which these files have not.
const { LarderWorker } = await import(new URL("../../shim/worker.js", import.meta.url).href);

const HOST = "http://replay.invalid";

/** A store whose entries end by the replay's clock. */
class Shelf {
  constructor() {
    /** @type {Map<string, {value: any, metadata: any, bytes: number, until: number}>} */
    this.entries = new Map();
    this.bytes = 0;
    this.most = 0;
  }

  /** @param {string} key */
  get(key) {
    const entry = this.entries.get(key);
    if (entry !== undefined && entry.until <= Date.now()) {
      this.delete(key);
      return undefined;
    }
    return entry;
  }

  /** @param {string} key @param {any} value @param {any} metadata @param {number} bytes @param {number} seconds 0: for ever */
  put(key, value, metadata, bytes, seconds) {
    this.delete(key);
    const until = seconds > 0 ? Date.now() + seconds * 1000 : Number.POSITIVE_INFINITY;
    this.entries.set(key, { value, metadata, bytes, until });
    this.bytes += bytes;
    this.most = Math.max(this.most, this.bytes);
  }

  /** @param {string} key */
  delete(key) {
    this.bytes -= this.entries.get(key)?.bytes ?? 0;
    return this.entries.delete(key);
  }
}

/** @param {Record<string, number>} billed @param {string} item */
const bill = (billed, item) => {
  billed[item] = (billed[item] ?? 0) + 1;
};

/** @param {Shelf} shelf @param {Record<string, number>} billed */
function namespaceOf(shelf, billed) {
  /** @param {string} key @param {string} type */
  const one = (key, type) => {
    bill(billed, "kv_reads");
    const entry = shelf.get(key);
    if (entry === undefined) return { value: null, metadata: null };
    return {
      value: type === "text" ? new TextDecoder().decode(entry.value) : entry.value.slice(0),
      metadata: entry.metadata,
    };
  };
  return {
    getWithMetadata: async (/** @type {any} */ keys, /** @type {{type: string}} */ { type }) =>
      Array.isArray(keys) ? new Map(keys.map((key) => [key, one(key, type)])) : one(keys, type),
    put: async (
      /** @type {string} */ key,
      /** @type {ArrayBuffer} */ value,
      /** @type {any} */ { metadata, expirationTtl = 0 },
    ) => {
      bill(billed, "kv_writes");
      shelf.put(key, value.slice(0), metadata, value.byteLength + String(metadata).length, expirationTtl);
    },
    delete: async (/** @type {string} */ key) => {
      bill(billed, "kv_deletes");
      shelf.delete(key);
    },
    list: async () => ({ keys: [], list_complete: true }),
  };
}

/** @param {Shelf} shelf */
function cacheOf(shelf) {
  return {
    match: async (/** @type {string} */ url) => {
      const entry = shelf.get(url);
      return entry === undefined
        ? undefined
        : new Response(entry.value.slice(0), { headers: entry.metadata });
    },
    put: async (/** @type {string} */ url, /** @type {Response} */ response) => {
      const seconds = Number(/max-age=(\d+)/.exec(response.headers.get("cache-control") ?? "")?.[1] ?? 0);
      const value = await response.arrayBuffer();
      shelf.put(url, value, [...response.headers], value.byteLength, seconds);
    },
    delete: async (/** @type {string} */ url) => shelf.delete(url),
  };
}

/** An answer like the logged one; a provider of books is asked for what can be read. @param {Logged} logged @param {string} url */
function originAnswer(logged, url) {
  const { pathname, searchParams } = new URL(url);
  if (pathname.endsWith("/search.json")) {
    const title = searchParams.get("title") ?? searchParams.get("q") ?? "A title";
    const doc = {
      key: "/works/OL1W",
      title,
      author_name: [searchParams.get("author") ?? "An author"],
      isbn: [],
    };
    return Response.json({ numFound: 1, start: 0, docs: [doc] });
  }
  const status = logged.status >= 200 && logged.status < 600 && logged.status !== 304 ? logged.status : 200;
  const body = new Uint8Array(status === 204 ? 0 : Math.min(logged.bytes, 25_000_000)).fill(32);
  return new Response(status === 204 ? null : body, {
    status,
    headers: { "content-type": "application/octet-stream" },
  });
}

/**
 * @param {{module: WebAssembly.Module, declarations: string, bindings: Record<string, string>, requests: Logged[]}} what
 * @returns {Promise<Outcome>}
 */
async function replay({ module, declarations, bindings, requests }) {
  /** @type {Outcome} */
  const outcome = {
    requests: 0,
    others: 0,
    hits: 0,
    failures: 0,
    originCalls: 0,
    storedBytes: 0,
    entries: 0,
    billed: {},
    resources: {},
  };
  const shared = new Shelf();
  const near = cacheOf(new Shelf());
  let clock = requests[0]?.at ?? 0;
  /** @type {Logged} */
  let current = /** @type {Logged} */ (requests[0]);
  Object.assign(globalThis, {
    caches: { default: near, open: async () => near },
    fetch: async (/** @type {string} */ url) => {
      outcome.originCalls += 1;
      return originAnswer(current, String(url));
    },
    // What it logs is about the replay, not for its reader.
    console: { ...console, log() {}, info() {}, warn() {}, error() {}, debug() {} },
  });
  Date.now = () => Math.floor(clock);
  const worker = new LarderWorker(module, { declarations });
  const env = /** @type {any} */ ({
    LEDGER_SHARDS: "0",
    CACHE: namespaceOf(shared, outcome.billed),
    ...bindings,
  });
  for (const logged of requests) {
    current = logged;
    clock = Math.max(clock, logged.at);
    /** @type {Promise<unknown>[]} */
    const behind = [];
    const context = /** @type {any} */ ({
      waitUntil: (/** @type {Promise<unknown>} */ one) => behind.push(one),
      passThroughOnException() {},
    });
    const before = outcome.originCalls;
    const hasBody = !["GET", "HEAD"].includes(logged.method);
    const request = new Request(HOST + logged.target, {
      method: logged.method,
      ...(hasBody ? { body: "{}", headers: { "content-type": "application/json" } } : {}),
    });
    const response = await worker.fetch(request, env, context);
    await response.arrayBuffer();
    await Promise.allSettled(behind);
    bill(outcome.billed, "worker_requests");
    count(outcome, logged, response, outcome.originCalls - before);
  }
  outcome.storedBytes = shared.most;
  outcome.entries = shared.entries.size;
  return outcome;
}

/** @param {Outcome} outcome @param {Logged} logged @param {Response} response @param {number} calls */
function count(outcome, logged, response, calls) {
  const status = response.headers.get("cache-status");
  if (status === null) {
    outcome.others += 1;
    return;
  }
  const isHit = /^larder; hit/.test(status);
  outcome.requests += 1;
  outcome.hits += isHit ? 1 : 0;
  outcome.failures += response.status >= 500 && logged.status < 500 ? 1 : 0;
  const path = logged.target.split("?")[0] ?? "";
  const group = path.split("/").slice(0, 3).join("/");
  const row = outcome.resources[group] ?? { requests: 0, hits: 0, originCalls: 0 };
  outcome.resources[group] = {
    requests: row.requests + 1,
    hits: row.hits + (isHit ? 1 : 0),
    originCalls: row.originCalls + calls,
  };
}

if (parentPort !== null) {
  parentPort.postMessage(await replay(workerData));
}
