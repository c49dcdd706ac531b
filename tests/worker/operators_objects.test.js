// The audit log in the runtime: what it keeps.
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";

/** Ahead of the runtime's own clock, by which alarms go off. */
const NOW = 4_000_000_000_000;
const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
});

// The audit log ------------------------------------------------------------------------------------------------------

/** @param {string} name @param {(log: import("../../shim/objects/audit.js").Audit, state: DurableObjectState) => Promise<void>} use */
function withLog(name, use) {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  return runInDurableObject(env.AUDIT.getByName(name), use);
}
/** @param {object} [changes] */
const row = (changes = {}) => ({
  kind: "call",
  at: NOW,
  subject: "ann",
  role: "admin",
  address: "192.0.2.1",
  method: "GET",
  path: "/api/settings",
  note: "looked at the settings",
  status: 200,
  request_id: "ray",
  count: 1,
  ...changes,
});
/** @param {object} [changes] */
const refusal = (changes = {}) =>
  row({
    kind: "refusal",
    subject: "",
    role: "",
    method: "",
    path: "",
    note: "",
    request_id: "",
    status: 401,
    ...changes,
  });
/** @param {any} log @param {...object} rows */
const add = (log, ...rows) => log.add(JSON.stringify(rows));
/** @param {any} log @param {object} [wanted] */
const list = async (log, wanted = {}) =>
  JSON.parse(await log.list(JSON.stringify({ since: 0, before: 0, count_max: 100, ...wanted })));

test("calls are kept one by one, the newest first", () =>
  withLog("calls", async (log) => {
    await add(log, row(), row({ note: "again", status: 503 }));
    expect(await list(log)).toEqual({
      rows: [
        { id: 2, ...row({ note: "again", status: 503 }) },
        { id: 1, ...row() },
      ],
      next: 0,
    });
  }));

test("pages follow each other, and stay where they are when rows come", () =>
  withLog("pages", async (log) => {
    for (let i = 1; i <= 5; ++i) await add(log, row({ note: `${i}` }));
    const first = await list(log, { count_max: 2 });
    await add(log, row({ note: "6" }));
    const second = await list(log, { count_max: 2, before: first.next });
    const third = await list(log, { count_max: 2, before: second.next });
    const notes = [first, second, third].map(({ rows }) => rows.map((/** @type {any} */ one) => one.note));
    expect(notes).toEqual([["5", "4"], ["3", "2"], ["1"]]);
    expect(third.next).toBe(0);
  }));

test("since leaves out what is older", () =>
  withLog("since", async (log) => {
    await add(log, row({ at: NOW - 1 }), row({ at: NOW }), row({ at: NOW + 1 }));
    const { rows } = await list(log, { since: NOW });
    expect(rows.map((/** @type {any} */ one) => one.at)).toEqual([NOW + 1, NOW]);
  }));

test("refusals are counted by minute, address, subject and status", () =>
  withLog("refusals", async (log) => {
    await add(log, refusal(), refusal({ count: 4 }), refusal({ status: 429 }));
    await add(
      log,
      refusal({ count: 2 }),
      refusal({ subject: "vic", status: 403 }),
      refusal({ address: "192.0.2.2" }),
    );
    const { rows } = await list(log);
    expect(rows.map((/** @type {any} */ one) => [one.address, one.subject, one.status, one.count])).toEqual([
      ["192.0.2.2", "", 401, 1],
      ["192.0.2.1", "vic", 403, 1],
      ["192.0.2.1", "", 429, 1],
      ["192.0.2.1", "", 401, 7],
    ]);
  }));

test("an attack from everywhere fills no more than a thousand rows a minute", () =>
  withLog("attack", async (log) => {
    for (let i = 0; i < 5; ++i) {
      const many = Array.from({ length: 300 }, (_, j) => refusal({ address: `2001:db8:${i}:${j}::/64` }));
      await add(log, ...many);
    }
    await add(log, refusal({ address: "192.0.2.9", status: 429 }), refusal({ at: NOW + 60_000 }), row());
    const counts = await runInDurableObject(env.AUDIT.getByName("attack"), async ({ sql }) => [
      ...sql.exec("SELECT status, count FROM rows WHERE address = 'others' ORDER BY status").raw(),
      sql.exec("SELECT COUNT(*) FROM rows").raw().next().value?.[0],
    ]);
    expect(counts).toEqual([[401, 500], [429, 1], 1_000 + 2 + 1 + 1]);
  }));

test("rows stay for ninety days", () =>
  withLog("ninety", async (log, state) => {
    await add(
      log,
      row({ at: NOW - 90 * DAY - 1, note: "old" }),
      row({ at: NOW - 90 * DAY, note: "just young enough" }),
    );
    expect(await state.storage.getAlarm()).toBe(NOW + DAY);
    await log.alarm();
    expect((await list(log)).rows.map((/** @type {any} */ one) => one.note)).toEqual(["just young enough"]);
    expect(await state.storage.getAlarm()).toBe(NOW + DAY);
    vi.setSystemTime(NOW + 1);
    await state.storage.deleteAlarm();
    await log.alarm();
    expect((await list(log)).rows).toEqual([]);
    expect(await state.storage.getAlarm()).toBeNull();
  }));

test("the alarm that was set is the one that prunes", async () => {
  await withLog("alarmed", (log) => add(log, row({ at: NOW - 91 * DAY })));
  expect(await runDurableObjectAlarm(env.AUDIT.getByName("alarmed"))).toBe(true);
  await withLog("alarmed", async (log) => expect((await list(log)).rows).toEqual([]));
});

test.for([
  ["no JSON", "["],
  ["no array", JSON.stringify(row())],
  ["no row", "[null]"],
  ["another kind", JSON.stringify([row({ kind: "note" })])],
  ["a time that is none", JSON.stringify([row({ at: "now" })])],
  ["no subject", JSON.stringify([row({ subject: undefined })])],
  ["a text that is too long", JSON.stringify([row({ note: "x".repeat(1025) })])],
  ["a count of nothing", JSON.stringify([row({ count: 0 })])],
  ["too many rows", JSON.stringify(Array.from({ length: 501 }, () => row()))],
])("%s is refused as a whole", ([name, rows]) =>
  withLog(`refused ${name}`, async (log) => {
    await expect(log.add(/** @type {string} */ (rows))).rejects.toThrow();
    await expect(add(log, row(), row({ status: "200" }))).rejects.toThrow();
    expect((await list(log)).rows).toEqual([]);
  }),
);
