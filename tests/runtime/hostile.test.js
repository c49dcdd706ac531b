// What an origin or a sender of messages may send to stop others, over real sockets: nobody else notices.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { FLAVOURS, startOrigin, startWorker } from "./support.js";

/** An origin below HTTP: what it says is up to the path. @param {(path: string) => string} says */
async function startRawOrigin(says) {
  /** @type {string[]} */
  const asked = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      const path = head.toString().split(" ")[1] ?? "";
      asked.push(path);
      socket.end(says(path));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** @param {string} origin */
const pages = (origin) => ({
  resources: [
    { name: "pages", mode: "http", match: { path: "/pages/{id}" }, origin: { url: `${origin}/pages/{id}` } },
  ],
});

const ODD = ["101", "199", "600", "999"];

for (const flavour of FLAVOURS) {
  test(`${flavour}: a status that no response has is a 502, and others keep what is in memory`, async () => {
    const origin = await startRawOrigin((path) => {
      const status = path.split("/").at(-1) ?? "";
      return ODD.includes(status)
        ? `HTTP/1.1 ${status} Odd\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
        : "HTTP/1.1 200 OK\r\ncache-control: max-age=600\r\ncontent-length: 4\r\nconnection: close\r\n\r\ngood";
    });
    const worker = await startWorker(flavour, { origin: origin.url, declarations: pages(origin.url) });
    try {
      assert.equal(await (await worker.get("/pages/others")).text(), "good");
      for (const status of ODD) {
        const response = await worker.get(`/pages/${status}`);
        assert.equal(response.status, 502, status);
        assert.match((await response.json()).detail, /^The origin /);
      }
      const readers = await Promise.all(Array.from({ length: 100 }, () => worker.get("/pages/others")));
      for (const reader of readers) {
        assert.equal(reader.status, 200);
        assert.match(reader.headers.get("cache-status") ?? "", /^larder; hit;.*detail=memory$/);
      }
      assert.equal(origin.asked.filter((path) => path === "/pages/others").length, 1);
      assert.equal((await (await worker.get("/_test/state")).json()).instances, 1);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });

  test(`${flavour}: a message that JSON cannot hold is handed back alone, and then kept as a letter`, async () => {
    const origin = await startOrigin(() => ({ body: "{}" }));
    const worker = await startWorker(flavour, { origin: origin.url });
    try {
      const settled = await (await worker.get("/_test/messages?queue=author-warming-queue")).json();
      assert.deepEqual(settled, { walk: "ack", bigint: "retry", cycle: "retry", sparse: "retry" });
      const buried = await (await worker.get("/_test/messages?queue=author-warming-dlq")).json();
      assert.deepEqual(buried, { walk: "ack", bigint: "ack", cycle: "ack", sparse: "ack" });
      assert.equal((await (await worker.get("/_test/state")).json()).instances, 1);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
