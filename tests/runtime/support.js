// The Worker on the real runtime, reached through real sockets: what the in-runtime test runner cannot show, since it puts
// all requests of a test into one context.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleWorker } from "../../scripts/bundle.js";
import { classRows } from "../../scripts/generate/object_rows.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const require = createRequire(import.meta.url);
const miniflarePath = createRequire(require.resolve("wrangler")).resolve("miniflare");
const { Miniflare, convertV4MiniflareOptions } = await import(pathToFileURL(miniflarePath).href);

export const FLAVOURS = /** @type {const} */ (["wasi", "emscripten"]);

/**
 * As wrangler.toml has them, but a batch waits for nobody.
 * @type {Record<string, {maxBatchSize: number, maxBatchTimeout: number, maxRetries: number, deadLetterQueue?: string}>}
 */
const CONSUMERS = Object.fromEntries(
  ["author-warming-queue", "author-warming-priority"].map((name) => [
    name,
    { maxBatchSize: 10, maxBatchTimeout: 0, maxRetries: 3, deadLetterQueue: "author-warming-dlq" },
  ]),
);
const ARCHIVER = { maxBatchSize: 1, maxBatchTimeout: 0, maxRetries: 3 };
CONSUMERS["author-warming-dlq"] = { maxBatchSize: 10, maxBatchTimeout: 0, maxRetries: 100 };

/**
 * `isolates` Workers of the same script, which share KV and the locks as isolates in different places do.
 * @param {"wasi" | "emscripten"} flavour
 * @param {{origin: string, declarations?: object, persist?: string, isolates?: number, bindings?: Record<string, string>, cold?: boolean}} options
 *   `cold`: with what cold storage takes
 */
export async function startWorker(
  flavour,
  { origin, declarations, persist, isolates = 1, bindings = {}, cold = false },
) {
  const text = declarations ? JSON.stringify(declarations) : readFileSync(join(root, "larder.json"), "utf8");
  const modules = [
    {
      type: "ESModule",
      path: "entry.js",
      contents: await bundleWorker(join(root, "tests/runtime/entry.js")),
    },
    {
      type: "CompiledWasm",
      path: "larder.wasm",
      contents: readFileSync(join(root, `build/${flavour}/larder.wasm`)),
    },
    { type: "Text", path: "larder.json.txt", contents: text },
  ];
  const names = Array.from({ length: isolates }, (_, i) => `larder-${i}`);
  // The first Worker has the objects; the others share them.
  const object = (/** @type {string} */ className, /** @type {number} */ isolate) => ({
    className,
    useSQLite: true,
    ...(isolate === 0 ? {} : { scriptName: names[0] }),
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: names.map((name, i) => ({
        name,
        modules,
        compatibilityDate: "2026-11-17",
        bindings: {
          OPENLIBRARY_URL: origin,
          ENVIRONMENT: "test",
          LOG_LEVEL: "off",
          LEDGER_SHARDS: "0",
          ...bindings,
        },
        kvNamespaces: { CACHE: "cache" },
        durableObjects: {
          ...Object.fromEntries(
            classRows()
              .filter(({ name }) => cold || name !== "Archive")
              .map(({ name, binding }) => [binding, object(name, i)]),
          ),
        },
        ...(cold ? { r2Buckets: { LIBRARY_DATA: "library-data" } } : {}),
        queueProducers: {
          AUTHOR_WARMING_QUEUE: "author-warming-queue",
          AUTHOR_WARMING_PRIORITY: "author-warming-priority",
          ...(cold ? { ARCHIVE_QUEUE: "archive-queue" } : {}),
        },
        ...(i === 0
          ? { queueConsumers: { ...CONSUMERS, ...(cold ? { "archive-queue": ARCHIVER } : {}) } }
          : {}),
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      })),
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      ...(persist ? { resourcePersistencePath: persist } : {}),
    }),
  );
  await miniflare.ready;
  const urls = await Promise.all(names.map((name) => miniflare.unsafeGetDirectURL(name)));
  return {
    url: urls[0],
    /** @param {string} path @param {RequestInit} [init] */
    get: (path, init) => fetch(new URL(path, urls[0]), init),
    /** @param {number} isolate @param {string} path @param {RequestInit} [init] */
    getFrom: (isolate, path, init) => fetch(new URL(path, urls[isolate]), init),
    /** Asks again until it is so: each question is a round trip, so nothing spins. @param {() => Promise<boolean>} condition */
    until: async (condition) => {
      while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
    },
    kv: () => miniflare.getKVNamespace("CACHE", names[0]),
    r2: () => miniflare.getR2Bucket("LIBRARY_DATA", names[0]),
    /** Fires a trigger, and is done when its work is. @param {string} cron */
    trigger: async (cron) =>
      (await miniflare.getWorker(names[0])).scheduled({ cron, scheduledTime: new Date() }),
    stop: () => miniflare.dispose(),
  };
}

/**
 * An origin that counts, and holds its answers back until it is told to let go.
 * @param {(request: import("node:http").IncomingMessage) => {status?: number, headers?: Record<string, string>, body: string | Buffer}} answer
 */
export async function startOrigin(answer) {
  /** @type {string[]} */
  const asked = [];
  /** @type {Array<() => void>} */
  let held = [];
  /** @type {Array<() => void>} */
  let watchers = [];
  let holding = false;
  let abandoned = 0;
  const changed = () => {
    for (const watcher of watchers) watcher();
    watchers = [];
  };
  /** @param {() => boolean} condition */
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => watchers.push(() => resolve(undefined)));
  };
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    changed();
    response.on("close", () => {
      if (!response.writableFinished) abandoned += 1;
      changed();
    });
    const reply = () => {
      const { status = 200, headers = {}, body } = answer(request);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(body);
    };
    if (holding) held.push(reply);
    else reply();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    hold() {
      holding = true;
    },
    letGo() {
      holding = false;
      for (const reply of held) reply();
      held = [];
    },
    /** Resolves when `count` requests have arrived. @param {number} count */
    arrived: (count) => until(() => asked.length >= count),
    /** Resolves when `count` requests have gone away without their answer. @param {number} count */
    gone: (count) => until(() => abandoned >= count),
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** A search reply in Open Library's shape. @param {string} title */
export const searchReply = (title) =>
  JSON.stringify({
    numFound: 1,
    start: 0,
    docs: [
      {
        key: "/works/OL7W",
        title,
        author_name: ["A. Writer"],
        first_publish_year: 1990,
        isbn: ["9780552137034"],
      },
    ],
  });
