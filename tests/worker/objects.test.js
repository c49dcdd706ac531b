// Durable Objects whose decisions are the module's, in the runtime: transactions, memory, storage, alarms, resets and traps.
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { asFailure } from "../../shim/failure.js";
import { STATUS } from "../../shim/generated/operations.js";
import { handlers } from "../../shim/operations/index.js";
import { argumentOf, methodOf, resultsOf } from "./object_calls.js";

/** Ahead of the runtime's own clock, by which alarms go off. */
const NOW = 4_000_000_000_000;

afterEach(() => {
  vi.useRealTimers();
});

/** @param {string} of @param {string} name @param {string} method @param {Record<string, any>} values */
async function call(of, name, method, values) {
  const { binding, number } = methodOf(of, method);
  const argument = argumentOf(of, method, values);
  const wanted = { binding, name, method: number, argument, wait_millis: 5000 };
  const { reply } = await handlers.object_run(/** @type {any} */ ({ env }), wanted);
  return resultsOf(of, method, reply);
}

/** @param {string} name @param {object} [terms] */
const take = (name, terms = {}) =>
  call("Buckets", name, "take", { rate_per_second: 10, burst: 20, count: 1, ...terms });
const allowed = { allowed: 1, retry_after_millis: 0 };
/** @param {string} name */
const keysOf = (name) =>
  runInDurableObject(env.BUCKETS.getByName(name), async (_, state) => [
    ...(await state.storage.list()).keys(),
  ]);

test("a call gets its argument to the object of its name, and gives its results", async () => {
  expect(await take("one", { count: 20 })).toEqual(allowed);
  expect(await take("other", { count: 20 })).toEqual(allowed);
  expect(await take("one", { count: 20 })).toMatchObject({ allowed: 0 });
});

test("an object says how much it keeps", async () => {
  const sizeOf = async (/** @type {string} */ binding, /** @type {string} */ name) => {
    const wanted = { binding, name, method: 0xffffffff, argument: new Uint8Array(), wait_millis: 5000 };
    const { reply } = await handlers.object_run(/** @type {any} */ ({ env }), wanted);
    expect(reply).toHaveLength(9);
    expect(reply[0]).toBe(0);
    return Number(new DataView(reply.buffer, reply.byteOffset + 1).getBigUint64(0, true));
  };
  await take("sized");
  const one = await sizeOf("BUCKETS", "sized");
  await runInDurableObject(env.BUCKETS.getByName("sized"), (_, state) => {
    for (let i = 0; i < 100; ++i) state.storage.kv.put(`row${i}`, new Uint8Array(1000));
  });
  expect(await sizeOf("BUCKETS", "sized")).toBeGreaterThan(one + 100_000);
  // What is in memory alone costs no storage.
  expect(await sizeOf("LOCK", "sized")).toBe(0);
});

test("calls at once are one after the other, so that a bound is exact", async () => {
  const terms = { day: 20_778, calls: 7, microdollars: 0, client: "", client_calls: 0 };
  const takes = await Promise.all(Array.from({ length: 20 }, () => call("Spending", "bound", "take", terms)));
  expect(takes.filter((taken) => taken.allowed === 1)).toHaveLength(7);
  expect(Math.max(...takes.map(({ used }) => used))).toBe(7);
});

test("what an object refuses, and what is no argument, comes back as its kind and words", async () => {
  expect(await take("refuses", { burst: 2, count: 3 })).toEqual({
    status: STATUS.invalid,
    message: "A bucket of 2 never holds 3.",
  });
  const wanted = { binding: "BUCKETS", name: "refuses", wait_millis: 5000 };
  const malformed = { ...wanted, method: 1, argument: new Uint8Array([1, 2, 3]) };
  const { reply } = await handlers.object_run(/** @type {any} */ ({ env }), malformed);
  expect(resultsOf("Buckets", "take", reply)).toEqual({
    status: STATUS.invalid,
    message: "The argument is malformed.",
  });
  const absent = { ...wanted, method: 99, argument: new Uint8Array() };
  const other = await handlers.object_run(/** @type {any} */ ({ env }), absent);
  expect(other.reply[0]).toBe(STATUS.invalid);
});

test("a bucket that fills quickly lives in memory; one that fills slowly outlives its object", async () => {
  await take("brief", { count: 20 });
  expect(await keysOf("brief")).toEqual([]);
  const slow = { rate_per_second: 1, burst: 1000, count: 1000 };
  expect(await take("slow", slow)).toEqual(allowed);
  expect(await keysOf("slow")).toEqual(["alarm", "level/"]);
  await runInDurableObject(env.BUCKETS.getByName("slow"), (_, state) => state.abort("reset")).catch(() => {});
  expect(await take("slow", slow)).toMatchObject({ allowed: 0 });
});

test("an alarm is set where the core asks for one, and the storage is given back when it is done with", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  const stub = env.BUCKETS.getByName("full");
  await runInDurableObject(stub, async (bucket, state) => {
    const argument = argumentOf("Buckets", "take", { rate_per_second: 1, burst: 20, count: 10 });
    await bucket.call(methodOf("Buckets", "take").number, argument);
    expect(await state.storage.getAlarm()).toBe(NOW + 10_000);
    vi.setSystemTime(NOW + 10_000);
  });
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  await runInDurableObject(stub, async (_, state) => {
    expect((await state.storage.list()).size).toBe(0);
    expect(await state.storage.getAlarm()).toBeNull();
  });
});

test("a trap between two writes takes the first back, and the next call has a fresh instance", async () => {
  const day = 20_000;
  await call("Spending", "traps", "take", { day, calls: 9, microdollars: 0, client: "", client_calls: 0 });
  await runInDurableObject(env.SPENDING.getByName("traps"), async (spending, state) => {
    const before = await state.storage.list();
    const { number } = methodOf("Spending", "take");
    // The day's first call: old days are erased first, then the call is counted.
    const argument = argumentOf("Spending", "take", {
      day: day + 91,
      calls: 9,
      microdollars: 0,
      client: "",
      client_calls: 0,
    });
    const { kv } = state.storage;
    const failing = {
      get: (/** @type {string} */ key) => kv.get(key),
      list: (/** @type {any} */ options) => kv.list(options),
      delete: (/** @type {string} */ key) => kv.delete(key),
      put: () => {
        throw new WebAssembly.RuntimeError("unreachable");
      },
    };
    Object.defineProperty(spending, "rows", { value: failing, configurable: true });
    await expect(spending.call(number, argument)).rejects.toThrow("unreachable");
    Reflect.deleteProperty(spending, "rows");
    expect([...(await state.storage.list()).keys()]).toEqual([...before.keys()]);
    const taken = resultsOf("Spending", "take", await spending.call(number, argument));
    expect(taken).toMatchObject({ allowed: 1, used: 1 });
    expect((await state.storage.list()).size).toBe(1);
  });
});

test("a trap leaves the object's memory as it was", async () => {
  await runInDurableObject(env.BUCKETS.getByName("forgetful"), async (bucket) => {
    const { number } = methodOf("Buckets", "take");
    const slow = argumentOf("Buckets", "take", { rate_per_second: 1, burst: 100, count: 60 });
    Object.defineProperty(bucket, "rows", { value: { get: () => undefined }, configurable: true });
    await expect(bucket.call(number, slow)).rejects.toThrow(TypeError);
    Reflect.deleteProperty(bucket, "rows");
    expect(resultsOf("Buckets", "take", await bucket.call(number, slow))).toEqual(allowed);
    expect(resultsOf("Buckets", "take", await bucket.call(number, slow))).toMatchObject({ allowed: 0 });
  });
});

/** @param {() => unknown} method */
const bound = (method) => ({ BUCKETS: { getByName: () => ({ call: method }) } });
test.for([
  ["a binding that is not there", {}, "unsupported", /^There is no Durable Object binding BUCKETS/],
  [
    "an object that throws",
    bound(() => Promise.reject(new Error("s3cret"))),
    "unavailable",
    /^peer failed \(Error\)\.$/,
  ],
  [
    "one that throws at once",
    bound(() => {
      throw new RangeError("s3cret");
    }),
    "unavailable",
    /^peer failed \(RangeError\)\.$/,
  ],
  [
    "one that never answers",
    bound(() => new Promise(() => {})),
    "timeout",
    /^BUCKETS gave no answer within 20 ms\.$/,
  ],
])("%s fails the operation", async ([, bindings, status, message]) => {
  const wanted = {
    binding: "BUCKETS",
    name: "any",
    method: 1,
    argument: new Uint8Array(),
    wait_millis: 20,
  };
  const failed = handlers.object_run(/** @type {any} */ ({ env: bindings }), wanted);
  const failure = await failed.then(
    () => null,
    (thrown) => asFailure(thrown, "peer"),
  );
  expect(failure?.status).toBe(status);
  expect(failure?.message).toMatch(/** @type {RegExp} */ (message));
});
