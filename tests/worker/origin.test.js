// An origin's answer past its soft time: who comes for it gets it, and what nobody comes for leaves nothing behind.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure } from "../../shim/failure.js";
import { OPERATIONS } from "../../shim/generated/operations.js";
import { Heads } from "../../shim/heads.js";
import { InFlight, Instance, TRAPPED } from "../../shim/instance.js";
import { Lanes } from "../../shim/lanes.js";
import { handlers } from "../../shim/operations/index.js";

const PENDING = { status: 0, headers: [], streamed: 0, content: { handle: 0, size: 0 } };
const bodies = new Bodies();

/** @param {number} [taken] what the module says to a completion */
const instanceThat = (taken = 1) =>
  Object.assign(Object.create(Instance.prototype), {
    bodies,
    lanes: new Lanes(),
    heads: new Heads(),
    requests: new Map(),
    dead: false,
    withBytes: (/** @type {Uint8Array} */ bytes, /** @type {any} */ call) => call(0, bytes.length),
    exports: { larder_complete: () => taken },
  });

/** A request in flight, on an instance of its own. @param {any} [instance] */
function requestIn(instance = instanceThat()) {
  const flight = new InFlight(1, instance, { env: {}, ctx: /** @type {any} */ ({}) });
  flight.answered = vi.fn();
  flight.done = vi.fn();
  instance.requests.set(flight.id, flight);
  return /** @type {any} */ (flight);
}

/**
 * The requests that have reached the origin, which answers when it is told to.
 * @type {Array<{signal: AbortSignal, answer: (response: Response) => void}>}
 */
let asked = [];

beforeEach(() => {
  asked = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("fetch", (/** @type {string} */ _url, /** @type {{signal: AbortSignal}} */ { signal }) => {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      asked.push({ signal, answer: resolve });
    });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  expect(bodies.alive).toBe(0);
});

/** @param {Record<string, any>} [more] */
const wanted = (more) => ({
  method: "GET",
  url: "http://api.test/x",
  headers: [],
  timeout_millis: 5000,
  soft_millis: 1000,
  body_bytes_max: 100,
  oversize: 0,
  content: null,
  ...more,
});
/** @param {any} flight @param {Record<string, any>} [more] */
const ask = (flight, more) => handlers.origin_fetch(flight, wanted(more));
/** @param {any} flight @param {number} ticket */
const resume = (flight, ticket) => handlers.origin_resume(flight, { ticket });
/** @param {Promise<unknown>} call */
const failureOf = (call) =>
  call.then(
    () => "none",
    (thrown) => asFailure(thrown, "origin").status,
  );
/** What was given, with the body's text in place of its handle. @param {any} given */
function read({ content, ...head }) {
  const text = new TextDecoder().decode(bodies.buffer(content.handle));
  expect(content.size).toBe(text.length);
  bodies.release(content.handle);
  return { ...head, text };
}
const reply = () => new Response("the answer", { status: 203, headers: { "x-from": "origin" } });
const READ = {
  status: 203,
  headers: [
    ["content-type", "text/plain;charset=UTF-8"],
    ["x-from", "origin"],
  ],
  streamed: 0,
  text: "the answer",
};

/** A body that comes when it is told to, and what became of it. */
function slowBody() {
  /** @type {any} */
  let controller;
  const cancel = vi.fn();
  const stream = new ReadableStream({
    start(given) {
      controller = given;
    },
    cancel,
  });
  const write = (/** @type {string} */ text) => controller.enqueue(new TextEncoder().encode(text));
  return { stream, cancel, write, close: () => controller.close() };
}

/** A fetch past its soft time. @param {any} flight @param {Record<string, any>} [more] @returns {Promise<number>} */
async function late(flight, more) {
  const asking = ask(flight, more);
  await vi.advanceTimersByTimeAsync(1000);
  const { ticket, ...rest } = await asking;
  expect(rest).toEqual(PENDING);
  return ticket;
}

test("an answer within the soft time needs no ticket", async () => {
  const flight = requestIn();
  const asking = ask(flight);
  await vi.advanceTimersByTimeAsync(999);
  asked[0].answer(reply());
  expect(read(await asking)).toEqual({ ticket: 0, ...READ });
  expect(flight.late.size).toBe(0);
  expect(await failureOf(resume(flight, 0))).toBe("invalid");
});

test("without a soft time only the hard one ends the wait", async () => {
  const asking = failureOf(ask(requestIn(), { soft_millis: 0 }));
  await vi.advanceTimersByTimeAsync(4999);
  expect(asked[0].signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asking).toBe("timeout");
});

test("a soft time that is no shorter than the hard one changes nothing", async () => {
  const asking = failureOf(ask(requestIn(), { soft_millis: 5001 }));
  await vi.advanceTimersByTimeAsync(5000);
  expect(await asking).toBe("timeout");
});

test("a failure within the soft time is told at once", async () => {
  const asking = failureOf(ask(requestIn()));
  asked[0].answer(new Response("x".repeat(101)));
  expect(await asking).toBe("too_large");
});

test("an answer past the soft time is there for its ticket, once", async () => {
  const flight = requestIn();
  const ticket = await late(flight);
  expect(ticket).toBe(1);
  const resuming = resume(flight, ticket);
  asked[0].answer(reply());
  expect(read(await resuming)).toEqual(READ);
  expect(await failureOf(resume(flight, ticket))).toBe("invalid");
  expect(asked).toHaveLength(1);
});

test("an answer that came before it was resumed has waited, and is no body until then", async () => {
  const flight = requestIn();
  const ticket = await late(flight);
  asked[0].answer(reply());
  await vi.advanceTimersByTimeAsync(1);
  expect(bodies.alive).toBe(0);
  expect(read(await resume(flight, ticket))).toEqual(READ);
});

test("a head within the soft time is no answer as long as the body is not whole", async () => {
  const flight = requestIn();
  const body = slowBody();
  const asking = ask(flight);
  asked[0].answer(new Response(body.stream));
  body.write("half");
  await vi.advanceTimersByTimeAsync(1000);
  const { ticket } = await asking;
  expect(ticket).toBe(1);
  const resuming = resume(flight, ticket);
  body.write(" and half");
  body.close();
  expect(read(await resuming)).toMatchObject({ status: 200, text: "half and half" });
});

test("the hard timeout goes on past the soft one", async () => {
  const flight = requestIn();
  const resuming = failureOf(resume(flight, await late(flight)));
  await vi.advanceTimersByTimeAsync(3999);
  expect(asked[0].signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await resuming).toBe("timeout");
});

test("a failure that came before it was resumed is told then, and disturbs nobody until then", async () => {
  const flight = requestIn();
  const tickets = [await late(flight), await late(flight)];
  asked[1].answer(new Response("x".repeat(101)));
  await vi.advanceTimersByTimeAsync(5000);
  expect(await failureOf(resume(flight, tickets[0]))).toBe("timeout");
  expect(await failureOf(resume(flight, tickets[1]))).toBe("too_large");
});

test("an answer that is too large is handed on as a stream where that is allowed", async () => {
  const flight = requestIn();
  const resuming = resume(flight, await late(flight, { oversize: 1 }));
  asked[0].answer(new Response("x".repeat(300)));
  const { streamed, content } = await resuming;
  expect({ streamed, size: content.size }).toEqual({ streamed: 1, size: 0 });
  expect(await new Response(/** @type {ReadableStream} */ (bodies.giveOut(content.handle))).text()).toBe(
    "x".repeat(300),
  );
});

test("every request has its own tickets", async () => {
  const [one, other] = [requestIn(), requestIn()];
  expect([await late(one), await late(one), await late(other)]).toEqual([1, 2, 1]);
  expect(await failureOf(resume(other, 2))).toBe("invalid");
  for (const { answer } of asked) answer(reply());
  expect(read(await resume(one, 2))).toEqual(READ);
  for (const flight of [one, other]) flight.instance.end(flight, null);
  await vi.advanceTimersByTimeAsync(0);
});

// What nobody comes for ----------------------------------------------------------------------------------------------

test("the end of the request aborts what it left to itself, and only that", async () => {
  const flight = requestIn();
  const [left, resumed] = [await late(flight), await late(flight)];
  const resuming = resume(flight, resumed);
  flight.instance.imports().finished(flight.id);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(flight.done).toHaveBeenCalledTimes(1);
  expect(await failureOf(resume(flight, left))).toBe("invalid");
  asked[1].answer(reply());
  expect(read(await resuming)).toEqual(READ);
});

test("the end of the instance aborts what its requests left to themselves", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const instance = instanceThat();
  const flight = requestIn(instance);
  await late(flight);
  instance.die(new RangeError("stack"));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked[0].signal.aborted).toBe(true);
  expect(flight.answered).toHaveBeenCalledWith(TRAPPED);
  expect(flight.late.size).toBe(0);
  vi.restoreAllMocks();
});

test("an answer that came, and nobody came for, is dropped with the request", async () => {
  const flight = requestIn();
  await late(flight);
  asked[0].answer(reply());
  await vi.advanceTimersByTimeAsync(0);
  flight.instance.end(flight, null);
  await vi.advanceTimersByTimeAsync(0);
  expect(flight.late.size).toBe(0);
  expect(bodies.table.size).toBe(0);
});

test("a stream that came, and nobody came for, is cancelled with the request", async () => {
  const flight = requestIn();
  const body = slowBody();
  await late(flight, { oversize: 1 });
  asked[0].answer(new Response(body.stream, { headers: { "content-length": "101" } }));
  await vi.advanceTimersByTimeAsync(0);
  expect(body.cancel).not.toHaveBeenCalled();
  flight.instance.end(flight, null);
  await vi.advanceTimersByTimeAsync(0);
  expect(body.cancel).toHaveBeenCalledTimes(1);
});

test("a ticket that nobody took, since the instance ended meanwhile, is let go", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  for (const instance of [instanceThat(0), instanceThat()]) {
    const flight = requestIn(instance);
    const row = OPERATIONS.find(({ name }) => name === "origin_fetch");
    const operating = instance.operate(flight, 0, 0, row, wanted());
    await vi.advanceTimersByTimeAsync(999);
    if (instance.exports.larder_complete() === 1) instance.die(new RangeError("stack"));
    await vi.advanceTimersByTimeAsync(1);
    await operating;
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.at(-1)?.signal.aborted).toBe(true);
    expect(flight.late.size).toBe(0);
  }
  vi.restoreAllMocks();
});
