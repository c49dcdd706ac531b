#!/usr/bin/env node
// larder COMMAND: what people do with a running Larder from a terminal.

import { warm } from "./warm.js";

const USAGE = `larder warm FILE [--depth 1-3] [--priority normal|high] [--aggressiveness gentle|normal|eager]
                 [--subjects]: with those who are known for the same subjects
larder warm --watch JOB | --cancel JOB | --dlq | --replay
  --url URL      where Larder is; default LARDER_URL, else http://localhost:8787
  --token TOKEN  an admin's; default LARDER_TOKEN, else one for the secret in .dev.vars
  --json         lines of JSON, as where the output is no terminal`;

const [command, ...rest] = process.argv.slice(2);
if (command === "warm" && !rest.includes("--help")) {
  try {
    process.exitCode = await warm(rest, { usage: USAGE, output: process.stdout });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
} else {
  console.log(USAGE);
  process.exitCode = rest.includes("--help") || command === "--help" ? 0 : 2;
}
