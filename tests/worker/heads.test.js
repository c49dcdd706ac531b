// Heads of answers that are kept: made once, changed with the second, and never an answer's of another request.
import { SELF } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { Heads } from "../../shim/heads.js";
import { InFlight, Instance } from "../../shim/instance.js";
import { Lanes } from "../../shim/lanes.js";
import { worker } from "../../shim/larder.js";
import { RecordWriter } from "../../shim/wire.js";

afterEach(() => vi.unstubAllGlobals());

/** @param {string} path @param {RequestInit} [init] */
const get = (path, init) => SELF.fetch(`http://larder.test${path}`, init);

const PARTS = {
  status: 200,
  fields: [],
  beforeTtl: "larder; hit; ttl=",
  afterTtl: "; detail=memory",
  handle: 0,
};

/** Of what came at the beginning of time, and is fresh for a minute. */
const LEAVE = { id: 1, until: 12_000, hitsMax: 10, ageSince: 0, ttlUntil: 60_000 };

/** An instance without a module. */
function bareInstance() {
  return Object.assign(Object.create(Instance.prototype), {
    bodies: new Bodies(),
    lanes: new Lanes(),
    heads: new Heads(),
    memory: { buffer: new ArrayBuffer(4096) },
    requests: new Map(),
    dead: false,
  });
}

/** @param {any} instance @param {string} method */
function flightOf(instance, method) {
  const url = "http://larder.test/x";
  const event = { env: {}, ctx: /** @type {any} */ ({}), request: new Request(url, { method }), method, url };
  const flight = new InFlight(1, instance, event);
  instance.requests.set(1, flight);
  return flight;
}

/**
 * @param {any} instance @param {number} status @param {[string, string][]} fields @param {string | null} body
 * @returns {number} a handle
 */
function createHead(instance, status, fields, body) {
  const record = new RecordWriter();
  record.u32(status);
  record.pairs(fields);
  record.text("larder; hit; ttl=");
  record.text("; detail=memory");
  const content = body === null ? null : new Uint8Array(new TextEncoder().encode(body)).buffer;
  record.u32(instance.bodies.keep(content).handle);
  record.texts(["if-none-match"]);
  new Uint8Array(instance.memory.buffer).set(record.written());
  return instance.createHead(0, record.size);
}

test("a head changes with the second of its age or of its ttl, and at no other time", () => {
  const heads = new Heads();
  const headers = new Headers({ "content-type": "text/plain" });
  const set = vi.spyOn(headers, "set");
  const handle = heads.keep({ ...PARTS, guards: [] }, { status: 200, headers }, null);
  const head = heads.get(handle);
  expect([...(head?.at(4, 86_396)?.headers ?? [])]).toEqual([
    ["age", "4"],
    ["cache-status", "larder; hit; ttl=86396; detail=memory"],
    ["content-type", "text/plain"],
  ]);
  expect(set).toHaveBeenCalledTimes(2);
  head?.at(4, 86_396);
  expect(set).toHaveBeenCalledTimes(2);
  expect(head?.at(4, 86_395)?.headers.get("cache-status")).toBe("larder; hit; ttl=86395; detail=memory");
  expect(head?.at(5, -1)?.headers.get("age")).toBe("5");
  expect(headers.get("cache-status")).toBe("larder; hit; ttl=-1; detail=memory");
  heads.release(handle);
  expect(heads.get(handle)).toBe(null);
  // Nor does one that holds it yet have anything to answer with.
  expect(head?.at(5, 1)).toBe(null);
  expect(head?.body).toBe(null);
});

test("no handle is given twice while it is kept, all around", () => {
  const heads = new Heads();
  const keep = () => heads.keep({ ...PARTS, guards: [] }, { headers: new Headers() }, null);
  expect([keep(), keep()]).toEqual([1, 2]);
  heads.next = 0xffff_ffff;
  expect([keep(), keep()]).toEqual([0xffff_ffff, 3]);
});

test("an answer of a head is whole for GET, has no body for HEAD, and opens the lane that comes with it", async () => {
  const instance = bareInstance();
  const handle = createHead(instance, 200, [["content-type", "text/plain"]], "spice");
  for (const [method, text] of /** @type {const} */ ([
    ["GET", "spice"],
    ["HEAD", ""],
    ["GET", "spice"],
  ])) {
    const flight = flightOf(instance, method);
    instance.respondKept(1, handle, 7, 53, null);
    expect(flight.response?.status).toBe(200);
    expect(flight.response?.headers.get("age")).toBe("7");
    expect(await flight.response?.text()).toBe(text);
  }
  expect(instance.lanes.table.size).toBe(0);
  const flight = flightOf(instance, "GET");
  instance.respondKept(1, handle, 8, 52, { ...LEAVE, id: 3 });
  // What is done to an answer that went out changes no other.
  flight.response?.headers.set("age", "900");
  const request = new Request("http://larder.test/x");
  const repeated = instance.lanes.answer(request, "GET", request.url, 11_999);
  expect(repeated.headers.get("age")).toBe("11");
  expect(repeated.headers.get("cache-status")).toBe("larder; hit; ttl=48; detail=memory");
  expect(await repeated.text()).toBe("spice");
  expect(instance.lanes.answer(request, "GET", request.url, 12_000)).toBe(null);
});

test.for([
  ["no encoding", [["content-type", "text/plain"]], undefined],
  ["gzip", [["content-encoding", "gzip"]], "manual"],
])("a kept body with %s is sent as it is: %s", ([, fields, encodeBody]) => {
  /** @type {Array<ResponseInit | undefined>} */
  const made = [];
  vi.stubGlobal(
    "Response",
    class extends Response {
      /** @param {BodyInit | null} [body] @param {ResponseInit} [init] */
      constructor(body, init) {
        super(body, init);
        made.push(init);
      }
    },
  );
  const instance = bareInstance();
  const handle = createHead(instance, 200, /** @type {[string, string][]} */ (fields), "stored as it is");
  flightOf(instance, "GET");
  instance.respondKept(1, handle, 1, 1, LEAVE);
  const request = new Request("http://larder.test/x");
  expect(instance.lanes.answer(request, "GET", request.url, 1_000)?.status).toBe(200);
  expect(made.map((init) => init?.encodeBody)).toEqual([encodeBody, encodeBody]);
});

test("a 304 has no body, a head that nobody keeps is a 500, and what breaks off is no head", async () => {
  const instance = bareInstance();
  const handle = createHead(instance, 304, [["etag", '"a"']], "spice");
  const confirmed = flightOf(instance, "GET");
  instance.respondKept(1, handle, 0, 1, null);
  expect(confirmed.response?.status).toBe(304);
  expect(await confirmed.response?.text()).toBe("");
  instance.heads.release(handle);
  const lost = flightOf(instance, "GET");
  instance.respondKept(1, handle, 0, 1, LEAVE);
  expect(lost.response?.status).toBe(500);
  expect(instance.lanes.table.size).toBe(0);
  expect(createHead(instance, 199, [], null)).toBe(0);
  expect(createHead(instance, 600, [], null)).toBe(0);
  expect(instance.createHead(0, 3)).toBe(0);
  expect(
    createHead(
      instance,
      200,
      [
        ["x y", "a"],
        ["x-a", "b"],
      ],
      null,
    ),
  ).toBeGreaterThan(0);
});

test("hits of one copy are answered from one head, which goes when another copy comes or the instance ends", async () => {
  const path = "/search/title?q=one+head";
  await (await get(path)).text();
  const { serving } = worker;
  const before = serving?.heads.table.size ?? 0;
  const answers = [];
  for (let i = 0; i < 5; i++) answers.push(await get(path, { headers: { "if-modified-since": "never" } }));
  expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
  for (const answer of answers) {
    expect(answer.headers.get("cache-status")).toMatch(/^larder; hit; ttl=\d+; detail=memory$/);
    expect(answer.headers.get("age")).toMatch(/^\d+$/);
  }
  expect(serving?.heads.table.size).toBe(before + 1);
  const etag = answers[0]?.headers.get("etag") ?? "";
  for (let i = 0; i < 2; i++) {
    const confirmed = await get(path, { headers: { "if-none-match": etag } });
    expect(confirmed.status).toBe(304);
    expect(await confirmed.text()).toBe("");
  }
  expect(serving?.heads.table.size).toBe(before + 2);
  serving?.die(new Error("a drill"), null);
  expect(serving?.heads.table.size).toBe(0);
  expect((await get(path)).status).toBe(200);
});
