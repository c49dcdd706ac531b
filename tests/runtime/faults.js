// Faults of the stores of one isolate: R2 out of reach, an instance that is lost at an operation, and a clock that runs ahead.
// Operations of KV and R2 are counted by name, for who asks.

import { worker } from "../../shim/larder.js";

const realNow = Date.now;

/** @typedef {"none" | "had"} Effect whether the operation that the instance is lost at has had its effect */

class Faults {
  isR2Down = false;
  /** Operations of stores until the instance is lost; 0: it is not. */
  lostIn = 0;
  /** @type {Effect} */
  effect = "none";
  /** @type {Record<string, number>} */
  counts = {};
  aheadMillis = 0;

  /** Those that are given; the answer is what was counted, and how it was, until now. @param {URLSearchParams} wanted */
  set(wanted) {
    const { counts, lostIn } = this;
    this.counts = {};
    if (wanted.has("r2Down")) this.isR2Down = wanted.get("r2Down") === "1";
    if (wanted.has("lostIn")) this.lostIn = Number(wanted.get("lostIn"));
    if (wanted.has("effect")) this.effect = wanted.get("effect") === "had" ? "had" : "none";
    if (wanted.has("forward")) this.aheadMillis += Number(wanted.get("forward"));
    if (this.aheadMillis > 0) Date.now = () => realNow() + this.aheadMillis;
    return { counts, lostIn };
  }

  /** @param {string} name @param {() => Promise<unknown>} act */
  async run(name, act) {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    if (this.isR2Down && name.startsWith("r2.")) throw new Error("R2 is out of reach.");
    const isLost = this.lostIn > 0 && --this.lostIn === 0;
    if (!isLost) return await act();
    const { serving } = worker;
    if (this.effect === "had") await act();
    serving?.guarded(() => serving.exports.larder_trap());
    throw new Error("The instance is lost.");
  }
}

export const faults = new Faults();

/** @param {string} kind @param {any} store */
const watch = (kind, store) =>
  new Proxy(store, {
    get: (target, name) => {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (/** @type {any[]} */ ...values) =>
        faults.run(`${kind}.${String(name)}`, async () => await value.apply(target, values));
    },
  });

/** Messages come at once, whatever their delay. @param {any} queue */
const hurried = (queue) => ({
  /** @param {Iterable<any>} messages */
  sendBatch: (messages) => queue.sendBatch([...messages].map(({ delaySeconds: _, ...message }) => message)),
});

/** Those of the archiver that are sent back come again at once. @param {any} batch */
export const hurriedBatch = (batch) => ({
  queue: batch.queue,
  messages: batch.messages.map((/** @type {any} */ message) => ({
    id: message.id,
    attempts: message.attempts,
    body: message.body,
    ack: () => message.ack(),
    retry: () => message.retry(),
  })),
});

/** What was written into KEY_ANALYTICS, which nobody could read. @type {any[]} */
export const points = [];

/** Analytics Engine, as far as a stand-in at the address stands for it. @param {string} address */
const analytics = (address) => ({
  KEY_ANALYTICS: { writeDataPoint: (/** @type {any} */ point) => points.push(point) },
  ANALYTICS_SQL: {
    /** @param {any} asked */
    query: async (asked) => {
      const response = await fetch(`${address}/binding`, { method: "POST", body: JSON.stringify(asked) });
      if (response.ok) return await response.json();
      throw Object.assign(new Error("The query failed."), { retryable: response.status >= 500 });
    },
  },
});

/** @type {Record<string, any> | null} */
let watchedEnvironment = null;

/** The bindings with all that cold storage uses under watch; without R2 as they are. @param {Record<string, any>} env */
export function watched(env) {
  if (env.LIBRARY_DATA === undefined) return env;
  watchedEnvironment ??= {
    ...env,
    CACHE: watch("kv", env.CACHE),
    LIBRARY_DATA: watch("r2", env.LIBRARY_DATA),
    ARCHIVE_QUEUE: hurried(env.ARCHIVE_QUEUE),
    ...(env.TEST_ANALYTICS === undefined ? {} : analytics(env.TEST_ANALYTICS)),
  };
  return watchedEnvironment;
}
