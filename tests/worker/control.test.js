// The control log: what it holds after changes, what it refuses, and how it is read through the data centre's cache.
import { env, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";

const NOW = 1_790_000_000_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

// The object ---------------------------------------------------------------------------------------------------------

/**
 * A log of its own, at a time that stands still.
 * @param {string} name @param {(log: import("../../shim/control.js").ControlLog) => Promise<void>} use
 */
function withLog(name, use) {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  return runInDurableObject(env.CONTROL.getByName(name), use);
}

/** @param {string} kind @param {string} text @param {boolean} [soft] */
const purge = (kind, text, soft = false) => ({ kind, text, soft });
/** @param {import("../../shim/control.js").ControlLog} log @param {unknown} changes */
const append = async (log, changes) => JSON.parse(await log.append(JSON.stringify(changes)));
/** @param {string} document */
const rows = (document) =>
  JSON.parse(document).purges.map((/** @type {any} */ row) => [
    row.sequence,
    row.kind,
    row.text,
    row.soft ? "soft" : "hard",
  ]);

test("a new log is empty", () =>
  withLog("empty", async (log) => {
    expect(await log.read()).toBe('{"sequence":0,"settings":{},"purges":[]}');
    expect(await log.append("[]")).toBe('{"sequence":0,"settings":{},"purges":[]}');
  }));

test("changes are numbered in order, and the log tells purges and settings", () =>
  withLog("numbered", async (log) => {
    const changes = [
      { setting: "ENABLE_SWR", value: "false" },
      purge("tag", "x"),
      { setting: "TTL_DAYS", value: "30" },
      purge("key", "larder:title:v3:dune", true),
    ];
    const document = {
      sequence: 4,
      settings: { ENABLE_SWR: "false", TTL_DAYS: "30" },
      purges: [
        { sequence: 2, kind: "tag", text: "x", soft: false, at: NOW },
        { sequence: 4, kind: "key", text: "larder:title:v3:dune", soft: true, at: NOW },
      ],
    };
    expect(await append(log, changes)).toEqual(document);
    expect(await log.read()).toBe(JSON.stringify(document));
  }));

test("a setting is replaced, and removed by null, of which the sequence tells", () =>
  withLog("settings", async (log) => {
    await append(log, [{ setting: "A", value: "1" }]);
    await append(log, [
      { setting: "B", value: "" },
      { setting: "A", value: "2" },
    ]);
    expect(await log.read()).toBe('{"sequence":3,"settings":{"A":"2","B":""},"purges":[]}');
    await append(log, [
      { setting: "A", value: null },
      { setting: "never", value: null },
    ]);
    expect(await log.read()).toBe('{"sequence":5,"settings":{"B":""},"purges":[]}');
  }));

test("every kind is taken, and any text comes back as it was", () =>
  withLog("texts", async (log) => {
    const texts = ["", "plain", 'quo"te', "back\\slash", "li\nne", "nul\0l", "海é😀", "x".repeat(2048)];
    const kinds = ["key", "tag", "prefix", "pattern", "all"];
    const changes = kinds.flatMap((kind) => texts.map((text) => purge(kind, text)));
    const { sequence, purges } = await append(log, changes);
    expect(sequence).toBe(changes.length);
    expect(purges).toEqual(changes.map((change, i) => ({ ...change, sequence: i + 1, at: NOW })));
  }));

test.for([
  ["hard, then hard", [false, false], [[2, "tag", "x", "hard"]]],
  ["soft, then soft", [true, true], [[2, "tag", "x", "soft"]]],
  ["soft, then hard", [true, false], [[2, "tag", "x", "hard"]]],
  [
    "hard, then soft",
    [false, true],
    [
      [1, "tag", "x", "hard"],
      [2, "tag", "x", "soft"],
    ],
  ],
  ["hard, soft, hard", [false, true, false], [[3, "tag", "x", "hard"]]],
  [
    "hard, soft, soft",
    [false, true, true],
    [
      [1, "tag", "x", "hard"],
      [3, "tag", "x", "soft"],
    ],
  ],
])("%s", ([name, softness, left]) =>
  withLog(`replaced ${name}`, async (log) => {
    for (const soft of /** @type {boolean[]} */ (softness)) await append(log, [purge("tag", "x", soft)]);
    expect(rows(await log.read())).toEqual(left);
    await append(log, [purge("key", "x"), purge("tag", "y")]);
    expect(rows(await log.read())).toHaveLength(left.length + 2);
  }),
);

test("a clock that is set back makes no purge older than the one before", () =>
  withLog("clock", async (log) => {
    await append(log, [purge("tag", "a")]);
    vi.setSystemTime(NOW - 60_000);
    await append(log, [purge("tag", "b")]);
    vi.setSystemTime(NOW + 1);
    const { purges } = await append(log, [purge("tag", "c")]);
    expect(purges.map((/** @type {any} */ row) => row.at)).toEqual([NOW, NOW, NOW + 1]);
  }));

const many = (/** @type {number} */ count, /** @type {string} */ name) =>
  Array.from({ length: count }, (_, i) => purge("key", `${name} ${i}`, i % 2 === 1));

test("a thousand purges are kept, and one more folds the oldest half into a purge of everything", () =>
  withLog("folded", async (log) => {
    expect((await append(log, many(1000, "old"))).purges).toHaveLength(1000);
    vi.setSystemTime(NOW + 5);
    const { sequence, purges } = await append(log, [purge("tag", "one more")]);
    expect(sequence).toBe(1001);
    expect(purges).toHaveLength(502);
    expect(purges[0]).toEqual({ sequence: 500, kind: "all", text: "", soft: false, at: NOW });
    expect(purges[1]).toEqual({ sequence: 501, kind: "key", text: "old 500", soft: false, at: NOW });
    expect(purges[501]).toEqual({ sequence: 1001, kind: "tag", text: "one more", soft: false, at: NOW + 5 });
  }));

test("it folds until it is small enough, and what was folded before is folded again", () =>
  withLog("folded-twice", async (log) => {
    await append(log, many(1000, "first"));
    vi.setSystemTime(NOW + 1);
    const { purges } = await append(log, many(1000, "second"));
    // 2,000 rows become 1,001, and these 502: the last of the 500 is the 499th of the second thousand.
    expect(purges).toHaveLength(502);
    expect(purges[0]).toEqual({ sequence: 1499, kind: "all", text: "", soft: false, at: NOW + 1 });
    expect(purges[1].sequence).toBe(1500);
  }));

test("where everything was purged later, folding adds nothing to that", () =>
  withLog("folded-under", async (log) => {
    await append(log, many(1000, "old"));
    const { purges } = await append(log, [purge("all", "")]);
    expect(purges).toHaveLength(501);
    expect(purges[0].sequence).toBe(501);
    expect(purges[500]).toEqual({ sequence: 1001, kind: "all", text: "", soft: false, at: NOW });
  }));

test.for([
  ["no JSON", "[{"],
  ["nothing", ""],
  ["no array", JSON.stringify(purge("tag", "x"))],
  ["null", "null"],
  ["a change that is no object", "[null]"],
  ["a text for a change", '["tag"]'],
  ["an unknown kind", JSON.stringify([purge("everything", "x")])],
  ["a kind of objects", JSON.stringify([purge("constructor", "x")])],
  ["no text", '[{"kind":"tag","soft":false}]'],
  ["a text that is none", '[{"kind":"tag","text":1,"soft":false}]'],
  ["no softness", '[{"kind":"tag","text":"x"}]'],
  ["a text that is too long", JSON.stringify([purge("tag", "x".repeat(2049))])],
  ["a text of too many bytes", JSON.stringify([purge("tag", "é".repeat(1025))])],
  ["more than a thousand changes", JSON.stringify(many(1001, "many"))],
  ["no name of a setting", '[{"setting":"","value":"x"}]'],
  ["no value of a setting", '[{"setting":"A"}]'],
  ["a value that is no text", '[{"setting":"A","value":1}]'],
  ["a value that is too long", JSON.stringify([{ setting: "A", value: "x".repeat(2049) }])],
  ["a purge and a setting in one", '[{"kind":"tag","text":"x","soft":false,"setting":"A","value":"x"}]'],
])("%s is refused", ([name, changes]) =>
  withLog(`refused ${name}`, async (log) => {
    await expect(log.append(changes)).rejects.toThrow();
    expect(await log.read()).toBe('{"sequence":0,"settings":{},"purges":[]}');
  }),
);

test("one malformed change among good ones, and nothing is applied", () =>
  withLog("atomic", async (log) => {
    const good = [purge("tag", "x"), { setting: "A", value: "1" }];
    const before = JSON.stringify(await append(log, good));
    const changes = [purge("tag", "y"), { setting: "A", value: "2" }, { kind: "tag" }];
    await expect(log.append(JSON.stringify(changes))).rejects.toThrow("A change is malformed.");
    expect(await log.read()).toBe(before);
  }));

test("a change that storage refuses takes those before it along", () =>
  withLog("rolled-back", async (log) => {
    vi.spyOn(log, "purge").mockImplementation(() => {
      throw new Error("The disk is full.");
    });
    const changes = [{ setting: "A", value: "1" }, purge("tag", "x")];
    await expect(log.append(JSON.stringify(changes))).rejects.toThrow("The disk is full.");
    expect(await log.read()).toBe('{"sequence":0,"settings":{},"purges":[]}');
  }));

test("the log outlives its object", async () => {
  const log = env.CONTROL.getByName("kept");
  const before = await log.append(JSON.stringify([purge("tag", "x"), { setting: "A", value: "1" }]));
  await runInDurableObject(log, (_, state) => state.abort("reset")).catch(() => {});
  expect(await env.CONTROL.getByName("kept").read()).toBe(before);
});

// The operations -----------------------------------------------------------------------------------------------------

const flight = /** @type {any} */ ({ id: 1, env });
const read = async (direct = 0, keep_seconds = 5, request = flight) =>
  JSON.parse((await handlers.control_read(request, { direct, keep_seconds, wait_millis: 1000 })).document);
const add = async (/** @type {unknown} */ changes, request = flight) => {
  const wanted = { changes: JSON.stringify(changes), keep_seconds: 5 };
  return JSON.parse((await handlers.control_append(request, wanted)).document);
};
/** @param {Promise<unknown>} call @param {string} name */
const failureOf = (call, name) =>
  call.then(
    () => null,
    (thrown) => asFailure(thrown, name),
  );

const address = `https://larder.internal/control/${env.CONTROL.idFromName("control")}`;
/** Changes the log past the operations: the cache does not hear of it. @param {string} text */
const addUnheard = (text) => env.CONTROL.getByName("control").append(JSON.stringify([purge("tag", text)]));

test("a read keeps a copy, which the next reads are given until it is read directly", async () => {
  await caches.default.delete(address);
  const { sequence } = await read();
  await addUnheard("unheard of");
  expect((await read()).sequence).toBe(sequence);
  expect((await read(1)).sequence).toBe(sequence + 1);
  expect((await read()).sequence).toBe(sequence + 1);
});

test("the copy is kept for as long as was said", async () => {
  await read(1, 4242);
  const copy = await caches.default.match(address);
  expect(copy?.headers.get("cache-control")).toBe("max-age=4242");
  await copy?.body?.cancel();
  await caches.default.delete(address);
});

test("what was appended is in the copy at once", async () => {
  const { sequence } = await read();
  const document = await add([purge("prefix", "at once"), { setting: "B", value: "1" }]);
  expect(document.sequence).toBe(sequence + 2);
  const CONTROL = { idFromName: () => env.CONTROL.idFromName("control"), get: () => ({}) };
  const unasked = { id: 1, env: { CONTROL } };
  expect(await read(0, 5, unasked)).toEqual(document);
});

test("a log as large as it gets comes through the copy", async () => {
  const changes = Array.from({ length: 1000 }, (_, i) =>
    purge("key", `${i}`.padEnd(2048, "é").slice(0, 1024)),
  );
  const document = await add(changes);
  expect(document.purges.length).toBeGreaterThan(500);
  expect(await read()).toEqual(document);
});

test("a cache that fails costs the way to the object, and no answer", async () => {
  await read();
  await addUnheard("behind the cache's back");
  const broken = () => Promise.reject(new Error("The cache is out of order."));
  const match = vi.spyOn(caches.default, "match").mockImplementation(broken);
  const put = vi.spyOn(caches.default, "put").mockImplementation(broken);
  const { sequence } = JSON.parse(await env.CONTROL.getByName("control").read());
  expect((await read()).sequence).toBe(sequence);
  expect((await add([purge("tag", "still")])).sequence).toBe(sequence + 1);
  expect([match.mock.calls.length, put.mock.calls.length]).toEqual([1, 2]);
});

test("a copy that breaks off while it is read costs the way to the object", async () => {
  const { sequence } = await read(1);
  await addUnheard("past a broken copy");
  vi.spyOn(caches.default, "match").mockImplementation(async () => {
    const response = new Response("half");
    vi.spyOn(response, "text").mockRejectedValue(new Error("It broke off."));
    return response;
  });
  expect((await read()).sequence).toBe(sequence + 1);
});

test("an object that fails is unavailable, and so is one that refuses", async () => {
  const failing = async () => {
    throw new Error("s3cret");
  };
  const CONTROL = { idFromName: () => "broken", get: () => ({ read: failing, append: failing }) };
  const broken = { id: 1, env: { CONTROL } };
  expect(await failureOf(read(1, 5, broken), "control_read")).toMatchObject({
    status: "unavailable",
    message: "control_read failed (Error).",
  });
  expect(await failureOf(add([], broken), "control_append")).toMatchObject({
    status: "unavailable",
    message: "control_append failed (Error).",
  });
  expect(await failureOf(add([{ kind: "tag" }]), "control_append")).toMatchObject({ status: "unavailable" });
});

test("without the binding both say so", async () => {
  const bare = { id: 1, env: {} };
  for (const failure of [await failureOf(read(0, 5, bare), ""), await failureOf(add([], bare), "")]) {
    expect(failure?.status).toBe("unsupported");
    expect(failure?.message).toContain("wrangler.toml");
  }
});

test("a log that gives no answer is waited for no longer than was asked", async () => {
  vi.useFakeTimers();
  try {
    const object = { read: () => new Promise(() => {}) };
    const binding = { idFromName: () => "silent", get: () => object };
    const request = /** @type {any} */ ({ env: { CONTROL: binding } });
    const failed = failureOf(
      handlers.control_read(request, { direct: 1, keep_seconds: 5, wait_millis: 1000 }),
      "control_read",
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(await failed).toMatchObject({
      status: "timeout",
      message: "The control log gave no answer within 1000 ms.",
    });
  } finally {
    vi.useRealTimers();
  }
});
