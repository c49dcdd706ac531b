// The npm package, as its users have it: packed, installed, bundled by wrangler into the Workers of examples/, and run.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { classRows } from "../../scripts/generate/object_rows.js";
import { run } from "../../scripts/steps.js";
import { startOrigin } from "./support.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const require = createRequire(import.meta.url);
const miniflarePath = createRequire(require.resolve("wrangler")).resolve("miniflare");
const { Miniflare, convertV4MiniflareOptions } = await import(pathToFileURL(miniflarePath).href);

/** Every command that fails shows what it said. @param {string[]} command */
async function must(command) {
  const { status, output } = await run(command, { WRANGLER_SEND_METRICS: "false" });
  assert.equal(status, 0, `${command.join(" ")}\n${output}`);
  return output;
}

const folder = mkdtempSync(join(tmpdir(), "larder-package-"));
const installed = join(folder, "node_modules/larder");
/** @type {{url: string, asked: string[], stop: () => Promise<unknown>}} */
let origin;
/** @type {any} */
let miniflare;
/** @type {string} */
let inside;
/** @type {string} */
let bound;

/** @param {string} name of an example @param {string} out a folder in it @param {string[]} more */
const bundled = (name, out, more = []) =>
  must(["wrangler", "deploy", "--dry-run", "--cwd", join(folder, name), "--outdir", out, ...more]);

/** What wrangler would upload. @param {string} name @param {string} [out] */
const modulesOf = (name, out = "out") =>
  readdirSync(join(folder, name, out))
    .filter((file) => /\.(js|wasm)$/.test(file))
    .sort((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
    .map((file) => ({
      type: file.endsWith(".js") ? "ESModule" : "CompiledWasm",
      path: file,
      contents: readFileSync(join(folder, name, out, file)),
    }));

before(async () => {
  await must([process.execPath, "scripts/package.js"]);
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      encoding: "utf8",
    }),
  );
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, packed.filename), "-C", installed, "--strip-components=1"]);
  // What `npm install` would bring beside it, for its command line.
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  for (const name of ["inside", "bound"])
    cpSync(join(root, "examples", name), join(folder, name), { recursive: true });
  await Promise.all([bundled("inside", "out"), bundled("bound", "out")]);
  origin = await startOrigin((request) => {
    const { searchParams } = new URL(request.url ?? "", "http://weather.example");
    const city = searchParams.get("city");
    if (city === "nowhere")
      return { status: 404, body: JSON.stringify({ detail: "There is no such city." }) };
    return { body: JSON.stringify({ city, degrees: 21 }) };
  });
  const binding = (/** @type {object} */ props) => ({ name: "weather", entrypoint: "LarderService", props });
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "weather",
          modules: modulesOf("inside").map((one) =>
            one.type === "ESModule"
              ? { ...one, contents: String(one.contents).replaceAll("https://weather.example", origin.url) }
              : one,
          ),
          compatibilityDate: "2026-11-17",
          bindings: {
            CACHE_IMPL: "kv",
            ENVIRONMENT: "test",
            LOG_LEVEL: "off",
            ADMIN_JWT_SECRET: "a secret of the tests, with 32 bytes or more",
          },
          kvNamespaces: { CACHE: "cache" },
          durableObjects: Object.fromEntries(
            classRows().map(({ binding, name }) => [binding, { className: name, useSQLite: true }]),
          ),
          queueProducers: {
            AUTHOR_WARMING_QUEUE: "author-warming-queue",
            AUTHOR_WARMING_PRIORITY: "author-warming-priority",
          },
          queueConsumers: {
            "author-warming-queue": { maxBatchSize: 10, maxBatchTimeout: 0, maxRetries: 3 },
          },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
        ...[
          ["umbrella", { caller: "umbrella", role: "admin" }],
          ["reader", { caller: "reader" }],
          ["viewer", { caller: "viewer", role: "viewer" }],
        ].map(([name, props]) => ({
          name,
          modules: modulesOf("bound"),
          compatibilityDate: "2026-11-17",
          serviceBindings: { LARDER: binding(/** @type {object} */ (props)) },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        })),
      ],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  await miniflare.ready;
  inside = String(await miniflare.unsafeGetDirectURL("weather"));
  bound = String(await miniflare.unsafeGetDirectURL("umbrella"));
});

after(async () => {
  await miniflare?.dispose();
  await origin?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** @param {string} url @param {string} path @param {RequestInit} [init] */
async function get(url, path, init) {
  const response = await fetch(new URL(path, url), init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

const cacheStatus = (/** @type {{headers: Headers}} */ answer) => answer.headers.get("cache-status") ?? "";

test("a Worker with the package inside answers its own routes, and Larder the rest", async () => {
  assert.equal((await get(inside, "/hello")).text, "Hello from this Worker.\n");
  const first = await get(inside, "/forecast/Oslo?units=metric");
  assert.deepEqual(first.json(), { city: "oslo", degrees: 21 });
  assert.match(cacheStatus(first), /fwd=miss/);
  assert.match(cacheStatus(await get(inside, "/forecast/oslo?units=metric")), /; hit/);
  assert.equal((await get(inside, "/health")).json().status, "ok");
  assert.match((await get(inside, "/dashboard")).text, /^<!doctype html>/i);
  const description = (await get(inside, "/openapi.json")).json();
  assert.ok(description.paths["/forecast/{city}"].get && description.paths["/api/cache/purge"].post);
  assert.equal((await get(inside, "/api/settings")).status, 401);
});

test("a bound Worker reads by calls: an answer and a request share the entry", async () => {
  const first = (await get(bound, "/umbrella?city=Lima")).json();
  assert.deepEqual([first.city, first.degrees], ["Lima", 21]);
  assert.match(first.cacheStatus, /fwd=miss/);
  assert.match((await get(bound, "/umbrella?city=Lima")).json().cacheStatus, /; hit/);
  assert.match(cacheStatus(await get(inside, "/forecast/lima?units=metric")), /; hit/);
  assert.equal(origin.asked.filter((url) => /lima/i.test(url)).length, 1);
  // Without a role, too.
  const reader = String(await miniflare.unsafeGetDirectURL("reader"));
  assert.match((await get(reader, "/umbrella?city=Lima")).json().cacheStatus, /; hit/);
});

test("a call that cannot be answered says why, and throws nothing", async () => {
  const unknown = await get(bound, "/umbrella?city=nowhere");
  assert.deepEqual([unknown.status, unknown.json()], [502, { error: "There is no such city." }]);
  assert.match((await get(bound, "/umbrella?city=..")).json().error, /^fields\.city: /);
});

test("requests that a bound Worker passes on are answered as anybody's", async () => {
  const answer = await get(bound, "/forecast/Lima?units=metric");
  assert.deepEqual(answer.json(), { city: "lima", degrees: 21 });
  assert.match(cacheStatus(answer), /; hit/);
  // The binding's role counts for calls alone.
  assert.equal((await get(bound, "/api/settings")).status, 401);
});

test("what a bound Worker may do is the role of its binding", async () => {
  const asked = origin.asked.length;
  const explained = (await get(bound, "/explain?city=Rome")).json();
  assert.equal(explained.ok, true);
  assert.equal(explained.value.resource.name, "forecast");
  assert.equal(origin.asked.length, asked);
  const purged = (await get(bound, "/purge")).json();
  assert.equal(purged.ok, true);
  assert.match(cacheStatus(await get(bound, "/forecast/Lima?units=metric")), /fwd=/);
  const [viewer, reader] = await Promise.all(
    ["viewer", "reader"].map(async (name) => String(await miniflare.unsafeGetDirectURL(name))),
  );
  const refused = { ok: false, status: 403, retryAfter: null };
  const admin = "This call needs a service binding whose props have the role admin.";
  assert.equal((await get(viewer, "/explain")).json().ok, true);
  assert.deepEqual((await get(viewer, "/purge")).json(), { ...refused, error: admin });
  assert.deepEqual((await get(viewer, "/warm?city=Rome")).json(), { ...refused, error: admin, jobs: [] });
  assert.equal((await get(reader, "/explain")).json().status, 403);
});

test("a bound Worker warms items, which are hits soon", async () => {
  const warmed = (await get(bound, "/warm?city=Quito&city=Cusco")).json();
  assert.deepEqual([warmed.ok, warmed.jobs.length, warmed.jobs[0].created], [true, 1, true]);
  assert.equal(
    (await get(bound, "/warm")).json().error,
    "items: give a list of {resource, fields}, with one item at least.",
  );
  const isWarm = async () => /; hit/.test((await get(bound, "/umbrella?city=Cusco")).json().cacheStatus);
  const asked = () => origin.asked.filter((url) => /quito/i.test(url)).length;
  while (asked() === 0) await new Promise((resolve) => setImmediate(resolve));
  while (!(await isWarm())) await new Promise((resolve) => setImmediate(resolve));
});

test("the audit log and the metrics name the caller", async () => {
  const { signToken } = await import("../../scripts/cli/token.js");
  const token = signToken(
    { role: "admin", sub: "ann", expires: "1h" },
    "a secret of the tests, with 32 bytes or more",
    Date.now(),
  );
  const headers = { authorization: `Bearer ${token}` };
  const rows = async () => (await get(inside, "/api/audit", { headers })).json().entries;
  const named = async () => (await rows()).filter((/** @type {any} */ row) => row.who === "service:umbrella");
  assert.ok(
    (await named()).some((/** @type {any} */ row) => row.path === "/api/cache/purge" && row.status === 200),
  );
  // Hands to the ledger what this isolate has counted.
  await (await miniflare.getWorker("weather")).scheduled({ cron: "*/5 * * * *", scheduledTime: new Date() });
  const { text } = await get(inside, "/metrics?format=prometheus", { headers });
  for (const call of ["fetch", "read", "warm", "purge", "explain"]) {
    assert.match(
      text,
      new RegExp(`^service_calls_total\\{caller="service:umbrella",call="${call}"\\} \\d+$`, "m"),
    );
  }
  assert.match(text, /^service_calls_total\{caller="service:reader",call="read"\} 1$/m);
});

test("the same on the other build of the module", async () => {
  await bundled("inside", "other", ["--alias", "larder:larder/emscripten"]);
  const [script, wasm] = modulesOf("inside", "other");
  assert.deepEqual(wasm?.contents, readFileSync(join(root, "build/emscripten/larder.wasm")));
  assert.match(String(script?.contents), /LarderService/);
});

test("the package's command line runs from where it is installed", async () => {
  const larder = join(installed, "scripts/larder.js");
  const declarations = join(folder, "inside/larder.json");
  assert.match(await must([process.execPath, larder, "check", declarations]), /: 1 resource, no faults\./);
});

test("the types take the examples, and the licences of what is inside are there", async () => {
  await must(["tsc", "-p", "examples/tsconfig.json"]);
  const licences = readFileSync(join(installed, "build/package/LICENSES.txt"), "utf8");
  for (const name of ["ioredis", "jose", "uplot"]) assert.match(licences, new RegExp(`^${name} \\d`, "m"));
});
