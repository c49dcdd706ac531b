// The Worker with a back door for tests: state of the isolate, and a trap on demand.

import index from "../../shim/index.js";
import { worker } from "../../shim/larder.js";

export * from "../../shim/index.js";

/** @param {Request} request @param {Record<string, any>} env @param {ExecutionContext} ctx */
function fetchOrTest(request, env, ctx) {
  const { pathname } = new URL(request.url);
  const { serving } = worker;
  if (pathname === "/_test/trap") {
    serving?.guarded(() => serving.exports.larder_trap());
    return Response.json({ dead: serving?.dead });
  }
  if (pathname === "/_test/state") {
    return Response.json({
      requests: serving?.requests.size ?? 0,
      bodies: serving?.bodies.alive ?? 0,
      held: serving?.exports.larder_bodies_held() ?? 0,
      memoryBytes: serving?.memory.buffer.byteLength ?? 0,
    });
  }
  return index.fetch(request, env, ctx);
}

export default { ...index, fetch: fetchOrTest };
