// The Workers that are measured, each as a configuration of `workerd serve`, in a folder of its own.

import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
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
 * @property {string} [outbound] where its fetch() goes
 */
/** @typedef {{status: number, headers: [string, string][], body: Uint8Array}} Answer */

const COMPATIBILITY_DATE = "2026-11-17";

/**
 * Writes the configuration; the first service is the one that is served.
 * @param {string} folder @param {Service[]} services @returns {string} its path
 */
export function writeConfiguration(folder, services) {
  const main = /** @type {Service} */ (services[0]);
  const lines = services.map((service) => `    ${describe(folder, service)},`);
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
function describe(folder, { name, modules, bindings = {}, kv, cache, outbound = "loopback" }) {
  /** @param {Part} part */
  const module = (part) => `(name = "${part.name}", ${part.type} = embed "${relative(folder, part.path)}")`;
  const bound = Object.entries(bindings).map(
    ([key, value]) => `(name = "${key}", text = ${JSON.stringify(value)})`,
  );
  if (kv !== undefined) bound.push(`(name = "CACHE", kvNamespace = "${kv}")`);
  const outbounds = [`globalOutbound = "${outbound}"`];
  if (cache !== undefined) outbounds.push(`cacheApiOutbound = "${cache}"`);
  return (
    `(name = "${name}", worker = (modules = [${modules.map(module).join(", ")}], ` +
    `compatibilityDate = "${COMPATIBILITY_DATE}", bindings = [${bound.join(", ")}], ${outbounds.join(", ")}))`
  );
}

/**
 * The Worker as it would be deployed.
 * @param {string} folder @param {string} catalogue @returns {Promise<string>} its configuration
 */
export async function makeLarder(folder, catalogue) {
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
  // The served module comes first.
  modules.sort((one, other) => Number(other.name === "index.js") - Number(one.name === "index.js"));
  const bindings = { OPENLIBRARY_URL: catalogue, ENVIRONMENT: "development" };
  return writeConfiguration(folder, [
    { name: "larder", modules, bindings, kv: "stores", cache: "stores" },
    { name: "stores", modules: [ours("stores.js")] },
  ]);
}

/** @param {string} folder @param {Answer} answer that of Larder @returns {string} its configuration */
export function makeBare(folder, answer) {
  return writeConfiguration(folder, [
    { name: "bare", modules: [ours("bare.js"), ...literals(folder, answer)] },
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
