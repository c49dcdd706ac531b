// The lock of one key: who gets it, who waits, and what those who wait are told.
import { env } from "cloudflare:test";
import { expect, test } from "vitest";

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
