// The Worker with a back door for tests: state of the isolate, a trap on demand, and what the core asks of the shim under
// conditions that a test cannot bring about from outside.

import index from "../../shim/index.js";
import { InFlight } from "../../shim/instance.js";
import { worker } from "../../shim/larder.js";
import { handlers } from "../../shim/operations/index.js";
import { RecordWriter } from "../../shim/wire.js";
import { faults, hurriedBatch, points, watched } from "./faults.js";

export * from "../../shim/index.js";

/** @param {Request} request @param {Record<string, any>} env @param {ExecutionContext} ctx */
function fetchOrTest(request, env, ctx) {
  const { pathname, searchParams } = new URL(request.url);
  const { serving } = worker;
  if (pathname === "/_test/trap") {
    serving?.guarded(() => serving.exports.larder_trap());
    return Response.json({ dead: serving?.dead });
  }
  if (pathname === "/_test/state") {
    return Response.json({
      instances: worker.instances,
      requests: serving?.requests.size ?? 0,
      bodies: serving?.bodies.alive ?? 0,
      held: serving?.exports.larder_bodies_held() ?? 0,
      memoryBytes: serving?.memory.buffer.byteLength ?? 0,
    });
  }
  if (pathname === "/_test/messages") return messages(request, env, ctx);
  if (pathname === "/_test/late") return late(request, env, ctx);
  if (pathname === "/_test/packed") return packed(request, env);
  if (pathname === "/_test/points") return Response.json(points);
  if (pathname === "/_test/faults") return Response.json(faults.set(searchParams));
  return index.fetch(request, watched(env), ctx);
}

/** @param {Request} request @param {Record<string, any>} env @returns {any} a request that the instance has in flight */
function inFlight(request, env) {
  const instance = worker.instance(env);
  const id = 0xffff_0000 + instance.requests.size;
  const { method, url } = request;
  const event = { env, ctx: /** @type {any} */ ({}), request, method, url };
  const flight = new InFlight(id, instance, event);
  instance.requests.set(id, flight);
  return flight;
}

/**
 * Asks the origin that the query names, with a soft time that is over at once, and goes away without the answer.
 * @param {Request} request @param {Record<string, any>} env @param {ExecutionContext} ctx
 */
async function late(request, env, ctx) {
  const flight = inFlight(request, env);
  // The context outlives the request's own work, so that it is not its end which ends the origin's.
  ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 600_000)));
  const { ticket } = await handlers.origin_fetch(flight, {
    method: "GET",
    url: new URL(request.url).searchParams.get("url"),
    headers: [],
    timeout_millis: 600_000,
    soft_millis: 1,
    body_bytes_max: 1000,
    oversize: 0,
    content: null,
  });
  return Response.json({ ticket });
}

/** Answers with a body that is gzip already. @param {Request} request @param {Record<string, any>} env */
async function packed(request, env) {
  const flight = inFlight(request, env);
  const { instance } = flight;
  const content = new Uint8Array(new TextEncoder().encode("packed once")).buffer;
  const body = (await handlers.body_gzip(flight, { content })).packed;
  const record = new RecordWriter();
  record.u32(200);
  record.pairs([["content-encoding", "gzip"]]);
  record.u32(body.handle);
  record.u32(0);
  instance.withBytes(record.written(), (/** @type {number} */ at, /** @type {number} */ size) =>
    instance.respond(flight.id, at, size),
  );
  instance.bodies.release(body.handle);
  instance.end(flight, null);
  return flight.response;
}

/**
 * A batch with messages that JSON cannot hold, and what came of each.
 * @param {Request} request @param {Record<string, any>} env @param {ExecutionContext} ctx
 */
async function messages(request, env, ctx) {
  /** @type {Record<string, unknown>} */
  const cycle = {};
  cycle.self = cycle;
  const walk = { kind: "walk", jobId: "none", resource: "none", from: 0, step: 1, qps: 1 };
  const bodies = { walk, bigint: { depth: 1n }, cycle, sparse: new Array(2 ** 26) };
  /** @type {Record<string, string>} */
  const settled = {};
  const batch = {
    queue: new URL(request.url).searchParams.get("queue"),
    messages: Object.entries(bodies).map(([id, body]) => ({
      id,
      attempts: 1,
      body,
      ack: () => {
        settled[id] = "ack";
      },
      retry: () => {
        settled[id] = "retry";
      },
    })),
  };
  await index.queue(/** @type {any} */ (batch), env, ctx);
  return Response.json(settled);
}

export default {
  fetch: fetchOrTest,
  /** @param {MessageBatch} batch @param {Record<string, any>} env @param {ExecutionContext} ctx */
  queue: (batch, env, ctx) => index.queue(env.LIBRARY_DATA ? hurriedBatch(batch) : batch, watched(env), ctx),
  /** @param {ScheduledController} controller @param {Record<string, any>} env @param {ExecutionContext} ctx */
  scheduled: (controller, env, ctx) => index.scheduled(controller, watched(env), ctx),
};
