// Durable Objects whose decisions are the module's (src/records): one instance of it for all objects of this isolate, apart
// from the one that serves requests. A call of an object never suspends, so the one that runs is the one that is current.

import { DurableObject } from "cloudflare:workers";
import module from "../../build/module/larder.wasm";
import { allImports } from "../imports.js";
import { RecordWriter } from "../wire.js";

/**
 * @typedef {{number: number, arguments: string[][], results: string[][]}} MethodRow
 * @typedef {{number: number, binding: string, durable: boolean, methods: Record<string, MethodRow>}} ObjectRow
 * @typedef {{reply: Uint8Array, wish: number, alarmAt: number}} Done
 */

// As src/records/machine.h and run.h number them.
const WISHES = Object.freeze({ none: 0, alarm: 1, give_back: 2 });
const ALARM = 0;
const SIZE = 0xffffffff;
const NO_ARGUMENT = new Uint8Array();
const decoder = new TextDecoder();

class Core {
  constructor() {
    /** @type {CoreObject | null} */
    this.object = null;
    /** @type {Done | null} */
    this.done = null;
    const imports = { larder: allImports(module, this.stores()) };
    this.exports = /** @type {any} */ (new WebAssembly.Instance(module, imports).exports);
    this.exports._initialize();
  }

  /** @param {CoreObject} object @param {number} number @param {number} method @param {Uint8Array} argument @returns {Done} */
  run(object, number, method, argument) {
    this.object = object;
    this.done = null;
    // The module allocates no memory of zero bytes, so it is asked for one byte more.
    const at = this.exports.larder_allocate(argument.length + 1);
    if (at === 0) throw new RangeError("The module has no memory left.");
    this.view(at, argument.length).set(argument);
    this.exports.larder_object(number, method, at, argument.length, Date.now());
    this.exports.larder_release(at);
    this.object = null;
    if (this.done === null) throw new Error("The module gave no reply.");
    return this.done;
  }

  /** @param {number} at @param {number} size */
  view(at, size) {
    return new Uint8Array(this.exports.memory.buffer, at, size);
  }

  /** @param {number} at @param {number} size */
  text(at, size) {
    return decoder.decode(this.view(at, size));
  }

  /** @param {Uint8Array | null | undefined} bytes @param {number} into @param {number} capacity */
  give(bytes, into, capacity) {
    if (bytes === null || bytes === undefined) return -1;
    if (bytes.length <= capacity) this.view(into, bytes.length).set(bytes);
    return bytes.length;
  }

  /** The object whose call is running. */
  current() {
    if (this.object === null) throw new Error("No object's call is running.");
    return this.object;
  }

  get rows() {
    return this.current().rows;
  }

  /** @returns {Record<string, (...values: any[]) => any>} */
  stores() {
    return {
      store_get: (keyAt, keySize, into, capacity) =>
        this.give(this.rows.get(this.text(keyAt, keySize)), into, capacity),
      store_put: (keyAt, keySize, at, size) =>
        this.rows.put(this.text(keyAt, keySize), this.view(at, size).slice()),
      store_erase: (keyAt, keySize) => {
        this.rows.delete(this.text(keyAt, keySize));
      },
      store_range: (startAt, startSize, endAt, endSize, limit, descending, into, capacity) => {
        const [start, end] = [this.text(startAt, startSize), this.text(endAt, endSize)];
        const found = [...this.rows.list({ start, end, limit, reverse: descending === 1 })];
        const record = new RecordWriter();
        record.u32(found.length);
        for (const [key, value] of found) {
          record.text(key);
          record.bytes(/** @type {Uint8Array} */ (value));
        }
        return this.give(record.written(), into, capacity);
      },
      store_recall: (into, capacity) => this.give(this.current().memory, into, capacity),
      store_remember: (at, size) => {
        this.current().memory = this.view(at, size).slice();
      },
      object_done: (at, size, wish, alarmAt) => {
        this.done = { reply: this.view(at, size).slice(), wish, alarmAt };
      },
    };
  }
}

/** @type {Core | null} */
let core = null;

export class CoreObject extends DurableObject {
  /** What src/records/objects.def says of the class. @type {ObjectRow} */
  static row;
  /** @type {Uint8Array | null} */
  memory = null;

  /** The object's rows in the platform's storage, in the order of their keys. */
  get rows() {
    return this.ctx.storage.kv;
  }

  get row() {
    return /** @type {typeof CoreObject} */ (this.constructor).row;
  }

  /** @param {number} method @param {Uint8Array} argument @returns {Promise<Uint8Array>} a reply, see src/records/run.h */
  async call(method, argument) {
    if (method === SIZE) return this.size();
    const { reply, wish, alarmAt } = this.run(method, argument);
    // The alarm is stored together with the call's writes, since nothing was awaited between them.
    if (wish === WISHES.alarm) await this.ctx.storage.setAlarm(alarmAt);
    if (wish === WISHES.give_back) await this.ctx.storage.deleteAll();
    return reply;
  }

  /** The bytes that the object's rows take, as a reply. */
  size() {
    const record = new RecordWriter();
    record.u8(0);
    record.u64(this.row.durable ? this.ctx.storage.sql.databaseSize : 0);
    return record.written();
  }

  /** @override */
  async alarm() {
    await this.call(ALARM, NO_ARGUMENT);
  }

  /**
   * One call of the module, which happens whole or not at all: after a trap storage and memory are as they were, and the
   * next call has a fresh instance.
   * @param {number} method @param {Uint8Array} argument @returns {Done}
   */
  run(method, argument) {
    const { number, durable } = this.row;
    const memory = this.memory;
    const decide = () => {
      core ??= new Core();
      return core.run(this, number, method, argument);
    };
    try {
      return durable ? this.ctx.storage.transactionSync(decide) : decide();
    } catch (thrown) {
      core = null;
      this.memory = memory;
      const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
      console.error(
        JSON.stringify({ level: "error", event: "trap", object: this.row.binding, method, reason }),
      );
      throw thrown;
    }
  }
}
