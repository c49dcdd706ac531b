// Heads of answers that C++ gives again and again: made once, and changed only where the second of an age or of a ttl has
// changed. How many are kept, and for how long, is for C++ to say.

/**
 * What of an answer lasts; host::encode writes it so.
 * @typedef {object} HeadParts
 * @property {number} status
 * @property {[string, string][]} fields
 * @property {string} beforeTtl
 * @property {string} afterTtl
 * @property {number} handle of the body; 0: none
 * @property {string[]} guards
 */

/** One head. `init` and `body` are null once it is released, whoever still holds it. */
export class Head {
  /** @param {HeadParts} parts @param {ResponseInit & {headers: Headers}} init @param {ArrayBuffer | null} body */
  constructor({ beforeTtl, afterTtl, guards }, init, body) {
    /** @type {(ResponseInit & {headers: Headers}) | null} */
    this.init = init;
    this.body = body;
    this.beforeTtl = beforeTtl;
    this.afterTtl = afterTtl;
    this.guards = guards;
    this.age = -1;
    this.ttl = 0;
  }

  /** Its fields as they are at this age; null: it is released. @param {number} age @param {number} ttl */
  at(age, ttl) {
    const { init } = this;
    if (init !== null && (this.age !== age || this.ttl !== ttl)) {
      init.headers.set("age", String(age));
      init.headers.set("cache-status", `${this.beforeTtl}${ttl}${this.afterTtl}`);
      this.age = age;
      this.ttl = ttl;
    }
    return init;
  }

  release() {
    this.init = null;
    this.body = null;
  }
}

export class Heads {
  constructor() {
    /** @type {Map<number, Head>} */
    this.table = new Map();
    this.next = 1;
  }

  /** @param {HeadParts} parts @param {ResponseInit & {headers: Headers}} init @param {ArrayBuffer | null} body @returns {number} */
  keep(parts, init, body) {
    while (this.table.has(this.next)) this.next = after(this.next);
    const handle = this.next;
    this.next = after(handle);
    this.table.set(handle, new Head(parts, init, body));
    return handle;
  }

  /** @param {number} handle */
  get(handle) {
    return this.table.get(handle) ?? null;
  }

  /** @param {number} handle */
  release(handle) {
    this.table.get(handle)?.release();
    this.table.delete(handle);
  }

  releaseAll() {
    for (const head of this.table.values()) head.release();
    this.table.clear();
  }
}

/** Handles are 32 bits wide, and 0 is none. @param {number} handle */
const after = (handle) => (handle === 0xffff_ffff ? 1 : handle + 1);
