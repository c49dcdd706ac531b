// An experiment in the runtime, over simulated days: declared by an operator, fed by real requests, analysed by the
// nightly trigger, promoted, visible in the settings and in Cache-Status, and rolled back.
import {
  createExecutionContext,
  createScheduledController,
  env,
  SELF,
  waitOnExecutionContext,
} from "cloudflare:test";
import { SignJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import larder from "../../shim/index.js";

const HOUR = 3_600_000;
/** Midnight, some day. */
const MIDNIGHT = Date.UTC(2026, 10, 28);
const KEYS = 700;

afterEach(() => vi.useRealTimers());

/** @param {string} method @param {string} path @param {unknown} [json] */
async function operate(method, path, json) {
  const token = await new SignJWT({ sub: "ann", role: "admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(Math.floor(Date.now() / 1000) + 60)
    .sign(new TextEncoder().encode(env.ADMIN_JWT_SECRET));
  const response = await SELF.fetch(`http://larder.test${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  return { status: response.status, body: await response.json() };
}

/** What Cache-Status and Cache-Control say. @param {number} key */
async function read(key) {
  const response = await SELF.fetch(`http://larder.test/search/title?q=book${key}`);
  await response.text();
  const status = response.headers.get("cache-status") ?? "";
  return {
    variant: status.match(/variant=([^;]+)/)?.[1] ?? "",
    lifetime: response.headers.get("cache-control")?.match(/max-age=(\d+)/)?.[1],
  };
}

async function night() {
  const context = createExecutionContext();
  await larder.scheduled(
    createScheduledController({ cron: "0 3 * * *", scheduledTime: new Date() }),
    env,
    context,
  );
  await waitOnExecutionContext(context);
}

test("an experiment on a lifetime goes from its declaration to its end", { timeout: 120_000 }, async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: MIDNIGHT });
  const declared = await operate("POST", "/api/experiments", {
    name: "longer",
    hypothesis: "A month is fresh enough, and spares readers stale answers.",
    resources: ["title"],
    variants: [
      { name: "day", share: 50 },
      { name: "month", share: 50, overrides: { ttl: "30d" } },
    ],
    primary: { metric: "stale_rate", smallestEffect: 5 },
    watch: "0s",
  });
  expect(declared.status).toBe(201);
  const variants = new Map();
  for (let visit = 0; visit < 4; visit += 1) {
    // Past the day's freshness, within its stale time: what it has is stale, and the month's is not.
    vi.setSystemTime(MIDNIGHT + visit * 26 * HOUR);
    for (let key = 0; key < KEYS; key += 1) {
      const { variant, lifetime } = await read(key);
      // The same key, the same variant, day after day; and its lifetime.
      expect(variants.get(key) ?? variant).toBe(variant);
      variants.set(key, variant);
      expect(lifetime).toBe(variant === "longer:month" ? "2592000" : "86400");
    }
  }
  const of = (/** @type {string} */ name) => [...variants].filter(([, variant]) => variant === name);
  expect(of("longer:day").length + of("longer:month").length).toBe(KEYS);
  vi.setSystemTime(MIDNIGHT + 99 * HOUR);
  await night();
  const shown = await operate("GET", "/api/experiments/longer");
  expect(shown.body).toMatchObject({ state: "watching", promoted: "month" });
  expect(shown.body.decisions.map((/** @type {{call: string}} */ { call }) => call)).toEqual([
    "promote",
    "declare",
  ]);
  expect(shown.body.decisions[0].reason).toMatch(
    /^Variant month answers [\d.]+ points less with stale entries, between [\d.]+ and [\d.]+\.$/,
  );
  const settings = await operate("GET", "/api/settings");
  expect(settings.body.experiments.longer).toEqual({
    standing: "watching",
    promoted: "month",
    resources: ["title"],
    overrides: { ttl: "30d" },
  });
  vi.setSystemTime(MIDNIGHT + 123 * HOUR);
  await night();
  expect((await operate("GET", "/api/experiments/longer")).body.state).toBe("kept");
  // It counts for all, and nobody takes part any more.
  expect(await read(KEYS + 1)).toEqual({ variant: "", lifetime: "2592000" });
  expect((await operate("POST", "/api/experiments/longer/rollback")).status).toBe(200);
  expect(await read(KEYS + 2)).toEqual({ variant: "", lifetime: "86400" });
});

test("a flag is read in OpenFeature's shape", async () => {
  const declared = await operate("POST", "/api/experiments", {
    name: "new-search",
    hypothesis: "It fails less.",
    kind: "rollout",
    unit: "client",
    variants: [
      { name: "off", value: false },
      { name: "on", value: true },
    ],
    guardrails: [{ metric: "error_rate", tolerance: 1 }],
  });
  expect(declared.status).toBe(201);
  const context = { context: { targetingKey: "somebody" } };
  const one = await operate("POST", "/ofrep/v1/evaluate/flags/new-search", context);
  expect(one.status).toBe(200);
  expect(one.body).toMatchObject({ key: "new-search", reason: "SPLIT" });
  expect(one.body.value).toBe(one.body.variant === "on");
  const all = await operate("POST", "/ofrep/v1/evaluate/flags", context);
  expect(all.body.flags).toEqual([one.body]);
  expect((await operate("POST", "/ofrep/v1/evaluate/flags/none", context)).status).toBe(404);
});
