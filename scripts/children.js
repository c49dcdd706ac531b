// Long-running processes that this one starts, and their end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */
/** @typedef {"inherit" | "ignore" | number} Output */
/**
 * @typedef {object} Child
 * @property {string} name
 * @property {ChildProcess} process
 * @property {Promise<string>} ended how it came to its end, in words
 * @property {Promise<number>} status its status; 128 where a signal ended it or it did not start
 * @property {string[]} lines the last that it wrote, both streams as they came, where it is watched
 * @property {number} wroteAt when, in milliseconds of performance.now(); 0: nothing so far
 */

const GRACE_MILLIS = 5_000;
const LINES_KEPT = 40;

export class Children {
  constructor() {
    /** @type {Child[]} */
    this.running = [];
  }

  /**
   * Starts a program in a process group of its own, so that it ends together with all that it starts, and only when
   * it is told to.
   * @param {string} name @param {string[]} command
   * @param {{environment?: Record<string, string>, output?: Output, watched?: boolean}} [options] watched: what it writes is
   *   remembered, and passed on by this process
   * @returns {Child}
   */
  start(name, command, { environment = {}, output = "inherit", watched = false } = {}) {
    const [program, ...rest] = /** @type {[string, ...string[]]} */ (command);
    const process_ = spawn(program, rest, {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: watched ? ["ignore", "pipe", "pipe"] : ["ignore", output, output],
    });
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      process_.once("error", (error) => resolve(`${name} did not start: ${error.message}`));
      process_.once("exit", (status, signal) =>
        resolve(`${name} ended with ${signal ?? `status ${status}`}`),
      );
    });
    /** @type {Promise<number>} */
    const status = new Promise((resolve) => {
      process_.once("error", () => resolve(128));
      process_.once("close", (code) => resolve(code ?? 128));
    });
    /** @type {Child} */
    const child = { name, process: process_, ended, status, lines: [], wroteAt: 0 };
    watch(child, process_.stdout, output === "inherit" ? process.stdout : output);
    watch(child, process_.stderr, output === "inherit" ? process.stderr : output);
    this.running.push(child);
    return child;
  }

  /**
   * Runs a program to its end, however long it takes; rejects where it fails.
   * @param {string} name @param {string[]} command @param {Parameters<Children["start"]>[2]} [options]
   */
  async run(name, command, options) {
    const child = this.start(name, command, options);
    const status = await child.status;
    this.running = this.running.filter((one) => one !== child);
    if (status !== 0) throw new Error(await child.ended);
  }

  /**
   * Ends every child and what they started; the last that was started goes first. Afterwards nothing more of what they
   * wrote is passed on, so a caller may close the file that it gave as output.
   */
  async stop() {
    for (const child of this.running.reverse()) {
      if (!signalGroup(child, "SIGTERM")) continue;
      if (child.process.exitCode === null && child.process.signalCode === null) {
        await Promise.race([once(child.process, "exit"), sleep(GRACE_MILLIS, undefined, { ref: false })]);
      }
      // What outlived its parent, or would not listen.
      signalGroup(child, "SIGKILL");
      // The streams end after the process does; a program that left the group could hold them open for ever.
      await Promise.race([child.status, sleep(GRACE_MILLIS, undefined, { ref: false })]);
      child.process.stdout?.destroy();
      child.process.stderr?.destroy();
    }
    this.running = [];
  }
}

/**
 * Passes on what a child writes, and remembers the end of it.
 * @param {Child} child @param {import("node:stream").Readable | null} stream
 * @param {NodeJS.WriteStream | "ignore" | number} target
 */
function watch(child, stream, target) {
  let unfinished = "";
  stream?.on("data", (/** @type {Buffer} */ chunk) => {
    child.wroteAt = performance.now();
    if (typeof target === "number") writeSync(target, chunk);
    else if (target !== "ignore") target.write(chunk);
    const lines = (unfinished + chunk.toString()).split(/[\r\n]+/);
    unfinished = lines.pop() ?? "";
    child.lines = [...child.lines, ...lines].slice(-LINES_KEPT);
  });
  stream?.on("end", () => {
    if (unfinished !== "") child.lines.push(unfinished);
  });
}

/**
 * @param {Child} child @param {NodeJS.Signals} signal
 * @returns {boolean} false when nothing of the group is left
 */
function signalGroup({ process: { pid } }, signal) {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
