// Files that a command is given.

import { readFileSync } from "node:fs";
import { Failure } from "./failure.js";

const REASONS = /** @type {Record<string, string>} */ ({
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it may not be read",
});

/** @param {string} file @returns {Buffer} */
export function bytesOf(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Failure(`${file} cannot be read: ${REASONS[code] ?? code}.`);
  }
}
