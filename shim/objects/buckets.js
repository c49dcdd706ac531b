// Token buckets, one an object: the object's name is the bucket's. All isolates take from the same one.
//
// A bucket that is full again is the same as one that was never used. So those that fill quickly live in memory alone: an
// object that nobody asks is put aside after several seconds, when they are full. Slower ones are also kept in storage, which an
// alarm gives back once they are full.

import { DurableObject } from "cloudflare:workers";
import { Refusal } from "../operations/object.js";

/** @typedef {{level: number, at: number}} Bucket what was in it, and when (ms) */
/** @typedef {{rate_per_second: number, burst: number, count: number}} Terms */

/** An idle object stays in memory for about ten seconds (Cloudflare, read 2026-11). */
const MEMORY_MILLIS = 5_000;
const KEY = "bucket";

export class Buckets extends DurableObject {
  /** @param {DurableObjectState} ctx @param {Cloudflare.Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    /** @type {Bucket | null} */
    this.bucket = ctx.storage.kv.get(KEY) ?? null;
  }

  /**
   * Takes `count` tokens out, if there are as many; else none.
   * @param {string} argument JSON text of Terms
   * @returns {Promise<string>} {allowed, retry_after_millis}: until as many are there again, 0 where it was allowed
   */
  async take(argument) {
    const { rate_per_second, burst, count } = checked(argument);
    const now = Date.now();
    // A clock that was set back takes nothing away.
    const elapsed = Math.max(0, now - (this.bucket?.at ?? now));
    const level = Math.min(burst, (this.bucket?.level ?? burst) + (elapsed * rate_per_second) / 1000);
    const allowed = level >= count;
    const left = allowed ? level - count : level;
    this.bucket = { level: left, at: now };
    await this.keep(((burst - left) * 1000) / rate_per_second, now);
    const retry_after_millis = allowed ? 0 : Math.ceil(((count - level) * 1000) / rate_per_second);
    return JSON.stringify({ allowed, retry_after_millis });
  }

  /** @param {number} fullAfterMillis @param {number} now */
  async keep(fullAfterMillis, now) {
    if (fullAfterMillis <= MEMORY_MILLIS) return;
    this.ctx.storage.kv.put(KEY, this.bucket);
    await this.ctx.storage.setAlarm(now + Math.ceil(fullAfterMillis));
  }

  /** What memory has is newer. */
  async alarm() {
    await this.ctx.storage.deleteAll();
  }
}

/** @param {string} argument @returns {Terms} */
function checked(argument) {
  const terms = JSON.parse(argument);
  const { rate_per_second, burst, count } = terms ?? {};
  const positive = [rate_per_second, burst, count].every((number) => Number.isFinite(number) && number > 0);
  if (!positive) throw new Refusal("A bucket needs rate_per_second, burst and count, all above 0.");
  if (count > burst) throw new Refusal(`A bucket of ${burst} never holds ${count}.`);
  return terms;
}
