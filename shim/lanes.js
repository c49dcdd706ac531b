// The fast lane: leave that C++ gave to repeat an answer without being asked. This file decides nothing: which URL, until
// when, how often, and which request fields send a request to C++ after all, come from there. A lane ends with its head.

/** @typedef {import("./heads.js").Head} Head */
/**
 * @typedef {object} Leave host::Lane; instants in milliseconds since the epoch
 * @property {number} id
 * @property {number} until
 * @property {number} hitsMax
 * @property {number} ageSince
 * @property {number} ttlUntil
 */

/** Of the last lanes that were given; C++ remembers twice as many (lanes_remembered_max in src/config/limits.def). */
const LANES_MAX = 4096;
const SECOND_MILLIS = 1000;

class Lane {
  /** @param {Leave} leave @param {Head} head */
  constructor({ id, until, hitsMax, ageSince, ttlUntil }, head) {
    this.id = id;
    this.until = until;
    this.ageSince = ageSince;
    this.ttlUntil = ttlUntil;
    this.head = head;
    this.hitsLeft = hitsMax;
    /** Those that C++ has not taken. */
    this.hits = 0;
  }
}

export class Lanes {
  constructor() {
    /** In the order in which they were given. @type {Map<string, Lane>} */
    this.table = new Map();
    /** Those with hits that C++ has not taken, open or gone. @type {Lane[]} */
    this.untold = [];
  }

  /** The oldest make room, and close when too many have been given since. @param {string} url @param {Leave} leave @param {Head} head */
  open(url, leave, head) {
    this.close(url);
    for (const [oldest, { id }] of this.table) {
      if (this.table.size < LANES_MAX && leave.id - id < LANES_MAX) break;
      this.close(oldest);
    }
    this.table.set(url, new Lane(leave, head));
  }

  /** @param {Request} request @param {string} method @param {string} url its own @param {number} now @returns {Response | null} */
  answer(request, method, url, now) {
    const lane = this.table.get(url);
    if (lane === undefined || method !== "GET") return null;
    const { head } = lane;
    const age = Math.floor((now - lane.ageSince) / SECOND_MILLIS);
    const ttl = Math.floor((lane.ttlUntil - now) / SECOND_MILLIS);
    const init = now < lane.until && lane.hitsLeft > 0 ? head.at(Math.max(age, 0), ttl) : null;
    if (init === null) {
      this.close(url);
      return null;
    }
    const { headers } = request;
    for (const guard of head.guards) {
      if (headers.has(guard)) return null;
    }
    if (lane.hits === 0) this.untold.push(lane);
    lane.hits += 1;
    lane.hitsLeft -= 1;
    return new Response(head.body, init);
  }

  /** @param {string} url */
  close(url) {
    this.table.delete(url);
  }

  closeAll() {
    this.table.clear();
  }

  /**
   * The hits that C++ counts, each once.
   * @param {number} lanesMax @returns {number[]} a lane's id and its hits, then the next one's
   */
  takeHits(lanesMax) {
    const taken = [];
    for (const lane of this.untold.splice(0, lanesMax)) {
      taken.push(lane.id, lane.hits);
      lane.hits = 0;
    }
    return taken;
  }
}
