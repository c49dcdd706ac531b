// The control log in the runtime: how it is kept, and read through the data centre's cache.
import { env, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { asFailure } from "../../shim/failure.js";
import { OBJECTS } from "../../shim/generated/objects.js";
import { STATUS } from "../../shim/generated/operations.js";
import { handlers } from "../../shim/operations/index.js";
import { argumentOf, resultsOf } from "./object_calls.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const KINDS = ["key", "tag", "prefix", "pattern", "all"];
/** @param {string} kind @param {string} text */
const purge = (kind, text) => ({ sequence: 0, kind: KINDS.indexOf(kind), text, soft: 0, at: 0 });
/** @param {string} name @param {string} value */
const setting = (name, value) => ({ name, value });
/** @param {{purges?: object[], settings?: object[]}} changes */
const changesOf = ({ purges = [], settings = [] }) =>
  argumentOf("ControlLog", "append", { settings, purges });
const { append, read: readMethod } = OBJECTS.ControlLog?.methods ?? {};
const none = new Uint8Array();
/** @param {Uint8Array} document */
const logOf = (document) => resultsOf("ControlLog", "read", document);

test("the log outlives its object", async () => {
  const log = env.CONTROL.getByName("kept");
  const changes = changesOf({ purges: [purge("tag", "x")], settings: [setting("A", "1")] });
  const before = await log.call(append?.number ?? 0, changes);
  expect(logOf(before)).toMatchObject({
    sequence: 2,
    settings: [{ name: "A", value: "1" }],
    purges: [{ sequence: 2, text: "x" }],
  });
  await runInDurableObject(log, (_, state) => state.abort("reset")).catch(() => {});
  expect(await env.CONTROL.getByName("kept").call(readMethod?.number ?? 0, none)).toEqual(before);
});

// The operations -----------------------------------------------------------------------------------------------------

const flight = /** @type {any} */ ({ id: 1, env });
const read = async (direct = 0, keep_seconds = 5, request = flight) =>
  logOf((await handlers.control_read(request, { direct, keep_seconds, wait_millis: 1000 })).document);
const add = async (/** @type {Uint8Array} */ changes, request = flight) =>
  logOf((await handlers.control_append(request, { changes, keep_seconds: 5 })).document);
/** @param {Promise<unknown>} call @param {string} name */
const failureOf = (call, name) =>
  call.then(
    () => null,
    (thrown) => asFailure(thrown, name),
  );

const address = `https://larder.internal/control/${env.CONTROL.idFromName("control")}`;
/** Changes the log past the operations: the cache does not hear of it. @param {string} text */
const addUnheard = (text) =>
  env.CONTROL.getByName("control").call(append?.number ?? 0, changesOf({ purges: [purge("tag", text)] }));

test("a read keeps a copy, which the next reads are given until it is read directly", async () => {
  await caches.default.delete(address);
  const { sequence } = await read();
  await addUnheard("unheard of");
  expect((await read()).sequence).toBe(sequence);
  expect((await read(1)).sequence).toBe(sequence + 1);
  expect((await read()).sequence).toBe(sequence + 1);
});

test("the copy is kept for as long as was said", async () => {
  await read(1, 4242);
  const copy = await caches.default.match(address);
  expect(copy?.headers.get("cache-control")).toBe("max-age=4242");
  await copy?.body?.cancel();
  await caches.default.delete(address);
});

test("what was appended is in the copy at once", async () => {
  const { sequence } = await read();
  const document = await add(
    changesOf({ purges: [purge("prefix", "at once")], settings: [setting("B", "1")] }),
  );
  expect(document.sequence).toBe(sequence + 2);
  const CONTROL = { idFromName: () => env.CONTROL.idFromName("control"), get: () => ({}) };
  const unasked = { id: 1, env: { CONTROL } };
  expect(await read(0, 5, unasked)).toEqual(document);
});

test("a log as large as it gets comes through the copy", async () => {
  const changes = Array.from({ length: 1000 }, (_, i) =>
    purge("key", `${i}`.padEnd(2048, "é").slice(0, 1024)),
  );
  const document = await add(changesOf({ purges: changes }));
  expect(document.purges.length).toBeGreaterThan(500);
  expect(await read()).toEqual(document);
});

test("a cache that fails costs the way to the object, and no answer", async () => {
  await read();
  await addUnheard("behind the cache's back");
  const broken = () => Promise.reject(new Error("The cache is out of order."));
  const match = vi.spyOn(caches.default, "match").mockImplementation(broken);
  const put = vi.spyOn(caches.default, "put").mockImplementation(broken);
  const { sequence } = logOf(await env.CONTROL.getByName("control").call(readMethod?.number ?? 0, none));
  expect((await read()).sequence).toBe(sequence);
  expect((await add(changesOf({ purges: [purge("tag", "still")] }))).sequence).toBe(sequence + 1);
  expect([match.mock.calls.length, put.mock.calls.length]).toEqual([1, 2]);
});

test("a copy that breaks off while it is read costs the way to the object", async () => {
  const { sequence } = await read(1);
  await addUnheard("past a broken copy");
  vi.spyOn(caches.default, "match").mockImplementation(async () => {
    const response = new Response("half");
    vi.spyOn(response, "bytes").mockRejectedValue(new Error("It broke off."));
    return response;
  });
  expect((await read()).sequence).toBe(sequence + 1);
});

test("an object that fails is unavailable", async () => {
  const failing = async () => {
    throw new Error("s3cret");
  };
  const CONTROL = { idFromName: () => "broken", get: () => ({ call: failing }) };
  const broken = { id: 1, env: { CONTROL } };
  expect(await failureOf(read(1, 5, broken), "control_read")).toMatchObject({
    status: "unavailable",
    message: "control_read failed (Error).",
  });
  expect(await failureOf(add(changesOf({}), broken), "control_append")).toMatchObject({
    status: "unavailable",
    message: "control_append failed (Error).",
  });
});

test("what the object refuses is told, and is no copy of the log", async () => {
  const { sequence } = await read(1);
  expect(await add(changesOf({ purges: [{ ...purge("tag", "x"), soft: 2 }] }))).toEqual({
    status: STATUS.invalid,
    message: "A purge is malformed.",
  });
  expect((await read()).sequence).toBe(sequence);
});

test("without the binding both say so", async () => {
  const bare = { id: 1, env: {} };
  for (const failure of [
    await failureOf(read(0, 5, bare), ""),
    await failureOf(add(changesOf({}), bare), ""),
  ]) {
    expect(failure?.status).toBe("unsupported");
    expect(failure?.message).toContain("wrangler.toml");
  }
});

test("a log that gives no answer is waited for no longer than was asked", async () => {
  vi.useFakeTimers();
  try {
    const object = { call: () => new Promise(() => {}) };
    const binding = { idFromName: () => "silent", get: () => object };
    const request = /** @type {any} */ ({ env: { CONTROL: binding } });
    const failed = failureOf(
      handlers.control_read(request, { direct: 1, keep_seconds: 5, wait_millis: 1000 }),
      "control_read",
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(await failed).toMatchObject({
      status: "timeout",
      message: "The control log gave no answer within 1000 ms.",
    });
  } finally {
    vi.useRealTimers();
  }
});
