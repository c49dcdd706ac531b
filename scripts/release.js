// Makes the archive that serves and deploys with Node and wrangler alone: larder-VERSION.tar.gz, in build/release. Both modules
// have been built then. The same sources give the same archive, byte for byte.
//
// It has the tree's own layout, so that what is in it finds its way as in the tree: scripts/cli holds the commands, with the npm
// packages that they take, as one script each; shim holds the Worker. Nothing of it compiles.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ABI_VERSION } from "../shim/generated/operations.js";
import { licencesOf, packagesOf, requiredOfNode } from "./bundle.js";
import { ownFiles } from "./files.js";
import { makeDashboard } from "./pages/build.js";
import { apiFacts } from "./pages/openapi.js";
import { archiveName } from "./prebuilt/choose.js";

const TARGET = process.argv[2] ?? "build/release";
const FLAVOURS = ["wasi", "emscripten"];
/** No file of a tar archive is older than 1980 (ZIP's beginning of time, which some tools share). */
const TIME_SECONDS = 315_532_800;
const BUILD_COMMAND = "node scripts/cli/prepare.js";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const name = `larder-${manifest.version}`;
const folder = join(TARGET, name);

/** @param {string} path below the archive's folder @param {string | Buffer} content */
function put(path, content) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/**
 * Scripts that share what they have in common; what they import of Node and of the Worker's runtime stays outside.
 * @param {Record<string, string>} entries paths of entries, by their names in the folder @param {string} to a folder
 * @param {import("esbuild").BuildOptions} options @returns {Promise<string[]>} the files that are in them
 */
async function bundle(entries, to, options) {
  const result = await build({
    entryPoints: entries,
    outdir: join(folder, to),
    bundle: true,
    splitting: true,
    format: "esm",
    metafile: true,
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
    ...options,
  });
  return Object.keys(result.metafile?.inputs ?? {});
}

/** What is built before the Worker is bundled keeps its place. @type {import("esbuild").Plugin} */
const builtBefore = {
  name: "built before",
  setup(setup) {
    setup.onResolve({ filter: /\/build\/(module|config)\// }, ({ path }) => ({
      path: path.replace(/^(\.\.\/)+/, "../"),
      external: true,
    }));
  },
};

/** wrangler.toml, with another command in place of the tree's build. @param {string} toml */
function withoutCompiling(toml) {
  const changed = toml
    .replace(/^command = "bash scripts\/prepare\.sh"$/m, `command = "${BUILD_COMMAND}"`)
    .replace(/^watch_dir = .*$/m, 'watch_dir = ["larder.json"]');
  if (!changed.includes(BUILD_COMMAND)) throw new Error("wrangler.toml has no build command to replace.");
  return changed;
}

/** @param {string[]} files sorted @returns {Buffer} a tar archive (POSIX.1-1988, ustar) */
function tarOf(files) {
  const blocks = files.flatMap((file) => {
    const content = readFileSync(join(TARGET, file));
    const header = Buffer.alloc(512);
    const octal = (/** @type {number} */ value, /** @type {number} */ at, /** @type {number} */ size) =>
      header.write(`${value.toString(8).padStart(size - 1, "0")}\0`, at);
    if (Buffer.byteLength(file) > 100) throw new Error(`${file} is too long a name for the archive.`);
    header.write(file, 0);
    octal(file.endsWith(".sh") ? 0o755 : 0o644, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(content.length, 124, 12);
    octal(TIME_SECONDS, 136, 12);
    header.write("        0", 148);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const digest = (/** @type {Buffer} */ bytes) => createHash("sha256").update(bytes).digest("hex");

rmSync(TARGET, { recursive: true, force: true });
const commands = await bundle(
  {
    larder: "scripts/larder.js",
    replay: "scripts/cli/replay.js",
    dev: "scripts/prebuilt/dev.js",
    smoke: "scripts/prebuilt/smoke.js",
    prepare: "scripts/prebuilt/prepare.js",
  },
  "scripts/cli",
  { platform: "node", target: "node22", mainFields: ["module", "main"], plugins: [requiredOfNode] },
);
const worker = await bundle({ index: "shim/index.js", worker: "shim/worker.js" }, "shim", {
  plugins: [builtBefore, requiredOfNode],
});
for (const flavour of FLAVOURS) {
  put(`build/${flavour}/larder.wasm`, readFileSync(`build/${flavour}/larder.wasm`));
}
put("build/prebuilt/pages.json", JSON.stringify({ dashboard: await makeDashboard(), facts: apiFacts() }));
put("build/prebuilt/release.json", `${JSON.stringify({ version: manifest.version, abi: ABI_VERSION })}\n`);
for (const part of ["catalogue", "ops/r2", "larder.json"]) {
  cpSync(part, join(folder, part), { recursive: true });
}
// Tables that the commands read.
for (const path of ownFiles("src").filter((one) => one.endsWith(".def"))) put(path, readFileSync(path));
put("wrangler.toml", withoutCompiling(readFileSync("wrangler.toml", "utf8")));
put("README.md", readFileSync("scripts/prebuilt/README.md", "utf8").replaceAll("VERSION", manifest.version));
put("LICENSES.txt", licencesOf([...packagesOf([...commands, ...worker]), "node_modules/uplot"]));
put(
  "package.json",
  `${JSON.stringify(
    {
      name: "larder",
      version: manifest.version,
      description: manifest.description,
      private: true,
      type: "module",
      bin: { larder: "scripts/cli/larder.js" },
      engines: manifest.engines,
      scripts: {
        dev: "node scripts/cli/dev.js",
        smoke: "node scripts/cli/smoke.js",
        deploy: "node scripts/cli/larder.js deploy",
        larder: "node scripts/cli/larder.js",
        token: "node scripts/cli/larder.js token",
      },
      dependencies: { wrangler: manifest.devDependencies.wrangler },
      overrides: manifest.overrides,
    },
    null,
    2,
  )}\n`,
);
const files = ownFiles(folder).map((path) => path.slice(TARGET.length + 1));
const sums = files.map(
  (file) => `${digest(readFileSync(join(TARGET, file)))}  ${file.slice(name.length + 1)}`,
);
put("SHA256SUMS", `${sums.join("\n")}\n`);
const archive = gzipSync(tarOf([...files, `${name}/SHA256SUMS`].sort()), { level: 9 });
const path = join(TARGET, archiveName(manifest.version));
writeFileSync(path, archive);
writeFileSync(`${path}.sha256`, `${digest(archive)}  ${archiveName(manifest.version)}\n`);
console.log(`${path}: ${archive.length} bytes, ${files.length + 1} files, sha256 ${digest(archive)}`);
