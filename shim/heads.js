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
/**
 * @typedef {object} Head
 * @property {Headers} headers those of `init`
 * @property {ResponseInit} init
 * @property {ArrayBuffer | null} body
 * @property {string} beforeTtl
 * @property {string} afterTtl
 * @property {string[]} guards
 * @property {number} age
 * @property {number} ttl
 */

export class Heads {
  constructor() {
    /** @type {Map<number, Head>} */
    this.table = new Map();
    this.next = 1;
  }

  /** @param {HeadParts} parts @param {ResponseInit & {headers: Headers}} init @param {ArrayBuffer | null} body @returns {number} */
  keep({ beforeTtl, afterTtl, guards }, init, body) {
    while (this.table.has(this.next)) this.next = after(this.next);
    const handle = this.next;
    this.next = after(handle);
    const { headers } = init;
    this.table.set(handle, { headers, init, body, beforeTtl, afterTtl, guards, age: -1, ttl: 0 });
    return handle;
  }

  /** A head as it is at this age. @param {number} handle @param {number} age @param {number} ttl */
  at(handle, age, ttl) {
    const head = this.table.get(handle);
    if (head === undefined) return null;
    if (head.age !== age || head.ttl !== ttl) {
      head.headers.set("age", String(age));
      head.headers.set("cache-status", `${head.beforeTtl}${ttl}${head.afterTtl}`);
      head.age = age;
      head.ttl = ttl;
    }
    return head;
  }

  /** @param {number} handle */
  release(handle) {
    this.table.delete(handle);
  }
}

/** Handles are 32 bits wide, and 0 is none. @param {number} handle */
const after = (handle) => (handle === 0xffff_ffff ? 1 : handle + 1);
