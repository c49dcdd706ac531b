// Narratives through the Worker, in the runtime.
import { env, SELF } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { worker } from "../../shim/larder.js";
import { argumentOf, methodOf, resultsOf } from "./object_calls.js";

/** @param {unknown} body @param {Record<string, string>} [headers] */
const post = (body, headers) =>
  SELF.fetch("http://larder.test/api/narrative", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
/** @param {string} text @returns {Promise<number>} how many questions to the model had the text in them */
const asked = async (text) =>
  (await fetch(`http://origin.test/count?for=${encodeURIComponent(text)}`)).json();
/** @param {Response} response */
const status = (response) => response.headers.get("cache-status") ?? "";
/** @param {string} name @param {unknown} percentage */
const profile = (name, percentage) => ({ profile: { systems: [{ name, percentage }] } });
/** Days since 1970-01-01. */
const today = () => Math.floor(Date.now() / 86_400_000);
const spending = () => env.SPENDING.getByName("models");

/** The first request of a short while writes the rows of all into the ledger, two seconds later. */
const LEDGER_MILLIS = 10_000;

/** What is done behind a response is over, and the only bodies alive are the memory tier's. */
const expectSettled = () =>
  vi.waitFor(() => {
    const { serving } = worker;
    expect(serving?.requests.size).toBe(0);
    expect(serving?.bodies.alive).toBe(serving?.exports.larder_bodies_held());
  }, LEDGER_MILLIS);

test("the same profile costs one call, whatever it looks like", async () => {
  const first = await post(profile("alike", 10.1));
  expect(first.status).toBe(200);
  expect(status(first)).toBe("larder; fwd=miss; fwd-status=200; stored; detail=absent");
  expect(first.headers.get("cache-control")).toBe("no-store");
  const answer = await first.json();
  expect(answer).toEqual({
    narrative: expect.stringMatching(/^About \d+ characters\.$/),
    generatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    source: "model",
  });
  const second = await post(
    ' {"userId": "u-1", "profile": {"gone": null, "systems": [{"percentage": 10.20, "name": "alike"}]}}',
  );
  expect(status(second)).toMatch(/^larder; hit; ttl=60[34]\d+; detail=memory$/);
  expect(await second.json()).toEqual(answer);
  expect(await asked('"name":"alike"')).toBe(1);
  expect(await asked("u-1")).toBe(0);
  expect(status(await post(profile("alike", 10.3)))).toContain("fwd=miss");
  expect(await asked('"name":"alike"')).toBe(2);
  await expectSettled();
  const { keys } = await env.CACHE.list({ prefix: "larder:narr:" });
  expect(keys).toHaveLength(2);
  for (const { name } of keys) expect(name).toMatch(/^larder:narr:v\d+:1:[0-9a-f]{10}:[0-9a-f]{64}$/);
  const { number } = methodOf("Spending", "total");
  const reply = await spending().call(number, argumentOf("Spending", "total", { since: today() }));
  expect(resultsOf("Spending", "total", reply)).toMatchObject({
    spent: { calls: 2, prompt_tokens: 80, output_tokens: 20 },
  });
});

test("an invalid profile is one negative entry and no call", async () => {
  for (const wanted of [
    /^larder; fwd=miss; stored; detail=absent$/,
    /^larder; hit; ttl=\d+; detail=memory$/,
  ]) {
    const answer = await post(profile("invalid", "10.1"));
    expect(answer.status).toBe(400);
    expect(status(answer)).toMatch(wanted);
    expect((await answer.json()).detail).toBe("profile.systems[0].percentage is no number from 0 to 100.");
  }
  expect(await asked('"name":"invalid"')).toBe(0);
  await expectSettled();
});

test.for(["truncated", "down"])("a model that is %s is stood in for, and asked again", async (fault) => {
  const before = (await env.CACHE.list({ prefix: "larder:narr:" })).keys.length;
  for (const attempt of [1, 2]) {
    const answer = await post(profile(fault, 42.5));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { narrative, source } = await answer.json();
    expect(source).toBe("template");
    expect(narrative).toContain(`${fault} (42.5 %)`);
    expect(await asked(`"name":"${fault}"`)).toBe(attempt);
  }
  expect((await env.CACHE.list({ prefix: "larder:narr:" })).keys).toHaveLength(before);
  await expectSettled();
});

test("what is no question in JSON is refused", async () => {
  expect((await post("{}")).status).toBe(400);
  expect((await post("{", {})).status).toBe(400);
  expect((await post(profile("x", 1), { "content-type": "text/plain" })).status).toBe(415);
  expect((await post(`"${"x".repeat(300_000)}"`)).status).toBe(413);
  const got = await SELF.fetch("http://larder.test/api/narrative");
  expect(got.status).toBe(405);
  expect(got.headers.get("allow")).toBe("POST, OPTIONS");
  const options = await SELF.fetch("http://larder.test/api/narrative", { method: "OPTIONS" });
  expect(options.status).toBe(204);
  expect(options.headers.get("allow")).toBe("POST, OPTIONS");
  await expectSettled();
});

test("a client over its limit is refused with Retry-After, another is not", async () => {
  const from = { "cf-connecting-ip": "192.0.2.1" };
  expect((await post(profile("limited", 1), from)).status).toBe(200);
  while ((await env.PUBLIC_LIMIT.limit({ key: "narr:192.0.2.1" })).success);
  const refused = await post(profile("another", 1), from);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("60");
  expect(status(refused)).toBe("larder; fwd=miss; detail=rate-limited");
  expect((await post(profile("limited", 1), from)).status).toBe(200);
  expect((await post(profile("other", 1), { "cf-connecting-ip": "192.0.2.2" })).status).toBe(200);
  await expectSettled();
});
