// The fast lane: leave that C++ gave to repeat an answer without being asked. This file decides nothing: which URL, until
// when, and which request fields send a request to C++ after all, come from there.

/**
 * @typedef {{id: number, until: number, guards: string[], init: ResponseInit, body: ArrayBuffer, hits: number}} Lane
 */

const LANES_MAX = 512;

export class Lanes {
  constructor() {
    /** @type {Map<string, Lane>} */
    this.table = new Map();
    /** Those with hits that C++ was not told of, open or gone. @type {Lane[]} */
    this.untold = [];
  }

  /** @param {string} url @param {Lane} lane */
  open(url, lane) {
    this.close(url);
    if (this.table.size >= LANES_MAX) this.closeAll();
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

  /** The hits to tell C++ of, once: its counts are exact whenever it is asked. @returns {Array<{id: number, hits: number}>} */
  takeHits() {
    if (this.untold.length === 0) return this.untold;
    const told = this.untold.map(({ id, hits }) => ({ id, hits }));
    for (const lane of this.untold) lane.hits = 0;
    this.untold = [];
    return told;
  }
}
