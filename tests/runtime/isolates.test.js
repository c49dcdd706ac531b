// Several isolates that share KV and the locks: the origin is asked once, however many ask and wherever they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

for (const flavour of FLAVOURS) {
  test(`${flavour}: 200 readers of one cold key in two isolates make one origin request`, async () => {
    const origin = await startOrigin(() => ({ body: searchReply("Shared") }));
    const worker = await startWorker(flavour, { origin: origin.url, isolates: 2 });
    try {
      // Both isolates are up before the race.
      await Promise.all([worker.getFrom(0, "/health"), worker.getFrom(1, "/health")]);
      origin.hold();
      const readers = Array.from({ length: 200 }, (_, i) => worker.getFrom(i % 2, "/search/title?q=shared"));
      await origin.arrived(1);
      origin.letGo();
      const responses = await Promise.all(readers);
      const bodies = new Set(await Promise.all(responses.map((response) => response.text())));
      assert.deepEqual(new Set(responses.map((response) => response.status)), new Set([200]));
      assert.equal(bodies.size, 1);
      assert.equal(origin.asked.length, 1);
      const details = responses.map((response) => response.headers.get("cache-status") ?? "");
      assert.equal(details.filter((one) => one.includes("fwd-status=200; stored")).length, 1);
      assert.equal(details.filter((one) => one.includes("collapsed") || one.includes("; hit;")).length, 199);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });

  test(`${flavour}: 200 readers of one stale key in two isolates get it at once and make one refresh`, async () => {
    // Stale on arrival, so that no test has to wait for it; the answer to the refresh is fresh.
    const answers = [
      { "cache-control": "max-age=1, stale-while-revalidate=3600", age: "1" },
      { "cache-control": "max-age=3600" },
    ];
    const origin = await startOrigin(() => ({
      headers: { "content-type": "text/plain", ...answers.shift() },
      body: answers.length === 1 ? "old" : "new",
    }));
    const declarations = {
      resources: [
        {
          name: "pages",
          mode: "http",
          match: { path: "/pages/{id}" },
          origin: { url: `${origin.url}/pages/{id}` },
        },
      ],
    };
    const worker = await startWorker(flavour, { origin: origin.url, isolates: 2, declarations });
    try {
      assert.equal(await (await worker.getFrom(0, "/pages/1")).text(), "old");
      await worker.until(
        async () => (await (await worker.kv()).list({ prefix: "larder:pages:" })).keys.length === 1,
      );
      origin.hold();
      const readers = Array.from({ length: 200 }, (_, i) => worker.getFrom(i % 2, "/pages/1"));
      await origin.arrived(2);
      // The refresh is under way, and held; nobody waits for it.
      const responses = await Promise.all(readers);
      const bodies = new Set(await Promise.all(responses.map((response) => response.text())));
      assert.deepEqual(bodies, new Set(["old"]));
      for (const response of responses) {
        assert.match(
          response.headers.get("cache-status") ?? "",
          /^larder; hit; ttl=-\d+; detail=(memory|edge|kv)$/,
        );
      }
      origin.letGo();
      await worker.until(async () => (await (await worker.getFrom(0, "/pages/1")).text()) === "new");
      assert.equal(origin.asked.length, 2);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
