// Runs the suites that are named (node scripts/test.js SUITE...) and adds up their tests:
//   native, sanitize        every GoogleTest binary of that CMake preset
//   gcc                     the tests of coroutines by a second compiler, the search for deliberate defects, cold storage of many entries (long ones without sanitizers)
//   catalogue               the bundled catalogue's own tests
//   architecture            the gates: include graph, leftovers, modules, deployment
//   cli                     the command line
//   worker                  the Worker in the runtime, on both modules
//   runtime                 the same behind real sockets: request contexts, traps, restarts
//   browser                 the dashboard in Chromium
//   load                    many at once, by autocannon
// The last line is "N passed, M failed" over all of them.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { countGoogleTest, countTap, countVitest, failure } from "./count.js";
import { atOnce, run, Tally } from "./steps.js";

const REPORTS = "build/reports";
const NATIVE = new Set(["native", "sanitize", "gcc"]);

/** @type {Record<string, (tally: Tally) => Promise<void>>} */
const suites = {
  native: (tally) => googleTests(tally, "native"),
  sanitize: (tally) => googleTests(tally, "sanitize"),
  gcc: (tally) => googleTests(tally, "gcc"),
  catalogue: (tally) => nodeTests(tally, "catalogue"),
  architecture: (tally) => nodeTests(tally, "architecture"),
  cli: (tally) => nodeTests(tally, "cli"),
  worker: workerTests,
  runtime: (tally) => nodeTests(tally, "runtime"),
  browser: (tally) => nodeTests(tally, "browser"),
  load: (tally) => nodeTests(tally, "load"),
};

/** @param {string} folder @param {string} ending @returns {string[]} the names of the files that end so */
function filesIn(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();
}

/**
 * Defects of the core, not of its memory, branches that have to be reached, and thousands of entries: no sanitizer looks for
 * them, and so faster.
 */
const LONG_SIMULATED =
  "All/Defects.*:SimulatorTest.RareBranchesAreSteeredTo:SimulatorTest.TheSameSeedIsTheSameRun:SimulatorTest.*ManySeeds";
const LONG_COLD = "All/ColdMutant.*:ScaleTest.*";
const LONG_TRIALS =
  "All/StepDefects.*:ExperimentsTest.TellPeopleOnceOfAWinnerThatWaitsForThem:ExperimentsTest.NoteEveryNightsLook:SampleRatio.*";
/** @type {Record<string, string>} */
const FILTERS = {
  "sanitize/sim_tests": `-${LONG_SIMULATED}`,
  "gcc/sim_tests": LONG_SIMULATED,
  "sanitize/cold_tests": `-${LONG_COLD}`,
  "gcc/cold_tests": LONG_COLD,
  "sanitize/trials_tests": `-${LONG_TRIALS}`,
  "gcc/trials_tests": LONG_TRIALS,
};
/** Takes longer than all others together, and so is run in parts. */
const IN_PARTS = "gcc/sim_tests";

/** @param {Tally} tally @param {string} preset */
async function googleTests(tally, preset) {
  const folder = `build/${preset}/tests`;
  const binaries = filesIn(folder, "_tests");
  if (binaries.length === 0) tally.add(preset, failure("there are no test binaries"));
  const parts = binaries.flatMap((name) => {
    const count = `${preset}/${name}` === IN_PARTS ? availableParallelism() : 1;
    return Array.from({ length: count }, (_, index) => ({ name, count, index }));
  });
  await atOnce(parts, async ({ name, count, index }) => {
    const title = count === 1 ? `${preset}/${name}` : `${preset}/${name} ${index + 1} of ${count}`;
    const report = `${REPORTS}/${preset}-${name}-${index}.json`;
    const filter = FILTERS[`${preset}/${name}`] ?? "*";
    const command = [`${folder}/${name}`, "--gtest_brief=1", `--gtest_filter=${filter}`];
    await tally.step(title, [...command, `--gtest_output=json:${report}`], {
      count: () => countGoogleTest(readFileSync(report, "utf8")),
      environment: {
        ASAN_OPTIONS: "detect_stack_use_after_return=1",
        UBSAN_OPTIONS: "print_stacktrace=1",
        GTEST_TOTAL_SHARDS: String(count),
        GTEST_SHARD_INDEX: String(index),
      },
    });
  });
}

/** @param {Tally} tally @param {string} folder */
async function nodeTests(tally, folder) {
  const report = `${REPORTS}/${folder}.tap`;
  // Node leaves one core idle by itself.
  const command = [process.execPath, "--test", `--test-concurrency=${availableParallelism()}`];
  command.push("--test-reporter=spec", "--test-reporter-destination=stdout");
  command.push("--test-reporter=tap", `--test-reporter-destination=${report}`);
  command.push(...filesIn(`tests/${folder}`, ".test.js").map((name) => `tests/${folder}/${name}`));
  await tally.step(folder, command, { count: () => countTap(readFileSync(report, "utf8")) });
}

/** @param {Tally} tally */
async function workerTests(tally) {
  const report = `${REPORTS}/worker.json`;
  const command = ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  await tally.step("worker", command, { count: () => countVitest(readFileSync(report, "utf8")) });
}

/** @param {string} suite @returns {string[]} the commands that make what it runs */
function needs(suite) {
  if (suite === "catalogue") return [];
  if (NATIVE.has(suite)) return [`scripts/build.sh ${suite}`];
  return ["scripts/build.sh wasi emscripten", "scripts/prepare.sh"];
}

/**
 * Builds what the suites need. A suite whose build fails is left out, and the build counts as failed in its place.
 * @param {Tally} tally @param {string[]} names @returns {Promise<string[]>} the suites that can run
 */
async function build(tally, names) {
  const broken = new Set();
  for (const command of new Set(names.flatMap(needs))) {
    console.log(`    bash ${command}`);
    const began = performance.now();
    const { status, output } = await run(["bash", ...command.split(" ")]);
    console.log(`        in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    if (status === 0) continue;
    broken.add(command);
    tally.add(command, failure("failed"), output);
  }
  return names.filter((name) => !needs(name).some((command) => broken.has(command)));
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => suites[name] === undefined);
if (names.length === 0 || unknown.length > 0) {
  console.error(
    `Suites: ${Object.keys(suites).join(", ")}.${unknown.length > 0 ? ` Not: ${unknown.join(", ")}.` : ""}`,
  );
  process.exit(2);
}
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
const tally = new Tally();
for (const name of await build(tally, names)) await suites[name]?.(tally);
tally.close();
