// larder warm: uploads a list and shows how far its job is, as a bar on a terminal and as lines of JSON elsewhere.

import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ask } from "./cli/door.js";
import { WrongUsage } from "./cli/failure.js";
import { bytesOf } from "./cli/files.js";
import { jsonLine, shown } from "./cli/text.js";

const BAR_WIDTH = 30;
/** States in which a job is at work. */
const AT_WORK = new Set(["queued", "running"]);

/**
 * @typedef {{write: (text: string) => unknown, isTTY?: boolean}} Output
 * @typedef {import("./cli/door.js").Door} Door
 * @typedef {{door: Door, output: Output, isPlain: boolean, pollMillis: number}} Place
 * @typedef {{depth: string, priority: string, aggressiveness: string, subjects?: boolean, watch?: string, cancel?: string,
 *   dlq?: boolean, replay?: boolean}} Wishes
 * @typedef {{jobId: string, state: string, works: number, estimatedDuration: string, startedAt: string | null,
 *   authors: {queued: number, processed: number, failed: number, skipped: number},
 *   byDepth: Array<{depth: number, queued: number, processed: number, failed: number, skipped: number}>}} Job
 */

/**
 * @param {string | undefined} file @param {Wishes} wishes @param {() => Place} find
 * @returns {Promise<number>} the exit code: 0 where nothing failed
 */
export async function warm(file, wishes, find) {
  const ways = [file, wishes.watch, wishes.cancel, wishes.dlq || undefined, wishes.replay || undefined];
  if (ways.filter((way) => way !== undefined).length !== 1) {
    throw new WrongUsage("Name a file, or one of --watch, --cancel, --dlq and --replay.");
  }
  const place = find();
  const { door, output, isPlain } = place;
  if (wishes.dlq) return await showLetters(door, isPlain, output);
  if (wishes.replay) {
    output.write(
      jsonLine(await ask(door, { method: "POST", path: "/api/warming/dlq/replay", role: "admin" })),
    );
    return 0;
  }
  if (wishes.cancel !== undefined) {
    output.write(
      jsonLine(await ask(door, { method: "DELETE", path: jobPath(wishes.cancel), role: "admin" })),
    );
    return 0;
  }
  if (wishes.watch !== undefined) return await follow(wishes.watch, place);
  const name = /** @type {string} */ (file);
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(bytesOf(name))]), basename(name));
  form.set("maxDepth", wishes.depth);
  form.set("priority", wishes.priority);
  form.set("aggressiveness", wishes.aggressiveness);
  form.set("subjects", String(wishes.subjects ?? false));
  const { job: _, ...opened } = await ask(door, {
    method: "POST",
    path: "/api/warming/upload",
    form,
    role: "admin",
  });
  output.write(
    isPlain
      ? jsonLine({ event: "uploaded", ...opened })
      : `${reading(opened.list)}${opening(opened)}: ${opened.authorsQueued} authors, about ${opened.estimatedWorks} works\n`,
  );
  return await follow(opened.jobId, place);
}

/** @param {any} opened a job @returns {string} */
export const opening = ({ jobId, created }) => `Job ${shown(jobId)}${created ? "" : " (at work already)"}`;

/** @param {string} id */
const jobPath = (id) => `/api/warming/jobs/${encodeURIComponent(id)}`;

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
  return `Read ${list.books} books, ${shown(how)}\n${remarks.join("")}`;
}

/**
 * Shows a job until it is over.
 * @param {string} id @param {Place} place @returns {Promise<number>} the exit code: 0 where nothing failed
 */
export async function follow(id, { door, output, isPlain, pollMillis }) {
  let last = "";
  for (;;) {
    const job = /** @type {Job} */ (await ask(door, { method: "GET", path: jobPath(id) }));
    const text = isPlain ? jsonLine({ event: "progress", ...job }) : bar(job, Date.now());
    const isOver = !AT_WORK.has(job.state);
    if (text !== last) output.write(isPlain ? text : `\r\x1b[2K${text}${isOver ? "\n" : ""}`);
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
  parts.push(AT_WORK.has(state) ? `${inWords(estimatedDuration)} left` : shown(state));
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
    const page = await ask(door, { method: "GET", path: `/api/warming/dlq?cursor=${cursor}` });
    depth = page.depth;
    for (const letter of page.letters) {
      const { id, author, reason, message, at } = letter;
      output.write(
        isPlain ? jsonLine(letter) : `${shown(`${id}  ${at}  ${author}: ${message} (${reason})`)}\n`,
      );
    }
    cursor = page.next;
  } while (cursor > 0);
  if (!isPlain)
    output.write(depth === 0 ? "No dead letters.\n" : `${depth} dead letters; larder warm --replay\n`);
  return depth === 0 ? 0 : 1;
}
