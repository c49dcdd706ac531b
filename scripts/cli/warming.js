// Commands that open a job and follow it.

import { follow, opening, warm } from "../warm.js";
import { ask } from "./door.js";
import { Failure, WrongUsage } from "./failure.js";
import { bytesOf } from "./files.js";
import { jsonLine } from "./text.js";

/** @typedef {import("./commands.js").Context} Context */

/** @param {Context} context @returns {import("../warm.js").Place} */
const placeOf = ({ door, output, json, pollMillis }) => ({
  door: door(),
  output,
  isPlain: json || output.isTTY !== true,
  pollMillis,
});

/** @param {string | undefined} file @param {any} options @param {Context} context */
export const warmFile = (file, options, context) => warm(file, options, () => placeOf(context));

/** @param {string} id @param {Context} context */
export const watchJob = (id, context) => follow(id, placeOf(context));

/** @param {string} text @param {string} file @returns {unknown[]} */
function itemsIn(text, file) {
  try {
    const items = JSON.parse(text);
    return Array.isArray(items) ? items : [items];
  } catch {
    // One a line.
  }
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new Failure(
          `${file}:${number}: this is no JSON. Write a list of objects, or one object a line.`,
        );
      }
    });
}

/** @param {string} text @param {string} flag @param {number} most */
function count(text, flag, most) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most) {
    throw new WrongUsage(`${flag} is a whole number from 1 to ${most}, not "${text}".`);
  }
  return number;
}

/** @param {string} resource @param {string} file @param {any} options @param {Context} context */
export async function prewarm(resource, file, options, context) {
  const wishes = {
    resource,
    concurrency: count(options.concurrency, "--concurrency", 20),
    qps: count(options.qps, "--qps", 100),
    priority: options.priority,
  };
  const bytes = bytesOf(file);
  const isJson = /^\s*[[{]/.test(bytes.subarray(0, 1024).toString());
  const list = isJson ? { items: itemsIn(bytes.toString(), file) } : { csv: bytes.toString("base64") };
  const place = placeOf(context);
  const { job: _, ...opened } = await ask(place.door, {
    method: "POST",
    path: "/api/warming/prewarm",
    json: { ...wishes, ...list },
    role: "admin",
  });
  place.output.write(
    place.isPlain
      ? jsonLine({ event: "uploaded", ...opened })
      : `${opening(opened)}: ${opened.authorsQueued} entries\n`,
  );
  return options.follow ? await follow(opened.jobId, place) : 0;
}
