#!/usr/bin/env node
// larder COMMAND: what people do with a running Larder from a terminal.

import { runLarder } from "./cli/program.js";

// Whoever reads may have had enough, as `head` has.
process.stdout.on("error", (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runLarder(process.argv.slice(2));
