// One connection to a Redis server: the platform's socket, and the decoder of replies (RESP) of ioredis. This file alone
// knows that library; it is loaded where a server is configured and its first command is sent.
//
// Commands go out at once, one behind the other, whoever sends them, and replies come in that order. A connection that has
// failed is over: all who wait on it are told, and the next command opens another.

import { connect } from "cloudflare:sockets";
import { Buffer } from "node:buffer";
import { Decoder } from "ioredis/built/resp/decoder.js";
import { OperationFailure } from "../failure.js";
import { Refusal } from "./record.js";

/** @typedef {import("./record.js").Reply} Reply */
/** @typedef {{count: number, bytes: number, replies: Reply[], resolve: (replies: Reply[]) => void, reject: (failure: Error) => void}} Waiting */

/** The bytes `$` of a reply by RESP's letter: kept as they are. */
const TYPE_MAPPING = { 36: Buffer };
const PORT = 6379;
/** What may be on its way on one connection: an object has 128 MB for everything. */
const PENDING_BYTES_MAX = 32 * 1024 * 1024;

export class Connection {
  /** @param {string} address redis:// or rediss://, as src/config/redis_address.h checks it */
  constructor(address) {
    this.address = address;
    this.isOver = false;
    this.pendingBytes = 0;
    /** @type {Waiting[]} */
    this.waiting = [];
    const { protocol, hostname, port, username, password, pathname } = new URL(address);
    this.socket = connect(
      { hostname: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? PORT : Number(port) },
      { secureTransport: protocol === "rediss:" ? "on" : "off", allowHalfOpen: false },
    );
    this.writer = this.socket.writable.getWriter();
    const settle = (/** @type {any} */ reply) => this.settle(reply);
    this.decoder = new Decoder({
      onReply: settle,
      onErrorReply: ({ message }) => settle(new Refusal(message)),
      onPush: () => {},
      getTypeMapping: () => /** @type {any} */ (TYPE_MAPPING),
    });
    this.opened = this.socket.opened;
    for (const promise of [this.opened, this.socket.closed, this.writer.closed]) {
      promise.catch(() => this.end());
    }
    this.receive();
    this.introduce(decodeURIComponent(username), decodeURIComponent(password), pathname.slice(1));
  }

  /** Goes out before any other command, without a wait. @param {string} user @param {string} password @param {string} database */
  introduce(user, password, database) {
    const commands = [];
    if (password !== "") commands.push(user === "" ? ["AUTH", password] : ["AUTH", user, password]);
    if (database !== "" && database !== "0") commands.push(["SELECT", database]);
    if (commands.length === 0) return;
    this.run(commands.map((command) => command.map((argument) => Buffer.from(argument)))).then(
      (replies) => {
        const refusal = replies.find((reply) => reply instanceof Refusal);
        if (refusal === undefined) return;
        const code = /** @type {Refusal} */ (refusal).message.split(" ", 1)[0];
        this.end(
          new OperationFailure("rejected", `Redis refuses the user or the database of REDIS_URL (${code}).`),
        );
      },
      () => {},
    );
  }

  /** @param {Uint8Array[][]} commands @returns {Promise<Reply[]>} in their order */
  run(commands) {
    return new Promise((resolve, reject) => {
      const packet = encoded(commands);
      if (this.isOver || this.pendingBytes + packet.length > PENDING_BYTES_MAX) {
        reject(
          new OperationFailure(
            "unavailable",
            this.isOver ? "Redis has closed the connection." : "Too much is on its way to Redis.",
          ),
        );
        return;
      }
      this.pendingBytes += packet.length;
      this.waiting.push({ count: commands.length, bytes: packet.length, replies: [], resolve, reject });
      this.writer.write(packet).catch(() => this.end());
    });
  }

  /** @param {Reply} reply to the first who waits */
  settle(reply) {
    const first = this.waiting[0];
    if (first === undefined) return this.end();
    first.replies.push(reply);
    if (first.replies.length < first.count) return;
    this.waiting.shift();
    this.pendingBytes -= first.bytes;
    first.resolve(first.replies);
  }

  async receive() {
    const reader = this.socket.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.decoder.write(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      }
    } catch {
      // A reply that is not RESP is handled like a broken socket.
    }
    this.end();
  }

  /** @param {Error} [failure] that the waiting commands get */
  end(failure = new OperationFailure("unavailable", "Redis has closed the connection.")) {
    if (this.isOver) return;
    this.isOver = true;
    for (const { reject } of this.waiting.splice(0)) reject(failure);
    this.socket.close().catch(() => {});
  }
}

/** As RESP has commands: arrays of byte strings. @param {Uint8Array[][]} commands */
function encoded(commands) {
  const pieces = [];
  for (const command of commands) {
    pieces.push(Buffer.from(`*${command.length}\r\n`));
    for (const argument of command) {
      pieces.push(Buffer.from(`$${argument.length}\r\n`), argument, Buffer.from("\r\n"));
    }
  }
  return Buffer.concat(pieces);
}
