// The stores behind the tiers, in the runtime: the shim's operations on the edge cache and on KV keep the same contract
// as the simulated ones do (tests/tiers/contract_test.cpp), and tell their failures without telling on anybody.
import { env } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure, OperationFailure } from "../../shim/failure.js";
import { STATUS } from "../../shim/generated/operations.js";
import { Instance } from "../../shim/instance.js";
import { handlers } from "../../shim/operations/index.js";

/** The request on whose behalf operations run: all of it that a store's operation looks at. */
const bodies = new Bodies();
const flight = /** @type {any} */ ({
  id: 1,
  instance: { bodies },
  env,
  wake: null,
  late: new Map(),
  nextTicket: 1,
});
const encoder = new TextEncoder();

afterEach(() => expect(bodies.alive).toBe(0));

/** @param {string} name @param {Record<string, any>} [wanted] @param {any} [request] */
const operate = (name, wanted = {}, request = flight) => handlers[name](request, wanted);

/** What the module would be told of the failure. @param {string} name @param {Record<string, any>} wanted @param {any} [request] */
async function failureOf(name, wanted, request) {
  try {
    await operate(name, wanted, request);
  } catch (thrown) {
    return asFailure(thrown, name);
  }
  throw new Error(`${name} did not fail.`);
}

/** @param {string | Uint8Array<ArrayBuffer>} content */
const bufferOf = (content) => (typeof content === "string" ? encoder.encode(content) : content).buffer;

/** The entry under the key as {header, bytes}, or null for none. @param {string} store @param {string} key */
async function get(store, key) {
  const { found, header, content } = await operate(`${store}_get`, { key, wait_millis: 5000 });
  if (found === 0) {
    expect({ header, content }).toEqual({ header: "", content: { handle: 0, size: 0 } });
    return null;
  }
  const bytes = [...new Uint8Array(bodies.buffer(content.handle))];
  expect(content.size).toBe(bytes.length);
  bodies.release(content.handle);
  return { header, bytes };
}

/** @param {string} store @param {string} key @param {string | Uint8Array<ArrayBuffer>} content @param {Record<string, any>} [more] */
const put = (store, key, content, more) =>
  operate(`${store}_put`, { key, header: "header", content: bufferOf(content), keep_seconds: 60, ...more });

const stores = ["edge", "kv"];

test.for(stores)("%s: an absent key is not found, which is no failure", async (store) => {
  expect(await get(store, "absent")).toBe(null);
});

test.for(stores)("%s: what was put is found with its header and bytes", async (store) => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
  await put(store, "round", bytes, { header: "AbC-_123" });
  expect(await get(store, "round")).toEqual({ header: "AbC-_123", bytes: [...bytes] });
});

test.for(stores)("%s: an empty body is an entry too", async (store) => {
  await put(store, "empty", "");
  expect(await get(store, "empty")).toEqual({ header: "header", bytes: [] });
});

test.for(stores)("%s: putting replaces header and body", async (store) => {
  await put(store, "replaced", "one", { header: "first" });
  await put(store, "replaced", "another", { header: "second" });
  expect(await get(store, "replaced")).toEqual({ header: "second", bytes: [...encoder.encode("another")] });
});

test.for(stores)("%s: what was deleted is not found", async (store) => {
  await put(store, "deleted", "one");
  await operate(`${store}_delete`, { key: "deleted" });
  expect(await get(store, "deleted")).toBe(null);
  await operate(`${store}_delete`, { key: "deleted" });
});

test.for(stores)("%s: keys that look alike are different keys", async (store) => {
  const keys = ["a/b", "a%2Fb", "a%252Fb", "a b", "a+b", "a?b", "a#b", "a..b", "../a", "%", "A/B"];
  for (const key of keys) await put(store, key, key);
  for (const key of keys)
    expect(await get(store, key)).toEqual({ header: "header", bytes: [...encoder.encode(key)] });
  for (const key of keys) await operate(`${store}_delete`, { key });
});

test.for(stores)("%s: a key of 512 bytes is fine", async (store) => {
  const key = `larder:title:v3:${"k".repeat(496)}`;
  await put(store, key, "one");
  expect(await get(store, key)).not.toBe(null);
  await operate(`${store}_delete`, { key });
});

test.for(stores)("%s: an entry needs a body", async (store) => {
  const failure = await failureOf(`${store}_put`, { key: "k", header: "h", content: null, keep_seconds: 60 });
  expect(failure.status).toBe("invalid");
});

test("edge: a delete tells whether there was an entry", async () => {
  await put("edge", "told", "one");
  expect(await operate("edge_delete", { key: "told" })).toEqual({ found: 1 });
  expect(await operate("edge_delete", { key: "told" })).toEqual({ found: 0 });
});

test("edge: the largest header there is comes back whole, and its retention is the cache's", async () => {
  const header = "h".repeat(8192);
  await put("edge", "large-header", "one", { header, keep_seconds: 4242 });
  expect((await get("edge", "large-header"))?.header).toBe(header);
  const response = await (await caches.open("larder")).match("https://larder.internal/entry/large-header");
  expect(response?.headers.get("cache-control")).toBe("max-age=4242");
  await response?.body?.cancel();
});

test("edge: a response that is no entry is not found", async () => {
  const address = "https://larder.internal/entry/foreign";
  const foreign = new Response("x", { headers: { "cache-control": "max-age=60" } });
  await (await caches.open("larder")).put(address, foreign);
  expect(await get("edge", "foreign")).toBe(null);
});

test("kv: a value without metadata of ours is not found", async () => {
  await env.CACHE.put("foreign", "x");
  expect(await get("kv", "foreign")).toBe(null);
  await env.CACHE.put("foreign", "x", { metadata: { some: "object" } });
  expect(await get("kv", "foreign")).toBe(null);
});

test("kv: the largest metadata comes back whole, one byte more is a failure", async () => {
  // Two more bytes for the quotes of a JSON string.
  await put("kv", "metadata", "one", { header: "h".repeat(1022) });
  expect((await get("kv", "metadata"))?.header).toBe("h".repeat(1022));
  const failure = await failureOf("kv_put", {
    key: "metadata",
    header: "h".repeat(1023),
    content: bufferOf("two"),
    keep_seconds: 60,
  });
  expect(failure.status).toBe("unavailable");
  expect((await get("kv", "metadata"))?.bytes).toEqual([...encoder.encode("one")]);
});

test("kv: an expiry of less than a minute is a failure, a minute is not", async () => {
  await put("kv", "minute", "one", { keep_seconds: 60 });
  expect(await get("kv", "minute")).not.toBe(null);
  const failure = await failureOf("kv_put", {
    key: "short",
    header: "h",
    content: bufferOf("x"),
    keep_seconds: 59,
  });
  expect(failure).toMatchObject({ status: "unavailable", message: "kv_put failed (Error)." });
  expect(await get("kv", "short")).toBe(null);
});

test("kv: a key above 512 bytes is a failure that does not repeat it", async () => {
  const key = "s3cret".repeat(100);
  for (const [name, wanted] of /** @type {const} */ ([
    ["kv_get", { key, wait_millis: 1000 }],
    ["kv_put", { key, header: "h", content: bufferOf("x"), keep_seconds: 60 }],
    ["kv_delete", { key }],
  ])) {
    const failure = await failureOf(name, wanted);
    expect(failure).toMatchObject({ status: "unavailable", message: `${name} failed (Error).` });
  }
});

test("kv: keys are listed by prefix with their headers, a page at a time", async () => {
  for (const key of ["list:2", "list:3", "listed"]) await put("kv", key, "x", { header: `of ${key}` });
  await env.CACHE.put("list:1", "foreign", { metadata: { some: "object" } });
  await env.CACHE.put("list:4", "foreign");
  const pages = [];
  let cursor = "";
  do {
    const page = await operate("kv_list", { prefix: "list:", cursor, count_max: 2 });
    pages.push([page.keys, page.headers]);
    cursor = page.next_cursor;
  } while (cursor !== "");
  expect(pages).toEqual([
    [
      ["list:1", "list:2"],
      ["", "of list:2"],
    ],
    [
      ["list:3", "list:4"],
      ["of list:3", ""],
    ],
  ]);
  expect(await operate("kv_list", { prefix: "none:", cursor: "", count_max: 2 })).toEqual({
    keys: [],
    headers: [],
    next_cursor: "",
  });
});

test("kv: a look-up that hangs is a failure when its time is over", async () => {
  const hanging = { ...flight, env: { CACHE: { getWithMetadata: () => new Promise(() => {}) } } };
  const failure = await failureOf("kv_get", { key: "k", wait_millis: 20 }, hanging);
  expect(failure).toMatchObject({ status: "timeout", message: "KV gave no answer within 20 ms." });
});

test("kv: without the binding every operation says so", async () => {
  const bare = { ...flight, env: {} };
  for (const name of ["kv_get", "kv_put", "kv_delete", "kv_list"]) {
    const wanted = {
      key: "k",
      header: "h",
      content: bufferOf("x"),
      keep_seconds: 60,
      prefix: "",
      cursor: "",
      count_max: 1,
      wait_millis: 1000,
    };
    const failure = await failureOf(name, wanted, bare);
    expect(failure.status).toBe("unsupported");
    expect(failure.message).toContain("wrangler.toml");
  }
});

test("results that cannot be written are a failure, and their body is freed", async () => {
  await put("kv", "unwritable", "one");
  /** @type {number[]} */
  const told = [];
  const instance = Object.assign(Object.create(Instance.prototype), {
    bodies,
    guarded: (/** @type {() => number} */ call) => call(),
    withBytes: (/** @type {Uint8Array} */ bytes, /** @type {any} */ call) => call(0, bytes.length),
    exports: {
      larder_complete: (/** @type {number[]} */ ...values) => {
        told.push(values[3]);
        return 1;
      },
    },
  });
  const row = {
    name: "kv_get",
    kind: 6,
    arguments: [],
    results: [
      ["body", "content"],
      ["text", "absent"],
    ],
  };
  await instance.operate(flight, 0, 0, row, { key: "unwritable" });
  expect(told).toEqual([STATUS.unavailable]);
});

// Origins ------------------------------------------------------------------------------------------------------------

/** @param {string} url @param {Record<string, any>} [more] */
const fetching = (url, more) => ({
  method: "GET",
  url,
  headers: [["authorization", "Bearer s3cret"]],
  timeout_millis: 5000,
  soft_millis: 0,
  body_bytes_max: 100_000,
  oversize: 0,
  content: null,
  ...more,
});

test.for([
  ["an address that is none", "http://[s3cret", {}, "unavailable"],
  [
    "a field value that is none",
    "http://api.test/x",
    { headers: [["authorization", "Bearer s3cret\nx"]] },
    "unavailable",
  ],
  ["an origin that says nothing", "http://api.test/silent?key=s3cret", { timeout_millis: 20 }, "timeout"],
  ["an answer that is too large", "http://api.test/large?key=s3cret", {}, "too_large"],
])("%s is a failure without the address or a secret", async ([, url, more, status]) => {
  const wanted = fetching(/** @type {string} */ (url), /** @type {Record<string, any>} */ (more));
  const failure = await failureOf("origin_fetch", wanted);
  expect(failure.status).toBe(status);
  expect(failure.message).not.toMatch(/s3cret|api\.test|Bearer/);
});

test("what the platform throws is told by its kind alone", () => {
  const failure = asFailure(new TypeError("Invalid URL https://user:s3cret@api.test/"), "origin_fetch");
  expect(failure).toMatchObject({ status: "unavailable", message: "origin_fetch failed (TypeError)." });
  expect(asFailure("s3cret", "kv_get").message).toBe("kv_get failed (string).");
  const own = new OperationFailure("timeout", "late");
  expect(asFailure(own, "kv_get")).toBe(own);
});

test("an answer within its bound is a buffer, above it a stream where that is allowed", async () => {
  const url = "http://api.test/large";
  const whole = await operate("origin_fetch", fetching(url, { body_bytes_max: 300_000 }));
  expect(whole).toMatchObject({ status: 200, streamed: 0, content: { size: 300_000 } });
  bodies.release(whole.content.handle);
  const stream = await operate("origin_fetch", fetching(url, { oversize: 1 }));
  expect(stream).toMatchObject({ status: 200, streamed: 1, content: { size: 0 } });
  const text = await new Response(
    /** @type {ReadableStream} */ (bodies.giveOut(stream.content.handle)),
  ).text();
  expect(text.length).toBe(300_000);
  const unread = await operate("origin_fetch", fetching(url, { oversize: 1 }));
  bodies.release(unread.content.handle);
});

test("a body goes to the origin as it is", async () => {
  const sent = {
    method: "POST",
    headers: [["content-type", "application/json"]],
    content: new TextEncoder().encode('{"a":"é"}').buffer,
  };
  const answer = await operate("origin_fetch", fetching("http://api.test/echo", sent));
  const text = new TextDecoder().decode(bodies.buffer(answer.content.handle));
  expect(text).toBe('POST application/json {"a":"é"}');
  bodies.release(answer.content.handle);
});

test("an answer without a body is one of no bytes, so that it can be kept", async () => {
  const answer = await operate("origin_fetch", fetching("http://api.test/bodyless"));
  expect(answer).toMatchObject({ status: 404, streamed: 0, content: { size: 0 } });
  expect(answer.content.handle).not.toBe(0);
  bodies.release(answer.content.handle);
});
