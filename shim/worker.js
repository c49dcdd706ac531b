// The life of instances: which one serves, and what happens to a request whose instance died.

import { outOfOrder } from "./emergency.js";
import { Instance, TRAPPED } from "./instance.js";
import { messageText } from "./message_text.js";
import { RecordWriter } from "./wire.js";

/** @typedef {import("./instance.js").Environment} Environment */
/** @typedef {{declarations: string}} Options */

export class LarderWorker {
  /** @param {WebAssembly.Module} module @param {Options} options */
  constructor(module, options) {
    this.module = module;
    this.options = options;
    /** @type {Instance | null} */
    this.serving = null;
    /** How many have served so far. */
    this.instances = 0;
  }

  /** @param {Environment} env */
  instance(env) {
    if (this.serving === null || this.serving.dead) {
      this.serving = new Instance(this.module, env, { ...this.options, mode: "serve" });
      this.instances += 1;
    }
    return this.serving;
  }

  /** An instance that cannot even start is a defect of the build, and no reason for an unexplained error. @param {Environment} env */
  startedOrNull(env) {
    try {
      return this.instance(env);
    } catch (thrown) {
      console.error(JSON.stringify({ level: "error", event: "no_start", reason: String(thrown) }));
      return null;
    }
  }

  /** @param {Request} request @param {Environment} env @param {ExecutionContext} ctx */
  fetch(request, env, ctx) {
    const instance = this.startedOrNull(env);
    if (instance === null) return outOfOrder();
    const quick = instance.lanes.answer(request, Date.now());
    if (quick !== null) return quick;
    const answer = instance.begin("larder_fetch", { env, ctx, request }, requestRecord(request));
    if (answer instanceof Response) return answer;
    return this.settle(answer, request, env, ctx);
  }

  /**
   * @param {ReturnType<Instance["begin"]>} answer @param {Request} request @param {Environment} env
   * @param {ExecutionContext} ctx @returns {Promise<Response>}
   */
  async settle(answer, request, env, ctx) {
    const settled = await answer;
    if (settled instanceof Response) return settled;
    return await this.rescue(request, env, ctx);
  }

  /**
   * A request whose instance died gets one of its own that keeps no cache and goes straight to the origin, so that a
   * request that always traps takes nobody with it a second time.
   * @param {Request} request @param {Environment} env @param {ExecutionContext} ctx
   */
  async rescue(request, env, ctx) {
    const instance = new Instance(this.module, env, { ...this.options, mode: "bypass" });
    const settled = await instance.begin("larder_fetch", { env, ctx, request }, requestRecord(request));
    return settled instanceof Response ? settled : outOfOrder();
  }

  /** @param {MessageBatch} batch @param {Environment} env @param {ExecutionContext} ctx */
  async queue(batch, env, ctx) {
    const record = new RecordWriter();
    record.text(batch.queue);
    record.u32(batch.messages.length);
    for (const message of batch.messages) {
      record.text(message.id);
      record.u32(message.attempts);
      record.text(messageText(message.id, message.body));
    }
    const settled = await this.instance(env).begin("larder_queue", { env, ctx, batch }, record);
    // Thrown, so that the platform redelivers what was not acknowledged.
    if (settled === TRAPPED) throw new Error("The instance ended while it worked on the batch.");
  }

  /** @param {ScheduledController} controller @param {Environment} env @param {ExecutionContext} ctx */
  async scheduled(controller, env, ctx) {
    const record = new RecordWriter();
    record.text(controller.cron);
    record.u64(controller.scheduledTime);
    const settled = await this.instance(env).begin("larder_scheduled", { env, ctx }, record);
    if (settled === TRAPPED) throw new Error("The instance ended while it worked on the scheduled event.");
  }
}

/** @param {Request} request */
function requestRecord(request) {
  const record = new RecordWriter();
  record.text(request.method);
  record.text(request.url);
  return record;
}
