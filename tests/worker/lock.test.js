// The lock of one key in the runtime: who waits, and what is handed over.
import { env, runInDurableObject as run } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure } from "../../shim/failure.js";
import { OUTCOMES } from "../../shim/objects/lock.js";
import { handlers } from "../../shim/operations/index.js";

afterEach(() => vi.useRealTimers());

/** @type {(stub: any, use: (lock: import("../../shim/objects/lock.js").Lock, state: DurableObjectState) => unknown) => Promise<any>} */
const runInDurableObject = /** @type {any} */ (run);

const content = new Uint8Array(new TextEncoder().encode("the answer")).buffer;
const value = { header: "entry-header", content };

/** @param {string} key @returns {any} */
const lockOf = (key) => /** @type {any} */ (env.LOCK).getByName(key);
const text = (/** @type {any} */ acquired) => new TextDecoder().decode(acquired.value?.content);
const nothing = { value: null };

test("a value goes to all who wait, and to those who come late", async () => {
  const lock = lockOf("value");
  expect(await lock.acquire("a", 10_000, 5_000)).toEqual({ outcome: OUTCOMES.granted, ...nothing });
  const waiters = ["b", "c", "d"].map((token) => lock.acquire(token, 10_000, 5_000));
  expect(await lock.release("a", OUTCOMES.value, value, 60_000)).toBe(1);
  for (const acquired of [...(await Promise.all(waiters)), await lock.acquire("late", 10_000, 5_000)]) {
    expect(acquired.outcome).toBe(OUTCOMES.value);
    expect(acquired.value?.header).toBe("entry-header");
    expect(text(acquired)).toBe("the answer");
  }
});

test("who waits is told what the holder ends with, and others what the core says", async () => {
  const lock = lockOf("told");
  for (const verdict of [OUTCOMES.retry, OUTCOMES.alone]) {
    await lock.acquire("a", 10_000, 5_000);
    const waiter = lock.acquire("b", 10_000, 5_000);
    expect(await lock.release("c", verdict, null, 0)).toBe(0);
    expect(await lock.release("a", verdict, null, 0)).toBe(1);
    expect(await waiter).toEqual({ outcome: verdict, ...nothing });
  }
});

test("a wait ends in time", async () => {
  const lock = lockOf("patience");
  await lock.acquire("a", 10_000, 5_000);
  expect(await lock.acquire("b", 10_000, 20)).toEqual({ outcome: OUTCOMES.retry, ...nothing });
  await runInDurableObject(lock, (object) => expect(object.waiters.size).toBe(0));
});

test("a value goes with the next holder", async () => {
  await runInDurableObject(lockOf("kept"), async (lock) => {
    await lock.acquire("a", 10_000, 5_000);
    await lock.release("a", OUTCOMES.value, value, 0);
    expect(lock.value).toEqual(value);
    expect((await lock.acquire("b", 10_000, 0)).outcome).toBe(OUTCOMES.granted);
    expect(lock.value).toBeNull();
  });
});

test("a call that makes no sense fails, and the lock is as it was", async () => {
  await runInDurableObject(lockOf("malformed"), async (lock) => {
    await expect(lock.acquire("", 10_000, 0)).rejects.toThrow("malformed");
    expect((await lock.acquire("a", 10_000, 0)).outcome).toBe(OUTCOMES.granted);
  });
});

test("who does not want to wait is told to retry at once, without a timer", async () => {
  await runInDurableObject(lockOf("at-once"), async (lock) => {
    await lock.acquire("a", 10_000, 5_000);
    vi.useFakeTimers();
    expect((await lock.acquire("b", 10_000, 0)).outcome).toBe(OUTCOMES.retry);
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
