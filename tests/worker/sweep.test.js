// The schedule, in the runtime: what was purged leaves KV.
import {
  createExecutionContext,
  createScheduledController,
  env,
  SELF,
  waitOnExecutionContext,
} from "cloudflare:test";
import { expect, test } from "vitest";
import larder from "../../shim/index.js";
import { worker } from "../../shim/larder.js";
import { handlers } from "../../shim/operations/index.js";
import { argumentOf } from "./object_calls.js";

const KEY = "larder:title:v3:swept";

/** @param {string} cron */
async function trigger(cron) {
  const context = createExecutionContext();
  await larder.scheduled(createScheduledController({ cron, scheduledTime: new Date() }), env, context);
  await waitOnExecutionContext(context);
}

test("a sweep removes from KV what was purged, and only every five minutes", async () => {
  const response = await SELF.fetch("http://larder.test/search/title?q=swept");
  expect(response.status).toBe(200);
  await response.text();
  await expect.poll(async () => await env.CACHE.get(KEY)).not.toBeNull();
  const purge = { sequence: 0, kind: 0, text: KEY, soft: 0, at: 0 };
  const changes = argumentOf("ControlLog", "append", { settings: [], purges: [purge] });
  await handlers.control_append(/** @type {any} */ ({ env }), { changes, keep_seconds: 60 });
  worker.serving = null;
  await trigger("0 2 * * *");
  expect(await env.CACHE.get(KEY)).not.toBeNull();
  await trigger("*/5 * * * *");
  expect(await env.CACHE.get(KEY)).toBeNull();
  const progress = await env.CACHE.getWithMetadata("larder::sweep");
  expect(progress.value).toBe("note");
  expect(progress.metadata).toMatch(/^(\d+) \1 $/);
});
