// The Worker's entry points, and its Durable Objects.

import { worker } from "./larder.js";
import { larderService } from "./service.js";

export * from "./objects/index.js";

/** For service bindings. */
export const LarderService = larderService(() => worker);

export default {
  /** @param {Request} request @param {Record<string, any>} env @param {ExecutionContext} ctx */
  fetch: (request, env, ctx) => worker.fetch(request, env, ctx),
  /** @param {MessageBatch} batch @param {Record<string, any>} env @param {ExecutionContext} ctx */
  queue: (batch, env, ctx) => worker.queue(batch, env, ctx),
  /** @param {ScheduledController} controller @param {Record<string, any>} env @param {ExecutionContext} ctx */
  scheduled: (controller, env, ctx) => worker.scheduled(controller, env, ctx),
};
