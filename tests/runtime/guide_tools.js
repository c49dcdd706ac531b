// What `npm` and `npx` are where a guide's commands are run: the project's own programs, in the folder that they are called
// in. Wrangler is the stand-in of tests/cli, so nothing leaves the machine; what asks whether to go on is told to.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runLarder } from "../../scripts/cli/program.js";

const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** @param {string} program @param {string[]} words */
const node = (program, words) =>
  spawnSync(process.execPath, [join(project, program), ...words], { stdio: "inherit" }).status ?? 1;
/** @param {string[]} words */
const larder = (words) => runLarder(words, { root: process.cwd(), confirm: async () => true });

/** @type {Record<string, (words: string[]) => number | Promise<number>>} */
const PROGRAMS = {
  "npx larder": larder,
  "npx wrangler": (words) => node("tests/cli/stand_in/wrangler.js", words),
  "npm --version": () => {
    console.log("11.0.0");
    return 0;
  },
  "npm run deploy": (words) => larder(["deploy", ...words]),
  "npm run token": (words) => node("scripts/token.js", words),
};

const words = process.argv.slice(2).filter((word) => word !== "--silent");
const name = Object.keys(PROGRAMS).find((one) => `${words.join(" ")} `.startsWith(`${one} `));
if (name === undefined) {
  console.error(`There is no ${words.join(" ")} in the guides' test.`);
  process.exitCode = 127;
} else {
  const given = words.slice(name.split(" ").length);
  process.exitCode = await PROGRAMS[name]?.(given[0] === "--" ? given.slice(1) : given);
}
