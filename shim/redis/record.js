// Commands and replies of Redis as records: the other side of src/redis/command.h.

import { RecordReader, RecordWriter } from "../wire.js";

/**
 * What a server says to one command: a text by its bytes, and an error by its words.
 * @typedef {null | Uint8Array | string | number | bigint | Refusal | any[]} Reply a list's items are replies too
 */

/** An error among the replies. */
export class Refusal {
  /** @param {string} message */
  constructor(message) {
    this.message = message;
  }
}

const KIND = Object.freeze({ nothing: 0, text: 1, number: 2, error: 3, list: 4 });
const encoder = new TextEncoder();

/** @param {Uint8Array} record @returns {Uint8Array[][]} each command with its arguments */
export function readCommands(record) {
  const reader = new RecordReader(record.buffer, record.byteOffset, record.byteLength);
  return Array.from({ length: reader.u32() }, () =>
    Array.from({ length: reader.u32() }, () => reader.bytes()),
  );
}

/** @param {Reply[]} replies @returns {Uint8Array} */
export function writeReplies(replies) {
  const record = new RecordWriter();
  record.u32(replies.length);
  for (const reply of replies) writeReply(record, reply);
  return record.written();
}

/** @param {RecordWriter} record @param {Reply} reply */
function writeReply(record, reply) {
  if (reply === null) {
    record.u8(KIND.nothing);
  } else if (typeof reply === "string" || reply instanceof Uint8Array) {
    record.u8(KIND.text);
    record.bytes(typeof reply === "string" ? encoder.encode(reply) : reply);
  } else if (Array.isArray(reply)) {
    record.u8(KIND.list);
    record.u32(reply.length);
    for (const item of reply) writeReply(record, item);
  } else if (reply instanceof Refusal) {
    record.u8(KIND.error);
    record.text(reply.message);
  } else {
    const bits = BigInt.asUintN(64, BigInt(reply));
    record.u8(KIND.number);
    record.u32(Number(bits & 0xffff_ffffn));
    record.u32(Number(bits >> 32n));
  }
}
