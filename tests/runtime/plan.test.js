// What larder plan says of a log is what the running Worker then does.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { planned } from "../../scripts/cli/plan.js";
import { startOrigin, startWorker } from "./support.js";

const POINTS_MAX = 1;

/** Numbers that are the same in every run. @param {number} seed */
function* chances(seed) {
  let state = seed;
  for (;;) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

test("the hit rate of a plan is within a point of the running Worker's", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "larder-planned-"));
  const origin = await startOrigin(() => ({ body: '{"made": true}' }));
  const declarations = {
    resources: [
      {
        name: "item",
        match: { path: "/items/{id}" },
        origin: { url: `${origin.url}/items/{id}` },
        key: [{ path: "id" }],
        ttl: "1h",
      },
    ],
  };
  const file = join(folder, "declared.json");
  writeFileSync(file, JSON.stringify(declarations).replace(origin.url, "https://api.example.com"));
  // A few are asked for often and many seldom, in two seconds.
  const chance = chances(7);
  const paths = Array.from(
    { length: 600 },
    () => `/items/${Math.floor(120 * Number(chance.next().value) ** 3)}`,
  );
  const begin = Date.parse("2026-11-28T10:00:00Z");
  const log = join(folder, "access.jsonl");
  writeFileSync(
    log,
    paths.map((url, i) => JSON.stringify({ url, time: begin + 3 * i, status: 200, bytes: 14 })).join("\n"),
  );
  const worker = await startWorker("wasi", { origin: origin.url, declarations });
  try {
    const { plans } = await planned(log, [file], "build/wasi/larder.wasm");
    let hits = 0;
    for (const path of paths) {
      const response = await worker.get(path);
      await response.arrayBuffer();
      hits += /^larder; hit/.test(response.headers.get("cache-status") ?? "") ? 1 : 0;
    }
    const running = hits / paths.length;
    assert.ok(running > 0.5 && running < 0.95, `a log of another shape: ${running}`);
    assert.ok(
      Math.abs(plans[0].hitRate - running) * 100 <= POINTS_MAX,
      `${plans[0].hitRate} planned, ${running} seen`,
    );
    assert.equal(plans[0].originCalls, origin.asked.length);
  } finally {
    await worker.stop();
    await origin.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
