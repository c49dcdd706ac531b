// Runs clang-tidy over the sources in src and wasm, two at a time on two cores. What passed is remembered in build/tidy under
// a hash of all that it depends on, so that only what changed is looked at again.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { cppFiles, withIncluded } from "./files.js";
import { run } from "./steps.js";

const PASSED = "build/tidy";
const TIDY = "clang-tidy-19";

/** The sources of src are looked at as the native build sees them, those of wasm as the wasi build does. */
const databases = ["native", "wasi"].map((preset) => {
  const folder = `build/${preset}`;
  /** @type {{file: string, command: string}[]} */
  const commands = JSON.parse(readFileSync(`${folder}/compile_commands.json`, "utf8"));
  return { folder, commands: new Map(commands.map(({ file, command }) => [file, command])) };
});

/** @typedef {{path: string, database: string, mark: string}} Job */

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
    const hash = createHash("sha256").update(version).update(contentOf(".clang-tidy"));
    hash.update(/** @type {string} */ (database.commands.get(absolute)));
    for (const file of withIncluded(path)) hash.update(`\0${file}\0${contentOf(file)}`);
    return [{ path, database: database.folder, mark: hash.digest("hex") }];
  });
}

/** @param {Job} job @returns {Promise<boolean>} */
async function look({ path, database, mark }) {
  const { status, output } = await run([TIDY, "-p", database, "--quiet", path]);
  if (status === 0) {
    writeFileSync(`${PASSED}/${mark}`, path);
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
const all = jobs(version);
const marks = new Set(all.map(({ mark }) => mark));
for (const mark of readdirSync(PASSED)) if (!marks.has(mark)) rmSync(`${PASSED}/${mark}`);
const waiting = all.filter(({ mark }) => !existsSync(`${PASSED}/${mark}`));
console.log(`clang-tidy: ${waiting.length} of ${all.length} files to look at`);

let failed = all.length === 0 ? 1 : 0;
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      if (!(await look(job))) failed += 1;
    }
  }),
);
console.log(`clang-tidy: ${failed} files with findings`);
process.exitCode = failed === 0 ? 0 : 1;
