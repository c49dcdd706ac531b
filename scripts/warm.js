// larder warm: uploads a list and shows how far its job is, as a bar on a terminal and as lines of JSON elsewhere.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const POLL_MILLIS = 1000;
const BAR_WIDTH = 30;
/** States in which a job is at work. */
const AT_WORK = new Set(["queued", "running"]);

/**
 * @typedef {{write: (text: string) => unknown, isTTY?: boolean}} Output
 * @typedef {{url: string, token: string}} Door
 * @typedef {{jobId: string, state: string, works: number, estimatedDuration: string, startedAt: string | null,
 *   authors: {queued: number, processed: number, failed: number, skipped: number},
 *   byDepth: Array<{depth: number, queued: number, processed: number, failed: number, skipped: number}>}} Job
 */

/**
 * @param {string[]} args @param {{usage: string, output: Output, pollMillis?: number}} how
 * @returns {Promise<number>} the exit code: 0 where nothing failed
 */
export async function warm(args, { usage, output, pollMillis = POLL_MILLIS }) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      depth: { type: "string", default: "2" },
      priority: { type: "string", default: "normal" },
      aggressiveness: { type: "string", default: "normal" },
      subjects: { type: "boolean", default: false },
      watch: { type: "string" },
      cancel: { type: "string" },
      dlq: { type: "boolean", default: false },
      replay: { type: "boolean", default: false },
      url: { type: "string", default: process.env.LARDER_URL ?? "http://localhost:8787" },
      token: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const door = { url: values.url, token: values.token ?? process.env.LARDER_TOKEN ?? developersToken() };
  const isPlain = values.json || output.isTTY !== true;
  const watch = (/** @type {string} */ id) => follow(door, id, isPlain, output, pollMillis);
  if (values.dlq) return await showLetters(door, isPlain, output);
  if (values.replay) {
    output.write(`${JSON.stringify(await call(door, "POST", "/api/warming/dlq/replay"))}\n`);
    return 0;
  }
  if (values.cancel !== undefined) {
    const answer = await call(door, "DELETE", `/api/warming/jobs/${encodeURIComponent(values.cancel)}`);
    output.write(`${JSON.stringify(answer)}\n`);
    return 0;
  }
  if (values.watch !== undefined) return await watch(values.watch);
  const [file] = positionals;
  if (file === undefined) throw new Error(usage);
  const form = new FormData();
  form.set("file", new Blob([readFileSync(file)]), basename(file));
  form.set("maxDepth", values.depth);
  form.set("priority", values.priority);
  form.set("aggressiveness", values.aggressiveness);
  form.set("subjects", String(values.subjects));
  const { job: _, ...opened } = await call(door, "POST", "/api/warming/upload", form);
  const began = opened.created ? "" : " (at work already)";
  output.write(
    isPlain
      ? `${JSON.stringify({ event: "uploaded", ...opened })}\n`
      : `${reading(opened.list)}Job ${opened.jobId}${began}: ${opened.authorsQueued} authors, about ${opened.estimatedWorks} works\n`,
  );
  return await watch(opened.jobId);
}

/** What of an upload's counts the reader should look at, and how it is said. */
const REMARKS = /** @type {[string, string][]} */ ([
  ["rowsJoined", "rows may be lost in others: a quote within them is never closed"],
  ["rowsRagged", "rows have more or fewer fields than the header"],
  ["rowsWithoutAuthor", "rows name no author"],
  ["rowsLeftOut", "rows are of what is no book, or thrown away"],
  ["fieldsRepaired", "fields were not UTF-8"],
]);

/** @param {any} list as an upload is answered @returns {string} lines that say how the file was understood */
export function reading(list) {
  const { format, columns } = list.understood;
  const named = Object.entries(columns ?? {}).map(
    ([column, headers]) => `${column} from ${headers.join(", ")}`,
  );
  const how =
    columns === undefined ? `format ${format}` : `columns as the model tells them: ${named.join("; ")}`;
  const remarks = REMARKS.filter(([count]) => list[count] > 0).map(
    ([count, words]) => `  ${list[count]} ${words}\n`,
  );
  return `Read ${list.books} books, ${how}\n${remarks.join("")}`;
}

/** A token for the secret that `npm run dev` has made. */
function developersToken() {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  try {
    const script = join(root, "scripts/token.js");
    return execFileSync(process.execPath, [script], { cwd: root, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    throw new Error(
      "Give an admin's token by --token or LARDER_TOKEN: there is no secret in .dev.vars to make one of.",
    );
  }
}

/**
 * @param {Door} door @param {string} method @param {string} path @param {FormData} [body] @returns {Promise<any>}
 */
async function call({ url, token }, method, path, body) {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
  }).catch(() => {
    throw new Error(`Nobody answers at ${url}; name the right place by --url or LARDER_URL.`);
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const retryAfter = response.headers.get("retry-after");
  const wait = retryAfter === null ? "" : ` Try again in ${retryAfter} s.`;
  throw new Error(`${response.status}: ${answer.detail ?? answer.title ?? "no reason given"}${wait}`);
}

/**
 * Shows a job until it is over.
 * @param {Door} door @param {string} id @param {boolean} isPlain @param {Output} output @param {number} pollMillis
 */
async function follow(door, id, isPlain, output, pollMillis) {
  let last = "";
  for (;;) {
    const job = /** @type {Job} */ (await call(door, "GET", `/api/warming/jobs/${encodeURIComponent(id)}`));
    const text = isPlain ? JSON.stringify({ event: "progress", ...job }) : bar(job, Date.now());
    const isOver = !AT_WORK.has(job.state);
    if (text !== last) output.write(isPlain ? `${text}\n` : `\r\x1b[2K${text}${isOver ? "\n" : ""}`);
    last = text;
    if (isOver) return job.state === "complete" && job.authors.failed === 0 ? 0 : 1;
    await pause(pollMillis);
  }
}

/** @param {Job} job @param {number} now */
export function bar({ state, authors, works, byDepth, startedAt, estimatedDuration }, now) {
  const { queued, processed, failed, skipped } = authors;
  const done = processed + failed + skipped;
  const share = queued === 0 ? 0 : done / queued;
  const filled = Math.round(share * BAR_WIDTH);
  const seconds = startedAt === null ? 0 : (now - Date.parse(startedAt)) / 1000;
  const rate = seconds > 0 ? (done / seconds).toFixed(1) : "0.0";
  const depth = byDepth.map((level) => level.queued).join("+");
  const parts = [
    `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${Math.floor(share * 100)} %`,
    `${done}/${queued} authors (${depth})`,
    `${works} works`,
    `${rate}/s`,
  ];
  if (failed > 0) parts.push(`${failed} failed`);
  parts.push(AT_WORK.has(state) ? `${inWords(estimatedDuration)} left` : state);
  return parts.join("  ");
}

/** @param {string} interval such as PT1H2M3S */
const inWords = (interval) =>
  interval
    .replace(/^PT/, "")
    .replaceAll(
      /(\d+)([HMS])/g,
      (_, number, unit) => `${number} ${unit === "M" ? "min" : unit.toLowerCase()} `,
    )
    .trim();

/** @param {Door} door @param {boolean} isPlain @param {Output} output */
async function showLetters(door, isPlain, output) {
  let cursor = 0;
  let depth = 0;
  do {
    const page = await call(door, "GET", `/api/warming/dlq?cursor=${cursor}`);
    depth = page.depth;
    for (const letter of page.letters) {
      const { id, author, reason, message, at } = letter;
      output.write(
        isPlain ? `${JSON.stringify(letter)}\n` : `${id}  ${at}  ${author}: ${message} (${reason})\n`,
      );
    }
    cursor = page.next;
  } while (cursor > 0);
  if (!isPlain)
    output.write(depth === 0 ? "No dead letters.\n" : `${depth} dead letters; larder warm --replay\n`);
  return depth === 0 ? 0 : 1;
}
