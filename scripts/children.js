// Long-running processes that this one starts, and their end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */
/** @typedef {{name: string, process: ChildProcess, ended: Promise<string>}} Child */

const GRACE_MILLIS = 5_000;

export class Children {
  constructor() {
    /** @type {Child[]} */
    this.running = [];
  }

  /**
   * Starts a program in a process group of its own, so that it ends together with all that it starts, and only when
   * it is told to.
   * @param {string} name @param {string[]} command
   * @param {{environment?: Record<string, string>, output?: "inherit" | "ignore" | number}} [options]
   * @returns {Child}
   */
  start(name, command, { environment = {}, output = "inherit" } = {}) {
    const [program, ...rest] = /** @type {[string, ...string[]]} */ (command);
    const process_ = spawn(program, rest, {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["ignore", output, output],
    });
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      process_.once("error", (error) => resolve(`${name} did not start: ${error.message}`));
      process_.once("exit", (status, signal) =>
        resolve(`${name} ended with ${signal ?? `status ${status}`}`),
      );
    });
    const child = { name, process: process_, ended };
    this.running.push(child);
    return child;
  }

  /** Ends every child and what they started; the last that was started goes first. */
  async stop() {
    for (const child of this.running.reverse()) {
      if (!signalGroup(child, "SIGTERM")) continue;
      if (child.process.exitCode === null && child.process.signalCode === null) {
        await Promise.race([once(child.process, "exit"), sleep(GRACE_MILLIS, undefined, { ref: false })]);
      }
      // What outlived its parent, or would not listen.
      signalGroup(child, "SIGKILL");
    }
    this.running = [];
  }
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
