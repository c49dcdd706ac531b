// The count of models' calls: exact, day by day.
import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { handlers } from "../../shim/operations/index.js";

/** @param {string} name @param {string} method @param {object} argument */
const call = async (name, method, argument) => {
  const wanted = { binding: "SPENDING", name, method, argument: JSON.stringify(argument), wait_millis: 5000 };
  return JSON.parse((await handlers.object_call(/** @type {any} */ ({ env }), wanted)).result);
};
const DAY = "2026-11-21";

test("of many calls at once exactly as many are allowed as the bound says, on each day", async () => {
  const takes = await Promise.all(
    Array.from({ length: 20 }, () => call("bound", "take", { day: DAY, calls: 7, microdollars: 0 })),
  );
  expect(takes.filter(({ allowed }) => allowed)).toHaveLength(7);
  expect(Math.max(...takes.map(({ used }) => used))).toBe(7);
  const next = await call("bound", "take", { day: "2026-11-22", calls: 7, microdollars: 0 });
  expect(next).toEqual({ allowed: true, used: 1 });
});

test("what calls cost is added up, and bounded", async () => {
  const terms = { day: DAY, calls: 100, microdollars: 1000 };
  expect(await call("cost", "take", terms)).toEqual({ allowed: true, used: 1 });
  await call("cost", "record", { day: DAY, promptTokens: 5, outputTokens: 6, microdollars: 999 });
  expect(await call("cost", "take", terms)).toEqual({ allowed: true, used: 2 });
  await call("cost", "record", { day: DAY, promptTokens: 5, outputTokens: 6, microdollars: 1 });
  expect(await call("cost", "take", terms)).toEqual({ allowed: false, used: 2 });
  expect(await call("cost", "read", { day: DAY })).toEqual({
    calls: 2,
    promptTokens: 10,
    outputTokens: 12,
    microdollars: 1000,
  });
});

test("what all days since one have come to", async () => {
  for (const day of ["2026-11-20", "2026-11-21", "2026-11-22"]) {
    await call("total", "take", { day, calls: 9, microdollars: 0 });
    await call("total", "record", { day, promptTokens: 5, outputTokens: 6, microdollars: 1500 });
  }
  expect(await call("total", "total", { since: "2026-11-21" })).toEqual({
    calls: 2,
    promptTokens: 10,
    outputTokens: 12,
    estimatedUsd: 0.003,
  });
  expect((await call("total", "total", { since: "2027-01-01" })).calls).toBe(0);
});

test("days older than 90 are forgotten", async () => {
  await call("old", "take", { day: "2026-01-01", calls: 9, microdollars: 0 });
  await call("old", "take", { day: "2026-04-01", calls: 9, microdollars: 0 });
  expect((await call("old", "read", { day: "2026-01-01" })).calls).toBe(1);
  await call("old", "take", { day: "2026-04-02", calls: 9, microdollars: 0 });
  expect((await call("old", "read", { day: "2026-01-01" })).calls).toBe(0);
});

test.for([
  ["take", { day: "today", calls: 1, microdollars: 0 }, "day is no day like 2026-11-21."],
  ["take", { day: DAY, calls: -1, microdollars: 0 }, "calls is no whole number from 0."],
  [
    "record",
    { day: DAY, promptTokens: 1.5, outputTokens: 0, microdollars: 0 },
    "promptTokens is no whole number from 0.",
  ],
  ["read", {}, "day is no day like 2026-11-21."],
])("%s refuses what is malformed: %s", async ([method, argument, message]) => {
  await expect(
    call("bad", /** @type {string} */ (method), /** @type {object} */ (argument)),
  ).rejects.toMatchObject({ status: "invalid", message });
});
