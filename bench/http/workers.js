// The Workers that are measured, each as a configuration of `workerd serve`, in a folder of its own.

import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { objectRows } from "../../scripts/generate/object_rows.js";
import { run } from "../../scripts/steps.js";

/**
 * @typedef {object} Part a module or a binding of a Worker
 * @property {string} name
 * @property {"esModule" | "text" | "data" | "json" | "wasm"} type
 * @property {string} path
 */
/**
 * @typedef {object} Service
 * @property {string} name
 * @property {Part[]} modules
 * @property {Record<string, string>} [bindings] texts
 * @property {string} [kv] binding CACHE: the service that answers for it
 * @property {string} [cache] the service that answers for the Cache API
 * @property {{binding: string, className: string, service: string}[]} [objects] namespaces of Durable Objects that it uses
 * @property {string[]} [classes] of Durable Objects that live in it
 * @property {string} [storage] the service that keeps what its Durable Objects store, by SQLite; else it is in memory, where
 *   there is no SQL
 * @property {string} [outbound] where its fetch() goes
 */
/** @typedef {{status: number, headers: [string, string][], body: Uint8Array}} Answer */

const COMPATIBILITY_DATE = "2026-11-17";

/**
 * Writes the configuration; the first service is the one that is served.
 * @param {string} folder @param {Service[]} services
 * @param {Record<string, string>} [disks] services that are folders: where they are
 * @returns {string} its path
 */
export function writeConfiguration(folder, services, disks = {}) {
  const main = /** @type {Service} */ (services[0]);
  const lines = services.map((service) => `    ${describe(folder, service)},`);
  for (const [name, path] of Object.entries(disks)) {
    lines.push(`    (name = "${name}", disk = (path = "${resolve(path)}", writable = true)),`);
  }
  const path = join(folder, "workerd.capnp");
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
${lines.join("\n")}
    (name = "loopback", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "${main.name}")],
);
`,
  );
  return path;
}

/** @param {string} folder @param {Service} service */
function describe(folder, { name, modules, bindings = {}, kv, cache, outbound = "loopback", ...durable }) {
  /** @param {Part} part */
  const module = (part) => `(name = "${part.name}", ${part.type} = embed "${relative(folder, part.path)}")`;
  const bound = Object.entries(bindings).map(
    ([key, value]) => `(name = "${key}", text = ${JSON.stringify(value)})`,
  );
  if (kv !== undefined) bound.push(`(name = "CACHE", kvNamespace = "${kv}")`);
  const more = [`globalOutbound = "${outbound}"`];
  if (cache !== undefined) more.push(`cacheApiOutbound = "${cache}"`);
  const { objects = [], classes = [], storage } = durable;
  for (const { binding, className, service } of objects) {
    const namespace = `(className = "${className}", serviceName = "${service}")`;
    bound.push(`(name = "${binding}", durableObjectNamespace = ${namespace})`);
  }
  if (classes.length > 0) {
    const sql = storage === undefined ? "" : ", enableSql = true";
    const namespaces = classes.map((of) => `(className = "${of}", uniqueKey = "${of}"${sql})`);
    more.push(`durableObjectNamespaces = [${namespaces.join(", ")}]`);
    more.push(
      `durableObjectStorage = (${storage === undefined ? "inMemory = void" : `localDisk = "${storage}"`})`,
    );
  }
  return (
    `(name = "${name}", worker = (modules = [${modules.map(module).join(", ")}], ` +
    `compatibilityDate = "${COMPATIBILITY_DATE}", bindings = [${bound.join(", ")}], ${more.join(", ")}))`
  );
}

/**
 * The Worker as it would be deployed.
 * @param {string} folder @returns {Promise<Part[]>} its modules, the served one first
 */
export async function bundleLarder(folder) {
  const bundle = join(folder, "bundle");
  rmSync(bundle, { recursive: true, force: true });
  const { status, output } = await run(["wrangler", "deploy", "--dry-run", "--outdir", bundle]);
  if (status !== 0) throw new Error(`the Worker could not be bundled:\n${output}`);
  const types = /** @type {const} */ ([
    [".js", "esModule"],
    [".wasm", "wasm"],
    [".txt", "text"],
  ]);
  const modules = readdirSync(bundle).flatMap((name) => {
    const type = types.find(([ending]) => name.endsWith(ending))?.[1];
    return type === undefined ? [] : [{ name, type, path: join(bundle, name) }];
  });
  return modules.sort((one, other) => Number(other.name === "index.js") - Number(one.name === "index.js"));
}

/**
 * @param {string} folder @param {Part[]} modules of the bundle @param {Record<string, string>} settings
 * @returns {string} its configuration
 */
export function makeLarder(folder, modules, settings) {
  const bindings = { ...settings, ENVIRONMENT: "development" };
  const disk = join(folder, "objects");
  rmSync(disk, { recursive: true, force: true });
  mkdirSync(disk);
  // What stores nothing needs no file for each key; the others are SQLite's.
  const objects = objectRows().map(({ binding = "", name = "", kept }) => ({
    binding,
    className: name,
    service: kept === "durable" ? "control" : "larder",
  }));
  const classesIn = (/** @type {string} */ wanted) =>
    objects.filter(({ service }) => service === wanted).map(({ className }) => className);
  return writeConfiguration(
    folder,
    [
      {
        name: "larder",
        modules,
        bindings,
        kv: "stores",
        cache: "stores",
        objects,
        classes: classesIn("larder"),
      },
      { name: "control", modules, classes: classesIn("control"), storage: "disk" },
      { name: "stores", modules: [ours("stores.js")] },
    ],
    { disk },
  );
}

/** @param {string} folder @param {Answer} answer that of Larder @returns {string} its configuration */
export function makeBare(folder, answer) {
  return writeConfiguration(folder, [
    { name: "bare", modules: [ours("bare.js"), ...literals(folder, answer), statusOf(folder, answer)] },
  ]);
}

/** @param {string} folder @param {Answer} answer that of Larder @returns {string} its configuration */
export function makeKept(folder, answer) {
  return writeConfiguration(folder, [
    { name: "kept", modules: [ours("kept.js"), ...literals(folder, answer)] },
  ]);
}

/** @param {string} folder @param {Answer} answer that of Larder @returns {string} its configuration */
export function makePeer(folder, answer) {
  const [body, fields] = literals(folder, answer);
  // Copied, because a configuration embeds nothing from above the packages' links.
  const libraries = join(folder, "libraries");
  mkdirSync(libraries, { recursive: true });
  cpSync("node_modules/@epic-web/cachified/dist/index.mjs", join(libraries, "cachified.mjs"));
  cpSync("node_modules/lru-cache/dist/esm/index.min.js", join(libraries, "lru-cache.mjs"));
  /** @type {Part[]} */
  const modules = [
    ours("peer.js"),
    fields,
    { name: "@epic-web/cachified", type: "esModule", path: join(libraries, "cachified.mjs") },
    { name: "lru-cache", type: "esModule", path: join(libraries, "lru-cache.mjs") },
  ];
  return writeConfiguration(folder, [
    { name: "peer", modules, outbound: "origin" },
    { name: "origin", modules: [ours("origin.js"), body] },
  ]);
}

/** @param {string} name @returns {Part} */
const ours = (name) => ({ name, type: "esModule", path: join("bench/http", name) });

/** @param {string} folder @param {Answer} answer @returns {Part} */
function statusOf(folder, { status }) {
  const path = join(folder, "status.json");
  writeFileSync(path, String(status));
  return { name: "status.json", type: "json", path };
}

/** @param {string} folder @param {Answer} answer @returns {[Part, Part]} */
function literals(folder, { headers, body }) {
  const [bodyPath, fieldsPath] = [join(folder, "body.bin"), join(folder, "fields.json")];
  writeFileSync(bodyPath, body);
  const fields = headers.filter(([name]) => name !== "content-length" && name !== "date");
  writeFileSync(fieldsPath, JSON.stringify(Object.fromEntries(fields)));
  return [
    { name: "body.bin", type: "data", path: bodyPath },
    { name: "fields.json", type: "json", path: fieldsPath },
  ];
}
