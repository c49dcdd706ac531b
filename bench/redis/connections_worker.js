// Two ways to a Redis server: a connection of each request's own, and the object that keeps one for all.

import { writeReplies } from "../../shim/redis/record.js";
import { within } from "../../shim/within.js";

export { RedisLink } from "../../shim/objects/redis_link.js";

const encoder = new TextEncoder();
const WAIT_MILLIS = 5_000;
const GET = [encoder.encode("GET"), encoder.encode("key")];
/** The record of that command, as src/redis/command.h has it. */
const RECORD = Uint8Array.from([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 71, 69, 84, 3, 0, 0, 0, 107, 101, 121]);

/** @param {string} address */
async function byRequest(address) {
  const { Connection } = await import("../../shim/redis/connection.js");
  const connection = new Connection(address);
  await within(WAIT_MILLIS, "Redis", connection.opened);
  const replies = await within(WAIT_MILLIS, "Redis", connection.run([GET]));
  connection.end();
  return writeReplies(replies);
}

/** @param {any} env */
async function byObject(env) {
  const exchanged = await env.REDIS_LINK.getByName("bench").run(
    env.ADDRESS,
    RECORD,
    WAIT_MILLIS,
    WAIT_MILLIS,
  );
  if (exchanged.status !== "ok") throw new Error(exchanged.message);
  return exchanged.replies;
}

export default {
  /** @param {Request} request @param {any} env */
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    return new Response(pathname === "/request" ? await byRequest(env.ADDRESS) : await byObject(env));
  },
};
