// The lock of one key: who gets it, who waits, and what those who wait are told.
import { env, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";

afterEach(() => vi.useRealTimers());

const content = new Uint8Array(new TextEncoder().encode("the answer")).buffer;
const value = { header: "entry-header", content };

/** @param {string} key */
const lockOf = (key) => env.LOCK.getByName(key);
/** @param {any} acquired */
const answer = (acquired) => ({
  ...acquired,
  ...(acquired.value ? { value: new TextDecoder().decode(acquired.value.content) } : {}),
});

test("the first one holds it, and the wait of another ends in time", async () => {
  const lock = lockOf("first");
  expect(await lock.acquire("a", 10_000, 5_000)).toEqual({ outcome: "granted" });
  expect(await lock.acquire("b", 10_000, 0)).toEqual({ outcome: "retry" });
});

test("a value goes to all who wait, and to those who come late", async () => {
  const lock = lockOf("value");
  await lock.acquire("a", 10_000, 5_000);
  const waiters = ["b", "c", "d"].map((token) => lock.acquire(token, 10_000, 5_000));
  expect(await lock.release("a", "value", value, 60_000)).toBe(true);
  for (const acquired of await Promise.all(waiters)) {
    expect(answer(acquired)).toEqual({ outcome: "value", value: "the answer" });
  }
  expect(answer(await lock.acquire("late", 10_000, 5_000))).toEqual({
    outcome: "value",
    value: "the answer",
  });
});

test("a value is kept for as long as it was said to be good", async () => {
  const lock = lockOf("short");
  await lock.acquire("a", 10_000, 5_000);
  await lock.release("a", "value", value, 0);
  expect(await lock.acquire("b", 10_000, 5_000)).toEqual({ outcome: "granted" });
});

test("only the holder's token releases", async () => {
  const lock = lockOf("token");
  await lock.acquire("a", 10_000, 5_000);
  expect(await lock.release("b", "retry", null, 0)).toBe(false);
  expect(await lock.acquire("c", 10_000, 0)).toEqual({ outcome: "retry" });
  expect(await lock.release("a", "retry", null, 0)).toBe(true);
  expect(await lock.acquire("c", 10_000, 0)).toEqual({ outcome: "granted" });
});

test("a holder that ends without an answer lets the next one try", async () => {
  const lock = lockOf("retry");
  await lock.acquire("a", 10_000, 5_000);
  const waiter = lock.acquire("b", 10_000, 5_000);
  await lock.release("a", "retry", null, 0);
  expect(await waiter).toEqual({ outcome: "retry" });
  expect(await lock.acquire("b", 10_000, 5_000)).toEqual({ outcome: "granted" });
});

test("an answer that is nobody else's business sends the others to the origin", async () => {
  const lock = lockOf("alone");
  await lock.acquire("a", 10_000, 5_000);
  const waiter = lock.acquire("b", 10_000, 5_000);
  await lock.release("a", "alone", null, 0);
  expect(await waiter).toEqual({ outcome: "alone" });
});

test("a dead holder blocks nobody for longer than it said it would take", async () => {
  const lock = lockOf("dead");
  await lock.acquire("a", 0, 5_000);
  expect(await lock.acquire("b", 10_000, 5_000)).toEqual({ outcome: "granted" });
  expect(await lock.release("a", "value", value, 60_000)).toBe(false);
});

test("the holder's own token renews its time, and others go on waiting for it", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  await runInDurableObject(lockOf("renewed"), async (lock) => {
    expect(await lock.acquire("a", 10_000, 5_000)).toEqual({ outcome: "granted" });
    vi.setSystemTime(1_009_999);
    const waiter = lock.acquire("b", 10_000, 5_000);
    expect(await lock.acquire("a", 10_000, 0)).toEqual({ outcome: "granted" });
    expect(lock.holder).toEqual({ token: "a", until: 1_019_999 });
    vi.setSystemTime(1_019_998);
    expect(await lock.acquire("c", 10_000, 0)).toEqual({ outcome: "retry" });
    expect(await lock.release("a", "alone", null, 0)).toBe(true);
    expect(await waiter).toEqual({ outcome: "alone" });
  });
});

test("a holder that comes back too late begins anew, unless another one has it", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  await runInDurableObject(lockOf("late-holder"), async (lock) => {
    await lock.acquire("a", 10_000, 5_000);
    vi.setSystemTime(1_010_000);
    expect(await lock.acquire("a", 10_000, 0)).toEqual({ outcome: "granted" });
    vi.setSystemTime(1_020_000);
    expect(await lock.acquire("b", 10_000, 0)).toEqual({ outcome: "granted" });
    expect(await lock.acquire("a", 10_000, 0)).toEqual({ outcome: "retry" });
  });
});

test("who does not want to wait is told to retry at once, without a timer", async () => {
  await runInDurableObject(lockOf("at-once"), async (lock) => {
    await lock.acquire("a", 10_000, 5_000);
    vi.useFakeTimers();
    expect(await lock.acquire("b", 10_000, 0)).toEqual({ outcome: "retry" });
    expect(vi.getTimerCount()).toBe(0);
    expect(lock.waiters.size).toBe(0);
  });
});

test("an object that is reset fails those who wait, and knows nobody afterwards", async () => {
  const bodies = new Bodies();
  const flight = /** @type {any} */ ({ id: 1, instance: { bodies }, env });
  const acquire = (/** @type {string} */ token, /** @type {number} */ wait_millis) =>
    handlers.lock_acquire(flight, { key: "reset", token, keep_millis: 10_000, wait_millis });
  const none = { header: "", content: { handle: 0, size: 0 } };
  expect(await acquire("a", 0)).toEqual({ outcome: 1, ...none });
  const waiter = acquire("b", 5_000).catch((thrown) => asFailure(thrown, "lock_acquire"));
  while ((await runInDurableObject(lockOf("reset"), (lock) => lock.waiters.size)) === 0);
  await runInDurableObject(lockOf("reset"), (_, state) => state.abort("reset")).catch(() => {});
  expect(await waiter).toMatchObject({ status: "unavailable", message: "lock_acquire failed (Error)." });
  const release = { verdict: 0, header: "", content: null, value_millis: 0 };
  expect(await handlers.lock_release(flight, { key: "reset", token: "a", ...release })).toEqual({ held: 0 });
  expect(await acquire("c", 0)).toEqual({ outcome: 1, ...none });
  expect(await handlers.lock_release(flight, { key: "reset", token: "c", ...release })).toEqual({ held: 1 });
});

test("a lock object that gives no answer is waited for a second longer than the wait", async () => {
  vi.useFakeTimers();
  try {
    const silent = { getByName: () => ({ acquire: () => new Promise(() => {}) }) };
    const request = /** @type {any} */ ({ env: { LOCK: silent } });
    const wanted = { key: "k", token: "t", keep_millis: 10_000, wait_millis: 5_000 };
    const failed = handlers.lock_acquire(request, wanted).then(
      () => null,
      (/** @type {unknown} */ thrown) => thrown,
    );
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await failed).toMatchObject({
      status: "timeout",
      message: "The lock gave no answer within 6000 ms.",
    });
  } finally {
    vi.useRealTimers();
  }
});
