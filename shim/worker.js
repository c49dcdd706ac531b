// The life of instances: which one serves, and what happens to a request whose instance died.

import { exhausted, outOfOrder, recovering } from "./emergency.js";
import { AT_FAULT, EXHAUSTED, Instance } from "./instance.js";
import { messageText } from "./message_text.js";
import { ownQueueName } from "./queue_name.js";
import { RecordWriter } from "./wire.js";

/** @typedef {import("./instance.js").Environment} Environment */
/** @typedef {import("./instance.js").Event} RequestEvent */
/**
 * `pageFor`: what is answered without the core.
 * @typedef {{declarations: string, pageFor?: (request: Request, method: string, url: string) => Response | null}} Options
 */

/** Requests at once that each have an instance of their own. */
const ALONE_MAX = 4;

export class LarderWorker {
  /** @param {WebAssembly.Module} module @param {Options} options */
  constructor(module, options) {
    this.module = module;
    this.options = options;
    /** @type {Instance | null} */
    this.serving = null;
    /** How many have served so far. */
    this.instances = 0;
    /** Requests that run on an instance of their own. */
    this.alone = 0;
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
    const { method, url } = request;
    const quick = instance.lanes.answer(request, method, url, Date.now());
    if (quick !== null) return quick;
    const page = this.options.pageFor?.(request, method, url) ?? null;
    if (page !== null) return page;
    return this.answer(instance, { env, ctx, request, method, url });
  }

  /**
   * What another Worker asks through a service binding: an HTTP request, or a call. Every one goes to the core, which counts it.
   * @param {Request | null} request null for a call @param {Environment} env @param {ExecutionContext} ctx
   * @param {import("./instance.js").Service} service
   */
  serve(request, env, ctx, service) {
    const instance = this.startedOrNull(env);
    if (instance === null) return outOfOrder();
    if (request === null) return this.answer(instance, { env, ctx, service });
    const { method, url } = request;
    const page = this.options.pageFor?.(request, method, url) ?? null;
    if (page !== null) return page;
    return this.answer(instance, { env, ctx, request, method, url, service });
  }

  /** @param {Instance} instance @param {RequestEvent} event @returns {Response | Promise<Response>} */
  answer(instance, event) {
    const answer = begin(instance, event);
    if (answer instanceof Response) return answer;
    return this.settle(instance, answer, event);
  }

  /**
   * @param {Instance} instance @param {ReturnType<Instance["begin"]>} answer @param {RequestEvent} event
   * @returns {Promise<Response>}
   */
  async settle(instance, answer, event) {
    const settled = await answer;
    if (settled instanceof Response) return settled;
    if (settled === EXHAUSTED) return exhausted();
    return await this.recover(instance, settled === AT_FAULT, event);
  }

  /**
   * Those that were in flight on an instance that died run again, once, on one that stands in for it: it keeps no cache and
   * goes straight to the origin, and they share what they ask, so that a trap multiplies nothing. The one whose work ended
   * the instance has one of its own, so that a request that always traps takes nobody with it a second time; of those
   * there are few at once.
   * @param {Instance} dead @param {boolean} atFault @param {RequestEvent} event
   */
  async recover(dead, atFault, event) {
    if (atFault && this.alone >= ALONE_MAX) return recovering();
    const instance = this.standInFor(dead, atFault, event.env);
    if (instance === null) return recovering();
    this.alone += atFault ? 1 : 0;
    /** @type {Awaited<ReturnType<Instance["begin"]>>} */
    let settled = null;
    try {
      settled = await begin(instance, event);
    } finally {
      this.alone -= atFault ? 1 : 0;
    }
    if (settled instanceof Response) return settled;
    if (settled === EXHAUSTED) return exhausted();
    return settled === AT_FAULT ? outOfOrder() : recovering();
  }

  /** @param {Instance} dead @param {boolean} atFault @param {Environment} env @returns {Instance | null} null: none can be made */
  standInFor(dead, atFault, env) {
    try {
      if (atFault) return new Instance(this.module, env, { ...this.options, mode: "bypass" });
      dead.standIn ??= new Instance(this.module, env, { ...this.options, mode: "bypass" });
      return dead.standIn.dead ? null : dead.standIn;
    } catch (thrown) {
      console.error(JSON.stringify({ level: "error", event: "no_stand_in", reason: String(thrown) }));
      return null;
    }
  }

  /** @param {MessageBatch} batch @param {Environment} env @param {ExecutionContext} ctx */
  async queue(batch, env, ctx) {
    const record = new RecordWriter();
    record.text(ownQueueName(batch.queue));
    record.u32(batch.messages.length);
    for (const message of batch.messages) {
      record.text(message.id);
      record.u32(message.attempts);
      record.text(messageText(message.id, message.body));
    }
    const settled = await this.instance(env).begin("larder_queue", { env, ctx, batch }, record);
    // Thrown, so that the platform redelivers what was not acknowledged.
    if (typeof settled === "symbol") throw new Error(`The batch was not worked on: ${settled.description}.`);
  }

  /** @param {ScheduledController} controller @param {Environment} env @param {ExecutionContext} ctx */
  async scheduled(controller, env, ctx) {
    const record = new RecordWriter();
    record.text(controller.cron);
    record.u64(controller.scheduledTime);
    const settled = await this.instance(env).begin("larder_scheduled", { env, ctx }, record);
    if (typeof settled === "symbol") throw new Error(`The event was not worked on: ${settled.description}.`);
  }
}

// Copied into the module before anything else is written.
const asked = new RecordWriter();

const encoder = new TextEncoder();

/** What the core reads a call's argument of. Its length is told, so that no more room is kept for it. @param {string} argument JSON */
function requestOf(argument) {
  const body = encoder.encode(argument);
  const headers = { "content-type": "application/json", "content-length": String(body.length) };
  return new Request("https://larder.internal/", { method: "POST", headers, body });
}

/** @param {Instance} instance @param {RequestEvent} event */
function begin(instance, event) {
  const { method = "", url = "", service } = event;
  // Anew each time: its body can be read once.
  if (service?.argument !== undefined) event.request = requestOf(service.argument);
  asked.clear();
  if (service !== undefined) asked.text(service.call);
  asked.text(method);
  asked.text(url);
  return instance.begin(service === undefined ? "larder_fetch" : "larder_call", event, asked);
}
