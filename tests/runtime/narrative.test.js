// Narratives over real sockets and two isolates: many at once share one call, and a day's bound holds exactly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAVOURS, startOrigin, startWorker } from "./support.js";

/** @param {string} name @param {unknown} percentage */
const question = (name, percentage) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ profile: { systems: [{ name, percentage }] } }),
});
const reply = JSON.stringify({
  candidates: [{ content: { parts: [{ text: "You lead." }] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2 },
});

for (const flavour of FLAVOURS) {
  test(`${flavour}: one call a profile, none for an invalid one, and a day's bound over two isolates`, async () => {
    const origin = await startOrigin(() => ({ body: reply }));
    const bindings = { GEMINI_URL: origin.url, GEMINI_API_KEY: "k", LLM_DAILY_CALLS_MAX: "3" };
    const worker = await startWorker(flavour, { origin: origin.url, isolates: 2, bindings });
    /** @param {Array<[string, unknown]>} profiles */
    const ask = (profiles) =>
      Promise.all(
        profiles.map(async ([name, percentage], i) => {
          const response = await worker.getFrom(i % 2, "/api/narrative", question(name, percentage));
          return { status: response.status, body: await response.json() };
        }),
      );
    try {
      const invalid = await ask(Array.from({ length: 50 }, () => ["a", "10.1"]));
      assert.deepEqual(new Set(invalid.map(({ status }) => status)), new Set([400]));
      assert.equal(origin.asked.length, 0);
      const same = await ask(Array.from({ length: 50 }, (_, i) => ["a", i % 2 === 0 ? 10.1 : 10.2]));
      assert.deepEqual(new Set(same.map(({ body }) => body.source)), new Set(["model"]));
      assert.equal(new Set(same.map(({ body }) => body.generatedAt)).size, 1);
      assert.equal(origin.asked.length, 1);
      const many = await ask(Array.from({ length: 10 }, (_, i) => [`b${i}`, 10]));
      assert.equal(many.filter(({ body }) => body.source === "model").length, 2);
      assert.equal(many.filter(({ body }) => body.source === "template").length, 8);
      assert.equal(origin.asked.length, 3);
      const kv = await worker.kv();
      await worker.until(async () => (await kv.list({ prefix: "larder:narr:" })).keys.length === 4);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
