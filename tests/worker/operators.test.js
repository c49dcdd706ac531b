// The operators' door, in the runtime: every route by every credential, and what the routes do.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { worker as shipped } from "../../shim/larder.js";
import { LarderWorker } from "../../shim/worker.js";
import table from "../../src/operators/routes.def?raw";

const encoder = new TextEncoder();
const HOUR_SECONDS = 3600;

/**
 * The rows of routes.def.
 * @type {Array<{method: string, path: string, role: string}>}
 */
const ROUTES = [...table.matchAll(/^LARDER_ROUTE\((\w+), "([^"]+)", (\w+),/gm)].map(
  ([, method, path, role]) => ({
    method: (method ?? "").replace("_", "").toUpperCase(),
    path: path ?? "",
    role: role ?? "",
  }),
);

/** What the gate lets in, but brings neither body nor parameter, gets this. */
const BARE = /** @type {Record<string, number>} */ ({
  "GET /api/settings": 200,
  "PUT /api/settings": 415,
  "GET /api/cache/entry": 400,
  "DELETE /api/cache/entry": 400,
  "GET /api/cache/keys": 200,
  "GET /api/explain": 400,
  "POST /api/cache/purge": 415,
  "GET /api/audit": 200,
  "GET /api/narrative/stats": 200,
  "GET /api/narrative/analytics": 200,
  "DELETE /api/narrative/user/{userId}": 200,
  "DELETE /api/narrative/user": 415,
  "POST /api/warming/upload": 415,
  "POST /api/warming/prewarm": 415,
  "GET /api/warming/jobs": 200,
  "GET /api/warming/jobs/{id}": 404,
  "DELETE /api/warming/jobs/{id}": 404,
  "GET /api/warming/dlq": 200,
  "POST /api/warming/dlq/replay": 200,
  // Without a ledger (vitest.config.js) there is nothing to show.
  "GET /metrics": 503,
  "GET /metrics/prom": 503,
  "GET /metrics/otel": 404,
  "GET /api/metrics/history": 503,
  "GET /api/cache/candidates": 503,
  "GET /api/costs": 503,
  "GET /api/slo": 503,
  "GET /api/advice": 200,
  "GET /api/alerts": 200,
  "POST /api/alerts/test": 409,
  "POST /api/alerts/{name}/silence": 415,
  "GET /api/cold": 200,
  // Nor is anything archived.
  "POST /api/cold/archive": 409,
  "GET /api/experiments": 200,
  "POST /api/experiments": 415,
  "GET /api/experiments/{id}": 404,
  "POST /api/experiments/{id}/promote": 404,
  "POST /api/experiments/{id}/rollback": 404,
  "POST /api/experiments/{id}/observations": 415,
  "POST /ofrep/v1/evaluate/flags/{key}": 415,
  "POST /ofrep/v1/evaluate/flags": 415,
});

/** @param {Record<string, unknown>} bindings */
const workerWith = (bindings) => {
  const one = new LarderWorker(shipped.module, shipped.options);
  return {
    fetch: (/** @type {Request} */ request, /** @type {any} */ ctx) =>
      one.fetch(request, { ...env, ...bindings }, ctx),
  };
};
const plain = workerWith({});

let addresses = 0;
/** An address that has not been used yet. */
const anAddress = () => `198.51.${Math.floor(addresses / 250)}.${(addresses++ % 250) + 1}`;
let names = 0;
const aName = () => `operator ${names++}`;

/** @param {Record<string, unknown>} claims @param {{alg?: string, secret?: string, seconds?: number}} [how] */
const token = (claims, { alg = "HS256", secret = env.ADMIN_JWT_SECRET, seconds = HOUR_SECONDS } = {}) =>
  new SignJWT({ sub: aName(), ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(encoder.encode(secret));

/**
 * @param {string} method @param {string} path
 * @param {{token?: string | null, headers?: Record<string, string>, json?: unknown, address?: string, at?: ReturnType<typeof workerWith>}} [how]
 */
async function call(
  method,
  path,
  { token: shown = null, headers = {}, json, address = anAddress(), at = plain } = {},
) {
  const sent = new Headers({ "cf-connecting-ip": address, ...headers });
  if (shown !== null) sent.set("authorization", `Bearer ${shown}`);
  /** @type {RequestInit} */
  const init = { method, headers: sent };
  if (json !== undefined) {
    sent.set("content-type", "application/json");
    init.body = typeof json === "string" ? json : JSON.stringify(json);
  }
  const context = createExecutionContext();
  const response = await at.fetch(new Request(`http://larder.test${path}`, init), context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

// Who is let in ------------------------------------------------------------------------------------------------------

const claims = { role: "admin" };
const expires = Math.floor(Date.now() / 1000) + HOUR_SECONDS;
const stranger = await generateKeyPair("RS256");
const CREDENTIALS = /** @type {Array<[string, (() => Promise<string> | string) | null]>} */ ([
  ["none", null],
  ["garbage", () => "garbage"],
  ["two tokens", () => "a.b.c, d.e.f"],
  ["an expired one", () => token(claims, { seconds: -60 })],
  ["another secret", () => token(claims, { secret: "another secret of thirty-two bytes" })],
  ["another algorithm", () => token(claims, { alg: "HS512", secret: env.ADMIN_JWT_SECRET.repeat(2) })],
  [
    "a key in place of the secret",
    () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "RS256" })
        .setExpirationTime("1h")
        .sign(stranger.privateKey),
  ],
  ["alg: none", () => new UnsecuredJWT({ ...claims, exp: expires }).encode()],
  ["no role", () => token({})],
  ["another role", () => token({ role: "owner" })],
  ["viewer", () => token({ role: "viewer" })],
  ["admin", () => token(claims)],
]);

/** @param {string} credential @param {{method: string, path: string, role: string}} route */
function expected(credential, { method, path, role }) {
  if (credential === "admin" || (credential === "viewer" && role === "viewer"))
    return BARE[`${method} ${path}`];
  return ["no role", "another role", "viewer"].includes(credential) ? 403 : 401;
}

test("the table has rows, and this file knows what each answers", () => {
  expect(ROUTES.length).toBeGreaterThan(0);
  expect(Object.keys(BARE).sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
});

/**
 * All at once: what is turned away is written down a second later, and each of them is waited for.
 * @param {string} credential @param {(() => Promise<string> | string) | null} make
 */
const everyRouteBy = (credential, make) =>
  Promise.all(
    ROUTES.map(async (route) => {
      const path = route.path.replaceAll(/\{\w+\}/g, "1");
      const shown = make === null ? null : await make();
      return { route, credential, ...(await call(route.method, path, { token: shown })) };
    }),
  );

test.for(CREDENTIALS)("every route by: %s", async ([credential, make]) => {
  for (const { route, status, headers } of await everyRouteBy(credential, make)) {
    expect([route.method, route.path, status]).toEqual([
      route.method,
      route.path,
      expected(credential, route),
    ]);
    expect(headers.get("cache-control")).toBe("no-store");
    const challenge = headers.get("www-authenticate");
    if (status === 401 && make === null) expect(challenge).toBe('Bearer realm="larder"');
    else if (status === 401)
      expect(challenge).toMatch(
        /^Bearer realm="larder", error="invalid_token", error_description="[\w .,]+"$/,
      );
    else if (status === 403)
      expect(challenge).toBe(`Bearer realm="larder", error="insufficient_scope", scope="${route.role}"`);
    else expect(challenge).toBeNull();
    if (status >= 400) expect(headers.get("content-type")).toBe("application/problem+json");
  }
});

test("HEAD goes with GET, OPTIONS and 405 name what there is, without a token", async () => {
  const head = await call("HEAD", "/api/settings", { token: await token(claims) });
  expect([head.status, head.text]).toEqual([200, ""]);
  expect((await call("HEAD", "/api/settings")).status).toBe(401);
  const options = await call("OPTIONS", "/api/cache/entry");
  expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, DELETE, OPTIONS"]);
  const patch = await call("PATCH", "/api/settings", { token: await token(claims) });
  expect([patch.status, patch.headers.get("allow")]).toEqual([405, "GET, HEAD, PUT, OPTIONS"]);
});

test("nothing set up: 401 says so; a short secret is a fault", async () => {
  const open = await call("GET", "/api/settings", {
    token: await token(claims),
    at: workerWith({ ADMIN_JWT_SECRET: "" }),
  });
  expect(open.status).toBe(401);
  expect(open.json().detail).toMatch(
    /^The operators' routes are not set up: set the secret ADMIN_JWT_SECRET/,
  );
  const short = await call("GET", "/api/settings", { at: workerWith({ ADMIN_JWT_SECRET: "x".repeat(31) }) });
  expect([short.status, short.json().title]).toEqual([500, "Invalid configuration"]);
  expect(short.json().detail).toContain("ADMIN_JWT_SECRET: It must have at least 32 bytes");
});

test("by a key set, as Cloudflare Access sends it", async () => {
  const url = "http://keys.test/access";
  const access = await generateKeyPair("RS256", { extractable: true });
  const key = { ...(await exportJWK(access.publicKey)), kid: "a", alg: "RS256" };
  await fetch(url, { method: "PUT", body: JSON.stringify({ keys: [key] }) });
  const at = workerWith({
    ADMIN_JWT_SECRET: "",
    ADMIN_JWKS_URL: url,
    ADMIN_JWT_ISSUER: "https://team.cloudflareaccess.com",
    ADMIN_JWT_AUDIENCE: "door",
    ADMIN_SUBJECTS: "ann@example.com",
    VIEWER_SUBJECTS: "*",
  });
  /** @param {string} email @param {string} [audience] */
  const assertion = (email, audience = "door") =>
    new SignJWT({ email, sub: aName() })
      .setProtectedHeader({ alg: "RS256", kid: "a" })
      .setIssuer("https://team.cloudflareaccess.com")
      .setAudience([audience])
      .setExpirationTime("1h")
      .sign(access.privateKey);
  /** @param {string} jwt @param {string} method */
  const by = async (jwt, method) =>
    (await call(method, "/api/settings", { at, headers: { "cf-access-jwt-assertion": jwt } })).status;
  // The public key is no secret, and a secret's token counts for nothing here.
  const forged = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", kid: "a" })
    .setIssuer("https://team.cloudflareaccess.com")
    .setAudience("door")
    .setExpirationTime("1h")
    .sign(encoder.encode(JSON.stringify(key)));
  const statuses = await Promise.all([
    by(await assertion("Ann@example.com"), "PUT"),
    by(await assertion("vic@example.com"), "GET"),
    by(await assertion("vic@example.com"), "PUT"),
    by(await assertion("ann@example.com", "window"), "GET"),
    by("garbage", "GET"),
    by(forged, "GET"),
  ]);
  expect(statuses).toEqual([415, 200, 403, 401, 401, 401]);
  const [bearer, secret, failing] = await Promise.all([
    call("GET", "/api/settings", { at, token: await assertion("ann@example.com") }),
    // With a secret alone the field of Access is nobody's.
    call("GET", "/api/settings", { headers: { "cf-access-jwt-assertion": await token(claims) } }),
    call("GET", "/api/settings", {
      at: workerWith({ ADMIN_JWT_SECRET: "", ADMIN_JWKS_URL: "http://keys.test/nowhere" }),
      token: await assertion("ann@example.com"),
    }),
  ]);
  expect([bearer.status, secret.status, failing.status]).toEqual([200, 401, 503]);
  expect(failing.headers.get("retry-after")).toBe("5");
});

test("forty calls at once: the burst passes, the others are told when to come again", async () => {
  const address = anAddress();
  const shown = await token(claims);
  const began = Date.now();
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => call("GET", "/api/settings", { token: shown, address })),
  );
  const passed = answers.filter(({ status }) => status === 200).length;
  const seconds = (Date.now() - began) / 1000;
  expect(passed).toBeGreaterThanOrEqual(20);
  expect(passed).toBeLessThanOrEqual(20 + Math.ceil(seconds * 10));
  for (const { status, headers } of answers.filter((answer) => answer.status !== 200)) {
    expect([status, headers.get("retry-after")]).toEqual([429, "1"]);
  }
});

test("buckets that cannot be asked let nobody in", async () => {
  const BUCKETS = { getByName: () => ({ take: () => Promise.reject(new Error("down")) }) };
  for (const bindings of [{ BUCKETS }, { BUCKETS: undefined }]) {
    const answer = await call("GET", "/api/settings", {
      token: await token(claims),
      at: workerWith(bindings),
    });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  }
});

test("an instance that stands in for a lost one serves no operator", async () => {
  const { serving } = shipped;
  const at = new LarderWorker(shipped.module, shipped.options);
  const context = createExecutionContext();
  const request = new Request("http://larder.test/api/settings");
  for (const atFault of [true, false]) {
    const response = await at.recover(at.instance(env), atFault, request, env, context);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await response.json()).detail).toMatch(/stand-in/);
  }
  expect(shipped.serving).toBe(serving);
});

// What the routes do -------------------------------------------------------------------------------------------------

const admin = await token({ sub: "ann", role: "admin" });
/** @param {string} path @param {object} [how] */
const get = (path, how) => call("GET", path, { token: admin, ...how });

test("settings: looked at, changed for this isolate at once, and taken back", async () => {
  const before = (await get("/api/settings")).json();
  expect(before.settings.ENABLE_SWR).toMatchObject({ value: "true", source: "default", changeable: true });
  expect(before.settings.ENVIRONMENT).toMatchObject({ value: "test", source: "binding", changeable: false });
  expect(before.implementation).toBe("kv");
  const changed = await call("PUT", "/api/settings", {
    token: admin,
    json: { CACHE_IMPL: "null", ENABLE_SWR: false },
  });
  expect(changed.status).toBe(200);
  expect(changed.json().implementation).toBe("null");
  expect(changed.json().settings.ENABLE_SWR).toMatchObject({ value: "false", source: "runtime" });
  const back = await call("PUT", "/api/settings", {
    token: admin,
    json: { CACHE_IMPL: null, ENABLE_SWR: null },
  });
  expect(back.json().settings).toEqual(before.settings);
});

test.for([
  ["no JSON", "{", 400, /^Line 1, column 2: /],
  ["nothing", "{}", 400, /^There is nothing to change here/],
  ["an array", "[]", 400, /^This must be an object/],
  [
    "a setting that is none",
    '{"ENABLE_SWF": true}',
    400,
    /^ENABLE_SWF: There is no such setting.*Did you mean "ENABLE_SWR"\?/,
  ],
  [
    "one of deployments",
    '{"ENVIRONMENT": "test"}',
    400,
    /^ENVIRONMENT: This setting is changed by a deployment only\.$/,
  ],
  ["a secret", '{"ADMIN_JWT_SECRET": "x"}', 400, /^ADMIN_JWT_SECRET: There is no such setting/],
  ["a value that is not offered", '{"CACHE_IMPL": "disk"}', 400, /^CACHE_IMPL: "disk" is not offered/],
  ["an object for a value", '{"CACHE_IMPL": {}}', 400, /^CACHE_IMPL: This must be a text/],
  ["what cannot be", '{"CACHE_IMPL": "redis"}', 400, /CACHE_IMPL=redis needs ENABLE_REDIS_CACHE=true/],
  ["too much", `{"CACHE_IMPL": "${"x".repeat(262_144)}"}`, 413, /^The body has more than 262144 bytes/],
])("settings refuse %s", async ([, json, status, detail]) => {
  const answer = await call("PUT", "/api/settings", { token: await token(claims), json });
  expect(answer.status).toBe(status);
  expect(answer.json().detail).toMatch(/** @type {RegExp} */ (detail));
});

test("an explanation says what the next request gets, asks no origin and stores nothing", async () => {
  const url = "/search/title?q=explained%20by%20the%20door";
  const explain = async () => (await get(`/api/explain?url=${encodeURIComponent(url)}`)).json();
  const before = await explain();
  expect(before).toMatchObject({
    method: "GET",
    url,
    resource: { name: "title", path: "/search/title", mode: "keyed" },
    key: "larder:title:v3:explained%20by%20the%20door",
    tags: ["book", "title"],
    purges: [],
    cacheStatus: "larder; fwd=miss; detail=absent",
  });
  expect(before.steps.map((/** @type {any} */ one) => [one.rule, one.step, one.tier])).toEqual([
    [10, "join", undefined],
    [16, "look", "memory"],
    [16, "look", "edge"],
    [16, "look", "kv"],
    [20, "lock", undefined],
    [27, "ask", undefined],
  ]);
  // Still absent: the explanation before has asked nobody.
  expect((await explain()).cacheStatus).toBe("larder; fwd=miss; detail=absent");
  await call("GET", url);
  const after = await explain();
  expect(after.cacheStatus).toMatch(/^larder; hit; ttl=86\d{3}; detail=memory$/);
  expect(after.tiers.map((/** @type {any} */ one) => [one.tier, one.state])).toEqual([
    ["memory", "fresh"],
    ["edge", "fresh"],
    ["kv", "fresh"],
    ["cold", undefined],
  ]);
  const purge = { json: { tags: ["title"], mode: "soft" }, token: admin };
  expect((await call("POST", "/api/cache/purge", purge)).status).toBe(200);
  const purged = await explain();
  expect(purged.purges).toMatchObject([{ kind: "tag", text: "title", mode: "soft" }]);
  expect(purged.purges[0].reaches).toEqual(["memory", "edge", "kv"]);
});

test("an entry is seen tier by tier, listed, and removed at once", async () => {
  const key = "larder:title:v3:entry%20of%20the%20door";
  const read = () => call("GET", "/search/title?q=entry%20of%20the%20door");
  await read();
  const seen = (await get(`/api/cache/entry?key=${encodeURIComponent(key)}`)).json();
  expect(seen.key).toBe(key);
  expect(seen.tiers.map((/** @type {any} */ one) => [one.tier, one.found, one.state, one.purged])).toEqual([
    ["memory", true, "fresh", "no"],
    ["edge", true, "fresh", "no"],
    ["kv", true, "fresh", "no"],
    ["cold", false, undefined, undefined],
  ]);
  expect(seen.tiers[2]).toMatchObject({
    kind: "positive",
    status: 200,
    contentType: "application/json",
    tags: ["book", "title"],
    freshSeconds: 86_400,
    staleSeconds: 604_800,
    errorSeconds: 2_592_000,
    encoding: "",
  });
  expect(seen.tiers[2].storedBytes).toBe(seen.tiers[2].bodyBytes);
  expect((await get("/api/cache/keys?prefix=title:v3:entry")).json()).toEqual({ keys: [key], cursor: null });
  const removed = await call("DELETE", `/api/cache/entry?key=${encodeURIComponent(key)}`, { token: admin });
  expect(removed.json()).toMatchObject({ purged: 1, removedFrom: ["memory", "edge", "kv", "cold"] });
  expect((await get(`/api/cache/entry?key=${encodeURIComponent(key)}`)).status).toBe(404);
  expect((await read()).headers.get("cache-status")).toBe(
    "larder; fwd=miss; fwd-status=200; stored; detail=absent",
  );
});

test("a purge by tag is obeyed at once where it was said", async () => {
  const read = () => call("GET", "/search/author?q=purged%20by%20tag");
  await read();
  const purged = await call("POST", "/api/cache/purge", {
    token: admin,
    json: { tags: ["author:purged by tag"], mode: "hard" },
  });
  expect([purged.status, purged.json().purged]).toEqual([200, 1]);
  expect(purged.json().at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect((await read()).headers.get("cache-status")).toContain("fwd=miss");
});

test("the audit log tells who called what, for admins", async () => {
  const address = anAddress();
  const shown = await token({ sub: "auditor", role: "admin" });
  await call("POST", "/api/cache/purge", {
    token: shown,
    address,
    json: { keys: ["larder:title:v3:x"], mode: "soft" },
  });
  await call("GET", "/api/settings", { address });
  const { entries, cursor } = (await get("/api/audit?limit=2")).json();
  expect(cursor).toMatch(/^\d+$/);
  expect(entries[0]).toMatchObject({
    outcome: "refused",
    status: 401,
    count: 1,
    who: "",
    from: address,
    path: "",
  });
  expect(entries[1]).toMatchObject({
    outcome: "called",
    status: 200,
    who: "auditor",
    role: "admin",
    from: address,
    method: "POST",
    path: "/api/cache/purge",
    what: "soft: key larder:title:v3:x",
  });
  expect(JSON.stringify((await get("/api/audit?limit=200")).json())).not.toContain("eyJ");
  const later = new Date(Date.now() + 60_000).toISOString();
  // Of many rows one call goes over a part.
  let page = (await get(`/api/audit?since=${later}`)).json();
  expect(page.entries).toEqual([]);
  while (page.cursor !== null) {
    page = (await get(`/api/audit?since=${later}&cursor=${page.cursor}`)).json();
    expect(page.entries).toEqual([]);
  }
});
