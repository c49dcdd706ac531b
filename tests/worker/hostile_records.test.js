// What the module asks of the shim, with anything in it: no import throws, whatever the record, and every request gets a
// response that the platform sends.
import { expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { OPERATIONS, STATUS } from "../../shim/generated/operations.js";
import { Instance } from "../../shim/instance.js";
import { messageText } from "../../shim/message_text.js";
import { RecordWriter } from "../../shim/wire.js";

const SEEDS = 1500;
const NAMES = [
  "content-type",
  "content-encoding",
  "x-a",
  "",
  " ",
  "x y",
  "x:",
  "\n",
  "\0",
  "é",
  "海",
  ":status",
];
const VALUES = ["gzip", "", " a ", "a\0b", "a\r\nx-injected: 1", "\x01\x7f", "é", "a\nb", "*"];
const STATUSES = [
  0,
  1,
  99,
  100,
  101,
  103,
  199,
  200,
  204,
  205,
  206,
  304,
  404,
  599,
  600,
  999,
  2 ** 16,
  2 ** 32 - 1,
];

/** Repeatable noise. @param {number} seed */
function seeded(seed) {
  let state = seed;
  /** @param {number} bound */
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % bound;
  };
}

/** An instance whose memory is the record. @param {RecordWriter} record */
function instanceWith(record) {
  const instance = Object.create(Instance.prototype);
  return Object.assign(instance, {
    bodies: new Bodies(),
    memory: { buffer: record.written().slice().buffer },
    requests: new Map(),
    dead: false,
  });
}

/** @param {any} instance @param {Request} request */
function flightOf(instance, request) {
  const flight = {
    id: 1,
    instance,
    request,
    method: request.method,
    url: request.url,
    response: null,
    answered: vi.fn(),
    env: {},
    parked: new Set(),
    late: new Map(),
  };
  instance.requests.set(1, flight);
  return flight;
}

/** @param {ReturnType<typeof seeded>} below @param {Bodies} bodies @returns {number} a handle, of anything or nothing */
function someBody(below, bodies) {
  const stream = () => new Blob(["streamed"]).stream();
  const locked = stream();
  locked.getReader();
  const contents = [new ArrayBuffer(3), stream(), locked, null];
  const choice = below(5);
  return choice === 4 ? below(2 ** 24) : bodies.keep(contents[choice] ?? null).handle;
}

test("whatever the answer, a request gets one response that the platform sends", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  for (let seed = 1; seed <= SEEDS; seed++) {
    const below = seeded(seed);
    const bodies = new Bodies();
    const record = new RecordWriter();
    record.u32(STATUSES[below(STATUSES.length)] ?? 0);
    record.pairs(
      Array.from({ length: below(4) }, () => [
        NAMES[below(NAMES.length)] ?? "",
        VALUES[below(VALUES.length)] ?? "",
      ]),
    );
    record.u32(someBody(below, bodies));
    // Bytes that are no UTF-8, lengths that lie, and records that break off.
    const size = below(3) === 0 ? below(record.size + 1) : record.size;
    if (below(4) === 0) record.buffer[below(Math.max(record.size, 1))] = below(256);
    const instance = instanceWith(record);
    instance.bodies = bodies;
    const request = new Request("http://larder.test/x", { method: below(4) === 0 ? "HEAD" : "GET" });
    const flight = flightOf(instance, request);
    expect(() => instance.respond(1, 0, size), `seed ${seed}`).not.toThrow();
    const response = /** @type {any} */ (flight.response);
    expect(response, `seed ${seed}`).toBeInstanceOf(Response);
    expect(response.status, `seed ${seed}`).toBeGreaterThanOrEqual(200);
    expect(response.status, `seed ${seed}`).toBeLessThan(600);
    expect(flight.answered.mock.calls).toEqual([[response]]);
    expect(response.headers.get("x-injected")).toBe(null);
    if (response.status === 500) expect((await response.json()).detail).toMatch(/defect/);
    else await response.body?.cancel().catch(() => {});
  }
});

test("an operation whose arguments break off fails, and is told so after the call", async () => {
  let refused = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const below = seeded(seed);
    const row = OPERATIONS[below(OPERATIONS.length)];
    // A length that no record of so few bytes keeps.
    const record = new RecordWriter();
    for (let i = below(6); i >= 0; i--) record.u32(0xffff_ff00 + below(256));
    const instance = instanceWith(record);
    const flight = flightOf(instance, new Request("http://larder.test/x"));
    const completed = vi.fn(() => 1);
    instance.withBytes = (/** @type {Uint8Array} */ bytes, /** @type {any} */ call) => call(0, bytes.length);
    instance.exports = { larder_complete: completed };
    if (row === undefined || row.arguments.length === 0) continue;
    if (instance.argumentsOf(row, 0, record.size) !== null) continue;
    expect(() => instance.submit(flight.id, 7, 9, row.kind, 0, record.size), row.name).not.toThrow();
    expect(completed).not.toHaveBeenCalled();
    await vi.waitUntil(() => completed.mock.calls.length > 0, { interval: 0 });
    expect(completed.mock.calls[0]?.slice(0, 4)).toEqual([1, 7, 9, STATUS.invalid]);
    refused += 1;
  }
  expect(refused).toBeGreaterThan(SEEDS / 2);
});

test("a field whose name no request can have is absent", () => {
  const instance = instanceWith(new RecordWriter());
  flightOf(instance, new Request("http://larder.test/x", { headers: { "x-a": "1" } }));
  for (const name of ["", " ", "x y", "x:", "\n", "\0", "海", "x-b"]) {
    expect(instance.requestHeader(1, name, 0, 0), name).toBe(-1);
  }
  expect(instance.requestHeader(1, "x-a", 0, 0)).toBe(1);
  expect(instance.requestHeader(2, "x-a", 0, 0)).toBe(-1);
});

/** @returns {unknown} an object that holds itself */
function cycle() {
  /** @type {Record<string, unknown>} */
  const object = { kind: "author" };
  object.self = object;
  return object;
}

/** What doubles with each level: small as a message, endless as JSON. */
function doubling() {
  /** @type {unknown} */
  let value = "a";
  for (let level = 0; level < 60; level++) value = [value, value];
  return value;
}

test.for(
  /** @type {[string, unknown, RegExp][]} */ ([
    ["a BigInt", { depth: 1n }, /BigInt/],
    ["a cycle", cycle(), /circular/],
    ["undefined", undefined, /undefined/],
    ["a symbol", Symbol("a"), /symbol/],
    ["a function", () => 1, /function/],
    ["a sparse array", new Array(2 ** 26), /longer than 131072/],
    ["the longest array", new Array(2 ** 32 - 1), /Invalid string length|longer than 131072/],
    ["one text many times", new Array(3000).fill("a".repeat(100)), /longer than 131072/],
    ["what doubles", doubling(), /longer than 131072/],
    ["a long text", "\0".repeat(131_000), /longer than 131072/],
  ]),
)("a message that JSON cannot hold is a text of its own: %s", ([, body, reason]) => {
  const text = messageText("m1", body);
  expect(text).toMatch(/^The message m1 has no JSON\. /);
  expect(text).toMatch(reason);
  expect(() => JSON.parse(text)).toThrow();
  expect(text.length).toBeLessThan(1000);
});

test("a message that JSON holds is its JSON", () => {
  for (const body of [
    null,
    1,
    "a",
    [],
    { kind: "author", depth: 1 },
    new Array(60_000).fill(1),
    "a".repeat(131_000),
  ]) {
    expect(messageText("m1", body)).toBe(JSON.stringify(body));
  }
});
