// What would be deployed: the bundle is made as a deployment makes it and declares what the Worker needs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rows } from "../../scripts/generate/tables.js";

const BYTES_MAX = 64 * 1024 * 1024;
/** Requirement S5: the names that deployments and dashboards rely on. */
const BINDINGS = ["CACHE", "LIBRARY_DATA", "AUTHOR_WARMING_QUEUE", "CACHE_ANALYTICS", "WARMING_ANALYTICS"];

test("wrangler deploy --dry-run makes a bundle with the module in it, and with the bindings", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "larder-deploy-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const { status, stdout, stderr } = spawnSync("wrangler", ["deploy", "--dry-run", "--outdir", folder], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  for (const binding of BINDINGS) assert.match(stdout, new RegExp(`\\benv\\.${binding}\\b`));

  const made = readdirSync(folder);
  assert.equal(made.filter((name) => name.endsWith("larder.wasm")).length, 1, made.join(", "));
  assert.equal(made.filter((name) => name.endsWith("larder.json.txt")).length, 1, made.join(", "));
  const bytes = made.reduce((total, name) => total + statSync(join(folder, name)).size, 0);
  assert.ok(bytes <= BYTES_MAX, `${bytes} bytes`);
});

const toml = readFileSync("wrangler.toml", "utf8");

test("wrangler.toml has the triggers and the consumers that events.def has handlers for", () => {
  const crons = rows("app/events.def", "LARDER_CRON", ["expression", "handler", "purpose"]);
  assert.deepEqual(
    JSON.parse(/^crons = (\[.*\])$/m.exec(toml)?.[1] ?? "").sort(),
    crons.map(({ expression }) => expression).sort(),
  );
  // Requirement S4: the triggers by name.
  assert.deepEqual(crons.map(({ expression }) => expression).sort(), [
    "*/5 * * * *",
    "0 2 * * *",
    "0 3 * * *",
  ]);
  const consumed = [...toml.matchAll(/\[\[queues\.consumers\]\]\nqueue = "([\w-]+)"/g)].map(
    ([, name]) => name,
  );
  const queues = rows("app/events.def", "LARDER_QUEUE", ["name", "handler", "purpose"]);
  assert.deepEqual(consumed.sort(), queues.map(({ name }) => name).sort());
});

test("every queue that is produced to has a consumer", () => {
  const produced = [...toml.matchAll(/\[\[queues\.producers\]\]\nbinding = "\w+"\nqueue = "([\w-]+)"/g)].map(
    ([, name]) => name,
  );
  assert.ok(produced.length > 0);
  assert.deepEqual(
    produced.filter((name) => !toml.includes(`[[queues.consumers]]\nqueue = "${name}"`)),
    [],
  );
});
