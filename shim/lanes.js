// The fast lane: leave that C++ gave to repeat an answer without being asked. This file decides nothing: which URL, until
// when, and which request fields send a request to C++ after all, come from there.

/**
 * @typedef {{id: number, until: number, guards: string[], init: ResponseInit, body: ArrayBuffer, hits: number}} Lane
 */

/** Of the last lanes that were given; C++ remembers twice as many (lanes_remembered_max in src/config/limits.def). */
const LANES_MAX = 1024;

export class Lanes {
  constructor() {
    /** In the order in which they were given. @type {Map<string, Lane>} */
    this.table = new Map();
    /** Those with hits that C++ has not taken, open or gone. @type {Lane[]} */
    this.untold = [];
  }

  /** The oldest make room, and close when too many have been given since. @param {string} url @param {Lane} lane */
  open(url, lane) {
    this.close(url);
    for (const [oldest, { id }] of this.table) {
      if (this.table.size < LANES_MAX && lane.id - id < LANES_MAX) break;
      this.close(oldest);
    }
    this.table.set(url, lane);
  }

  /** @param {Request} request @param {string} method @param {string} url its own @param {number} now @returns {Response | null} */
  answer(request, method, url, now) {
    const lane = this.table.get(url);
    if (lane === undefined || method !== "GET") return null;
    if (now >= lane.until) {
      this.close(url);
      return null;
    }
    const { headers } = request;
    for (const guard of lane.guards) {
      if (headers.has(guard)) return null;
    }
    if (lane.hits === 0) this.untold.push(lane);
    lane.hits += 1;
    return new Response(lane.body, lane.init);
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
