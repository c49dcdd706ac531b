// The connection of one data centre to the Redis server: all its isolates send their commands through this object, which
// keeps one connection and pipelines them. It keeps nothing else; a lost object is a lost connection.

import { DurableObject } from "cloudflare:workers";
import { asFailure } from "../failure.js";
import { readCommands, writeReplies } from "../redis/record.js";
import { within } from "../within.js";

/** @typedef {{status: "ok", replies: Uint8Array} | {status: string, message: string}} Exchanged */

/** An open connection keeps the object in memory, which costs. */
const IDLE_MILLIS = 10_000;

export class RedisLink extends DurableObject {
  /** @type {import("../redis/connection.js").Connection | null} */
  connection = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  idle = null;

  /**
   * @param {string} address @param {Uint8Array} commands a record @param {number} connect_millis @param {number} wait_millis
   * @returns {Promise<Exchanged>} failures are returned, since an exception loses its class between objects
   */
  async run(address, commands, connect_millis, wait_millis) {
    clearTimeout(this.idle);
    try {
      const connection = await this.opened(address, connect_millis);
      const replies = await inTime(connection, wait_millis, connection.run(readCommands(commands)));
      return { status: "ok", replies: writeReplies(replies) };
    } catch (thrown) {
      const { status, message } = asFailure(thrown, "Redis");
      return { status, message };
    } finally {
      clearTimeout(this.idle);
      this.idle = setTimeout(() => this.connection?.end(), IDLE_MILLIS);
    }
  }

  /** @param {string} address @param {number} millis */
  async opened(address, millis) {
    const { Connection } = await import("../redis/connection.js");
    if (this.connection !== null && (this.connection.isOver || this.connection.address !== address)) {
      this.connection.end();
      this.connection = null;
    }
    this.connection ??= new Connection(address);
    const { connection } = this;
    await inTime(connection, millis, connection.opened);
    return connection;
  }
}

/**
 * A late reply would be taken for the reply to a later command, so a connection that times out is closed.
 * @template T @param {import("../redis/connection.js").Connection} connection @param {number} millis @param {Promise<T>} work
 */
async function inTime(connection, millis, work) {
  try {
    return await within(millis, "Redis", work);
  } catch (thrown) {
    const failure = asFailure(thrown, "Redis");
    if (failure.status === "timeout") connection.end(failure);
    throw failure;
  }
}
