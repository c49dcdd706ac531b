// Cold storage on the real runtime: a key that many read at once in two isolates, R2 out of reach, and instances that are lost
// between any two operations of a move and of a return. Clocks are put forward, so that entries are old.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startAnalyticsEngine } from "./analytics_engine.js";
import { call, SECRET, tokenOf } from "./operators_api.js";
import { FLAVOURS, startOrigin, startWorker } from "./support.js";

const DAY = 86_400_000;
const MINUTE = 60_000;
/** The lock of what was moved is over after this. */
const LOCK_OVER = 95_000;
/** A run that nobody has heard of for so long gets its message again. */
const QUIET = 11 * MINUTE;
const POLLS_UNTIL_QUIET = 8;
const STUB = "~cold";
// Clocks are years ahead in the end.
const TOKEN = await tokenOf("admin", { time: "100y" });

/** Bytes that no packing makes smaller, the same for the same path. @type {Map<string, Buffer>} */
const contents = new Map();
/** @param {string} path */
function contentOf(path) {
  const content = contents.get(path) ?? randomBytes(100_000);
  contents.set(path, content);
  return content;
}

/** @param {"wasi" | "emscripten"} flavour @param {number} [isolates] @param {Record<string, string>} [bindings] */
async function start(flavour, isolates = 1, bindings = {}) {
  const origin = await startOrigin((request) => ({
    headers: { "content-type": "application/octet-stream" },
    body: contentOf(request.url ?? ""),
  }));
  const worker = await startWorker(flavour, {
    origin: origin.url,
    cold: true,
    isolates,
    bindings: { LEDGER_SHARDS: "1", ADMIN_JWT_SECRET: SECRET, ...bindings },
    declarations: {
      resources: [
        {
          name: "item",
          match: { path: "/items/{id}" },
          origin: { url: `${origin.url}/items/{id}` },
          key: [{ path: "id" }],
          ttl: "60d",
          stale: "60d",
          // No edge: it outlives the instances, whose memory is what is to be lost.
          tiers: ["memory", "kv"],
        },
      ],
    },
  });
  const each = (/** @type {(isolate: number) => Promise<any>} */ act) =>
    Promise.all(Array.from({ length: isolates }, (_, isolate) => act(isolate)));
  const larder = {
    worker,
    origin,
    /** What was counted since it was asked last. @param {number} isolate @param {string} [wanted] */
    faults: async (isolate, wanted = "") =>
      await (await worker.getFrom(isolate, `/_test/faults?${wanted}`)).json(),
    /** @param {number} millis */
    forward: (millis) => each((isolate) => larder.faults(isolate, `forward=${millis}`)),
    /** Instances without a memory. */
    renew: () => each(async (isolate) => await (await worker.getFrom(isolate, "/_test/trap")).arrayBuffer()),
    /** @param {string} id @param {number} [isolate] */
    read: async (id, isolate = 0) => {
      const response = await worker.getFrom(isolate, `/items/${id}`);
      const body = Buffer.from(await response.arrayBuffer());
      return {
        status: response.status,
        how: response.headers.get("cache-status") ?? "",
        isRight: body.equals(contentOf(`/items/${id}`)),
      };
    },
    /** @param {string} id */
    isStub: async (id) => {
      const kept = await (await worker.kv()).getWithMetadata(`larder:item:v3:${id}`);
      return kept.value === "" && String(kept.metadata).endsWith(STUB);
    },
    /** @param {string} id */
    isKept: async (id) => (await (await worker.kv()).get(`larder:item:v3:${id}`)) !== null,
    objects: async () => (await (await worker.r2()).list()).objects.map(({ key }) => key.split(":").at(-1)),
    /** Asked again where the instance was lost that was asked. @returns {Promise<any>} */
    cold: async () => {
      for (;;) {
        const response = await call(worker, "GET", "/api/cold", { token: TOKEN });
        const told = await response.json();
        if (response.status === 200) return told;
      }
    },
    lastRun: async () => (await larder.cold()).runs[0],
    isOver: async () => (await larder.lastRun()).state !== "running",
    /** Runs the archiver until its run is over. */
    archive: async () => {
      await worker.trigger("0 2 * * *");
      await worker.until(larder.isOver);
      return await larder.lastRun();
    },
    /** The same, with an instance that is lost on the way: the run is quiet then, and is sent its message again. */
    archiveThroughLoss: async () => {
      await worker.trigger("0 2 * * *");
      for (let polls = 1; !(await larder.isOver()); polls++) {
        if (polls % POLLS_UNTIL_QUIET === 0) {
          await larder.forward(QUIET);
          await worker.trigger("*/5 * * * *");
        }
      }
      return await larder.lastRun();
    },
    /** Entries that nobody reads, and has counted for long enough. @param {string[]} ids */
    age: async (ids) => {
      for (const id of ids) assert.equal((await larder.read(id)).status, 200);
      await worker.until(async () => (await Promise.all(ids.map(larder.isKept))).every(Boolean));
      await worker.trigger("*/5 * * * *");
      await larder.forward(9 * DAY);
      await larder.renew();
    },
    stop: async () => {
      await worker.stop();
      await origin.stop();
    },
  };
  return larder;
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: 100 clients of a cold key in two isolates: one return, one read of R2 an isolate, no origin call`, async () => {
    const larder = await start(flavour, 2);
    try {
      await larder.age(["shared"]);
      assert.equal((await larder.archive()).moved, 1);
      assert.ok(await larder.isStub("shared"));
      await larder.forward(LOCK_OVER);
      await larder.renew();
      await Promise.all([larder.faults(0), larder.faults(1)]);
      const asked = larder.origin.asked.length;
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => larder.read("shared", i % 2)));
      assert.ok(answers.every(({ status, isRight }) => status === 200 && isRight));
      await larder.worker.until(async () => !(await larder.isStub("shared")));
      const counts = [await larder.faults(0), await larder.faults(1)].map((told) => told.counts);
      assert.ok(counts.every((one) => (one["r2.get"] ?? 0) <= 1));
      assert.equal(
        counts.reduce((sum, one) => sum + (one["kv.put"] ?? 0), 0),
        1,
      );
      assert.equal(larder.origin.asked.length, asked);
    } finally {
      await larder.stop();
    }
  });

  test(`${flavour}: reads that Analytics Engine counts are what the plan goes by, in both dialects; where it fails, the ledger's`, async () => {
    const account = "0123456789abcdef0123456789abcdef";
    const byAccount = { ANALYTICS_ACCOUNT: account, ANALYTICS_TOKEN: "a-token" };
    for (const configured of [byAccount, { ANALYTICS_BINDING: "ANALYTICS_SQL" }]) {
      /** @type {Awaited<ReturnType<typeof start>>} */
      let larder;
      const engine = await startAnalyticsEngine(async () =>
        (await larder.worker.getFrom(0, "/_test/points")).json(),
      );
      larder = await start(flavour, 1, {
        ...configured,
        ANALYTICS_URL: engine.url,
        TEST_ANALYTICS: engine.url,
      });
      try {
        await larder.age(["read", "unread"]);
        assert.ok((await larder.read("read")).isRight);
        await larder.worker.trigger("*/5 * * * *");
        await larder.forward(DAY);
        await larder.renew();
        engine.answerWith(503);
        const failed = await larder.archive();
        assert.deepEqual([failed.state, failed.readCounts.byAnalytics], ["complete", 0]);
        assert.deepEqual([await larder.isStub("read"), await larder.isStub("unread")], [false, true]);
        const told = (await larder.cold()).readCounts;
        assert.deepEqual([told.source, told.inUse], ["analytics", "ledger"]);
        assert.match(told.why, /^Analytics (Engine answers with 503|SQL did not answer the query)\.$/);

        engine.answerWith(200);
        const asked = engine.asked.length;
        await larder.forward(LOCK_OVER);
        await larder.renew();
        await larder.read("unread");
        await larder.worker.until(async () => !(await larder.isStub("unread")));
        await larder.worker.trigger("*/5 * * * *");
        await larder.forward(8 * DAY);
        await larder.renew();
        const run = await larder.archive();
        assert.deepEqual(
          [run.fault, run.readCounts],
          ["", { byAnalytics: 2, byLedger: 0, analyticsFault: "" }],
        );
        assert.equal((await larder.cold()).readCounts.inUse, "analytics");
        const queries = engine.asked.slice(asked);
        assert.equal(queries.length, 2);
        const isBinding = "ANALYTICS_BINDING" in configured;
        const path = isBinding ? "/binding" : `/client/v4/accounts/${account}/analytics_engine/sql`;
        assert.ok(queries.every((one) => one.path === path));
        assert.ok(queries.every((one) => one.authorization === (isBinding ? "" : "Bearer a-token")));
        assert.equal(Object.keys(queries[1]?.params ?? {}).length, isBinding ? 3 : 0);
      } finally {
        await larder.stop();
        await engine.stop();
      }
    }
  });

  test(`${flavour}: without R2 hot keys are as ever, cold ones come from their origin, nothing is archived, and an alert fires`, async () => {
    const larder = await start(flavour);
    try {
      await larder.age(["cold1", "cold2", "cold3"]);
      assert.equal((await larder.archive()).moved, 3);
      await larder.age(["unread"]);
      await larder.read("hot");
      await larder.worker.until(() => larder.isKept("hot"));
      await larder.faults(0, "r2Down=1");
      const asked = larder.origin.asked.length;
      const run = await larder.archive();
      assert.deepEqual([run.moved, await larder.isStub("unread")], [0, false]);
      for (const [i, id] of ["cold1", "cold2", "cold3"].entries()) {
        const cold = await larder.read(id);
        assert.ok(cold.isRight && cold.status === 200 && /fwd=miss/.test(cold.how), cold.how);
        assert.equal(larder.origin.asked.length, asked + i + 1);
        const hot = await larder.read("hot");
        assert.match(hot.how, /; hit; .*detail=memory/);
        await larder.worker.trigger("*/5 * * * *");
        await larder.forward(5 * MINUTE);
      }
      await larder.worker.trigger("*/5 * * * *");
      const { alerts } = await (await call(larder.worker, "GET", "/api/alerts", { token: TOKEN })).json();
      const down = alerts.find((/** @type {any} */ one) => one.name === "cold_store_down");
      assert.equal(down?.state, "firing");
      await larder.faults(0, "r2Down=0");
      assert.equal((await larder.archive()).state, "complete");
      assert.ok(await larder.isStub("unread"));
    } finally {
      await larder.stop();
    }
  });

  describe(`${flavour}: instances that are lost`, async () => {
    /** @type {Awaited<ReturnType<typeof start>>} */
    let larder;
    before(async () => {
      larder = await start(flavour);
    });
    after(() => larder.stop());

    /** Nobody needs the origin for it. @param {string} id @param {string} when */
    const isReadable = async (id, when) => {
      const asked = larder.origin.asked.length;
      const { status, isRight } = await larder.read(id);
      assert.deepEqual([status, isRight, larder.origin.asked.length], [200, true, asked], when);
    };

    for (const effect of ["none", "had"]) {
      test(`in the middle of a page: the entry can be read, and the run finishes (effect: ${effect})`, async () => {
        let places = 0;
        for (let lostIn = 1; ; lostIn++) {
          const id = `there-${effect}-${lostIn}`;
          await larder.age([id]);
          await larder.faults(0, `lostIn=${lostIn}&effect=${effect}`);
          const run = await larder.archiveThroughLoss();
          const { lostIn: left } = await larder.faults(0, "lostIn=0");
          assert.equal(run.state, "complete", `lost at operation ${lostIn}`);
          await larder.renew();
          assert.ok(await larder.isStub(id), `lost at operation ${lostIn}`);
          await isReadable(id, `archived, and lost at operation ${lostIn}`);
          if (left > 0) break;
          places += 1;
        }
        console.info(`${flavour}: lost at ${places} operations of a run, effect ${effect}`);
        assert.ok(places >= 7);
      });

      test(`in the middle of a return: the entry can be read, and comes back (effect: ${effect})`, async () => {
        let places = 0;
        for (let lostIn = 1; ; lostIn++) {
          const id = `back-${effect}-${lostIn}`;
          await larder.age([id]);
          await larder.archive();
          assert.ok(await larder.isStub(id));
          await larder.forward(LOCK_OVER);
          await larder.renew();
          await larder.faults(0, `lostIn=${lostIn}&effect=${effect}`);
          // What dies with the instance is answered by another, from the origin.
          const first = await larder.read(id);
          assert.ok(first.status === 200 && first.isRight, `lost at operation ${lostIn}`);
          const isOver = async () => (await larder.faults(0)).lostIn === 0 || !(await larder.isStub(id));
          await larder.worker.until(isOver);
          const { lostIn: left } = await larder.faults(0, "lostIn=0");
          await larder.forward(LOCK_OVER);
          await larder.renew();
          await isReadable(id, `coming back, and lost at operation ${lostIn}`);
          await larder.worker.until(async () => !(await larder.isStub(id)));
          if (left > 0) break;
          places += 1;
        }
        console.info(`${flavour}: lost at ${places} operations of a return, effect ${effect}`);
        assert.ok(places >= 3);
      });
    }

    test("no object stays without a stub after the sweep", async () => {
      await larder.forward(DAY);
      await larder.archive();
      await larder.worker.until(async () => {
        const objects = await larder.objects();
        return (await Promise.all(objects.map((id) => larder.isStub(id ?? "")))).every(Boolean);
      });
      for (const id of await larder.objects()) assert.ok(await larder.isStub(id ?? ""));
    });
  });
}
