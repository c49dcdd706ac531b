// Where there is no C++ toolchain, npm run dev serves the modules of a released archive that lies beside the tree:
//
//   node scripts/prebuilt/choose.js      unpacks them, and prints where they are; nothing where the module is to be built
//
// It runs before npm packages are installed, so it takes nothing but Node and tar.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { ABI_VERSION } from "../../shim/generated/operations.js";

/** @typedef {{use: "build" | "archive", why: string}} Choice `why`: what people are told; "" for nothing */

const UNPACKED = "build/prebuilt";

/** The archive of a version, as it is named. @param {string} version */
export const archiveName = (version) => `larder-${version}.tar.gz`;

/**
 * @param {{missing: string[], archive: string | null, fault: string}} found `missing`: tools that a build takes; `archive`: the
 *   one of this version; `fault`: why it cannot be used, "" for no reason
 * @returns {Choice}
 */
export function choose({ missing, archive, fault }) {
  if (missing.length === 0 || archive === null) return { use: "build", why: "" };
  if (fault !== "") {
    return {
      use: "build",
      why: `${archive} is not used: ${fault} So the toolchain is installed, and the module built.`,
    };
  }
  return {
    use: "archive",
    why:
      `There is no C++ toolchain here (missing: ${missing.join(", ")}), so the modules of ${archive} are served, and no ` +
      "change of src is: npm run setup installs the toolchain.",
  };
}

/** @param {NodeJS.ProcessEnv} env @returns {string[]} what of a build's tools is not there */
export function missingTools(env) {
  const isProgram = (/** @type {string} */ path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const clang = join(env.WASI_SDK_PATH || "/usr/lib/llvm-19", "bin/clang++");
  return [
    ...["cmake", "ninja"].filter((name) => !folders.some((folder) => isProgram(join(folder, name)))),
    ...(isProgram(clang) ? [] : ["clang++ for WebAssembly"]),
  ];
}

/**
 * Unpacks an archive, whole or not at all.
 * @param {string} archive @param {string} target a folder @returns {string} why it cannot be used; "" for no reason
 */
export function unpack(archive, target) {
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const { status } = spawnSync("tar", ["-xzf", resolve(archive), "-C", fresh, "--strip-components=1"]);
  if (status !== 0) return "it cannot be unpacked.";
  const fault = faultIn(fresh);
  if (fault !== "") return fault;
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  return "";
}

/** @param {string} folder @returns {string} */
function faultIn(folder) {
  const sums = join(folder, "SHA256SUMS");
  if (!existsSync(sums)) return "it has no checksums.";
  for (const line of readFileSync(sums, "utf8").trim().split("\n")) {
    const [sum, name = ""] = line.split("  ");
    const path = join(folder, name);
    const found = existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
    if (found !== sum) return `its ${name} is not what its checksums say.`;
  }
  const { abi } = JSON.parse(readFileSync(join(folder, "build/prebuilt/release.json"), "utf8"));
  return abi === ABI_VERSION ? "" : `its modules speak ABI ${abi}, and this tree ABI ${ABI_VERSION}.`;
}

if (process.argv[1]?.endsWith("prebuilt/choose.js")) {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  const places = [".", "..", "build/release"].map((folder) => join(folder, archiveName(version)));
  const missing = missingTools(process.env);
  const archive = places.find((path) => existsSync(path)) ?? null;
  const fault = missing.length > 0 && archive !== null ? unpack(archive, UNPACKED) : "";
  const { use, why } = choose({ missing, archive, fault });
  if (why !== "") console.error(why);
  if (use === "archive") console.log(UNPACKED);
}
