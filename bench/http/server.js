// One `workerd serve`, alone: no miniflare in front, no other Worker in the process.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { Children } from "../../scripts/children.js";
import { freePort, HOST } from "../../scripts/listening.js";

/** @typedef {import("./workers.js").Answer} Answer */

// The program itself. What is on the PATH under its name starts it as a child.
const WORKERD = /** @type {string} */ (createRequire(import.meta.url)("workerd").default);
const READY_WITHIN_MILLIS = 20_000;
const POLL_MILLIS = 20;
const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = ticksPerSecond();

/** @returns {number | null} the unit of /proc's times */
function ticksPerSecond() {
  try {
    return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  } catch {
    return null;
  }
}

/** Those that have to be stopped when the measuring is broken off. @type {Set<Children>} */
const running = new Set();

/** Ends every server that still runs. */
export async function stopServers() {
  await Promise.all([...running].map((children) => children.stop()));
}

export class Server {
  /** @param {Children} children @param {number} port @param {number} pid */
  constructor(children, port, pid) {
    this.children = children;
    this.port = port;
    this.pid = pid;
  }

  /**
   * @param {string} configuration @param {number | "inherit" | "ignore"} output where the Worker's log goes
   * @returns {Promise<Server>} rejects when it does not come up
   */
  static async start(configuration, output) {
    const port = await freePort(0);
    const children = new Children();
    running.add(children);
    const command = [WORKERD, "serve", configuration, "--socket-addr", `http=${HOST}:${port}`];
    const child = children.start("workerd", command, { output });
    const server = new Server(children, port, child.process.pid ?? 0);
    const deadline = Date.now() + READY_WITHIN_MILLIS;
    while (Date.now() < deadline && child.process.exitCode === null) {
      if (await server.ask("/").catch(() => null)) return server;
      await sleep(POLL_MILLIS);
    }
    await children.stop();
    throw new Error(`workerd did not come up with ${configuration}`);
  }

  /** @param {string} path @param {Record<string, string>} [headers] @param {string} [method] @returns {Promise<Answer>} */
  ask(path, headers = {}, method = "GET") {
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: HOST, port: this.port, path, method, headers, agent: false },
        (response) => {
          /** @type {Buffer[]} */
          const chunks = [];
          response.on("data", (chunk) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const { statusCode = 0, rawHeaders } = response;
            /** @type {[string, string][]} */
            const fields = [];
            for (let i = 0; i < rawHeaders.length; i += 2) {
              fields.push([(rawHeaders[i] ?? "").toLowerCase(), rawHeaders[i + 1] ?? ""]);
            }
            // How this one connection is kept says nothing of the Worker.
            const headers = fields.filter(([name]) => name !== "connection" && name !== "keep-alive");
            resolve({ status: statusCode, headers, body: Buffer.concat(chunks) });
          });
        },
      );
      asked.on("error", reject);
      asked.end();
    });
  }

  /** @returns {number | null} seconds that its threads have run so far; null where the system does not tell */
  runSeconds() {
    if (TICKS_PER_SECOND === null) return null;
    try {
      // The fields after the name, which is in parentheses: proc(5), stat, utime and stime.
      const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    } catch {
      return null;
    }
  }

  /** @returns {number | null} memory that the process holds; null where the system does not tell */
  residentBytes() {
    try {
      const pages = readFileSync(`/proc/${this.pid}/statm`, "utf8").split(" ")[1];
      return Number(pages) * PAGE_BYTES;
    } catch {
      return null;
    }
  }

  async stop() {
    await this.children.stop();
    running.delete(this.children);
  }
}
