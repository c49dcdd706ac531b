// The bodies that C++ holds by handle: an ArrayBuffer, a stream that can be given out once, or an object of R2. The bytes stay
// here.

import { StoredObject } from "./stored_object.js";

/** @typedef {import("./wire.js").BodyReference} BodyReference */
/** @typedef {ArrayBuffer | ReadableStream | StoredObject} Content */

export class Bodies {
  constructor() {
    /** @type {Map<number, Content>} */
    this.table = new Map();
    this.next = 1;
  }

  /** @param {Content | null} content @returns {BodyReference} */
  keep(content) {
    if (content === null) return { handle: 0, size: 0 };
    const handle = this.next;
    // Handles are 32 bits wide; one that is still alive is never given again.
    do {
      this.next = this.next === 0xffff_ffff ? 1 : this.next + 1;
    } while (this.table.has(this.next));
    this.table.set(handle, content);
    return { handle, size: sizeOf(content) };
  }

  /** @param {number} handle */
  content(handle) {
    return this.table.get(handle) ?? null;
  }

  /** A part of a body, as a body of its own. @param {number} handle @param {number} from @param {number} size */
  slice(handle, from, size) {
    const content = this.content(handle);
    const whole = content instanceof StoredObject ? content : this.buffer(handle);
    return this.keep(whole.slice(from, from + size));
  }

  /**
   * The content of a body that is about to be a response's. A stream leaves the table: it can be given out once.
   * @param {number} handle
   */
  giveOut(handle) {
    const content = this.content(handle);
    if (content instanceof ReadableStream) this.table.delete(handle);
    return content;
  }

  /** The bytes of a body that is known to be no stream. @param {number} handle @returns {ArrayBuffer} */
  buffer(handle) {
    const content = this.content(handle);
    return content instanceof ArrayBuffer ? content : new ArrayBuffer(0);
  }

  /** @param {number} handle */
  release(handle) {
    const content = this.table.get(handle);
    this.table.delete(handle);
    cancel(content);
  }

  get alive() {
    return this.table.size;
  }
}

/** 0: nobody knows. @param {Content} content */
function sizeOf(content) {
  if (content instanceof ArrayBuffer) return content.byteLength;
  return content instanceof StoredObject ? content.size : 0;
}

/** A stream that nobody took would keep its connection. @param {Content | null | undefined} content */
export function cancel(content) {
  if (!(content instanceof ReadableStream) || content.locked) return;
  try {
    content.cancel().catch(() => {});
  } catch {
    // It belongs to a request that has ended, and ends with it.
  }
}
