// The project's own files, what its C++ includes, and what is built of it.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Made by tools at the top level, as .gitignore says; never the project's own. */
const NOT_OURS = /^(\.git|build|node_modules|\.tools|\.wrangler|\.dev\.vars|\.secrets\.\w+)$/;

/** @param {string} [folder] @returns {string[]} paths from the project's root, sorted */
export function ownFiles(folder = ".") {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => folder !== "." || !NOT_OURS.test(entry.name))
    .flatMap((entry) => {
      const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? ownFiles(path) : [path];
    })
    .sort();
}

/** @param {string[]} folders @returns {string[]} sources, headers and tables in them */
export function cppFiles(folders) {
  return folders
    .filter(existsSync)
    .flatMap(ownFiles)
    .filter((path) => /\.(cpp|h|def)$/.test(path));
}

/**
 * @typedef {object} Include
 * @property {string} name as it is written
 * @property {boolean} quoted "name" rather than <name>
 * @property {number} line
 */

/** @param {string} path @returns {Include[]} */
export function includesOf(path) {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((text, index) => {
      const match = /^\s*#\s*include\s*(["<])([^">]+)[">]/.exec(text);
      return match === null ? [] : [{ name: match[2] ?? "", quoted: match[1] === '"', line: index + 1 }];
    });
}

/**
 * @param {string} path of a C++ file
 * @returns {string[]} it and all own files that it includes, directly or not, sorted
 */
export function withIncluded(path) {
  const found = new Set([path]);
  for (const file of found) {
    for (const { name } of includesOf(file)) {
      // Where the builds look for quoted names: beside the file, in src and, for the tests, in tests.
      const own = [join(dirname(file), name), join("src", name), join("tests", name)].find(existsSync);
      if (own !== undefined) found.add(own);
    }
  }
  return [...found].sort();
}

/** The presets of CMakePresets.json that build what tests of JavaScript compare with. */
const NATIVE_PRESETS = ["native", "plain", "sanitize"];

/** @param {string} name of a program of tests/CMakeLists.txt @returns {string} the newest build of it */
export function nativeProgram(name) {
  const built = NATIVE_PRESETS.map((preset) => `build/${preset}/tests/${name}`).filter(existsSync);
  /** @param {string} path */
  const age = (path) => -statSync(path).mtimeMs;
  const [newest] = built.sort((a, b) => age(a) - age(b));
  if (newest === undefined) throw new Error(`${name} is not built: bash scripts/build.sh native`);
  return newest;
}
