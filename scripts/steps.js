// Runs commands, shows what went wrong in those that fail, and counts.

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { closingLine, failure, sum, withStatus } from "./count.js";

/** @typedef {import("./count.js").Count} Count */

const SHOWN_LINES_MAX = 200;
const SHOWN_COLUMNS_MAX = 400;

/**
 * Runs a command to its end and returns all that it wrote, both streams as they came.
 * @param {string[]} command @param {Record<string, string>} [environment] added to this process's own
 * @returns {Promise<{status: number, output: string}>} status 128 when a signal ended it
 */
export function run(command, environment = {}) {
  const [program, ...rest] = /** @type {[string, ...string[]]} */ (command);
  const child = spawn(program, rest, {
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  /** @type {Buffer[]} */
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ status: 127, output: `${program}: ${error.message}` }));
    child.once("close", (status) =>
      resolve({ status: status ?? 128, output: Buffer.concat(chunks).toString() }),
    );
  });
}

/**
 * Works on all items, in order, as many at once as there are cores.
 * @template Item @param {Item[]} items @param {(item: Item) => Promise<void>} work
 */
export async function atOnce(items, work) {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** A run of several steps: what they counted, and the closing line. */
export class Tally {
  constructor() {
    /** @type {Count[]} */
    this.counts = [];
  }

  /**
   * @param {string} name @param {Count} count @param {string} [output] shown when something failed
   * @param {number} [millis] how long it took
   */
  add(name, count, output = "", millis) {
    this.counts.push(count);
    const why = count.complaints.length > 0 ? ` (${count.complaints.join(", ")})` : "";
    const took = millis === undefined ? "" : ` in ${(millis / 1000).toFixed(0)} s`;
    console.log(`${count.failed > 0 ? "FAILED" : "ok"}  ${name}: ${closingLine(count)}${took}${why}`);
    if (count.failed > 0 && output !== "") {
      const lines = output.trimEnd().split("\n");
      const left = lines.length - SHOWN_LINES_MAX;
      if (left > 0) console.log(`    (${left} lines before these)`);
      for (const line of lines.slice(-SHOWN_LINES_MAX)) console.log(line.slice(0, SHOWN_COLUMNS_MAX));
    }
  }

  /**
   * Runs a command as one step. `count` reads its report, which is its output unless it wrote a file; without it the
   * command counts as one check.
   * @param {string} name @param {string[]} command
   * @param {{count?: (output: string) => Count, environment?: Record<string, string>}} [options]
   * @returns {Promise<boolean>} whether nothing failed
   */
  async step(name, command, { count, environment } = {}) {
    const began = performance.now();
    const { status, output } = await run(command, environment);
    const millis = performance.now() - began;
    const one = { passed: status === 0 ? 1 : 0, failed: 0, complaints: [] };
    const result = withStatus(status, count === undefined ? one : read(count, output));
    this.add(name, result, output, millis);
    return result.failed === 0;
  }

  /** Prints the sum as the last line and sets the exit status. */
  close() {
    const total = sum(this.counts);
    if (total.passed + total.failed === 0) total.failed = 1;
    console.log(closingLine(total));
    process.exitCode = total.failed === 0 ? 0 : 1;
  }
}

/** @param {(output: string) => Count} count @param {string} output @returns {Count} */
function read(count, output) {
  try {
    return count(output);
  } catch (error) {
    return failure(`left no report: ${/** @type {Error} */ (error).message}`);
  }
}
