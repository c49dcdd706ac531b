// The released archive, as its users have it: unpacked in an empty folder, with Node and wrangler alone on the PATH, it serves,
// passes its own smoke run and deploys. Beside a tree it stands in for the toolchain.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../scripts/listening.js";
import { archiveName, choose, missingTools, unpack } from "../../scripts/prebuilt/choose.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "larder-release-"));
const archive = join(folder, "made", archiveName(version));
const unpacked = join(folder, "unpacked");
const bin = join(folder, "bin");

/** Node and wrangler, and nothing else. */
const BARE = { PATH: bin, HOME: folder };

/**
 * Runs a command to its end, or until it has written what is waited for, and then ends it as a user does.
 * @param {string[]} command @param {{cwd: string, env: NodeJS.ProcessEnv, until?: RegExp, meanwhile?: () => Promise<void>}} how
 */
async function run([program = "", ...words], { cwd, env, until, meanwhile }) {
  const child = spawn(program, words, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => child.once("close", resolve));
  const seen = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
        if (until?.test(output)) resolve(null);
      });
    }
  });
  await Promise.race([ended, seen]);
  if (until !== undefined) {
    try {
      assert.match(output, until);
      await meanwhile?.();
    } finally {
      child.kill("SIGINT");
    }
  }
  return { status: await ended, output };
}

const digest = (/** @type {string} */ path) => createHash("sha256").update(readFileSync(path)).digest("hex");

before(async () => {
  const made = await run([process.execPath, "scripts/release.js", join(folder, "made")], {
    cwd: root,
    env: process.env,
  });
  assert.equal(made.status, 0, made.output);
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  symlinkSync(join(root, "node_modules/.bin/wrangler"), join(bin, "wrangler"));
  assert.equal(unpack(archive, unpacked), "");
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the same tree gives the same archive", async () => {
  const again = join(folder, "again");
  await run([process.execPath, "scripts/release.js", again], { cwd: root, env: process.env });
  assert.equal(digest(join(again, archiveName(version))), digest(archive));
  assert.equal(readFileSync(`${archive}.sha256`, "utf8"), `${digest(archive)}  ${archiveName(version)}\n`);
});

test("it has both modules, and names the licences of what is in it", () => {
  for (const flavour of ["wasi", "emscripten"]) {
    assert.equal(
      digest(join(unpacked, `build/${flavour}/larder.wasm`)),
      digest(join(root, `build/${flavour}/larder.wasm`)),
    );
  }
  const licences = readFileSync(join(unpacked, "LICENSES.txt"), "utf8");
  for (const name of ["commander", "ioredis", "jose", "smol-toml", "uplot", "yaml"]) {
    assert.match(licences, new RegExp(`^${name} \\d`, "m"));
  }
  assert.ok(!existsSync(join(unpacked, "CMakeLists.txt")));
  assert.match(readFileSync(join(unpacked, "README.md"), "utf8"), new RegExp(`^# Larder ${version}, built`));
});

test("in an empty folder it passes its own smoke run", async () => {
  const { status, output } = await run(["node", "scripts/cli/smoke.js"], { cwd: unpacked, env: BARE });
  assert.equal(status, 0, output);
  assert.match(output, /^12 passed, 0 failed$/m);
});

/** @param {string[]} command @param {string} cwd @param {NodeJS.ProcessEnv} env @param {"wasi" | "emscripten"} flavour */
async function serves(command, cwd, env, flavour) {
  const port = await freePort(0);
  const ports = { PORT: String(port), CATALOGUE_PORT: String(await freePort(0)), LARDER_WASM: flavour };
  /** @type {any} */
  let health;
  const { status, output } = await run(command, {
    cwd,
    env: { ...env, ...ports },
    until: /^Ready$/m,
    meanwhile: async () => {
      health = await (await fetch(`http://127.0.0.1:${port}/health`)).json();
    },
  });
  assert.equal(status, 130, output);
  assert.deepEqual([health.status, health.version, health.toolchain], ["ok", version, flavour]);
  return output;
}

test("it serves by its own command; and beside a tree without a toolchain npm run dev says that it serves the archive", async () => {
  const tree = join(folder, "tree");
  mkdirSync(tree);
  const parts = [
    "catalogue",
    "dashboard",
    "ops",
    "scripts",
    "shim",
    "src",
    "wasm",
    "larder.json",
    "wrangler.toml",
  ];
  const files = ["package.json", "package-lock.json", "CMakeLists.txt", "CMakePresets.json", "tsconfig.json"];
  for (const part of [...parts, ...files]) cpSync(join(root, part), join(tree, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  cpSync(archive, join(folder, archiveName(version)));
  const bare = { ...process.env, WASI_SDK_PATH: join(folder, "no such sdk") };
  const [own, told] = await Promise.all([
    serves(["node", "scripts/cli/dev.js"], unpacked, BARE, "emscripten"),
    serves(["bash", "scripts/dev.sh"], tree, bare, "wasi"),
  ]);
  assert.match(
    told,
    /There is no C\+\+ toolchain here \(missing: clang\+\+ for WebAssembly\), so the modules of \.\.\/larder-/,
  );
  assert.ok(!existsSync(join(tree, "build/wasi")));
  // Nothing is compiled, and nobody is told to wait for that.
  for (const output of [own, told]) {
    assert.match(output, /^Preparing the Worker$/m);
    assert.doesNotMatch(output, /^Building/m);
  }
});

test("it deploys without a build: wrangler is asked for what there is to do, and for nothing else", async () => {
  const account = join(folder, "account");
  mkdirSync(account);
  const empty = { signedIn: true, namespaces: {}, buckets: [], queues: [], workers: {} };
  writeFileSync(join(account, "account.json"), JSON.stringify(empty));
  const standIn = join(account, "wrangler");
  writeFileSync(
    standIn,
    `#!/bin/sh\nexec '${process.execPath}' '${join(root, "tests/cli/stand_in/wrangler.js")}' "$@"\n`,
  );
  chmodSync(standIn, 0o755);
  const env = { PATH: `${account}:${bin}`, HOME: folder, STAND_IN: account };
  const { status, output } = await run(["node", "scripts/cli/larder.js", "deploy", "--yes"], {
    cwd: unpacked,
    env,
  });
  assert.equal(status, 0, output);
  const calls = readFileSync(join(account, "calls.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { words, config } = calls.at(-1);
  assert.deepEqual(words.slice(0, 3), ["deploy", "--config", "build/deploy/wrangler.production.json"]);
  assert.equal(config.main, join(unpacked, "shim/index.js"));
  assert.equal(config.build, undefined);
});

test("its doctor asks for no toolchain", async () => {
  const { output } = await run(["node", "scripts/cli/larder.js", "doctor", "--json"], {
    cwd: unpacked,
    env: BARE,
  });
  const names = JSON.parse(output).findings.map((/** @type {any} */ one) => one.name);
  assert.deepEqual(names, [
    "Node",
    "npm",
    "wrangler",
    ".dev.vars",
    "port 8787",
    "port 8788",
    "disk",
    "module",
  ]);
});

test("its preparation names what it cannot do", async () => {
  const prepared = (/** @type {object} */ env) =>
    run(["node", "scripts/cli/prepare.js"], { cwd: unpacked, env: { ...BARE, ...env } });
  assert.deepEqual(await prepared({ LARDER_WASM: "clang" }), {
    status: 1,
    output: 'larder: LARDER_WASM is wasi or emscripten, not "clang".\n',
  });
  assert.deepEqual(await prepared({ LARDER_CONFIG: "none.json" }), {
    status: 1,
    output: "larder: The declarations do not exist: LARDER_CONFIG=none.json\n",
  });
});

test("an archive that is damaged, or of another version, is not used", async () => {
  const target = join(folder, "other");
  const damaged = join(folder, "damaged.tar.gz");
  writeFileSync(damaged, readFileSync(archive).subarray(0, 100_000));
  assert.equal(unpack(damaged, target), "it cannot be unpacked.");
  const changed = join(folder, "changed");
  cpSync(unpacked, join(changed, "larder"), { recursive: true });
  writeFileSync(join(changed, "larder/larder.json"), "{}");
  await run(["tar", "-czf", damaged, "-C", changed, "larder"], { cwd: folder, env: process.env });
  assert.equal(unpack(damaged, target), "its larder.json is not what its checksums say.");
  assert.ok(!existsSync(target));
});

test("the toolchain is preferred to the archive, and the archive to nothing", () => {
  const missing = ["cmake", "ninja"];
  assert.deepEqual(choose({ missing: [], archive: "a.tar.gz", fault: "" }), { use: "build", why: "" });
  assert.deepEqual(choose({ missing, archive: null, fault: "" }), { use: "build", why: "" });
  assert.deepEqual(choose({ missing, archive: "a.tar.gz", fault: "" }), {
    use: "archive",
    why:
      "There is no C++ toolchain here (missing: cmake, ninja), so the modules of a.tar.gz are served, and no change of src " +
      "is: npm run setup installs the toolchain.",
  });
  assert.deepEqual(choose({ missing, archive: "a.tar.gz", fault: "it has no checksums." }), {
    use: "build",
    why: "a.tar.gz is not used: it has no checksums. So the toolchain is installed, and the module built.",
  });
  assert.deepEqual(missingTools({ PATH: bin, WASI_SDK_PATH: folder }), [
    "cmake",
    "ninja",
    "clang++ for WebAssembly",
  ]);
});
