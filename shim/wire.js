// Length-prefixed records, the other side of src/base/wire.h: little-endian numbers, text as length and UTF-8 bytes.

/**
 * @typedef {{name: string, kind: number, arguments: string[][], results: string[][]}} OperationRow
 * @typedef {{handle: number, size: number}} BodyReference
 */

const SHORT_LETTERS = 128;
const KEPT_BYTES = 16_384;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export class RecordWriter {
  constructor() {
    this.buffer = new Uint8Array(512);
    this.view = new DataView(this.buffer.buffer);
    this.size = 0;
  }

  /** Begins another record. A buffer that one record has made large is not kept for those that follow. */
  clear() {
    this.size = 0;
    if (this.buffer.length <= KEPT_BYTES) return;
    this.buffer = new Uint8Array(KEPT_BYTES);
    this.view = new DataView(this.buffer.buffer);
  }

  /** Copies the record. A view of it costs as much as some two hundred bytes. @param {Uint8Array} into @param {number} at */
  copyTo(into, at) {
    if (this.size > SHORT_LETTERS) {
      into.set(this.written(), at);
      return;
    }
    const { buffer, size } = this;
    for (let i = 0; i < size; i++) into[at + i] = /** @type {number} */ (buffer[i]);
  }

  /** @param {number} more */
  reserve(more) {
    if (this.size + more <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.size + more));
    grown.set(this.buffer.subarray(0, this.size));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }

  /** @param {number} value */
  u8(value) {
    this.reserve(1);
    this.view.setUint8(this.size, value);
    this.size += 1;
  }

  /** @param {number} value */
  u32(value) {
    this.reserve(4);
    this.view.setUint32(this.size, value, true);
    this.size += 4;
  }

  /** A whole number below 2^53. @param {number} value */
  u64(value) {
    this.reserve(8);
    this.view.setUint32(this.size, value % 0x1_0000_0000, true);
    this.view.setUint32(this.size + 4, Math.floor(value / 0x1_0000_0000), true);
    this.size += 8;
  }

  /** @param {string} value */
  text(value) {
    this.reserve(4 + value.length * 3);
    const written = this.shortAscii(value)
      ? value.length
      : encoder.encodeInto(value, this.buffer.subarray(this.size + 4)).written;
    this.view.setUint32(this.size, written, true);
    this.size += 4 + written;
  }

  /**
   * A call of the encoder costs as much as some two hundred letters.
   * @param {string} value @returns {boolean} whether it was written behind the place of its length
   */
  shortAscii(value) {
    if (value.length > SHORT_LETTERS) return false;
    const at = this.size + 4;
    for (let i = 0; i < value.length; i++) {
      const letter = value.charCodeAt(i);
      if (letter > 0x7f) return false;
      this.buffer[at + i] = letter;
    }
    return true;
  }

  /** @param {Uint8Array} value */
  bytes(value) {
    this.reserve(4 + value.length);
    this.u32(value.length);
    this.buffer.set(value, this.size);
    this.size += value.length;
  }

  /** @param {string[]} values */
  texts(values) {
    this.u32(values.length);
    for (const value of values) this.text(value);
  }

  /** @param {Iterable<[string, string]>} values */
  pairs(values) {
    const list = [...values];
    this.u32(list.length);
    for (const [name, value] of list) {
      this.text(name);
      this.text(value);
    }
  }

  /** @param {BodyReference} body */
  body(body) {
    this.u32(body.handle);
    this.u64(body.size);
  }

  /** All that was written so far, until more is. */
  written() {
    return this.buffer.subarray(0, this.size);
  }
}

/** Reads a record out of Wasm memory. It is valid only until the next call into the module. */
export class RecordReader {
  /** @param {ArrayBufferLike} memory @param {number} at @param {number} size */
  constructor(memory, at, size) {
    this.view = new DataView(memory, at, size);
    this.record = new Uint8Array(memory, at, size);
    this.at = 0;
  }

  u8() {
    this.at += 1;
    return this.view.getUint8(this.at - 1);
  }

  u32() {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64() {
    const low = this.u32();
    const high = this.u32();
    // Neither side has use for numbers that a double does not hold exactly.
    if (high > 0x1f_ffff) throw new RangeError("A number is above 2^53 - 1.");
    return high * 0x1_0000_0000 + low;
  }

  text() {
    return decoder.decode(this.part());
  }

  bytes() {
    return this.part().slice();
  }

  /** What a text or bytes have, in place. */
  part() {
    const size = this.u32();
    if (size > this.record.length - this.at) throw new RangeError("A text runs past the end of its record.");
    this.at += size;
    return this.record.subarray(this.at - size, this.at);
  }

  texts() {
    return this.list(() => this.text());
  }

  pairs() {
    return this.list(() => /** @type {[string, string]} */ ([this.text(), this.text()]));
  }

  /** @returns {BodyReference} */
  body() {
    const handle = this.u32();
    return { handle, size: this.u64() };
  }

  /** @template T @param {() => T} read @returns {T[]} */
  list(read) {
    const count = this.u32();
    if (count > this.record.length - this.at) throw new RangeError("A list runs past the end of its record.");
    const items = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  complete() {
    return this.at === this.record.length;
  }
}

/**
 * @param {RecordReader} reader @param {string[][]} fields
 * @returns {Record<string, any>}
 */
export function readFields(reader, fields) {
  /** @type {Record<string, any>} */
  const values = {};
  // The generated table names this class's own methods only.
  for (const [type, name] of fields) values[name] = /** @type {any} */ (reader)[type]();
  return values;
}

/** @param {RecordWriter} writer @param {string[][]} fields @param {Record<string, any>} values */
export function writeFields(writer, fields, values) {
  for (const [type, name] of fields) /** @type {any} */ (writer)[type](values[name]);
}
