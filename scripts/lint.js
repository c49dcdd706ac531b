// npm run lint: one line a check, then "N passed, M failed". `npm run format` mends what layout finds.

import { cppFiles } from "./files.js";
import { Tally } from "./steps.js";

const tally = new Tally();
// First, because a build writes them anew.
await tally.step("generated files are fresh", [process.execPath, "scripts/generate.js", "--check"]);
const laidOut = cppFiles(["src", "wasm", "tests", "bench"]).filter((path) => !path.endsWith(".def"));
await tally.step("clang-format", ["clang-format-19", "--dry-run", "--Werror", ...laidOut]);
await tally.step("Biome", ["biome", "check", "--error-on-warnings", "--max-diagnostics=100", "--colors=off"]);
await tally.step("types of the shim and its tests", ["tsc", "-p", "tsconfig.json"]);
await tally.step("types of scripts, catalogue and their tests", ["tsc", "-p", "scripts/tsconfig.json"]);
await tally.step("types of the dashboard", ["tsc", "-p", "dashboard/tsconfig.json"]);
// clang-tidy reads the commands that configuring writes.
if (await tally.step("configuring", ["bash", "scripts/build.sh", "--configure-only", "lint", "wasi"])) {
  await tally.step("clang-tidy", [process.execPath, "scripts/tidy.js"]);
}
tally.close();
