// Request contexts on the real runtime (architecture: request contexts, traps): who waits for whom, who goes away, and what
// a lost instance costs.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { FLAVOURS, searchReply, startOrigin, startWorker } from "./support.js";

const declarations = (/** @type {string} */ origin) => ({
  resources: [
    {
      name: "title",
      match: { path: "/search/title" },
      origin: { provider: "openlibrary", query: "title", timeoutSoft: "200ms", timeoutHard: "4s" },
      key: [{ query: "q", normalise: ["collapse", "lower"], required: true }],
      ttl: "24h",
    },
    {
      name: "impatient",
      match: { path: "/impatient" },
      origin: { provider: "openlibrary", query: "title", timeoutSoft: "100ms", timeoutHard: "300ms" },
      key: [{ query: "q", required: true }],
      ttl: "24h",
    },
    {
      name: "pages",
      match: { path: "/pages/{id}" },
      origin: { url: `${origin}/pages/{id}`, headers: { "x-from": "larder" } },
      mode: "http",
    },
  ],
});

/** @param {{get: (path: string) => Promise<Response>}} worker */
async function settled(worker) {
  for (;;) {
    const state = await (await worker.get("/_test/state")).json();
    if (state.requests === 0) return state;
  }
}

/** @param {Response} response */
const status = (response) => response.headers.get("cache-status");

for (const flavour of FLAVOURS) {
  describe(flavour, async () => {
    const origin = await startOrigin((request) => {
      const url = new URL(request.url ?? "", "http://origin");
      if (url.pathname.startsWith("/pages/")) {
        return {
          headers: { vary: "accept-language", "cache-control": "max-age=60", "content-type": "text/plain" },
          body: "page",
        };
      }
      return { body: searchReply(url.searchParams.get("title") ?? "") };
    });
    const worker = await startWorker(flavour, { origin: origin.url, declarations: declarations(origin.url) });
    after(async () => {
      await worker.stop();
      await origin.stop();
    });

    test("a hundred concurrent readers of a cold title: one origin request, a hundred equal answers", async () => {
      origin.asked.length = 0;
      origin.hold();
      const readers = Array.from({ length: 100 }, () => worker.get("/search/title?q=Stampede"));
      await origin.arrived(1);
      origin.letGo();
      const responses = await Promise.all(readers);
      const bodies = new Set(await Promise.all(responses.map((response) => response.text())));
      assert.deepEqual(new Set(responses.map((response) => response.status)), new Set([200]));
      assert.equal(bodies.size, 1);
      assert.equal(origin.asked.length, 1);
      const state = await settled(worker);
      assert.equal(state.bodies, state.held);
    });

    test("a follower that another request woke goes on to ask the origin and to write KV in its own context", async () => {
      origin.asked.length = 0;
      origin.hold();
      const leader = worker.get("/pages/1", { headers: { "accept-language": "en" } });
      await origin.arrived(1);
      const follower = worker.get("/pages/1", { headers: { "accept-language": "de" } });
      // A request for another key passes through all tiers meanwhile: the follower has long been waiting by then.
      const other = worker.get("/pages/2", { headers: { "accept-language": "en" } });
      await origin.arrived(2);
      origin.letGo();
      await Promise.all([leader, other]);
      assert.equal((await follower).status, 200);
      assert.match(
        status(await follower) ?? "",
        /^larder; fwd=vary-miss; fwd-status=200; stored; detail=other-variant$/,
      );
      assert.equal(origin.asked.filter((url) => url === "/pages/1").length, 2);
      await settled(worker);
      // The follower's variant stands beside the leader's.
      const { keys } = await (await worker.kv()).list({ prefix: "larder:pages:v3:1" });
      const names = keys.map(({ name }) => name).sort();
      assert.equal(names.length, 2);
      assert.equal(names[0], "larder:pages:v3:1");
      assert.match(names[1] ?? "", /^larder:pages:v3:1~\d+$/);
    });

    test("a leader whose client resets the connection strands nobody, and its stores are made", async () => {
      origin.asked.length = 0;
      origin.hold();
      const socket = connect(Number(worker.url.port), "127.0.0.1");
      socket.write("GET /search/title?q=Orphan HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await origin.arrived(1);
      const follower = worker.get("/search/title?q=Orphan");
      socket.resetAndDestroy();
      const other = worker.get("/search/title?q=Unrelated");
      await origin.arrived(2);
      origin.letGo();
      const response = await follower;
      assert.equal(response.status, 200);
      assert.equal((await response.json()).works[0].title, "orphan");
      await other;
      assert.equal(origin.asked.filter((url) => url.includes("title=orphan")).length, 1);
      await settled(worker);
      assert.notEqual(await (await worker.kv()).get("larder:title:v3:orphan"), null);
    });

    test("a trap answers its requests in flight from the origin, and the next request runs on a fresh instance", async () => {
      await (await worker.get("/search/title?q=Before")).text();
      await settled(worker);
      origin.asked.length = 0;
      origin.hold();
      const inFlight = [1, 2, 3].map((n) => worker.get(`/search/title?q=Trapped%20${n}`));
      await origin.arrived(3);
      assert.deepEqual(await (await worker.get("/_test/trap")).json(), { dead: true });
      await origin.arrived(6);
      origin.letGo();
      for (const response of await Promise.all(inFlight)) {
        assert.equal(response.status, 200);
        assert.equal(status(response), "larder; fwd=bypass; fwd-status=200; detail=recovery");
        assert.match((await response.json()).works[0].title, /^trapped \d$/);
      }
      const next = await worker.get("/search/title?q=Before");
      assert.match(status(next) ?? "", /^larder; hit; ttl=\d+; detail=(edge|kv)$/);
      const again = await worker.get("/search/title?q=Before");
      assert.match(status(again) ?? "", /detail=memory$/);
      const state = await settled(worker);
      assert.equal(state.bodies, state.held);
    });

    test("a trap ends the origin requests that its own requests left to themselves", async () => {
      origin.asked.length = 0;
      origin.hold();
      const left = [1, 2].map((n) => worker.get(`/_test/late?url=${origin.url}/left/${n}`));
      for (const response of left) assert.deepEqual(await (await response).json(), { ticket: 1 });
      await origin.arrived(2);
      assert.deepEqual(await (await worker.get("/_test/trap")).json(), { dead: true });
      await origin.gone(2);
      origin.letGo();
      assert.equal((await worker.get("/search/title?q=afterwards")).status, 200);
      const state = await settled(worker);
      assert.equal(state.bodies, state.held);
    });

    test("a body that is encoded already goes out as it is", async () => {
      const response = await worker.get("/_test/packed", { headers: { "accept-encoding": "gzip" } });
      assert.equal(response.headers.get("content-encoding"), "gzip");
      assert.equal(await response.text(), "packed once");
      const state = await settled(worker);
      assert.equal(state.bodies, state.held);
    });

    test("an origin that never answers costs its time limit and is a 504", async () => {
      origin.hold();
      const response = await worker.get("/impatient?q=silence");
      origin.letGo();
      assert.equal(response.status, 504);
      assert.equal((await response.json()).reason, "timeout");
      const state = await settled(worker);
      assert.equal(state.bodies, state.held);
    });
  });

  test(`${flavour}: a restarted Worker finds its entry in KV or at the edge`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "larder-"));
    const origin = await startOrigin(() => ({ body: searchReply("Kept") }));
    try {
      const first = await startWorker(flavour, { origin: origin.url, persist: folder });
      await first.get("/search/title?q=kept");
      await settled(first);
      await first.stop();
      const second = await startWorker(flavour, { origin: origin.url, persist: folder });
      const kept = await second.get("/search/title?q=kept");
      await second.stop();
      assert.match(status(kept) ?? "", /^larder; hit; ttl=\d+; detail=(edge|kv)$/);
      assert.equal(origin.asked.length, 1);
    } finally {
      await origin.stop();
      rmSync(folder, { recursive: true });
    }
  });
}
