// What many requests at once may take, over real sockets: those who wait are bounded, those beyond are told when to come
// again, and a trap multiplies nothing that costs money.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

const MEGABYTE = 1_048_576;
const MODEL_REPLY = JSON.stringify({
  candidates: [{ content: { parts: [{ text: "You lead." }] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2 },
});

/** @param {number} bytes @param {Record<string, string>} [headers] a question of so many bytes, always about one profile */
const question = (bytes, headers = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({
    userId: "u",
    profile: { systems: [{ name: "a", percentage: 10 }] },
    filler: "x".repeat(bytes),
  }),
});

/** @param {Response[]} responses those who were turned away, each of whom was told when to come again */
function turnedAway(responses) {
  const away = responses.filter(({ status }) => status === 503);
  for (const response of away) assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  return away.length;
}

/** Ends when `count` of the requests have been answered. @param {Promise<Response>[]} asking @param {number} count */
function answered(asking, count) {
  let left = count;
  return new Promise((resolve) => {
    for (const one of asking) {
      one.then(() => {
        left -= 1;
        if (left === 0) resolve(undefined);
      });
    }
  });
}

/** @param {Response[]} responses @returns {Record<number, number>} how many of each status */
function counted(responses) {
  /** @type {Record<number, number>} */
  const counts = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: 400 long questions about one profile make one call, and take room for few`, async () => {
    const model = await startOrigin(() => ({ body: MODEL_REPLY }));
    const bindings = { GEMINI_URL: model.url, GEMINI_API_KEY: "k" };
    const worker = await startWorker(flavour, { origin: model.url, bindings });
    try {
      model.hold();
      const asking = Array.from({ length: 400 }, () => worker.get("/api/narrative", question(255_000)));
      await model.arrived(1);
      // Some are turned away while the model is silent; the others wait for it.
      await Promise.race(
        asking.map(async (one) => ((await one).status === 503 ? null : new Promise(() => {}))),
      );
      assert.equal((await worker.get("/health")).status, 200);
      model.letGo();
      const responses = await Promise.all(asking);
      const away = turnedAway(responses);
      const { 200: served = 0 } = counted(responses);
      assert.equal(served + away, 400, JSON.stringify(counted(responses)));
      assert.ok(served >= 16 && away >= 100, JSON.stringify(counted(responses)));
      assert.equal(model.asked.length, 1);
      const state = await (await worker.get("/_test/state")).json();
      assert.equal(state.instances, 1);
      assert.ok(state.memoryBytes < 64 * MEGABYTE, `${state.memoryBytes} bytes`);
    } finally {
      await worker.stop();
      await model.stop();
    }
  });

  test(`${flavour}: one client's long requests that wait leave room for others`, async () => {
    const origin = await startOrigin(() => ({ body: searchReply("Good") }));
    const worker = await startWorker(flavour, { origin: origin.url });
    const padding = "x".repeat(7_900);
    /** @param {number} n @param {string} address */
    const ask = (n, address) =>
      worker.get(`/search/title?q=title%20${n}&pad=${padding}`, { headers: { "cf-connecting-ip": address } });
    try {
      origin.hold();
      // One /64: one client.
      const crowd = Array.from({ length: 600 }, (_, n) => ask(n, `2001:db8:0:1::${(n + 1).toString(16)}`));
      // All of the crowd has come once what exceeds its share was turned away.
      await answered(crowd, 600 - 256);
      const before = origin.asked.length;
      const other = ask(1000, "2001:db8:0:2::1");
      await origin.arrived(before + 1);
      origin.letGo();
      assert.equal((await other).status, 200);
      const responses = await Promise.all(crowd);
      const away = turnedAway(responses);
      assert.equal(counted(responses)[200], 600 - away, JSON.stringify(counted(responses)));
      assert.equal(away, 600 - 256);
      const state = await (await worker.get("/_test/state")).json();
      assert.equal(state.instances, 1);
      assert.ok(state.memoryBytes < 32 * MEGABYTE, `${state.memoryBytes} bytes`);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });

  test(`${flavour}: a trap under 60 readers of one profile makes one further call`, async () => {
    const model = await startOrigin(() => ({ body: MODEL_REPLY }));
    const bindings = { GEMINI_URL: model.url, GEMINI_API_KEY: "k" };
    const worker = await startWorker(flavour, { origin: model.url, bindings });
    try {
      model.hold();
      const asking = Array.from({ length: 60 }, () => worker.get("/api/narrative", question(10)));
      await model.arrived(1);
      await worker.until(async () => (await (await worker.get("/_test/state")).json()).requests === 60);
      assert.deepEqual(await (await worker.get("/_test/trap")).json(), { dead: true });
      await model.arrived(2);
      model.letGo();
      const responses = await Promise.all(asking);
      assert.deepEqual(counted(responses), { 200: 60 });
      for (const response of responses) assert.equal((await response.json()).source, "model");
      assert.equal(model.asked.length, 2);
    } finally {
      await worker.stop();
      await model.stop();
    }
  });
}
