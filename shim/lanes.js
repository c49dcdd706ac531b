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
    /** Hits of lanes that are gone, not yet told. @type {Array<{id: number, hits: number}>} */
    this.settled = [];
  }

  /** @param {string} url @param {Lane} lane */
  open(url, lane) {
    this.close(url);
    if (this.table.size >= LANES_MAX) this.closeAll();
    this.table.set(url, lane);
  }

  /** @param {Request} request @param {number} now @returns {Response | null} */
  answer(request, now) {
    const lane = this.table.get(request.url);
    if (lane === undefined || request.method !== "GET") return null;
    if (now >= lane.until) {
      this.close(request.url);
      return null;
    }
    for (const guard of lane.guards) {
      if (request.headers.has(guard)) return null;
    }
    lane.hits += 1;
    return new Response(lane.body, lane.init);
  }

  /** @param {string} url */
  close(url) {
    const lane = this.table.get(url);
    if (lane === undefined) return;
    this.table.delete(url);
    if (lane.hits > 0) this.settled.push({ id: lane.id, hits: lane.hits });
  }

  closeAll() {
    for (const url of [...this.table.keys()]) this.close(url);
  }

  /** The hits to tell C++ of, once. */
  takeSettled() {
    if (this.settled.length === 0) return this.settled;
    const settled = this.settled;
    this.settled = [];
    return settled;
  }
}
