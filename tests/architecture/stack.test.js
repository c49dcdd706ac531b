// npm run dev waits for a build however long it takes, and gives up a Worker that was started and stays silent, by the
// end of its log.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Children } from "../../scripts/children.js";
import { freePort } from "../../scripts/listening.js";
import { startStack } from "../../scripts/stack.js";

const SILENT_MILLIS = 1500;

const folder = mkdtempSync(join(tmpdir(), "larder-stack-"));
const began = { directory: process.cwd(), path: process.env.PATH };
before(() => {
  // The stack starts what the working folder and the PATH have.
  process.chdir(folder);
  process.env.PATH = `${folder}:${began.path}`;
  mkdirSync("catalogue");
  mkdirSync("build");
  writeFileSync("catalogue/server.js", "setInterval(() => {}, 1000);");
});
after(() => {
  process.chdir(began.directory);
  process.env.PATH = began.path;
  rmSync(folder, { recursive: true, force: true });
});

/** @param {string} body of a program of Node that stands in for wrangler; `listen()` serves */
function wranglerIs(body) {
  const listen = `const listen = () => require("node:http").createServer((_, response) => response.end("{}"))
    .listen(Number(process.argv[process.argv.indexOf("--port") + 1]), "127.0.0.1");`;
  writeFileSync("wrangler", `#!/usr/bin/env node\n${listen}\n${body}\n`);
  chmodSync("wrangler", 0o755);
}

/** @param {string} building a program of Node that builds @param {(started: Promise<any>) => Promise<void>} check */
async function started(building, check) {
  const children = new Children();
  const [port, cataloguePort] = [await freePort(0), await freePort(0)];
  const build = [process.execPath, "-e", building];
  const options = { port, cataloguePort, origin: null, output: /** @type {const} */ ("ignore"), build };
  try {
    await check(startStack(children, { ...options, silentMillis: SILENT_MILLIS }));
    assert.deepEqual(
      new Set(children.running.map((child) => child.name)),
      new Set(["the catalogue", "wrangler"]),
    );
  } finally {
    await children.stop();
  }
}

test("a build that takes longer than a Worker may stay silent is waited for", async () => {
  wranglerIs("listen();");
  await started(`setTimeout(() => {}, ${2 * SILENT_MILLIS});`, async (start) => {
    assert.match((await start).worker, /^http:\/\/127\.0\.0\.1:\d+$/);
  });
});

test("a build that wrangler runs is waited for as well", async () => {
  wranglerIs(`const { rmSync, writeFileSync } = require("node:fs");
    writeFileSync("build/building.txt", "");
    setTimeout(() => { rmSync("build/building.txt"); listen(); }, ${2 * SILENT_MILLIS});`);
  await started("", async (start) => {
    assert.match((await start).worker, /^http:/);
  });
});

test("a Worker that is slow to start, and says so, is waited for", async () => {
  wranglerIs(`const telling = setInterval(() => console.log("still at it"), ${SILENT_MILLIS / 8});
    setTimeout(() => { clearInterval(telling); listen(); }, ${2 * SILENT_MILLIS});`);
  await started("", async (start) => {
    assert.match((await start).worker, /^http:/);
  });
});

test("a Worker that was started and stays silent is given up with the end of its log", async () => {
  wranglerIs(`console.log("first");
    console.error("second");
    setInterval(() => {}, 1000);`);
  await started("", async (start) => {
    await assert.rejects(start, {
      message: "the Worker was started and did not answer within 1.5 s; its log ends so:\n  first\n  second",
    });
  });
});

test("a Worker that answers and is not well is given up, though wrangler writes a line for each answer", async () => {
  wranglerIs(`require("node:http").createServer((_, response) => {
      console.log("GET /health 500");
      response.writeHead(500).end();
    }).listen(Number(process.argv[process.argv.indexOf("--port") + 1]), "127.0.0.1");`);
  await started("", async (start) => {
    await assert.rejects(start, ({ message }) => {
      assert.match(
        message,
        /^the Worker was started and answered with the status 500 alone for 1\.5 s; its log ends so:\n {2}GET \/health 500\n/,
      );
      return true;
    });
  });
});

test("a build that fails ends it before anything is started", async () => {
  const children = new Children();
  const [port, cataloguePort] = [await freePort(0), await freePort(0)];
  const build = [process.execPath, "-e", "process.exit(3)"];
  const start = startStack(children, { port, cataloguePort, origin: null, output: "ignore", build });
  await assert.rejects(start, { message: "the build ended with status 3" });
  assert.deepEqual(children.running, []);
});

test("once all is stopped, nothing more is passed on of what a program that left its group writes", async () => {
  const children = new Children();
  const log = join(folder, "log");
  const output = openSync(log, "w");
  const writer = "const { writeSync } = require('node:fs'); setInterval(() => writeSync(1, 'more\\n'), 1);";
  const leaving = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(writer)}],
    { detached: true, stdio: "inherit" }).unref(); console.log("left");`;
  const child = children.start("leaver", [process.execPath, "-e", leaving], { output, watched: true });
  await once(/** @type {import("node:stream").Readable} */ (child.process.stdout), "data");
  await children.stop();
  closeSync(output);
  assert.equal(child.process.stdout?.destroyed, true);
  assert.equal(child.process.stderr?.destroyed, true);
});
