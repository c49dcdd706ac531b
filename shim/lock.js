// The lock of one key, shared by all isolates (a Durable Object per key). Whoever holds it asks the origin; the others wait
// here and get the holder's answer handed over, which no KV delay can hold up.
//
// All state is in memory: when the object is evicted or reset its waiters' calls fail, and they go on without the lock.

import { DurableObject } from "cloudflare:workers";

/** @typedef {{header: string, content: ArrayBuffer}} Value */
/**
 * `granted`: the caller holds the lock until it releases it or `keepMillis` are over. `value`: the holder's answer.
 * `retry`: the holder ended without one, or the wait is over. `alone`: the holder's answer is nobody else's business.
 * @typedef {{outcome: "granted"} | {outcome: "retry"} | {outcome: "alone"} | {outcome: "value", value: Value}} Acquired
 */

export class Lock extends DurableObject {
  /** @type {{token: string, until: number} | null} */
  holder = null;
  /** @type {{value: Value, until: number} | null} */
  kept = null;
  /** @type {Set<(acquired: Acquired) => void>} */
  waiters = new Set();

  /**
   * The holder's own token renews its time.
   * @param {string} token the caller's own, for release()
   * @param {number} keepMillis how long the holder may take at most: a dead one blocks nobody for longer
   * @param {number} waitMillis how long the caller wants to wait for the holder
   * @returns {Promise<Acquired>}
   */
  async acquire(token, keepMillis, waitMillis) {
    const now = Date.now();
    if (this.kept !== null && now < this.kept.until) return { outcome: "value", value: this.kept.value };
    this.kept = null;
    if (this.holder === null || now >= this.holder.until) {
      this.wakeAll({ outcome: "retry" });
      this.holder = { token, until: now + keepMillis };
      return { outcome: "granted" };
    }
    if (token === this.holder.token) {
      this.holder.until = now + keepMillis;
      return { outcome: "granted" };
    }
    if (waitMillis === 0) return { outcome: "retry" };
    return await this.wait(Math.min(waitMillis, this.holder.until - now));
  }

  /** @param {number} millis @returns {Promise<Acquired>} */
  wait(millis) {
    return new Promise((resolve) => {
      /** @param {Acquired} acquired */
      const settle = (acquired) => {
        clearTimeout(timer);
        this.waiters.delete(settle);
        resolve(acquired);
      };
      const timer = setTimeout(() => settle({ outcome: "retry" }), millis);
      this.waiters.add(settle);
    });
  }

  /**
   * Only the holder's token releases. A value goes to the waiters, and to those who come within `valueMillis`:
   * they would find KV's cached "nothing there".
   * @param {string} token @param {"retry" | "alone" | "value"} outcome what the waiters are told
   * @param {Value | null} value with the outcome `value`
   * @param {number} valueMillis
   * @returns {Promise<boolean>} whether the token held the lock
   */
  async release(token, outcome, value, valueMillis) {
    if (this.holder?.token !== token) return false;
    this.holder = null;
    if (outcome === "value" && value !== null) {
      this.kept = { value, until: Date.now() + valueMillis };
      this.wakeAll({ outcome, value });
    } else {
      this.wakeAll({ outcome: outcome === "alone" ? "alone" : "retry" });
    }
    return true;
  }

  /** @param {Acquired} acquired */
  wakeAll(acquired) {
    for (const settle of [...this.waiters]) settle(acquired);
  }
}
