// The npm package: Larder inside a Worker that is there already.
//
//   import larder from "larder";
//   import declarations from "./larder.json";
//   const cache = larder(declarations);
//   export * from "larder";

import module from "../build/module/larder.wasm";
import packaged from "../build/package/pages.json.txt";
import { describeApi } from "../scripts/pages/description.js";
import { pageServer } from "./pages.js";
import { createHash } from "./platform.js";
import { larderService } from "./service.js";
import { LarderWorker } from "./worker.js";

export * from "./objects/index.js";

/** What scripts/package.js puts in: the dashboard, and what the API's description is made of. */
const { dashboard, facts } = JSON.parse(packaged);

/** The Worker of this isolate. @type {LarderWorker | null} */
let serving = null;

/** The declarations as they were given; the core names what is wrong with them. @param {string} text */
function describedBy(text) {
  try {
    return describeApi(JSON.parse(text), facts);
  } catch {
    return describeApi({}, facts);
  }
}

/** @param {string} declarations */
function pagesOf(declarations) {
  const text = JSON.stringify(describedBy(declarations));
  const digest = createHash("sha256").update(text).digest();
  const etag = `"${btoa(String.fromCharCode(...digest.subarray(0, 15)))}"`;
  return { ...dashboard, "/openapi.json": { type: "application/json", etag, text } };
}

/**
 * @param {string | object} declarations the resources: what larder.json has, as text or as what it stands for
 * @returns {ExportedHandler} the handlers to pass on to
 */
export default function larder(declarations) {
  const text = typeof declarations === "string" ? declarations : JSON.stringify(declarations);
  const worker = new LarderWorker(module, { declarations: text, pageFor: pageServer(() => pagesOf(text)) });
  serving = worker;
  return {
    /** @param {Request} request @param {any} env @param {ExecutionContext} ctx */
    fetch: (request, env, ctx) => worker.fetch(request, env, ctx),
    /** @param {MessageBatch} batch @param {any} env @param {ExecutionContext} ctx */
    queue: (batch, env, ctx) => worker.queue(batch, env, ctx),
    /** @param {ScheduledController} controller @param {any} env @param {ExecutionContext} ctx */
    scheduled: (controller, env, ctx) => worker.scheduled(controller, env, ctx),
  };
}

/** For service bindings. */
export const LarderService = larderService(() => {
  if (serving === null)
    throw new Error("No declarations were given: call larder(declarations) in the Worker's module.");
  return serving;
});
