// Queues. Of ack() and retry() for one message the platform keeps the first.

import { OperationFailure } from "../failure.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

// The platform's limits for one call; a message may be half of that, so bytes are counted with room to spare.
const MESSAGES_A_CALL = 100;
const BYTES_A_CALL = 250_000;

const encoder = new TextEncoder();

/**
 * Acknowledges and retries messages of the request's own batch.
 * @param {InFlight} request
 * @param {{acknowledged: string[], retried: string[], delay_seconds: number}} settled
 */
export async function batchSettle(request, { acknowledged, retried, delay_seconds }) {
  const messages = new Map((request.batch?.messages ?? []).map((message) => [message.id, message]));
  for (const id of acknowledged) messages.get(id)?.ack();
  for (const id of retried) messages.get(id)?.retry({ delaySeconds: delay_seconds });
  return {};
}

/** @param {InFlight} request @param {string} binding */
function queueOf(request, binding) {
  const queue = request.env[binding];
  if (!queue)
    throw new OperationFailure(
      "unsupported",
      `There is no queue binding ${binding}; declare it in wrangler.toml.`,
    );
  return /** @type {Queue} */ (queue);
}

/** @param {InFlight} request @param {{binding: string, messages: string[], delay_seconds: number}} wanted */
export async function queueSend(request, { binding, messages, delay_seconds }) {
  const queue = queueOf(request, binding);
  for (const group of groups(messages)) {
    const batch = group.map((message) => ({ body: JSON.parse(message), delaySeconds: delay_seconds }));
    await queue.sendBatch(batch);
  }
  return {};
}

/** @param {string[]} messages @returns {Generator<string[]>} as many in a row as one call takes */
function* groups(messages) {
  /** @type {string[]} */
  let group = [];
  let bytes = 0;
  for (const message of messages) {
    const size = encoder.encode(message).length;
    if (group.length === MESSAGES_A_CALL || (group.length > 0 && bytes + size > BYTES_A_CALL)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(message);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

/** @param {InFlight} request @param {{binding: string}} wanted */
export async function queueBacklog(request, { binding }) {
  const { backlogCount } = await queueOf(request, binding).metrics();
  return { messages: backlogCount };
}
