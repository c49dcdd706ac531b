// What the tests of a cache can set and see: settings, request counts, the rate limit and the seeded faults.

import { MODEL_FAULTS } from "./model.js";
import { fraction } from "./seeded.js";

export const MISBEHAVIOURS = /** @type {const} */ (["html", "truncated", "cut", "huge", "silent", "badutf8"]);

/**
 * @typedef {object} Settings
 * @property {number} delayMs before each answer
 * @property {number | null} ratePerSecond requests admitted, also the burst; null for no limit
 * @property {number} faultRate share of requests answered 500, 0 to 1
 * @property {boolean} down every connection is destroyed without an answer
 * @property {typeof MISBEHAVIOURS[number] | null} misbehave
 * @property {import("./model.js").ModelFault | null} model what the stand-in for models does instead of answering
 * @property {number} seed of the faults
 *
 * @typedef {{field: string, reason: string}} Fault of a settings document
 */

/** @type {Readonly<Settings>} */
export const SETTINGS_DEFAULT = Object.freeze({
  delayMs: 0,
  ratePerSecond: null,
  faultRate: 0,
  down: false,
  misbehave: null,
  model: null,
  seed: 1,
});

const DELAY_MS_MAX = 600_000;
const RATE_PER_SECOND_MAX = 1_000_000;

/** @param {unknown} value @param {number} low @param {number} high */
const within = (value, low, high) => typeof value === "number" && value >= low && value <= high;

/** @type {Record<keyof Settings, {valid: (value: unknown) => boolean, reason: string}>} */
const RULES = {
  delayMs: {
    valid: (value) => within(value, 0, DELAY_MS_MAX),
    reason: `must be a number from 0 to ${DELAY_MS_MAX}`,
  },
  ratePerSecond: {
    // Zero would never refill, and so have no Retry-After; `down` is the way to refuse everything.
    valid: (value) => value === null || (within(value, 0, RATE_PER_SECOND_MAX) && value !== 0),
    reason: `must be null, or a number above 0 and at most ${RATE_PER_SECOND_MAX}`,
  },
  faultRate: { valid: (value) => within(value, 0, 1), reason: "must be a number from 0 to 1" },
  down: { valid: (value) => typeof value === "boolean", reason: "must be true or false" },
  misbehave: {
    valid: (value) => value === null || MISBEHAVIOURS.some((name) => name === value),
    reason: `must be null or one of ${MISBEHAVIOURS.join(", ")}`,
  },
  model: {
    valid: (value) => value === null || MODEL_FAULTS.some((name) => name === value),
    reason: `must be null or one of ${MODEL_FAULTS.join(", ")}`,
  },
  seed: { valid: Number.isSafeInteger, reason: "must be a whole number" },
};

/**
 * @param {unknown} change a partial settings document, from outside
 * @returns {Fault[]} empty when it may be applied
 */
export function settingsFaults(change) {
  if (typeof change !== "object" || change === null || Array.isArray(change)) {
    return [{ field: "", reason: "must be a JSON object" }];
  }
  return Object.entries(change).flatMap(([field, value]) => {
    if (!Object.hasOwn(RULES, field))
      return [{ field, reason: `is no setting: ${Object.keys(RULES).join(", ")}` }];
    const rule = RULES[/** @type {keyof Settings} */ (field)];
    return rule.valid(value) ? [] : [{ field, reason: rule.reason }];
  });
}

/**
 * @param {() => number} now milliseconds
 * @param {number} ratePerSecond also the burst, which is at least one request
 * @returns {() => number} takes a token: 0 when admitted, else the whole seconds until the next one
 */
export function tokenBucket(now, ratePerSecond) {
  const capacity = Math.max(1, ratePerSecond);
  let tokens = capacity;
  let filledAt = now();
  return () => {
    const at = now();
    tokens = Math.min(capacity, tokens + (Math.max(0, at - filledAt) / 1000) * ratePerSecond);
    filledAt = at;
    if (tokens < 1) return Math.max(1, Math.ceil((1 - tokens) / ratePerSecond));
    tokens -= 1;
    return 0;
  };
}

/**
 * Whether a request fails hangs on the seed, the URL and how often that URL was asked for, not on the order
 * in which concurrent requests happen to arrive: the same run fails the same way, and a retry may succeed.
 * @param {Settings} settings
 * @param {string} url
 * @param {number} attempt 1 for the first
 * @returns {boolean}
 */
export function isFaulty({ faultRate, seed }, url, attempt) {
  return fraction(`${seed} ${attempt} ${url}`) < faultRate;
}

// A run that asks for more different URLs than this is a load test; the total still counts them all.
const URLS_MAX = 200_000;

/** Counts requests per URL. */
export function requestCounter() {
  /** @type {Map<string, number>} */
  const urls = new Map();
  let total = 0;
  return {
    /** @param {string} url path and query @returns {number} how often it was asked for, this time included */
    count(url) {
      total += 1;
      const times = (urls.get(url) ?? 0) + 1;
      if (times > 1 || urls.size < URLS_MAX) urls.set(url, times);
      return times;
    },
    reset() {
      urls.clear();
      total = 0;
    },
    report: () => ({ total, urls: Object.fromEntries(urls) }),
  };
}
