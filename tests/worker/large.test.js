// A 20 MB answer: from its origin, then from R2, byte for byte, and no isolate holds it.

import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { worker as shipped } from "../../shim/larder.js";
import { LarderWorker } from "../../shim/worker.js";
import { ENORMOUS_BYTES } from "./stand_in_origin.js";

const declarations = JSON.stringify({
  resources: [
    {
      name: "file",
      match: { path: "/files/{id}" },
      origin: { url: "http://api.test/files/{id}" },
      mode: "http",
      key: [{ path: "id" }],
      ttl: "1h",
      maxBytes: 25_000_000,
    },
  ],
});
const start = () => new LarderWorker(shipped.module, { declarations });

/** @param {LarderWorker} at @param {string} id @param {Record<string, string>} [headers] */
async function read(at, id, headers = {}) {
  const context = createExecutionContext();
  const response = await at.fetch(new Request(`http://larder.test/files/${id}`, { headers }), env, context);
  const hash = createHash("sha256");
  let size = 0;
  let held = 0;
  const bodies = at.instance(env).bodies;
  for await (const chunk of response.body ?? []) {
    hash.update(chunk);
    size += chunk.byteLength;
    const kept = [...bodies.table.values()].map((one) => (one instanceof ArrayBuffer ? one.byteLength : 0));
    held = Math.max(held, chunk.byteLength + kept.reduce((sum, bytes) => sum + bytes, 0));
  }
  await waitOnExecutionContext(context);
  return {
    status: response.status,
    cacheStatus: response.headers.get("cache-status") ?? "",
    size,
    digest: [...hash.digest()],
    held,
  };
}
/** @param {string} text */
const asked = async (text) => await (await fetch(`http://origin.test/count?for=${text}`)).json();

test("a 20 MB answer goes to the client and into R2 at once, and comes from R2 after that", async () => {
  const first = await read(start(), "enormous-1");
  expect([first.status, first.size]).toEqual([200, ENORMOUS_BYTES]);
  expect(first.cacheStatus).toMatch(/fwd=miss; .*stored/);
  const object = await env.LIBRARY_DATA.head("larder:file:v3:enormous-1");
  expect(object?.size).toBe(ENORMOUS_BYTES);
  const stub = await env.CACHE.getWithMetadata("larder:file:v3:enormous-1");
  expect(stub.value).toBe("");
  const second = await read(start(), "enormous-1");
  expect([second.status, second.size, second.digest]).toEqual([200, ENORMOUS_BYTES, first.digest]);
  expect(second.cacheStatus).toMatch(/; hit; .*detail=cold/);
  expect(await asked("enormous-1")).toBe(1);
  // What was held at once, the chunk included.
  console.info(`held at once: ${first.held} bytes from the origin, ${second.held} from R2`);
  expect(first.held).toBeLessThan(1_000_000);
  expect(second.held).toBeLessThan(1_000_000);
});

test("a part of it is read from R2 alone", async () => {
  await read(start(), "enormous-2");
  const part = await read(start(), "enormous-2", { range: "bytes=10000000-10000009" });
  expect([part.status, part.size]).toEqual([206, 10]);
  expect(await asked("enormous-2")).toBe(1);
});

test("a client that goes away does not keep it from R2", async () => {
  const at = start();
  const context = createExecutionContext();
  const response = await at.fetch(new Request("http://larder.test/files/enormous-3"), env, context);
  await response.body?.cancel();
  await waitOnExecutionContext(context);
  expect((await env.LIBRARY_DATA.head("larder:file:v3:enormous-3"))?.size).toBe(ENORMOUS_BYTES);
});
