// The ledger in the runtime: batches that come twice, users who are forgotten, figures, and what goes after 90 days.
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";

const NOW = 1_790_000_000_000;
const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
});

/** @typedef {import("../../shim/objects/ledger.js").Ledger} Ledger */

/** @param {string} name @param {(ledger: Ledger) => Promise<void>} use */
function withLedger(name, use) {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  return runInDurableObject(env.LEDGER.getByName(name), use);
}

/** @param {object} [more] */
const row = (more) => ({
  at: NOW,
  user: "",
  outcome: "hit",
  duration_millis: 10,
  system: "ember",
  ...more,
});
/** @param {Ledger} ledger @param {string} batch @param {object[]} rows */
const add = (ledger, batch, rows) => ledger.add(JSON.stringify({ batch, rows }));
/** @param {Ledger} ledger @param {number} [since] */
const figures = async (ledger, since = 0) => JSON.parse(await ledger.narratives(JSON.stringify({ since })));
/** @param {Ledger} ledger @param {string} user */
const forget = async (ledger, user) => JSON.parse(await ledger.forget(JSON.stringify({ user })));

test("a new ledger has nothing to tell", () =>
  withLedger("empty", async (ledger) => {
    expect(await figures(ledger)).toEqual({
      requests: 0,
      hits: 0,
      stale: 0,
      misses: 0,
      templates: 0,
      refused: 0,
      hitRate: 0,
      durationMillis: { mean: 0, p50: 0, p95: 0 },
      topSystems: [],
      users: 0,
    });
  }));

test("figures of all that was written since", () =>
  withLedger("figures", async (ledger) => {
    await add(ledger, "old", [row({ at: NOW - DAY, duration_millis: 999 })]);
    const rows = Array.from({ length: 20 }, (_, i) => row({ duration_millis: i + 1, user: `u${i % 2}` }));
    await add(ledger, "new", [
      ...rows,
      row({ outcome: "stale", system: "tide", duration_millis: 21 }),
      row({ outcome: "miss", system: "tide", duration_millis: 1000 }),
      row({ outcome: "template", system: "", duration_millis: 5 }),
      row({ outcome: "refused", system: "", duration_millis: 5 }),
    ]);
    expect(await figures(ledger, NOW)).toEqual({
      requests: 24,
      hits: 20,
      stale: 1,
      misses: 1,
      templates: 1,
      refused: 1,
      hitRate: 0.875,
      durationMillis: { mean: 52, p50: 10, p95: 21 },
      topSystems: [
        { name: "ember", count: 20 },
        { name: "tide", count: 2 },
      ],
      users: 2,
    });
    expect((await figures(ledger, 0)).requests).toBe(25);
  }));

test("a batch that comes twice counts once", () =>
  withLedger("twice", async (ledger) => {
    const rows = [row(), row({ outcome: "miss" })];
    await add(ledger, "b", rows);
    await add(ledger, "b", rows);
    await add(ledger, "c", rows);
    expect((await figures(ledger)).requests).toBe(4);
  }));

test("a forgotten user is gone, and so is what is still on its way", () =>
  withLedger("forget", async (ledger) => {
    await add(ledger, "a", [row({ user: "u" }), row({ user: "v" }), row({ user: "u", at: NOW - DAY })]);
    expect(await forget(ledger, "u")).toEqual({ count: 2 });
    // Written by an isolate that had these rows waiting, and whose clock is a second ahead.
    await add(ledger, "b", [row({ user: "u" }), row({ user: "u", at: NOW + 1000 }), row({ user: "v" })]);
    expect((await figures(ledger)).requests).toBe(2);
    expect(await forget(ledger, "u")).toEqual({ count: 0 });
    // Who comes back is counted again.
    await add(ledger, "c", [row({ user: "u", at: NOW + 1001 })]);
    expect((await figures(ledger)).users).toBe(2);
  }));

test("what is 90 days old goes, and a day later the memory of who was forgotten", () =>
  withLedger("retention", async (ledger) => {
    await add(ledger, "a", [row(), row({ at: NOW + 1 }), row({ user: "u", at: NOW + 90 * DAY })]);
    await forget(ledger, "w");
    vi.setSystemTime(NOW + 90 * DAY + 1);
    await ledger.alarm();
    expect((await figures(ledger)).requests).toBe(2);
    await add(ledger, "b", [row({ user: "w", at: NOW })]);
    expect((await figures(ledger)).requests).toBe(3);
  }));

test("the alarm is set by the first row", async () => {
  const stub = env.LEDGER.getByName("alarm");
  expect(await runDurableObjectAlarm(stub)).toBe(false);
  await stub.add(JSON.stringify({ batch: "a", rows: [row({ at: Date.now() })] }));
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect(JSON.parse(await stub.narratives('{"since":0}')).requests).toBe(1);
});

test.for([
  ["no name", { batch: "", rows: [] }],
  ["no rows", { batch: "a" }],
  ["too many rows", { batch: "a", rows: Array.from({ length: 1001 }, () => row()) }],
  ["an outcome that is none", { batch: "a", rows: [row({ outcome: "luck" })] }],
  ["a time that is none", { batch: "a", rows: [row({ at: -1 })] }],
  ["a duration that is none", { batch: "a", rows: [row({ duration_millis: 0.5 })] }],
  ["a text without end", { batch: "a", rows: [row({ system: "x".repeat(257) })] }],
])("a batch with %s is refused whole", ([, batch]) =>
  withLedger("refused", async (ledger) => {
    await expect(ledger.add(JSON.stringify(batch))).rejects.toThrow("Refusal: ");
    expect((await figures(ledger)).requests).toBe(0);
  }),
);
