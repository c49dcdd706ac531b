// One WebAssembly instance with everything that lives and dies with it: bodies, lanes and requests in flight.
//
// Anything thrown out of the module is a bug of ours: the instance is dropped on the spot, its requests are answered by a
// fresh one that goes straight to the origin, and the next request starts on a new instance. Imports never throw and never
// complete an operation from inside the call.

import { Bodies, cancel } from "./bodies.js";
import { unsendable } from "./emergency.js";
import { asFailure, OperationFailure } from "./failure.js";
import { acceptedHeadersOf } from "./fields.js";
import { ABI_VERSION, OPERATIONS, STATUS } from "./generated/operations.js";
import { Heads } from "./heads.js";
import { allImports } from "./imports.js";
import { Lanes } from "./lanes.js";
import { lowerText, normalText } from "./normal_text.js";
import { handlers } from "./operations/index.js";
import { createHash, getRandomValues } from "./platform.js";
import { StoredObject } from "./stored_object.js";
import { RecordReader, RecordWriter, readFields, writeFields } from "./wire.js";

/** @typedef {import("./wire.js").OperationRow} OperationRow */
/** @typedef {{declarations: string, mode: "serve" | "bypass"}} StartOptions */
/** @typedef {Record<string, any>} Environment */

/**
 * @typedef {object} Event a request, queue batch or trigger
 * @property {Environment} env
 * @property {ExecutionContext} ctx
 * @property {Request} [request]
 * @property {string} [method] the request's
 * @property {string} [url] the request's
 * @property {MessageBatch} [batch]
 * @property {Service} [service] the Worker that asks through a service binding
 */

/**
 * `call`: what it calls, "fetch" or a row of src/app/calls.def. `argument`: the call's, as JSON. `fields`: what the core is told of it beside the request's own
 * fields, by names that no request can have (src/host/client.h); a role is there where the call is no HTTP request.
 * @typedef {{call: string, argument?: string, fields: {":caller": string, ":role"?: string}}} Service
 */

/** An event that the module works on. */
export class InFlight {
  /** @param {number} id @param {Instance} instance @param {Event} event */
  constructor(id, instance, event) {
    this.id = id;
    this.instance = instance;
    this.env = event.env;
    this.request = event.request ?? null;
    this.method = event.method ?? "";
    this.url = event.url ?? "";
    this.batch = event.batch ?? null;
    this.service = event.service ?? null;
    /** @type {Headers | null} */
    this.fields = null;
    /** @type {Set<() => void> | null} */
    this.parkedNow = null;
    /** @type {Map<number, import("./operations/origin.js").LateReply> | null} */
    this.lateNow = null;
    this.nextTicket = 1;
    /** The data centre's cache, once it is opened. @type {Promise<Cache> | null} */
    this.edge = null;
    /** @type {Response | null} */
    this.response = null;
    /** @type {((response: Response | null | Unanswered) => void) | null} */
    this.answered = null;
    /** @type {((value?: unknown) => void) | null} */
    this.done = null;
  }

  // A hit needs neither.

  /** Each ends one of the request's park operations. */
  get parked() {
    this.parkedNow ??= new Set();
    return this.parkedNow;
  }

  /** Replies by ticket, until they are resumed. */
  get late() {
    this.lateNow ??= new Map();
    return this.lateNow;
  }
}

/** What a request gets in place of a response when its instance died of another one's work. */
export const TRAPPED = Symbol("trapped");
/** The same when it died of this one's. */
export const AT_FAULT = Symbol("at fault");
/** The module has no memory left for what it was to be called with; it lives on. */
export const EXHAUSTED = Symbol("exhausted");

/** @typedef {typeof TRAPPED | typeof AT_FAULT | typeof EXHAUSTED} Unanswered */

const SCRATCH_BYTES = 65536;
/** Up to so many, letters are faster written one by one than by the encoder. */
const SHORT_LETTERS = 128;
const COLON = 0x3a;
const BODYLESS_STATUS = new Set([101, 204, 205, 304]);
const LOG_METHODS = /** @type {const} */ (["debug", "info", "warn", "error"]);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

// What an operation gives: written and handed in before anything else is.
const given = new RecordWriter();

/** @type {Array<OperationRow | undefined>} */
const rows = [];
for (const row of OPERATIONS) rows[row.kind] = row;

export class Instance {
  /** @param {WebAssembly.Module} module @param {Environment} env @param {StartOptions} options */
  constructor(module, env, options) {
    this.bodies = new Bodies();
    this.lanes = new Lanes();
    this.heads = new Heads();
    /** What was made last of the module's memory. @type {Uint8Array<ArrayBuffer> | null} */
    this.view = null;
    /** Names of request fields by the module's numbers. @type {string[]} */
    this.fieldNames = [];
    /** Those that the module works on after the call that began them. @type {Map<number, InFlight>} */
    this.requests = new Map();
    /** That of the call that is beginning one, which most hits end with. @type {InFlight | null} */
    this.beginning = null;
    this.nextRequest = 1;
    this.dead = false;
    /** Where those go that were in flight when this one died. @type {Instance | null} */
    this.standIn = null;
    const instance = new WebAssembly.Instance(module, {
      larder: allImports(module, this.imports()),
    });
    this.exports = /** @type {Record<string, any>} */ (instance.exports);
    this.memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    this.exports._initialize();
    if (this.exports.larder_abi_version() !== ABI_VERSION) {
      throw new Error(
        `The module speaks ABI ${this.exports.larder_abi_version()}, the shim ${ABI_VERSION}: build again.`,
      );
    }
    this.scratch = this.exports.larder_allocate(SCRATCH_BYTES);
    this.start(env, options);
  }

  /** @param {Environment} env @param {StartOptions} options */
  start(env, options) {
    const record = new RecordWriter();
    record.u8(options.mode === "bypass" ? 1 : 0);
    record.pairs(Object.entries(env).filter((entry) => typeof entry[1] === "string"));
    record.text(options.declarations);
    this.faults = this.withBytes(record.written(), (at, size) => this.exports.larder_start(at, size));
  }

  // Calls in -------------------------------------------------------------------------------------------------------

  /**
   * Copies bytes into the module for the length of one call.
   * @template T @param {Uint8Array} bytes @param {(at: number, size: number) => T} call
   * @returns {T | typeof EXHAUSTED} without the call where there is no memory for them
   */
  withBytes(bytes, call) {
    const fits = bytes.length <= SCRATCH_BYTES;
    const at = fits ? this.scratch : this.exports.larder_allocate(bytes.length);
    if (at === 0) return EXHAUSTED;
    this.bytes().set(bytes, at);
    try {
      return call(at, bytes.length);
    } finally {
      if (!fits && !this.dead) this.exports.larder_release(at);
    }
  }

  /**
   * Every call into the module goes through here: what it throws ends the instance.
   * @param {() => number | typeof EXHAUSTED} call @param {InFlight | null} [flight] whose work the call does
   * @returns {number | typeof TRAPPED | typeof EXHAUSTED}
   */
  guarded(call, flight = null) {
    if (this.dead) return TRAPPED;
    try {
      return call();
    } catch (thrown) {
      this.die(thrown, flight);
      return TRAPPED;
    }
  }

  /** @param {unknown} thrown @param {InFlight | null} flight */
  die(thrown, flight) {
    this.dead = true;
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    console.error(JSON.stringify({ level: "error", event: "trap", reason, in_flight: this.requests.size }));
    this.lanes.table.clear();
    this.heads.releaseAll();
    this.bodies.table.clear();
    for (const request of [...this.requests.values()]) {
      this.end(request, request === flight ? AT_FAULT : TRAPPED);
    }
  }

  /**
   * The call that begins a request, without a closure or a view of its record: there is one for each hit.
   * @param {"larder_fetch" | "larder_call" | "larder_queue" | "larder_scheduled"} entry
   * @param {InFlight} flight @param {RecordWriter} record
   * @returns {number | typeof TRAPPED | typeof EXHAUSTED}
   */
  call(entry, flight, record) {
    const { size } = record;
    const fits = size <= SCRATCH_BYTES;
    this.beginning = flight;
    try {
      const at = fits ? this.scratch : this.exports.larder_allocate(size);
      if (at === 0) return EXHAUSTED;
      record.copyTo(this.bytes(), at);
      const ended = this.exports[entry](flight.id, at, size);
      if (!fits) this.exports.larder_release(at);
      return ended;
    } catch (thrown) {
      this.requests.set(flight.id, flight);
      this.die(thrown, flight);
      return TRAPPED;
    } finally {
      this.beginning = null;
    }
  }

  /** @param {number} id */
  flightOf(id) {
    const { beginning } = this;
    return beginning?.id === id ? beginning : this.requests.get(id);
  }

  /** Nothing that the request left behind outlives it. @param {InFlight} flight @param {Response | null | Unanswered} outcome */
  end(flight, outcome) {
    this.requests.delete(flight.id);
    if (flight.lateNow) for (const ticket of [...flight.lateNow.keys()]) letGo(flight, ticket);
    flight.answered?.(outcome);
    flight.done?.();
  }

  /**
   * Starts a request, a batch or an event. Returns its answer (null where there is none to give), or a promise of it, or
   * why there is none.
   * @param {"larder_fetch" | "larder_call" | "larder_queue" | "larder_scheduled"} entry
   * @param {Event} event @param {RecordWriter} record
   * @returns {Response | null | Unanswered | Promise<Response | null | Unanswered>}
   */
  begin(entry, event, record) {
    if (this.dead) return AT_FAULT;
    const id = this.nextRequest;
    this.nextRequest = id === 0xffff_ffff ? 1 : id + 1;
    const flight = new InFlight(id, this, event);
    const ended = this.call(entry, flight, record);
    if (ended === TRAPPED) return flight.response ?? AT_FAULT;
    if (ended === EXHAUSTED) return EXHAUSTED;
    if (ended === 1) return flight.response;
    this.requests.set(id, flight);
    // From the first suspension on, the platform is asked to keep the request's context until the work has ended: a client
    // that goes away takes neither its followers nor its stores with it.
    event.ctx.waitUntil(
      new Promise((resolve) => {
        flight.done = resolve;
      }),
    );
    if (flight.response !== null) return flight.response;
    return new Promise((resolve) => {
      flight.answered = resolve;
    });
  }

  // Operations -----------------------------------------------------------------------------------------------------

  /**
   * @param {InFlight} flight @param {number} index @param {number} generation
   * @param {OperationRow} row @param {Record<string, any> | null} wanted null: they could not be read
   */
  async operate(flight, index, generation, row, wanted) {
    // Also makes sure that nothing completes from inside the import.
    await null;
    /** @type {Record<string, any> | null} */
    let results = null;
    let status = STATUS.ok;
    let message = "";
    try {
      if (wanted === null)
        throw new OperationFailure("invalid", `${row.name} was asked for in no known form.`);
      results = await handlers[row.name](flight, wanted);
      given.clear();
      writeFields(given, row.results, results ?? {});
    } catch (thrown) {
      const failure = asFailure(thrown, row.name);
      status = STATUS[failure.status];
      message = failure.message;
    }
    const bytes = status === STATUS.ok ? given.written() : encoder.encode(message);
    let taken = this.complete(flight, index, generation, status, bytes);
    if (taken === EXHAUSTED) {
      status = STATUS.unavailable;
      const message = encoder.encode(`No memory is left for what ${row.name} gave.`);
      taken = this.complete(flight, index, generation, status, message);
    }
    // Nobody got them: the request is gone, or they could not be written.
    if (taken !== 1 || status !== STATUS.ok) this.releaseResults(flight, row, results);
  }

  /**
   * @param {InFlight} flight @param {number} index @param {number} generation @param {number} status
   * @param {Uint8Array} bytes
   */
  complete(flight, index, generation, status, bytes) {
    return this.guarded(
      () =>
        this.withBytes(bytes, (at, size) =>
          this.exports.larder_complete(flight.id, index, generation, status, at, size),
        ),
      flight,
    );
  }

  /**
   * Nobody waits any more: what the results own is freed.
   * @param {InFlight} flight @param {OperationRow} row @param {Record<string, any> | null} results
   */
  releaseResults(flight, row, results) {
    if (results === null) return;
    for (const [type, name] of row.results) {
      if (type === "body") this.bodies.release(results[name].handle);
      if (name === "ticket") letGo(flight, results.ticket);
    }
  }

  // Calls out ------------------------------------------------------------------------------------------------------

  /** All of the module's memory, for use before the next call into the module, which may make it grow. */
  bytes() {
    const { buffer } = this.memory;
    if (this.view?.buffer !== buffer) {
      this.view = new Uint8Array(/** @type {ArrayBuffer} */ (buffer));
    }
    return this.view;
  }

  /** @param {number} at @param {number} size */
  copyIn(at, size) {
    return new Uint8Array(this.memory.buffer, at, size);
  }

  /** @param {number} at @param {number} size */
  textAt(at, size) {
    return decoder.decode(this.copyIn(at, size));
  }

  /** @returns {Record<string, (...values: any[]) => any>} */
  imports() {
    return {
      submit: (
        /** @type {number} */ id,
        /** @type {number} */ index,
        /** @type {number} */ generation,
        /** @type {number} */ kind,
        /** @type {number} */ at,
        /** @type {number} */ size,
      ) => this.submit(id, index, generation, kind, at, size),
      respond: (/** @type {number} */ id, /** @type {number} */ at, /** @type {number} */ size) =>
        this.respond(id, at, size),
      respond_kept: (
        /** @type {number} */ id,
        /** @type {number} */ head,
        /** @type {number} */ age,
        /** @type {number} */ ttl,
        /** @type {number} */ lane,
        /** @type {number} */ until,
        /** @type {number} */ hitsMax,
        /** @type {number} */ ageSince,
        /** @type {number} */ ttlUntil,
      ) =>
        this.respondKept(
          id,
          head,
          age,
          ttl,
          lane === 0 ? null : { id: lane, until, hitsMax, ageSince, ttlUntil },
        ),
      create_head: (/** @type {number} */ at, /** @type {number} */ size) => this.createHead(at, size),
      release_head: (/** @type {number} */ head) => this.heads.release(head),
      wake: (/** @type {number} */ id) => {
        for (const wake of [...(this.flightOf(id)?.parked ?? [])]) wake();
      },
      finished: (/** @type {number} */ id) => {
        const flight = this.flightOf(id);
        if (flight !== undefined) this.end(flight, flight.response);
      },
      revoke_lanes: () => this.lanes.closeAll(),
      take_lane_hits: (/** @type {number} */ into, /** @type {number} */ capacity) =>
        this.takeLaneHits(into, capacity),
      now: () => Date.now(),
      random_bytes: (/** @type {number} */ at, /** @type {number} */ size) => {
        getRandomValues(this.copyIn(at, size));
      },
      sha256: (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ into) => {
        this.copyIn(into, 32).set(createHash("sha256").update(this.copyIn(at, size)).digest());
      },
      body_sha256: (/** @type {number} */ handle, /** @type {number} */ into) => {
        this.copyIn(into, 32).set(
          createHash("sha256")
            .update(new Uint8Array(this.bodies.buffer(handle)))
            .digest(),
        );
      },
      normal_text: (
        /** @type {number} */ at,
        /** @type {number} */ size,
        /** @type {number} */ into,
        /** @type {number} */ capacity,
        /** @type {number} */ composed,
      ) => {
        const form = composed === 1 ? lowerText : normalText;
        return this.writeText(form(this.textAt(at, size)), into, capacity);
      },
      name_field: (/** @type {number} */ number, /** @type {number} */ at, /** @type {number} */ size) => {
        this.fieldNames[number] = this.textAt(at, size);
      },
      request_header: (
        /** @type {number} */ id,
        /** @type {number} */ name,
        /** @type {number} */ into,
        /** @type {number} */ capacity,
      ) => this.requestHeader(id, this.fieldNames[name] ?? "", into, capacity),
      request_fields: (
        /** @type {number} */ id,
        /** @type {number} */ into,
        /** @type {number} */ capacity,
      ) => this.requestFields(id, into, capacity),
      request_stream: (/** @type {number} */ id) => this.requestStream(id),
      create_body: (/** @type {number} */ at, /** @type {number} */ size) =>
        this.bodies.keep(this.memory.buffer.slice(at, at + size)).handle,
      read_body: (/** @type {number} */ handle, /** @type {number} */ into, /** @type {number} */ size) => {
        const bytes = new Uint8Array(this.bodies.buffer(handle));
        this.copyIn(into, size).set(bytes.subarray(0, size));
      },
      slice_body: (/** @type {number} */ handle, /** @type {number} */ from, /** @type {number} */ size) =>
        this.bodies.slice(handle, from, size).handle,
      release_body: (/** @type {number} */ handle) => this.bodies.release(handle),
      log: (/** @type {number} */ level, /** @type {number} */ at, /** @type {number} */ size) =>
        console[LOG_METHODS[level] ?? "error"](this.textAt(at, size)),
    };
  }

  /**
   * @param {number} id @param {number} index @param {number} generation @param {number} kind
   * @param {number} at @param {number} size
   */
  submit(id, index, generation, kind, at, size) {
    const flight = this.flightOf(id);
    const row = rows[kind];
    // Only a bug leads here; the operation is left without an answer and the request's own deadline ends it.
    if (flight === undefined || row === undefined) return;
    this.operate(flight, index, generation, row, this.argumentsOf(row, at, size));
  }

  /** @param {OperationRow} row @param {number} at @param {number} size */
  argumentsOf(row, at, size) {
    try {
      const wanted = readFields(new RecordReader(this.memory.buffer, at, size), row.arguments);
      for (const [type, name] of row.arguments) {
        if (type === "body") wanted[name] = this.bodies.content(wanted[name].handle);
      }
      return wanted;
    } catch {
      return null;
    }
  }

  /** @param {number} into @param {number} capacity @returns {number} of how many lanes */
  takeLaneHits(into, capacity) {
    const hits = this.lanes.takeHits(capacity);
    if (hits.length > 0) new Uint32Array(this.memory.buffer, into, hits.length).set(hits);
    return hits.length / 2;
  }

  /** @param {number} id @param {string} name @param {number} into @param {number} capacity */
  requestHeader(id, name, into, capacity) {
    const flight = this.flightOf(id);
    const value = flight === undefined ? null : fieldOf(flight, name);
    return value === null ? -1 : this.writeText(value, into, capacity);
  }

  /** @param {number} id @param {number} into @param {number} capacity @returns {number} the length of the record */
  requestFields(id, into, capacity) {
    const record = new RecordWriter();
    const flight = this.flightOf(id);
    record.pairs(flight === undefined || isCall(flight) ? [] : (flight.request?.headers ?? []));
    const bytes = record.written();
    if (bytes.length <= capacity) this.copyIn(into, bytes.length).set(bytes);
    return bytes.length;
  }

  /** @param {number} id @returns {number} a handle; 0 where there is no body that nobody has read yet */
  requestStream(id) {
    const request = this.flightOf(id)?.request;
    return request?.body && !request.bodyUsed ? this.bodies.keep(request.body).handle : 0;
  }

  /** @param {string} text @param {number} into @param {number} capacity @returns {number} its length in UTF-8 */
  writeText(text, into, capacity) {
    if (text.length <= Math.min(capacity, SHORT_LETTERS)) {
      const bytes = this.bytes();
      let at = 0;
      for (; at < text.length; at++) {
        const letter = text.charCodeAt(at);
        if (letter > 0x7f) break;
        bytes[into + at] = letter;
      }
      if (at === text.length) return at;
    }
    const bytes = encoder.encode(text);
    if (bytes.length <= capacity) this.copyIn(into, bytes.length).set(bytes);
    return bytes.length;
  }

  /** @param {number} id @param {number} at @param {number} size */
  respond(id, at, size) {
    const flight = this.flightOf(id);
    if (flight === undefined || flight.response !== null) return;
    flight.response = this.responseAt(flight, at, size) ?? unsendable();
    flight.answered?.(flight.response);
  }

  /**
   * @param {number} id @param {number} handle @param {number} age @param {number} ttl
   * @param {import("./lanes.js").Leave | null} lane
   */
  respondKept(id, handle, age, ttl, lane) {
    const flight = this.flightOf(id);
    if (flight === undefined || flight.response !== null) return;
    const head = this.heads.get(handle);
    const init = head === null ? null : head.at(age, ttl);
    const body = head === null || flight.method === "HEAD" ? null : head.body;
    const response = init === null ? null : responseOf(body, init);
    flight.response = response ?? unsendable();
    flight.answered?.(flight.response);
    if (lane !== null && head !== null && response !== null && body !== null && !isCall(flight)) {
      this.lanes.open(flight.url, lane, head);
    }
  }

  /** @param {number} at @param {number} size @returns {number} a handle; 0: there is no such head */
  createHead(at, size) {
    const parts = headPartsOf(new RecordReader(this.memory.buffer, at, size));
    if (parts === null || parts.status < 200 || parts.status > 599) return 0;
    const content = this.bodies.content(parts.handle);
    const body = BODYLESS_STATUS.has(parts.status) || !(content instanceof ArrayBuffer) ? null : content;
    return this.heads.keep(parts, initOf(parts.status, parts.fields), body);
  }

  /** @param {InFlight} flight @param {number} at @param {number} size @returns {Response | null} null: none can be sent */
  responseAt(flight, at, size) {
    const answer = answerOf(new RecordReader(this.memory.buffer, at, size));
    if (answer === null) return null;
    const { status } = answer;
    const content = this.bodies.giveOut(answer.handle);
    const init = initOf(status, answer.fields);
    const isBodyless = BODYLESS_STATUS.has(status) || flight.method === "HEAD";
    const body = isBodyless ? null : content instanceof StoredObject ? content.stream() : content;
    // Nobody will read it: it would keep its connection.
    if (body === null) cancel(content);
    const response = responseOf(body, init);
    if (response === null) cancel(body);
    return response;
  }
}

/** @param {RecordReader} record as host::encode writes it; null: it breaks off */
function answerOf(record) {
  try {
    const status = record.u32();
    const fields = record.pairs();
    return { status, fields, handle: record.u32() };
  } catch {
    return null;
  }
}

/** @param {RecordReader} record as host::encode writes it @returns {import("./heads.js").HeadParts | null} null: it breaks off */
function headPartsOf(record) {
  try {
    return {
      status: record.u32(),
      fields: record.pairs(),
      beforeTtl: record.text(),
      afterTtl: record.text(),
      handle: record.u32(),
      guards: record.texts(),
    };
  } catch {
    return null;
  }
}

/** @param {number} status @param {[string, string][]} fields @returns {ResponseInit & {headers: Headers}} */
function initOf(status, fields) {
  const headers = acceptedHeadersOf(fields);
  // A body whose encoding is told is in that encoding already.
  return headers.has("content-encoding") ? { status, headers, encodeBody: "manual" } : { status, headers };
}

/**
 * The body is handed out as it is, not as a stream: a stream costs a quarter of the throughput.
 * @param {ArrayBuffer | ReadableStream | null} body @param {ResponseInit} init @returns {Response | null} null for what the
 *   platform refuses to send
 */
function responseOf(body, init) {
  try {
    return new Response(body, init);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.name : typeof thrown;
    console.error(JSON.stringify({ level: "error", event: "answer_refused", status: init.status, reason }));
    return null;
  }
}

/** Nobody will resume it. @param {InFlight} flight @param {number} ticket */
function letGo(flight, ticket) {
  flight.late.get(ticket)?.letGo();
  flight.late.delete(ticket);
}

/** It has no URL, and its request's fields are those of its argument. @param {InFlight} flight */
const isCall = (flight) => (flight.service?.call ?? "fetch") !== "fetch";

/** A field that the origin's Vary names may be none that a request can have. @param {InFlight} flight @param {string} name */
function fieldOf(flight, name) {
  if (name.charCodeAt(0) === COLON) {
    return flight.service?.fields[/** @type {":caller" | ":role"} */ (name)] ?? null;
  }
  try {
    flight.fields ??= flight.request?.headers ?? null;
    return flight.fields?.get(name) ?? null;
  } catch {
    return null;
  }
}
