// A module that has no memory left: the request that needs it is told to come again, and nobody else notices.
import { createExecutionContext, env } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { OPERATIONS, STATUS } from "../../shim/generated/operations.js";
import { worker as shipped } from "../../shim/larder.js";
import { LarderWorker } from "../../shim/worker.js";

/** What is longer than the scratch buffer needs memory of its own. */
const LONG = "x".repeat(70_000);

/** A Worker whose module gives no memory. */
function exhausted() {
  const at = new LarderWorker(shipped.module, shipped.options);
  const instance = at.instance(env);
  instance.exports = { ...instance.exports, larder_allocate: () => 0 };
  return { at, instance };
}

test("a request for which there is no memory is told to come again, and the next is served", async () => {
  const { at, instance } = exhausted();
  const context = createExecutionContext();
  const away = await at.fetch(new Request(`http://larder.test/health?${LONG}`), env, context);
  expect([away.status, away.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(away.headers.get("content-type")).toBe("application/problem+json");
  expect((await away.json()).detail).toMatch(/no room/);
  expect(instance.requests.size).toBe(0);
  expect((await at.fetch(new Request("http://larder.test/health"), env, context)).status).toBe(200);
  expect([instance.dead, at.instances]).toEqual([false, 1]);
});

test("a batch for which there is no memory is delivered again", async () => {
  const { at, instance } = exhausted();
  const messages = [{ id: "m1", attempts: 1, body: LONG }];
  const batch = /** @type {any} */ ({ queue: "author-warming-queue", messages });
  await expect(at.queue(batch, env, createExecutionContext())).rejects.toThrow("exhausted");
  expect([instance.dead, instance.requests.size]).toEqual([false, 0]);
});

test("an operation whose result finds no memory has failed", async () => {
  const { instance } = exhausted();
  const row = OPERATIONS.find(({ name }) => name === "kv_list");
  if (row === undefined) throw new Error("There is no kv_list.");
  const completed = vi.fn((/** @type {any[]} */ ..._arguments) => 1);
  instance.exports = { ...instance.exports, larder_complete: completed };
  const keys = Array.from({ length: 100 }, (_, i) => ({ name: `${i}${"x".repeat(1000)}` }));
  const cache = { list: async () => ({ keys, list_complete: true }) };
  const flight = /** @type {any} */ ({ id: 1, instance, env: { CACHE: cache }, late: new Map() });
  await instance.operate(flight, 7, 9, row, { prefix: "", cursor: "", count_max: 100 });
  const [id, index, generation, status, at, size] = completed.mock.calls[0] ?? [];
  expect([id, index, generation, status]).toEqual([1, 7, 9, STATUS.unavailable]);
  expect(instance.textAt(at, size)).toBe("No memory is left for what kv_list gave.");
  expect(completed).toHaveBeenCalledTimes(1);
});
