// larder plan: logs of known shape, in every format, come to what can be counted by hand.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readLog } from "../../scripts/cli/access_log.js";
import { monthlyDollars } from "../../scripts/cli/plan.js";
import { larder } from "./stub.js";

const MODULE = "build/wasi/larder.wasm";
const folder = mkdtempSync(join(tmpdir(), "larder-plan-"));
after(() => rmSync(folder, { recursive: true, force: true }));
/** @param {string} name @param {string} text */
function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: how a declaration names a secret
const SECRET = "${KEY}";

/** @param {string} ttl */
const declared = (ttl) =>
  JSON.stringify({
    resources: [
      {
        name: "item",
        match: { path: "/items/{id}" },
        origin: { url: "https://api.example.com/items/{id}", headers: { "x-key": SECRET } },
        key: [{ path: "id" }],
        ttl,
        negativeTtl: "1m",
      },
    ],
  });

test("every format gives the same requests, in the order of their times", () => {
  const at = Date.parse("2026-11-28T10:00:00Z");
  const wanted = [
    { at, method: "GET", target: "/items/1?a=b", status: 200, bytes: 512 },
    { at: at + 1000, method: "HEAD", target: "/items/2", status: 404, bytes: 0 },
  ];
  const common =
    '192.0.2.1 - ann [28/Nov/2026:11:00:01 +0100] "HEAD /items/2 HTTP/2" 404 -\n' +
    '192.0.2.1 - - [28/Nov/2026:10:00:00 +0000] "GET /items/1?a=b HTTP/1.1" 200 512 "-" "agent \\"x\\""\nnonsense\n';
  assert.deepEqual(readLog(common, "a"), { requests: wanted, format: "Common or Combined", unread: 1 });
  const logpush = [
    {
      ClientRequestMethod: "GET",
      ClientRequestURI: "/items/1?a=b",
      EdgeStartTimestamp: at * 1e6,
      EdgeResponseStatus: 200,
      EdgeResponseBytes: 512,
    },
    {
      ClientRequestMethod: "HEAD",
      ClientRequestURI: "/items/2",
      EdgeStartTimestamp: "2026-11-28T10:00:01Z",
      EdgeResponseStatus: 404,
    },
  ];
  const plain = [
    { url: "https://api.example.com/items/1?a=b", time: at / 1000, status: 200, bytes: 512 },
    { path: "/items/2", method: "head", ts: at + 1000, status: 404 },
  ];
  for (const lines of [logpush, plain]) {
    const text = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"broken\n`;
    assert.deepEqual(readLog(text, "a"), { requests: wanted, format: "JSON lines", unread: 1 });
  }
  assert.throws(() => readLog("nothing\n", "a.log"), /a\.log has no line of a known form/);
});

test("hits, origin calls and lifetimes by the log's own clock, side by side", async () => {
  // Once a minute for two hours, two items in turn: 60 requests for each.
  const lines = Array.from({ length: 120 }, (_, minute) =>
    JSON.stringify({
      url: minute === 7 ? "/elsewhere" : `/items/${minute % 2}`,
      time: Date.parse("2026-11-28T10:00:00Z") + minute * 60_000,
      status: 200,
      bytes: 1000,
    }),
  );
  const log = file("minutes.jsonl", lines.join("\n"));
  const short = file("short.json", declared("5m"));
  const long = file("long.json", declared("1d"));
  const { code, out, err } = await larder(["plan", log, short, long, "--module", MODULE, "--json"]);
  assert.deepEqual([code, err], [0, ""]);
  const { plans, log: read } = JSON.parse(out);
  assert.deepEqual(read, { format: "JSON lines", requests: 120, unread: 0, millis: 119 * 60_000 });
  // A day: each item is asked for once.
  assert.equal(plans[1].requests, 119);
  assert.equal(plans[1].others, 1);
  assert.equal(plans[1].originCalls, 2);
  assert.equal(plans[1].hitRate, 117 / 119);
  assert.equal(plans[1].entries, 2);
  assert.ok(plans[1].storedBytes > 2000 && plans[1].storedBytes < 4000, String(plans[1].storedBytes));
  // Five minutes: an item comes every two, is refreshed near its end, and never answers later than its time.
  assert.ok(plans[0].originCalls >= 119 / 3 - 2 && plans[0].originCalls <= 42, String(plans[0].originCalls));
  assert.equal(plans[0].failures, 0);

  const table = await larder(["plan", log, short, long, "--module", MODULE]);
  assert.match(
    table.out,
    /^120 requests in 2\.0 h \(JSON lines\)\ndeclarations +requests +hit rate +origin calls/,
  );
  assert.match(table.out, /long\.json: no resource is for 1 of the requests\./);
});

test("a month's cost is the plan, and what is over what it includes", () => {
  assert.equal(monthlyDollars({}, 0, 1000), 5);
  const month = 30 * 24 * 3600 * 1000;
  // 11 million requests: one million over, at 30 cents.
  assert.equal(monthlyDollars({ worker_requests: 11_000_000 }, 0, month).toFixed(4), "5.3000");
  // In half a month twice as many are to come.
  assert.equal(monthlyDollars({ kv_writes: 1_000_000 }, 0, month / 2).toFixed(4), "10.0000");
  assert.equal(monthlyDollars({}, 3_000_000_000, month).toFixed(4), "6.0000");
});

test("declarations with faults, and a log that is none, are said", async () => {
  const broken = file("broken.json", '{"resources": [{}]}');
  const log = file("one.log", '192.0.2.1 - - [28/Nov/2026:10:00:00 +0000] "GET /items/1 HTTP/1.1" 200 5\n');
  const refused = await larder(["plan", log, broken, "--module", MODULE]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /broken\.json has faults: larder check/);
  const none = await larder(["plan", file("empty.log", "\n"), "--module", MODULE]);
  assert.match(none.err, /no line of a known form/);
});
