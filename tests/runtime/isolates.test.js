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
}
