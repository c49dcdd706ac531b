// Whether a JSON Web Token is genuine and valid, by jose.

import { createRemoteJWKSet, errors, jwksCache, jwtVerify } from "jose";
import { OperationFailure } from "../failure.js";

/** @typedef {import("jose").JWKSCacheInput} JWKSCacheInput */

/** How old a key set may be; a token whose key it lacks has it read anew, though not more often than that. */
const KEY_SET_MILLIS = 600_000;
const KEY_SET_COOL_DOWN_MILLIS = 30_000;
const KEY_SET_WAIT_MILLIS = 5_000;
/** Clocks of who issues tokens and ours may differ by this. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** Key sets that are remembered: a deployment has one. */
const KEY_SETS_MAX = 4;

/**
 * The sets themselves, by URL: plain data, unlike the requests for them, which belong to the request that made them.
 * @type {Map<string, JWKSCacheInput>}
 */
const keySets = new Map();

/** RFC 7519 §2: a NumericDate is a number of JSON, which `1e999` is too; JavaScript reads it as Infinity. */
const TIMES = ["exp", "nbf", "iat"];

const encoder = new TextEncoder();

/** @param {string} url */
function keySetAt(url) {
  let cache = keySets.get(url);
  if (cache === undefined) {
    if (keySets.size >= KEY_SETS_MAX) keySets.clear();
    cache = /** @type {JWKSCacheInput} */ ({});
    keySets.set(url, cache);
  }
  return createRemoteJWKSet(new URL(url), {
    cacheMaxAge: KEY_SET_MILLIS,
    cooldownDuration: KEY_SET_COOL_DOWN_MILLIS,
    timeoutDuration: KEY_SET_WAIT_MILLIS,
    [jwksCache]: cache,
  });
}

/** @param {unknown} thrown @returns {string} a reason of token_verify */
function reasonOf(thrown) {
  if (thrown instanceof errors.JWTExpired) return "expired";
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return thrown.claim === "nbf" ? "not_yet_valid" : "claims";
  if (thrown instanceof errors.JOSEAlgNotAllowed || thrown instanceof errors.JOSENotSupported)
    return "algorithm";
  if (
    thrown instanceof errors.JWSSignatureVerificationFailed ||
    thrown instanceof errors.JWKSNoMatchingKey ||
    thrown instanceof errors.JWKSMultipleMatchingKeys
  )
    return "signature";
  if (thrown instanceof errors.JWSInvalid || thrown instanceof errors.JWTInvalid) return "malformed";
  // What is left is a fault of the key set or its keys, not of the token.
  throw new OperationFailure("unavailable", "The keys that tokens are checked with cannot be read.");
}

/**
 * @param {import("../instance.js").InFlight} _request
 * @param {{token: string, algorithms: string[], secret: string, key_set_url: string, issuer: string,
 *   audience: string, now_seconds: number}} wanted
 */
export async function tokenVerify(
  _request,
  { token, algorithms, secret, key_set_url, issuer, audience, now_seconds },
) {
  /** @type {import("jose").JWTVerifyOptions} */
  const options = {
    algorithms,
    currentDate: new Date(now_seconds * 1000),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["exp"],
  };
  if (issuer !== "") options.issuer = issuer;
  if (audience !== "") options.audience = audience;
  try {
    const { payload } =
      key_set_url === ""
        ? await jwtVerify(token, encoder.encode(secret), options)
        : await jwtVerify(token, keySetAt(key_set_url), options);
    if (TIMES.some((name) => name in payload && !Number.isFinite(payload[name]))) {
      return { valid: 0, reason: "malformed", claims: "" };
    }
    return { valid: 1, reason: "", claims: JSON.stringify(payload) };
  } catch (thrown) {
    return { valid: 0, reason: reasonOf(thrown), claims: "" };
  }
}
