// larder doctor: whether this machine can build, test, serve and deploy Larder, and what to do where it cannot.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../listening.js";
import { EXIT } from "./failure.js";
import { bytesText, jsonLine, tableText } from "./text.js";

/**
 * What is asked of a machine.
 * @typedef {object} Machine
 * @property {string} node its version
 * @property {(command: string, words: string[]) => string | null} told the first line that a command prints; null: it fails
 * @property {(path: string) => boolean} has a file
 * @property {(path: string) => string} read
 * @property {(path: string) => number} mode of a file
 * @property {(path: string) => number} bytesFree
 * @property {(port: number) => Promise<boolean>} isFree a port
 *
 * @typedef {{name: string, state: "ok" | "warning" | "fault", found: string, advice: string}} Finding
 */

/** @type {Machine} */
export const thisMachine = {
  node: process.versions.node,
  told: (command, words) => {
    const { status, stdout } = spawnSync(command, words, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return status === 0 ? (stdout.trim().split("\n")[0] ?? "") : null;
  },
  has: existsSync,
  read: (path) => readFileSync(path, "utf8"),
  mode: (path) => statSync(path).mode & 0o777,
  bytesFree: (path) => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  },
  isFree: (port) =>
    freePort(port).then(
      () => true,
      () => false,
    ),
};

/** Builds, packages and their caches take about this much. */
const DISK_BYTES_MIN = 3 * 1024 ** 3;
const SECRET_BYTES_MIN = 32;
const SETUP = "npm run setup installs it";
const PORTS = /** @type {[number, string, string][]} */ ([
  [8787, "the Worker", "PORT"],
  [8788, "the bundled catalogue", "CATALOGUE_PORT"],
]);

/** @param {string} text @param {string} least both such as 22.12.0 */
const isAtLeast = (text, least) => {
  const parts = text.split(".").map(Number);
  for (const [i, part] of least.split(".").map(Number).entries()) {
    if ((parts[i] ?? 0) !== part) return (parts[i] ?? 0) > part;
  }
  return true;
};

/** @param {string | null} line @returns {string} the version in it */
const versionIn = (line) => (/\d+(\.\d+)+/.exec(line ?? "") ?? /\d+/.exec(line ?? ""))?.[0] ?? line ?? "";

/** @typedef {{packages: string, secret: string, module: string}} Makers the commands that make what is missing */
const OF_TREE = { packages: "npm ci", secret: "npm run setup", module: "npm run dev or npm run build" };
const OF_ARCHIVE = { packages: "npm install", secret: "npm run dev", module: "npm run dev" };

/** @param {Machine} machine @param {string} root @param {any} manifest package.json @param {Makers} makers */
function checkNode(machine, root, manifest, makers) {
  const least = manifest.engines.node.replace(/^>=/, "");
  const npm = machine.told("npm", ["--version"]);
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies }.wrangler;
  const installed = join(root, "node_modules/wrangler/package.json");
  const wrangler = machine.has(installed) ? JSON.parse(machine.read(installed)).version : null;
  return [
    isAtLeast(machine.node, least)
      ? good("Node", machine.node)
      : fault("Node", machine.node, `install Node ${least} or newer; npm run dev brings one along`),
    npm === null ? fault("npm", "none", "install npm with Node") : good("npm", npm),
    wrangler === wanted
      ? good("wrangler", wrangler)
      : fault("wrangler", wrangler ?? "none", `${wanted} is wanted: ${makers.packages} installs it`),
  ];
}

/** @param {Machine} machine @param {string | undefined} sdk where a wasi-sdk is */
function checkTools(machine, sdk) {
  const clang = join(sdk || "/usr/lib/llvm-19", "bin/clang++");
  /** @type {[string, string, string[], string][]} */
  const tools = [
    ["CMake", "cmake", ["--version"], "3.25"],
    ["Ninja", "ninja", ["--version"], "1.10"],
    ["clang for Wasm", clang, ["--version"], "14"],
    ["wasm-ld", sdk ? join(sdk, "bin/wasm-ld") : "wasm-ld-19", ["--version"], "14"],
    ["wasm-opt", "wasm-opt", ["--version"], "1"],
  ];
  return tools.map(([name, command, words, least]) => {
    const line = machine.told(command, words);
    if (line === null) return fault(name, "none", `${SETUP} (${command})`);
    const version = versionIn(line);
    return isAtLeast(version, least)
      ? good(name, version)
      : fault(name, version, `${least} or newer is needed`);
  });
}

/** Tools that tests and the second build need. @param {Machine} machine */
function checkTestTools(machine) {
  const emcc = machine.told("emcc", ["--version"]);
  return [
    emcc === null
      ? warning("Emscripten", "none", "npm test and npm run build need it; npm run setup installs it")
      : good("Emscripten", versionIn(emcc)),
  ];
}

/** @param {Machine} machine @param {string} root @param {Makers} makers */
function checkSecrets(machine, root, makers) {
  const path = join(root, ".dev.vars");
  if (!machine.has(path))
    return [fault(".dev.vars", "none", `${makers.secret} makes it with a fresh secret`)];
  const secret = /^ADMIN_JWT_SECRET\s*=\s*(["']?)(.*?)\1\s*$/m.exec(machine.read(path))?.[2] ?? "";
  if (Buffer.byteLength(secret) < SECRET_BYTES_MIN) {
    return [
      fault(
        ".dev.vars",
        "no secret",
        `ADMIN_JWT_SECRET needs ${SECRET_BYTES_MIN} bytes or more; remove the file, and ${makers.secret} makes it`,
      ),
    ];
  }
  const mode = machine.mode(path);
  if ((mode & 0o077) !== 0) {
    return [
      warning(".dev.vars", `mode ${mode.toString(8)}`, "others may read the secret: chmod 600 .dev.vars"),
    ];
  }
  return [good(".dev.vars", "has a secret")];
}

/** @param {Machine} machine */
const checkPorts = (machine) =>
  Promise.all(
    PORTS.map(async ([port, whose, variable]) =>
      (await machine.isFree(port))
        ? good(`port ${port}`, "free")
        : warning(
            `port ${port}`,
            "in use",
            `${whose} listens there; set ${variable} to another one, unless it is npm run dev`,
          ),
    ),
  );

/** @param {Machine} machine @param {string} root */
function checkDisk(machine, root) {
  const free = machine.bytesFree(root);
  return free >= DISK_BYTES_MIN
    ? good("disk", `${bytesText(free)} free`)
    : warning("disk", `${bytesText(free)} free`, `builds take up to ${bytesText(DISK_BYTES_MIN)}; make room`);
}

/** @param {Machine} machine @param {string} root @param {Makers} makers */
function checkModule(machine, root, makers) {
  return machine.has(join(root, "build/module/larder.wasm"))
    ? good("module", "built")
    : warning("module", "not built", `${makers.module} makes it`);
}

/** @param {string} name @param {string} found @returns {Finding} */
const good = (name, found) => ({ name, state: "ok", found, advice: "" });
/** @param {string} name @param {string} found @param {string} advice @returns {Finding} */
const warning = (name, found, advice) => ({ name, state: "warning", found, advice });
/** @param {string} name @param {string} found @param {string} advice @returns {Finding} */
const fault = (name, found, advice) => ({ name, state: "fault", found, advice });

/** @param {import("./commands.js").Context} context @returns {Promise<number>} */
export async function doctor({ machine, root, env, output, json }) {
  const manifest = JSON.parse(machine.read(join(root, "package.json")));
  // A released archive has what a tree has not, and no sources.
  const isBuilt =
    machine.has(join(root, "CMakeLists.txt")) || !machine.has(join(root, "build/prebuilt/release.json"));
  const makers = isBuilt ? OF_TREE : OF_ARCHIVE;
  const findings = [
    ...checkNode(machine, root, manifest, makers),
    ...(isBuilt ? [...checkTools(machine, env.WASI_SDK_PATH), ...checkTestTools(machine)] : []),
    ...checkSecrets(machine, root, makers),
    ...(await checkPorts(machine)),
    checkDisk(machine, root),
    checkModule(machine, root, makers),
  ];
  const faults = findings.filter(({ state }) => state === "fault").length;
  if (json) {
    output.write(jsonLine({ findings }));
  } else {
    output.write(
      tableText(
        ["check", "state", "found", "what to do"],
        findings.map(({ name, state, found, advice }) => [name, state, found, advice]),
      ),
    );
    output.write(faults === 0 ? "This machine can serve Larder.\n" : `Missing: ${faults}.\n`);
  }
  return faults === 0 ? EXIT.done : EXIT.failed;
}
