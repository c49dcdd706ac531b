// Commands to Redis: by REST from here, or through the data centre's connection (shim/objects/redis_link.js).

import { OperationFailure } from "../failure.js";
import { readCommands, writeReplies } from "../redis/record.js";
import { runOverRest } from "../redis/rest.js";
import { within } from "../within.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

// The object keeps the time limits itself; this is for an object that does not answer at all.
const LATE_MILLIS = 500;

/**
 * @param {InFlight} request
 * @param {{url: string, token: string, commands: Uint8Array, connect_millis: number, wait_millis: number}} wanted
 */
export async function redisRun(request, { url, token, commands, connect_millis, wait_millis }) {
  if (url.startsWith("http")) {
    const replies = await runOverRest(url, token, readCommands(commands), connect_millis + wait_millis);
    return { replies: writeReplies(replies) };
  }
  const running = linkOf(request).run(url, commands, connect_millis, wait_millis);
  const exchanged = await within(
    connect_millis + wait_millis + LATE_MILLIS,
    "The connection to Redis",
    running,
  );
  if (exchanged.status !== "ok") throw new OperationFailure(exchanged.status, exchanged.message);
  return { replies: exchanged.replies };
}

/** @param {InFlight} request */
function linkOf(request) {
  const binding = request.env.REDIS_LINK;
  if (!binding)
    throw new OperationFailure(
      "unsupported",
      "There is no Durable Object binding REDIS_LINK; declare it in wrangler.toml.",
    );
  // An object is made near who asks for it first: one for each data centre.
  const colo = /** @type {any} */ (request.request)?.cf?.colo;
  return binding.getByName(typeof colo === "string" ? colo : "elsewhere");
}
