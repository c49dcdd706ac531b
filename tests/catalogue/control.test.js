import assert from "node:assert/strict";
import { test } from "node:test";
import { isFaulty, SETTINGS_DEFAULT, tokenBucket } from "../../catalogue/control.js";
import { smallData, startCatalogue } from "./support.js";

const data = smallData();
const PATH = "/works/OL1W.json";

test("requests are counted per URL, those of the control routes are not", async (context) => {
  const { get, requests } = await startCatalogue(context, { data });
  await get(PATH);
  await get(PATH, { method: "HEAD" });
  await get("/search.json?title=Good%20Omens");
  await get("/nowhere");
  await get("/_control/settings");
  const counted = { [PATH]: 2, "/search.json?title=Good%20Omens": 1, "/nowhere": 1 };
  assert.deepEqual(await requests(), { total: 4, urls: counted });

  const reset = await get("/_control/requests", { method: "DELETE" });
  assert.equal(reset.status, 204);
  assert.deepEqual(await requests(), { total: 0, urls: {} });
});

test("200 concurrent requests are counted exactly and answered equally", async (context) => {
  const { get, requests } = await startCatalogue(context);
  const bodies = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const response = await get(`/search.json?title=Good%20Omens&page=${(index % 2) + 1}`);
      assert.equal(response.status, 200);
      return response.text();
    }),
  );
  assert.equal(new Set(bodies).size, 2);
  const counted = {
    "/search.json?title=Good%20Omens&page=1": 100,
    "/search.json?title=Good%20Omens&page=2": 100,
  };
  assert.deepEqual(await requests(), { total: 200, urls: counted });
});

test("settings change one by one and are answered as they are in force", async (context) => {
  const { get, set, json } = await startCatalogue(context, { data });
  assert.deepEqual(await json("/_control/settings"), SETTINGS_DEFAULT);
  const changed = await set({ faultRate: 0.25, seed: 7 });
  assert.equal(changed.status, 200);
  assert.deepEqual(await changed.json(), { ...SETTINGS_DEFAULT, faultRate: 0.25, seed: 7 });
  await set({ faultRate: 0 });
  assert.deepEqual(await json("/_control/settings"), { ...SETTINGS_DEFAULT, seed: 7 });
  assert.equal((await get(PATH)).status, 200);
});

test("bad settings are refused, each fault by name, and change nothing", async (context) => {
  const { set, json } = await startCatalogue(context, { data });
  const response = await set({
    delayMs: -1,
    ratePerSecond: 0,
    down: "yes",
    faultRate: 0.5,
    misbehave: "rude",
    x: 1,
  });
  assert.equal(response.status, 400);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const problem = /** @type {any} */ (await response.json());
  assert.equal(problem.status, 400);
  assert.deepEqual(problem.faults, [
    { field: "delayMs", reason: "must be a number from 0 to 600000" },
    { field: "ratePerSecond", reason: "must be null, or a number above 0 and at most 1000000" },
    { field: "down", reason: "must be true or false" },
    { field: "misbehave", reason: "must be null or one of html, truncated, cut, huge, silent, badutf8" },
    { field: "x", reason: "is no setting: delayMs, ratePerSecond, faultRate, down, misbehave, model, seed" },
  ]);
  assert.deepEqual(await json("/_control/settings"), SETTINGS_DEFAULT);
});

test("a settings body that is no JSON object, or is too long, is refused", async (context) => {
  const { get } = await startCatalogue(context, { data });
  for (const body of ["", "{", "[]", "null", "3", `{"x":"${"a".repeat(20_000)}"}`]) {
    const response = await get("/_control/settings", { method: "PUT", body });
    assert.equal(response.status, 400);
    const problem = /** @type {any} */ (await response.json());
    assert.deepEqual(problem.faults, [{ field: "", reason: "must be a JSON object" }]);
  }
});

test("a token bucket admits its burst, then its rate", () => {
  let nowMs = 0;
  const take = tokenBucket(() => nowMs, 2);
  assert.deepEqual([take(), take(), take()], [0, 0, 1]);
  nowMs = 499;
  assert.equal(take(), 1);
  nowMs = 500;
  assert.deepEqual([take(), take()], [0, 1]);
  // However long the pause, no more than the burst.
  nowMs = 60_000;
  assert.deepEqual([take(), take(), take()], [0, 0, 1]);
});

test("below one a second the burst is one, and Retry-After says when the next is due", () => {
  let nowMs = 0;
  const take = tokenBucket(() => nowMs, 0.1);
  assert.deepEqual([take(), take()], [0, 10]);
  nowMs = 4_000;
  assert.equal(take(), 6);
  nowMs = 10_000;
  assert.equal(take(), 0);
});

test("over the rate the answer is 429 with Retry-After, until time has passed", async (context) => {
  let nowMs = 1_000_000;
  const { get, set, requests } = await startCatalogue(context, { data, now: () => nowMs });
  await set({ ratePerSecond: 3 });
  const statuses = [];
  for (let count = 0; count < 4; count++) statuses.push((await get(PATH)).status);
  assert.deepEqual(statuses, [200, 200, 200, 429]);

  const refused = await get(PATH);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.deepEqual(await refused.json(), { error: "too_many_requests" });
  nowMs += 1_000;
  assert.equal((await get(PATH)).status, 200);
  assert.equal((await requests()).total, 6);
  await set({ ratePerSecond: null });
  for (let count = 0; count < 10; count++) assert.equal((await get(PATH)).status, 200);
});

test("each answer waits for the delay that was in force when its request came", async (context) => {
  /** @type {number[]} */
  const waited = [];
  const delay = async (/** @type {number} */ delayMs) => void waited.push(delayMs);
  const { get, set } = await startCatalogue(context, { data, delay });
  await get(PATH);
  await set({ delayMs: 250 });
  await get(PATH);
  await get("/nowhere");
  await set({ delayMs: 0 });
  await get(PATH);
  assert.deepEqual(waited, [250, 250]);
});

test("a client that leaves takes its delay with it", async (context) => {
  const started = Promise.withResolvers();
  const aborted = Promise.withResolvers();
  const delay = (/** @type {number} */ _delayMs, /** @type {AbortSignal} */ signal) => {
    started.resolve(undefined);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted.resolve(undefined);
        reject(signal.reason);
      });
    });
  };
  const { get } = await startCatalogue(context, { data, delay, settings: { delayMs: 1_000 } });
  const client = new AbortController();
  const answer = get(PATH, { signal: client.signal });
  await started.promise;
  client.abort();
  await assert.rejects(answer, { name: "AbortError" });
  await aborted.promise;
});

test("faults hang on the seed, and retries of one URL differ", () => {
  const settings = { ...SETTINGS_DEFAULT, faultRate: 0.5 };
  /** @param {number} seed */
  const pattern = (seed) =>
    Array.from({ length: 12 }, (_, index) =>
      isFaulty({ ...settings, seed }, PATH, index + 1) ? "x" : ".",
    ).join("");
  assert.equal(pattern(1), "..x.xxxxx.x.");
  assert.equal(pattern(1), pattern(1));
  assert.notEqual(pattern(1), pattern(2));
});

test("the share of faults is the rate; 0 is none and 1 is all", () => {
  /** @param {number} faultRate */
  const faults = (faultRate) => {
    const settings = { ...SETTINGS_DEFAULT, faultRate };
    return Array.from({ length: 10_000 }, (_, index) =>
      isFaulty(settings, `/works/OL${index}W.json`, 1),
    ).filter(Boolean).length;
  };
  assert.equal(faults(0), 0);
  assert.equal(faults(1), 10_000);
  assert.ok(Math.abs(faults(0.1) - 1_000) < 100);
});

test("a run with faults can be repeated, whatever order its requests arrive in", async (context) => {
  const { get } = await startCatalogue(context, { data, settings: { faultRate: 0.4, seed: 3 } });
  const paths = Array.from({ length: 40 }, (_, index) => `/search.json?title=garden&limit=${index}`);
  /** @param {string[]} order */
  async function run(order) {
    await get("/_control/requests", { method: "DELETE" });
    const answers = await Promise.all(order.map(async (path) => [path, (await get(path)).status]));
    return Object.fromEntries(answers);
  }
  const first = await run(paths);
  assert.deepEqual(await run(paths.toReversed()), first);
  const failed = Object.values(first).filter((status) => status === 500).length;
  assert.equal(failed + Object.values(first).filter((status) => status === 200).length, 40);
  assert.ok(failed > 5 && failed < 30);
});

test("down destroys the connection without an answer, yet counts the request", async (context) => {
  const { get, set, requests } = await startCatalogue(context, { data });
  await set({ down: true });
  await assert.rejects(get(PATH), TypeError);
  assert.deepEqual(await requests(), { total: 1, urls: { [PATH]: 1 } });
  await set({ down: false });
  assert.equal((await get(PATH)).status, 200);
});
