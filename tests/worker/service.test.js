// The entry point for service bindings: what the core is asked, and what its answers become.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { LarderService } from "../../shim/index.js";
import { worker as shipped } from "../../shim/larder.js";
import { larderService } from "../../shim/service.js";
import { LarderWorker } from "../../shim/worker.js";

/**
 * @param {(request: any, service: any) => Response | Promise<Response>} serve @param {unknown} [props] of the binding
 * @returns {any} an entry point whose Worker answers so
 */
function serviceThat(serve, props = { caller: "shop", role: "viewer" }) {
  const worker = /** @type {any} */ ({
    serve: (
      /** @type {Request} */ request,
      /** @type {unknown} */ _env,
      /** @type {unknown} */ _ctx,
      /** @type {unknown} */ service,
    ) => serve(request, service),
  });
  const context = Object.assign(createExecutionContext(), { props });
  return new (larderService(() => worker))(/** @type {any} */ (context), env);
}

test("the Worker exports the entry point", () => {
  expect(LarderService.name).toBe("LarderService");
});

test("a call is its argument as JSON, with the caller and the role of its binding", async () => {
  /** @type {any[]} */
  const asked = [];
  const service = serviceThat((request, { argument, ...about }) => {
    asked.push([request, about, JSON.parse(argument)]);
    return Response.json({});
  });
  await service.read("title", { q: "Dune" });
  await service.read("front");
  await service.purge({ keys: ["a"] });
  await service.explain("/a", { method: "HEAD" });
  const fields = { ":caller": "shop", ":role": "viewer" };
  expect(asked).toEqual([
    [null, { call: "read", fields }, { resource: "title", fields: { q: "Dune" } }],
    [null, { call: "read", fields }, { resource: "front", fields: {} }],
    [null, { call: "purge", fields }, { keys: ["a"] }],
    [null, { call: "explain", fields }, { method: "HEAD", url: "/a" }],
  ]);
});

test("an HTTP request has the caller's name, and no role", async () => {
  /** @type {any[]} */
  const asked = [];
  const service = serviceThat((_request, about) => {
    asked.push(about);
    return new Response("through");
  });
  expect(await (await service.fetch(new Request("http://larder.test/"))).text()).toBe("through");
  expect(asked).toEqual([{ call: "fetch", fields: { ":caller": "shop" } }]);
});

test("props that are none of ours name nobody and give no role", async () => {
  for (const props of [null, {}, { caller: 1, role: ["admin"] }, "shop"]) {
    const service = serviceThat((_request, { fields }) => Response.json(fields), props);
    expect((await service.read("title")).value).toEqual({ ":caller": "", ":role": "" });
  }
});

test("an answer is a value by its media type", async () => {
  const answers = /** @type {Array<[BodyInit, string, unknown]>} */ ([
    ['{"a":1}', "application/json", { a: 1 }],
    ['{"a":1}', "application/problem+json; charset=utf-8", { a: 1 }],
    ["é", "text/plain; charset=utf-8", "é"],
    [new Uint8Array([1, 2]), "image/png", new Uint8Array([1, 2]).buffer],
    [new Uint8Array([3]), "", new Uint8Array([3]).buffer],
  ]);
  for (const [body, type, value] of answers) {
    const headers = { "content-type": type, "cache-status": "larder; hit" };
    expect(await serviceThat(() => new Response(body, { headers })).read("title")).toEqual({
      ok: true,
      status: 200,
      value,
      cacheStatus: "larder; hit",
    });
  }
});

test("a packed answer is unpacked", async () => {
  const packed = new Response("packed").body?.pipeThrough(new CompressionStream("gzip"));
  const init = /** @type {ResponseInit} */ ({
    headers: { "content-type": "text/plain", "content-encoding": "gzip" },
    encodeBody: "manual",
  });
  expect((await serviceThat(() => new Response(packed, init)).read("title")).value).toBe("packed");
});

test("a refusal is words, a status and a time", async () => {
  const problem = { title: "Too Many Requests", detail: "Slower." };
  const headers = { "content-type": "application/problem+json", "retry-after": "7" };
  const refused = serviceThat(() => new Response(JSON.stringify(problem), { status: 429, headers }));
  expect(await refused.purge({})).toEqual({ ok: false, status: 429, error: "Slower.", retryAfter: 7 });
  const bare = serviceThat(
    () => new Response("<p>no</p>", { status: 502, headers: { "content-type": "text/html" } }),
  );
  const error = "The origin answered 502.";
  expect(await bare.read("title")).toEqual({ ok: false, status: 502, error, retryAfter: null });
});

test("what an RPC message cannot hold is asked for by fetch", async () => {
  const long = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024)) });
  const headers = { "content-length": String(32 * 1024 * 1024) };
  const answer = await serviceThat(() => new Response(long, { headers })).read("title");
  expect([answer.ok, answer.status]).toEqual([false, 413]);
  expect(answer.error).toMatch(/fetch\(\)/);
});

test("nothing is thrown, and nothing of the inside is told", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  const broken = serviceThat(() => {
    throw new Error("secret inside");
  });
  const answer = await broken.read("title");
  expect([answer.ok, answer.status]).toEqual([false, 500]);
  expect(answer.error).not.toMatch(/secret/);
  expect(logged).toHaveBeenCalledOnce();
  const half = serviceThat(() => new Response("{", { headers: { "content-type": "application/json" } }));
  expect((await half.read("title")).status).toBe(500);
  logged.mockRestore();
  expect(await broken.read("title", { n: 1n })).toEqual({
    ok: false,
    status: 400,
    error: "The call's arguments are no JSON.",
    retryAfter: null,
  });
});

test("items are warmed by resource, a job for each, until one is refused", async () => {
  /** @type {any[]} */
  const asked = [];
  const service = serviceThat((_request, { argument }) => {
    const body = JSON.parse(argument);
    asked.push(body);
    if (body.resource === "nobody") return Response.json({ detail: "Unknown." }, { status: 400 });
    return Response.json({ jobId: `job of ${body.resource}` }, { status: 202 });
  });
  const items = [
    { resource: "title", fields: { q: "a" } },
    { resource: "isbn", fields: { isbn: 1 } },
    { resource: "title", fields: { q: "b" } },
    { resource: "nobody" },
    { resource: "never" },
  ];
  expect(await service.warm(items, { qps: 2 })).toEqual({
    ok: false,
    status: 400,
    error: "Unknown.",
    retryAfter: null,
    jobs: [{ jobId: "job of title" }, { jobId: "job of isbn" }],
  });
  expect(asked).toEqual([
    { qps: 2, resource: "title", items: [{ q: "a" }, { q: "b" }] },
    { qps: 2, resource: "isbn", items: [{ isbn: 1 }] },
    { qps: 2, resource: "nobody", items: [{}] },
  ]);
  for (const none of [[], null, "title", [null]]) {
    expect(await service.warm(none)).toMatchObject({ ok: false, status: 400, jobs: [] });
  }
});

test("a read that was in flight on a lost instance is answered by the one that stands in for it", async () => {
  const at = new LarderWorker(shipped.module, shipped.options);
  const argument = JSON.stringify({ resource: "title", fields: { q: "Small Gods" } });
  const service = { call: "read", argument, fields: { ":caller": "shop", ":role": "" } };
  for (const atFault of [true, false]) {
    const context = createExecutionContext();
    const event = { env, ctx: context, service };
    const response = await at.recover(at.instance(env), atFault, event);
    await waitOnExecutionContext(context);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-status")).toMatch(/detail=recovery/);
  }
});
