// Runs clang-tidy over the sources in src and wasm, as many at once as there are cores. Many files are looked at as one, since most of
// the time goes into the headers that they share. What passed is remembered in build/tidy under a hash of all
// that it depends on, so that only what changed is looked at again.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { cppFiles, withIncluded } from "./files.js";
import { atOnce, run } from "./steps.js";

const PASSED = "build/tidy";
const UNITS = "build/tidy-units";
const UNIT_BYTES_MAX = 150_000;
/** Each of its files has names of its own (CMakeLists.txt). */
const APART = new Set(["wasm"]);
const TIDY = "clang-tidy-19";

/** The sources of src are looked at a file each, those of wasm as the wasi build does. */
const databases = ["lint", "wasi"].map((preset) => {
  const folder = `build/${preset}`;
  /** @type {{file: string, command: string}[]} */
  const commands = JSON.parse(readFileSync(`${folder}/compile_commands.json`, "utf8"));
  return { folder, commands: new Map(commands.map(({ file, command }) => [file, command])) };
});

/** @typedef {{path: string, database: string, flags: string[], bytes: number, mark: string}} Job */

/** @param {string} version @returns {Job[]} */
function jobs(version) {
  /** @type {Map<string, string>} */
  const contents = new Map();
  /** @param {string} path */
  const contentOf = (path) => {
    const known = contents.get(path) ?? readFileSync(path, "utf8");
    contents.set(path, known);
    return known;
  };
  return cppFiles(["src", "wasm"]).flatMap((path) => {
    const absolute = `${process.cwd()}/${path}`;
    const database = databases.find(({ commands }) => commands.has(absolute));
    // runtime_emscripten.cpp is for a compiler whose headers this clang-tidy does not know.
    if (database === undefined) return [];
    const command = /** @type {string} */ (database.commands.get(absolute));
    const hash = createHash("sha256").update(version).update(contentOf(".clang-tidy")).update(command);
    for (const file of withIncluded(path)) hash.update(`\0${file}\0${contentOf(file)}`);
    const bytes = Buffer.byteLength(contentOf(path));
    return [{ path, database: database.folder, flags: flagsOf(command), bytes, mark: hash.digest("hex") }];
  });
}

/**
 * The jobs that share a translation unit: files that are compiled with the same flags. The largest unit comes first, so that no core is
 * left with it at the end.
 * @param {Job[]} waiting @returns {Job[][]}
 */
function units(waiting) {
  /** @type {Job[][]} */
  const closed = [];
  /** @type {Map<string, Job[]>} */
  const open = new Map();
  for (const job of waiting) {
    const kind = APART.has(dirname(job.path)) ? job.path : job.flags.join(" ");
    const unit = open.get(kind) ?? [];
    if (unit.length > 0 && bytesOf(unit) + job.bytes > UNIT_BYTES_MAX) {
      closed.push(unit);
      open.set(kind, [job]);
    } else {
      open.set(kind, [...unit, job]);
    }
  }
  return [...closed, ...open.values()].sort((a, b) => bytesOf(b) - bytesOf(a));
}

/** @param {Job[]} unit */
const bytesOf = (unit) => unit.reduce((sum, { bytes }) => sum + bytes, 0);

/** The flags of a command of compile_commands.json: no compiler, no output, no source. @param {string} command */
function flagsOf(command) {
  const words = command.split(" ").filter((word) => word !== "");
  const begin = words.findIndex((word) => word.startsWith("-"));
  return words
    .slice(begin)
    .filter((word, i, all) => word !== "-c" && word !== "-o" && !["-c", "-o"].includes(all[i - 1] ?? ""));
}

/** @param {Job[]} jobs @returns {string[]} */
function commandFor(jobs) {
  const [first] = /** @type {[Job]} */ (jobs);
  if (jobs.length === 1) return [TIDY, "-p", first.database, "--quiet", first.path];
  const unit = `${UNITS}/${first.path.replaceAll("/", "_")}`;
  writeFileSync(unit, jobs.map(({ path }) => `#include "${process.cwd()}/${path}"\n`).join(""));
  // A unit is nothing but includes of sources.
  const checks = "--checks=-bugprone-suspicious-include";
  return [TIDY, "--quiet", checks, unit, "--", ...first.flags, "-Wno-shadow"];
}

/** @param {Job[]} jobs @returns {Promise<boolean>} */
async function look(jobs) {
  const { status, output } = await run(commandFor(jobs));
  if (status === 0) {
    for (const { mark, path } of jobs) writeFileSync(`${PASSED}/${mark}`, path);
    return true;
  }
  const noise =
    /^\d+ warnings? (generated|treated)|^Suppressed \d+|^Use -header-filter|^Error while processing/;
  console.log(
    output
      .split("\n")
      .filter((line) => !noise.test(line))
      .join("\n")
      .trim(),
  );
  return false;
}

const { output: version } = await run([TIDY, "--version"]);
mkdirSync(PASSED, { recursive: true });
mkdirSync(UNITS, { recursive: true });
const all = jobs(version);
const marks = new Set(all.map(({ mark }) => mark));
for (const mark of readdirSync(PASSED)) if (!marks.has(mark)) rmSync(`${PASSED}/${mark}`);
const waiting = all.filter(({ mark }) => !existsSync(`${PASSED}/${mark}`));
console.log(`clang-tidy: ${waiting.length} of ${all.length} files to look at`);

let failed = all.length === 0 ? 1 : 0;
await atOnce(units(waiting), async (unit) => {
  if (!(await look(unit))) failed += 1;
});
console.log(`clang-tidy: ${failed} units with findings`);
process.exitCode = failed === 0 ? 0 : 1;
