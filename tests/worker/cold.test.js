// R2 in the runtime: the shim's operations keep the contract of the simulated ones (tests/support/world_platform.cpp), and a large
// body goes through as a stream, both from its origin and from R2.

import { env } from "cloudflare:test";
import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";
import { split } from "../../shim/operations/split.js";
import { StoredObject } from "../../shim/stored_object.js";

const bodies = new Bodies();
const flight = /** @type {any} */ ({ id: 1, instance: { bodies }, env });
const encoder = new TextEncoder();
const WAIT = 5000;

afterEach(() => expect(bodies.alive).toBe(0));

/** @param {string} name @param {Record<string, any>} wanted @param {any} [request] */
const operate = (name, wanted, request = flight) => handlers[name](request, { wait_millis: WAIT, ...wanted });
/** @param {string} key @param {string | ReadableStream} content @param {Record<string, any>} [more] */
const put = (key, content, more) =>
  operate("r2_put", {
    key,
    header: "header",
    content: typeof content === "string" ? encoder.encode(content).buffer : content,
    size: typeof content === "string" ? content.length : 0,
    condition: "",
    ...more,
  });
/** @param {string} key @param {Record<string, any>} [more] */
async function get(key, more) {
  const { content, ...found } = await operate("r2_get", {
    key,
    offset: 0,
    length: 0,
    body_bytes_max: 1_000_000,
    ...more,
  });
  const text = found.streamed === 0 ? new TextDecoder().decode(bodies.buffer(content.handle)) : null;
  bodies.release(content.handle);
  return { ...found, text };
}

test("what was put is found with its header, and R2 says what it has", async () => {
  const { stored, etag } = await put("round", "spice", { header: "AbC-_123" });
  expect(stored).toBe(1);
  expect(await get("round")).toEqual({
    found: 1,
    header: "AbC-_123",
    etag,
    size: 5,
    streamed: 0,
    text: "spice",
  });
  const head = await operate("r2_head", { key: "round" });
  expect(head).toMatchObject({ found: 1, header: "AbC-_123", etag, size: 5 });
  expect([...head.sha256]).toEqual([...createHash("sha256").update("spice").digest()]);
  expect(head.uploaded).toBeGreaterThan(1_700_000_000_000);
});

test("an absent object is not found, which is no failure", async () => {
  expect(await get("absent")).toMatchObject({ found: 0, header: "", size: 0 });
  expect(await operate("r2_head", { key: "absent" })).toMatchObject({ found: 0, size: 0 });
  await operate("r2_delete", { keys: ["absent"] });
});

test("a condition that does not hold changes nothing", async () => {
  const first = await put("once", "one", { condition: "*" });
  expect(first.stored).toBe(1);
  expect(await put("once", "two", { condition: "*" })).toEqual({ stored: 0, etag: "" });
  expect(await put("once", "two", { condition: "0123456789abcdef0123456789abcdef" })).toMatchObject({
    stored: 0,
  });
  expect((await get("once")).text).toBe("one");
  expect(await put("once", "two", { condition: first.etag })).toMatchObject({ stored: 1 });
  const { uploaded } = await operate("r2_head", { key: "once" });
  expect(await put("once", "three", { condition: `@${uploaded}` })).toMatchObject({ stored: 0 });
  expect(await put("once", "three", { condition: `@${uploaded + 1000}` })).toMatchObject({ stored: 1 });
  expect(await put("never", "one", { condition: `@${uploaded}` })).toMatchObject({ stored: 1 });
  expect((await get("once")).text).toBe("three");
});

test("a part of an object is read by itself", async () => {
  await put("part", "0123456789");
  expect(await get("part", { offset: 2, length: 3 })).toMatchObject({ size: 10, text: "234" });
  expect(await get("part", { offset: 8, length: 5 })).toMatchObject({ text: "89" });
});

test("names come in order, from where they are asked for", async () => {
  for (const name of ["list:b", "list:a", "list:c", "other"]) await put(name, "x");
  const list = (/** @type {Record<string, any>} */ more) =>
    operate("r2_list", { prefix: "list:", start_after: "", count_max: 1000, ...more });
  expect(await list({})).toEqual({ keys: ["list:a", "list:b", "list:c"], more: 0 });
  expect(await list({ count_max: 2 })).toEqual({ keys: ["list:a", "list:b"], more: 1 });
  expect(await list({ start_after: "list:a" })).toEqual({ keys: ["list:b", "list:c"], more: 0 });
  await operate("r2_delete", { keys: ["list:a", "list:c"] });
  expect(await list({})).toEqual({ keys: ["list:b"], more: 0 });
});

test("a large object is a body that is read when it is given out, as often as it is", async () => {
  const content = "0123456789".repeat(30_000);
  const { etag } = await put("large", content);
  const found = await operate("r2_get", { key: "large", offset: 0, length: 0, body_bytes_max: 1000 });
  expect(found).toMatchObject({ streamed: 1, size: 300_000, content: { size: 300_000 } });
  const object = /** @type {StoredObject} */ (bodies.giveOut(found.content.handle));
  expect(object).toBeInstanceOf(StoredObject);
  for (let i = 0; i < 2; i += 1) {
    const response = new Response(object.stream());
    expect(await response.text()).toBe(content);
  }
  const part = bodies.slice(found.content.handle, 5, 10);
  expect(part.size).toBe(10);
  const partial = /** @type {StoredObject} */ (bodies.giveOut(part.handle));
  expect(await new Response(partial.stream()).text()).toBe("5678901234");
  // Another object under the same name is not this body.
  await put("large", "replaced", { condition: etag });
  await expect(new Response(object.stream()).text()).rejects.toThrow();
  bodies.release(part.handle);
  bodies.release(found.content.handle);
});

/** A source of so many chunks, and how many were taken from it. @param {number} count @param {number} bytes */
function source(count, bytes) {
  const state = { taken: 0, cancelled: false };
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (state.taken === count) return controller.close();
        state.taken += 1;
        controller.enqueue(new Uint8Array(bytes).fill(state.taken));
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}
/** @param {ReadableStream} stream */
async function bytesOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

test("two streams of one are read no faster than the slower of them", async () => {
  const { stream, state } = source(100, 10);
  const [one, other] = split(stream);
  const fast = one.getReader();
  const slow = other.getReader();
  const first = fast.read();
  await slow.read();
  await first;
  const second = fast.read();
  // Nobody reads the other one: the source waits.
  expect(state.taken).toBe(1);
  await slow.read();
  await second;
  expect(state.taken).toBe(2);
  fast.releaseLock();
  slow.releaseLock();
  const [left, right] = await Promise.all([bytesOf(one), bytesOf(other)]);
  expect(left).toEqual(right);
  expect(left.length).toBe(980);
});

test("a stream that is cancelled does not stop the other", async () => {
  const { stream, state } = source(10, 10);
  const [one, other] = split(stream);
  await one.cancel();
  expect((await bytesOf(other)).length).toBe(100);
  expect(state.cancelled).toBe(false);
});

test("a source that breaks off breaks both", async () => {
  const [one, other] = split(
    new ReadableStream({
      pull() {
        throw new Error("broken");
      },
    }),
  );
  const ends = await Promise.allSettled([bytesOf(one), bytesOf(other)]);
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("20 MB go into R2 as a stream while they are read", async () => {
  const { stream } = source(320, 65_536);
  const { one, other } = await operate("body_split", { content: stream });
  const putting = put("streamed", /** @type {ReadableStream} */ (bodies.giveOut(one.handle)), {
    size: 320 * 65_536,
    wait_millis: 30_000,
  });
  const read = await bytesOf(/** @type {ReadableStream} */ (bodies.giveOut(other.handle)));
  expect(read.length).toBe(320 * 65_536);
  expect(await putting).toMatchObject({ stored: 1 });
  const kept = await env.LIBRARY_DATA.get("streamed");
  const digest = (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest();
  expect([...digest(new Uint8Array((await kept?.arrayBuffer()) ?? new ArrayBuffer(0)))]).toEqual([
    ...digest(read),
  ]);
});

test("a stream that R2 does not take on its condition is let go, and its other half goes on", async () => {
  await put("taken", "there already");
  const { stream, state } = source(320, 65_536);
  const { one, other } = await operate("body_split", { content: stream });
  const putting = put("taken", /** @type {ReadableStream} */ (bodies.giveOut(one.handle)), {
    size: 320 * 65_536,
    condition: "*",
    wait_millis: 30_000,
  });
  const read = await bytesOf(/** @type {ReadableStream} */ (bodies.giveOut(other.handle)));
  expect(read.length).toBe(320 * 65_536);
  expect(await putting).toEqual({ stored: 0, etag: "" });
  expect((await get("taken")).text).toBe("there already");
  expect(state.cancelled).toBe(false);
});

test("without a bucket an operation is unsupported, and the core is told so", async () => {
  const bare = { ...flight, env: {} };
  for (const [name, wanted] of /** @type {[string, any][]} */ ([
    ["r2_get", { key: "a", offset: 0, length: 0, body_bytes_max: 1 }],
    ["r2_put", { key: "a", header: "", content: new ArrayBuffer(1), size: 1, condition: "" }],
    ["r2_head", { key: "a" }],
    ["r2_delete", { keys: ["a"] }],
    ["r2_list", { prefix: "", start_after: "", count_max: 1 }],
  ])) {
    const failure = await operate(name, wanted, bare).then(
      () => null,
      (/** @type {unknown} */ thrown) => asFailure(thrown, name),
    );
    expect(failure?.status, name).toBe("unsupported");
  }
});

test("a bucket that does not answer in time is a timeout", async () => {
  const silent = { ...flight, env: { LIBRARY_DATA: { head: () => new Promise(() => {}) } } };
  const failure = await operate("r2_head", { key: "a", wait_millis: 5 }, silent).catch(
    (/** @type {unknown} */ thrown) => asFailure(thrown, "R2"),
  );
  expect(failure.status).toBe("timeout");
});

test.for(["kv_put", "edge_put"])(
  "%s: a body that is in R2 is refused, and nothing is written",
  async (name) => {
    const content = new StoredObject(env.LIBRARY_DATA, "refused", "etag", 0, 5);
    const failure = await operate(name, { key: "refused", header: "header", content, keep_seconds: 60 }).then(
      () => null,
      (/** @type {unknown} */ thrown) => asFailure(thrown, name),
    );
    expect(failure?.status).toBe("rejected");
    expect(await env.CACHE.get("refused")).toBe(null);
  },
);
