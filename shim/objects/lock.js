// The lock of one key: who waits, and the value that is handed over. src/records/lock.h decides what each caller is told.

import { OBJECTS } from "../generated/objects.js";
import { RecordReader, RecordWriter, readFields, writeFields } from "../wire.js";
import { CoreObject } from "./core.js";

/** @typedef {{header: string, content: ArrayBuffer}} Value */
/** @typedef {{outcome: number, value: Value | null}} Acquired */

/** As src/records/lock.h numbers them. */
export const OUTCOMES = Object.freeze({ retry: 0, granted: 1, value: 2, alone: 3, wait: 4, nothing: 5 });
const { acquire, release } = OBJECTS.Lock.methods;

export class Lock extends CoreObject {
  /** @override */
  static row = OBJECTS.Lock;
  /** @type {Value | null} */
  value = null;
  /** @type {Set<(acquired: Acquired) => void>} */
  waiters = new Set();

  /** @param {string} token @param {number} keep_millis @param {number} wait_millis @returns {Promise<Acquired>} */
  async acquire(token, keep_millis, wait_millis) {
    const said = this.decide(acquire, { token, keep_millis, wait_millis });
    this.tell(said.told);
    if (said.outcome === OUTCOMES.wait) return await this.wait(said.wait_millis);
    if (said.outcome === OUTCOMES.granted) this.value = null;
    return { outcome: said.outcome, value: said.outcome === OUTCOMES.value ? this.value : null };
  }

  /** @param {string} token @param {number} verdict @param {Value | null} value @param {number} value_millis */
  async release(token, verdict, value, value_millis) {
    const { held, told } = this.decide(release, { token, verdict, value_millis });
    if (held === 1) this.value = value;
    this.tell(told);
    return held;
  }

  /** @param {import("./core.js").MethodRow} method @param {Record<string, any>} values */
  decide(method, values) {
    const record = new RecordWriter();
    writeFields(record, method.arguments, values);
    const { reply } = this.run(method.number, record.written());
    if (reply[0] !== 0) throw new Error("The lock refuses a malformed call.");
    return readFields(new RecordReader(reply.buffer, 1, reply.length - 1), method.results);
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
      const timer = setTimeout(() => settle({ outcome: OUTCOMES.retry, value: null }), millis);
      this.waiters.add(settle);
    });
  }

  /** @param {number} outcome that all waiting callers get */
  tell(outcome) {
    if (outcome === OUTCOMES.nothing) return;
    const value = outcome === OUTCOMES.value ? this.value : null;
    for (const settle of [...this.waiters]) settle({ outcome, value });
  }
}
