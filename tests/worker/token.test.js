// token_verify, in the runtime: genuine tokens by secret and by key set, and everything that a token can be wrong in.
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";

const SECRET = "0123456789abcdef0123456789abcdef";
const NOW_SECONDS = 1_790_000_000;
const encoder = new TextEncoder();

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const rsa = await generateKeyPair("RS256", { extractable: true });
const elliptic = await generateKeyPair("ES256", { extractable: true });
/** @param {CryptoKey} key @param {string} kid @param {string} alg */
const published = async (key, kid, alg) => ({ ...(await exportJWK(key)), kid, alg, use: "sig" });
const RSA_KEY = await published(rsa.publicKey, "r1", "RS256");
const ELLIPTIC_KEY = await published(elliptic.publicKey, "e1", "ES256");

/** @param {string} name @param {{status?: number, keys: unknown[]}} set @returns {Promise<string>} its URL */
async function putKeys(name, set) {
  const url = `http://keys.test/${name}`;
  await fetch(url, { method: "PUT", body: JSON.stringify(set) });
  return url;
}

/** @param {Record<string, unknown>} [claims] */
const claimed = (claims = {}) =>
  new SignJWT({ sub: "ann", role: "admin", exp: NOW_SECONDS + 60, ...claims }).setIssuedAt(NOW_SECONDS);
/** @param {string} alg @param {string} [kid] */
const header = (alg, kid) => (kid === undefined ? { alg } : { alg, kid });
/** @param {Record<string, unknown>} [claims] @param {string} [secret] @param {string} [alg] */
const bySecret = (claims, secret = SECRET, alg = "HS256") =>
  claimed(claims).setProtectedHeader({ alg }).sign(encoder.encode(secret));
/** @param {Record<string, unknown>} [claims] */
const byRsa = (claims) => claimed(claims).setProtectedHeader(header("RS256", "r1")).sign(rsa.privateKey);

const WANTED = {
  algorithms: ["HS256"],
  secret: SECRET,
  key_set_url: "",
  issuer: "",
  audience: "",
  now_seconds: NOW_SECONDS,
};
/** @param {string} token @param {object} [wanted] */
const verify = (token, wanted = {}) =>
  handlers.token_verify(/** @type {any} */ ({ id: 1 }), { token, ...WANTED, ...wanted });
/** @param {string} url */
const keys = (url) => ({ algorithms: ["RS256", "ES256"], secret: "", key_set_url: url });
/** @param {string} reason */
const refused = (reason) => ({ valid: 0, reason, claims: "" });
/** @param {string} name */
const fetched = async (name) => await (await fetch(`http://origin.test/count?for=/${name}`)).json();

test("a genuine token by secret gives its claims", async () => {
  const { valid, reason, claims } = await verify(await bySecret());
  expect({ valid, reason }).toEqual({ valid: 1, reason: "" });
  expect(JSON.parse(claims)).toEqual({
    sub: "ann",
    role: "admin",
    exp: NOW_SECONDS + 60,
    iat: NOW_SECONDS,
  });
});

const unsecured = new UnsecuredJWT({ sub: "ann", role: "admin", exp: NOW_SECONDS + 60 }).encode();

test.for([
  ["nothing", "", "malformed"],
  ["a word", "garbage", "malformed"],
  ["three words", "a.b.c", "malformed"],
  ["no algorithm", unsecured, "algorithm"],
  ["an unsecured one with a signature", `${unsecured}AAAA`, "algorithm"],
  ["another secret", await bySecret({}, "another secret of thirty-two bytes"), "signature"],
  ["another algorithm of secrets", await bySecret({}, SECRET.repeat(2), "HS512"), "algorithm"],
  ["a key in place of the secret", await byRsa(), "algorithm"],
  ["an expired one", await bySecret({ exp: NOW_SECONDS - 6 }), "expired"],
  ["one that never expires", await bySecret({ exp: undefined }), "claims"],
  ["one of tomorrow", await bySecret({ nbf: NOW_SECONDS + 86_400 }), "not_yet_valid"],
  ["an expiry that is no number", await bySecret({ exp: /** @type {any} */ ("soon") }), "claims"],
])("%s is refused", async ([, token, reason]) => {
  expect(await verify(/** @type {string} */ (token))).toEqual(refused(/** @type {string} */ (reason)));
});

test.for([
  `{"sub":"ann","exp":1e999}`,
  `{"sub":"ann","exp":${NOW_SECONDS + 60},"nbf":-1e999}`,
  `{"sub":"ann","exp":${NOW_SECONDS + 60},"iat":1e999}`,
])("a time beyond all numbers is none: %s", async (claims) => {
  const token = await new CompactSign(encoder.encode(claims))
    .setProtectedHeader({ alg: "HS256" })
    .sign(encoder.encode(SECRET));
  expect(await verify(token)).toEqual(refused("malformed"));
});

test("clocks may differ by five seconds", async () => {
  expect((await verify(await bySecret({ exp: NOW_SECONDS - 4 }))).valid).toBe(1);
  expect((await verify(await bySecret({ nbf: NOW_SECONDS + 5 }))).valid).toBe(1);
  expect((await verify(await bySecret({ exp: NOW_SECONDS - 5 }))).valid).toBe(0);
});

test("a token whose claims were changed is no longer genuine", async () => {
  const [head, , signature] = (await bySecret({ role: "viewer" })).split(".");
  const [, claims] = (await bySecret({ role: "admin" })).split(".");
  expect(await verify(`${head}.${claims}.${signature}`)).toEqual(refused("signature"));
});

test.for([
  ["the issuer that is asked for", { iss: "us" }, { issuer: "us" }, 1],
  ["another issuer", { iss: "them" }, { issuer: "us" }, 0],
  ["no issuer", {}, { issuer: "us" }, 0],
  ["the audience that is asked for", { aud: "door" }, { audience: "door" }, 1],
  ["it among others", { aud: ["window", "door"] }, { audience: "door" }, 1],
  ["another audience", { aud: "window" }, { audience: "door" }, 0],
  ["no audience", {}, { audience: "door" }, 0],
])("%s", async ([, claims, wanted, valid]) => {
  const verdict = await verify(await bySecret(/** @type {any} */ (claims)), /** @type {any} */ (wanted));
  expect(verdict.valid).toBe(valid);
  expect(verdict.reason).toBe(valid === 1 ? "" : "claims");
});

test("keys of a set count for their own algorithms", async () => {
  const url = await putKeys("both", { keys: [RSA_KEY, ELLIPTIC_KEY] });
  const byElliptic = await claimed().setProtectedHeader(header("ES256", "e1")).sign(elliptic.privateKey);
  expect((await verify(await byRsa(), keys(url))).valid).toBe(1);
  expect((await verify(byElliptic, keys(url))).valid).toBe(1);
  expect(await fetched("both")).toBe(1);
});

test("a public key is no secret", async () => {
  const url = await putKeys("confused", { keys: [RSA_KEY] });
  const spellings = [await exportSPKI(rsa.publicKey), JSON.stringify(RSA_KEY), RSA_KEY.n ?? ""];
  for (const spelling of spellings) {
    const token = await claimed().setProtectedHeader(header("HS256", "r1")).sign(encoder.encode(spelling));
    expect(await verify(token, keys(url))).toEqual(refused("algorithm"));
  }
  expect(await verify(unsecured, keys(url))).toEqual(refused("algorithm"));
  // Refused by its algorithm: nobody is asked for keys.
  expect(await fetched("confused")).toBe(0);
});

test("a key that the set lacks, or that another signed with, is refused", async () => {
  const url = await putKeys("foreign", { keys: [RSA_KEY] });
  const stranger = await generateKeyPair("RS256");
  for (const kid of ["r1", "r2"]) {
    const token = await claimed().setProtectedHeader(header("RS256", kid)).sign(stranger.privateKey);
    expect(await verify(token, keys(url))).toEqual(refused("signature"));
  }
});

test("a new key is found, though the set is not asked more often than every 30 seconds", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_SECONDS * 1000 });
  const url = await putKeys("rotated", { keys: [RSA_KEY] });
  expect((await verify(await byRsa(), keys(url))).valid).toBe(1);
  const next = await generateKeyPair("RS256", { extractable: true });
  await putKeys("rotated", { keys: [RSA_KEY, await published(next.publicKey, "r2", "RS256")] });
  const token = await claimed().setProtectedHeader(header("RS256", "r2")).sign(next.privateKey);
  expect(await verify(token, keys(url))).toEqual(refused("signature"));
  expect(await fetched("rotated")).toBe(1);
  vi.setSystemTime(NOW_SECONDS * 1000 + 30_001);
  expect((await verify(token, keys(url))).valid).toBe(1);
  expect((await verify(await byRsa(), keys(url))).valid).toBe(1);
  expect(await fetched("rotated")).toBe(2);
});

test("a key that was withdrawn counts for ten minutes at most", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_SECONDS * 1000 });
  const url = await putKeys("withdrawn", { keys: [RSA_KEY] });
  expect((await verify(await byRsa(), keys(url))).valid).toBe(1);
  await putKeys("withdrawn", { keys: [ELLIPTIC_KEY] });
  vi.setSystemTime(NOW_SECONDS * 1000 + 600_000);
  expect(await verify(await byRsa(), keys(url))).toEqual(refused("signature"));
});

test.for([
  ["is down", { status: 500, keys: [] }],
  ["redirects", { status: 302, keys: [] }],
  ["is no set", { keys: /** @type {any} */ ("none") }],
])("a key set that %s is nobody's fault but its own", async ([name, set]) => {
  const url = await putKeys(`broken ${name}`.replaceAll(" ", "-"), /** @type {any} */ (set));
  const failure = await verify(await byRsa(), keys(url)).then(
    () => null,
    (thrown) => asFailure(thrown, "token_verify"),
  );
  expect([failure?.status, failure?.message]).toEqual([
    "unavailable",
    "The keys that tokens are checked with cannot be read.",
  ]);
});

test("a key set that was read goes on while it is down, as long as it is young", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_SECONDS * 1000 });
  const url = await putKeys("flickering", { keys: [RSA_KEY] });
  expect((await verify(await byRsa(), keys(url))).valid).toBe(1);
  await putKeys("flickering", { status: 500, keys: [] });
  vi.setSystemTime(NOW_SECONDS * 1000 + 599_000);
  expect((await verify(await byRsa(), keys(url))).valid).toBe(1);
});
