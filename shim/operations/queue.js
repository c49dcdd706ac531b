// Acknowledging and retrying the messages of a batch. The platform keeps the first word said of a message.

/**
 * @param {import("../instance.js").InFlight} request
 * @param {{acknowledged: string[], retried: string[], delay_seconds: number}} settled
 */
export async function batchSettle(request, { acknowledged, retried, delay_seconds }) {
  const messages = new Map((request.batch?.messages ?? []).map((message) => [message.id, message]));
  for (const id of acknowledged) messages.get(id)?.ack();
  for (const id of retried) messages.get(id)?.retry({ delaySeconds: delay_seconds });
  return {};
}
