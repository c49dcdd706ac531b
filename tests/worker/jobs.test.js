// The jobs' object: each item is accounted for once, however often it is spoken of.
import { env, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { handlers } from "../../shim/operations/index.js";

const NOW = 1_790_000_000_000;

/** @param {string} name @param {(call: (method: string, argument: object) => Promise<any>) => Promise<void>} use */
const withJobs = (name, use) =>
  /** @type {any} */ (runInDurableObject)(env.WARMING_JOBS.getByName(name), (/** @type {any} */ jobs) =>
    use(async (method, argument) =>
      JSON.parse(await jobs[method](JSON.stringify({ now: NOW, ...argument }))),
    ),
  );

/** @param {string} key @param {number} [depth] @param {number} [maxDepth] */
const item = (key, depth = 1, maxDepth = 2) => ({
  key,
  name: key.toUpperCase(),
  depth,
  maxDepth,
  source: "csv",
});
/** @param {string} id @param {string[]} keys */
const list = (id, keys) => ({
  id,
  digest: `digest of ${id}`,
  options: { maxDepth: 2, resource: "" },
  pendingMax: 10,
  items: keys.map((key) => item(key)),
});
/** @param {string} key @param {string} outcome @param {object} [more] */
const account = (key, outcome, more = {}) => ({ job: "j", key, remaining: 1, outcome, works: 3, ...more });

test("a list is one job, in which each item is counted once", () =>
  withJobs("counted", async (call) => {
    const opened = await call("open", list("j", ["a", "b", "a"]));
    expect(opened.created).toBe(true);
    expect(opened.job.levels).toEqual([
      { depth: 1, queued: 2, processed: 0, failed: 0, skipped: 0, works: 0 },
    ]);
    expect(await call("begin", { items: [account("a", ""), account("x", "")] })).toEqual({
      open: [true, false],
    });
    const settled = await call("settle", { items: [account("a", "processed"), account("a", "processed")] });
    expect(settled).toMatchObject({ counted: [true, false], ended: [], pending: 1 });
    const last = await call("settle", { items: [account("b", "skipped", { works: 0 })] });
    expect(last.ended).toMatchObject([{ id: "j", state: "complete", completed: NOW }]);
    expect(last.totals).toEqual({ authors: 1, works: 3, started: NOW, completed: NOW });
    expect(await call("settle", { items: [account("b", "failed")] })).toMatchObject({ counted: [false] });
  }));

test("the same list has one job while it is at work, and another one later", () =>
  withJobs("same", async (call) => {
    await call("open", list("j", ["a"]));
    const again = await call("open", { ...list("k", ["a"]), digest: "digest of j" });
    expect(again).toMatchObject({ created: false, job: { id: "j" } });
    await call("settle", { items: [account("a", "processed")] });
    expect(await call("open", { ...list("k", ["a"]), digest: "digest of j" })).toMatchObject({
      created: true,
    });
  }));

test("above the pending limit nothing is queued", () =>
  withJobs("full", async (call) => {
    await call("open", list("j", ["a", "b", "c"]));
    expect(await call("open", { ...list("k", ["d", "e"]), pendingMax: 4 })).toEqual({
      refused: true,
      pending: 3,
    });
    expect((await call("list", { cursor: 0, limit: 10 })).jobs).toHaveLength(1);
  }));

test("who is found is sent once, by whoever found them first, and again only while they are open", () =>
  withJobs("found", async (call) => {
    await call("open", list("j", ["a", "b"]));
    const found = { job: "j", itemsMax: 100, items: [item("c", 2), item("b", 2)] };
    expect(await call("discover", { ...found, parent: "1 a" })).toEqual({ send: [0] });
    expect(await call("discover", { ...found, parent: "1 a" })).toEqual({ send: [0] });
    expect(await call("discover", { ...found, parent: "1 b" })).toEqual({ send: [] });
    await call("settle", { items: [account("c", "processed", { remaining: 0 })] });
    expect(await call("discover", { ...found, parent: "1 a" })).toEqual({ send: [] });
    // With more levels left there is more to do.
    expect(await call("discover", { ...found, parent: "1 a", items: [item("c", 1)] })).toEqual({ send: [0] });
    const beyond = { ...found, parent: "1 a", itemsMax: 4, items: [item("z", 2)] };
    expect(await call("discover", beyond)).toEqual({ send: [] });
    expect((await call("show", { job: "j" })).beyond).toBe(1);
  }));

test("what failed is a letter, and its replay finishes the job", () =>
  withJobs("letters", async (call) => {
    await call("open", list("j", ["a", "b"]));
    const failure = account("a", "failed", { works: 0, reason: "unavailable", message: "It is down." });
    await call("settle", { items: [failure, failure, account("b", "processed")] });
    expect(await call("letters", { cursor: 0, limit: 10 })).toMatchObject({
      letters: [{ job: "j", name: "A", depth: 1, reason: "unavailable", message: "It is down.", at: NOW }],
      depth: 1,
    });
    expect((await call("show", { job: "j" })).state).toBe("complete");
    const replayed = await call("replay", { ids: [], limit: 10 });
    expect(replayed).toMatchObject({
      items: [{ job: "j", key: "a", name: "A", depth: 1, maxDepth: 2 }],
      left: 0,
    });
    expect(await call("show", { job: "j" })).toMatchObject({ state: "running", completed: null });
    const { ended } = await call("settle", { items: [account("a", "processed")] });
    expect(ended[0].levels).toEqual([{ depth: 1, queued: 2, processed: 2, failed: 0, skipped: 0, works: 6 }]);
  }));

test("the letter of a message that nobody could read stays until it is in the queue again", () =>
  withJobs("unread", async (call) => {
    await call("keep", { key: "k", body: '{"kind":"other"}', reason: "unknown", message: "What is it?" });
    const replayed = await call("replay", { ids: [], limit: 10 });
    expect(replayed).toMatchObject({ items: [], unread: [{ body: '{"kind":"other"}' }], left: 1 });
    expect(await call("resent", { ids: [replayed.unread[0].id] })).toEqual({ left: 0 });
  }));

test("a cancelled job is over, an ended one is removed, and neither keeps its list", () =>
  withJobs("cancelled", async (call) => {
    await call("open", list("j", ["a"]));
    expect(await call("cancel", { job: "j" })).toMatchObject({ removed: false, job: { state: "cancelled" } });
    expect(await call("begin", { items: [account("a", "")] })).toEqual({ open: [false] });
    expect(await call("cancel", { job: "j" })).toMatchObject({ removed: true });
    await expect(call("show", { job: "j" })).rejects.toThrow("Refusal: There is no such job.");
  }));

test("a quiet job gives its open items again, once a while", () =>
  withJobs("quiet", async (call) => {
    await call("open", list("j", ["a", "b"]));
    const asked = { quietMillis: 1000, limit: 10 };
    expect((await call("quiet", { ...asked, now: NOW + 999 })).items).toEqual([]);
    expect((await call("quiet", { ...asked, now: NOW + 1000 })).items).toHaveLength(2);
    expect((await call("quiet", { ...asked, now: NOW + 1500 })).items).toEqual([]);
  }));

test("a list is walked in steps", () =>
  withJobs("walked", async (call) => {
    await call("open", list("other", ["x"]));
    await call("open", list("j", ["a", "b", "c", "d", "e"]));
    const walk = async (/** @type {number} */ from) =>
      (await call("walk", { job: "j", from, step: 2, limit: 10 })).items.map((/** @type {any} */ one) => [
        one.key,
        one.place,
      ]);
    expect(await walk(0)).toEqual([
      ["a", 0],
      ["c", 2],
      ["e", 4],
    ]);
    expect(await walk(3)).toEqual([["d", 3]]);
    await call("settle", { items: [account("a", "processed")] });
    expect(await walk(0)).toEqual([
      ["c", 2],
      ["e", 4],
    ]);
  }));

test("ended jobs are forgotten in time", () =>
  withJobs("pruned", async (call) => {
    await call("open", list("j", ["a"]));
    await call("settle", { items: [account("a", "processed")] });
    await call("keep", { key: "k", body: "{}", reason: "unknown", message: "?" });
    expect(await call("prune", { before: NOW })).toEqual({ removed: 0 });
    expect(await call("prune", { before: NOW + 1 })).toEqual({ removed: 1 });
    expect((await call("letters", { cursor: 0, limit: 10 })).depth).toBe(0);
  }));

test("many keys of KV are read at once", async () => {
  await env.CACHE.put("many:a", "1", { metadata: "h" });
  await env.CACHE.put("many:b", "2");
  const flight = /** @type {any} */ ({ env });
  const read = await handlers.kv_get_many(flight, { keys: ["many:a", "many:b", "many:c"] });
  expect(read).toEqual({ headers: ["h", "", ""], contents: ["1", "", ""] });
});
