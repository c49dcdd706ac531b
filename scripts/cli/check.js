// larder check: the module itself says what is wrong with declarations, and the file where that stands in it.

import { createHash, randomFillSync } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { findNodeAtLocation, parseTree } from "jsonc-parser";
import { parse } from "smol-toml";
import { ABI_VERSION } from "../../shim/generated/operations.js";
import { allImports } from "../../shim/imports.js";
import { RecordWriter } from "../../shim/wire.js";
import { adviceLine, deploymentAdvice } from "./deployment_advice.js";
import { EXIT, Failure } from "./failure.js";
import { bytesOf, jsonOf } from "./files.js";
import { jsonLine, shown, shownLines } from "./text.js";
import { root } from "./token.js";

/** Where builds leave the module, below the project's root. */
const MODULES = ["build/module", "build/wasi", "build/emscripten", "build/package/wasi"].map((folder) =>
  join(root, folder, "larder.wasm"),
);

/** @typedef {{line: number, column: number, path: string, message: string}} Fault */

/** @param {string | undefined} given @returns {string} */
export function modulePath(given) {
  if (given !== undefined) return given;
  const [newest] = MODULES.filter(existsSync).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) {
    throw new Failure("There is no module to check with: npm run build makes it, or name one by --module.");
  }
  return newest;
}

/** The secrets that declared headers name. @param {string} text @returns {string[]} */
export function secretsNamed(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const resources = Array.isArray(document?.resources) ? document.resources : [];
  const values = resources.flatMap((/** @type {any} */ resource) =>
    Object.values(resource?.origin?.headers ?? {}),
  );
  const names = values
    .filter((/** @type {unknown} */ value) => typeof value === "string")
    .flatMap((/** @type {string} */ value) => [...value.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
  return [...new Set(names)].sort();
}

/** A fault as the module writes it: "path: message", or a message about the whole text. @param {string} line */
function faultIn(line) {
  const [, path = "", message = line] = /^([^\s:]+): (.*)$/.exec(line) ?? [];
  return { path, message };
}

/**
 * Starts the module as the Worker does, and reads what it logs about its configuration. It is asked nothing else, so it
 * gets no more of the platform than that takes.
 * @param {WebAssembly.Module} module @param {string} declarations
 * @returns {{path: string, message: string}[]}
 */
function faultsIn(module, declarations) {
  /** @type {any} */
  let exports;
  const bytesAt = (/** @type {number} */ at, /** @type {number} */ size) =>
    new Uint8Array(exports.memory.buffer, at, size);
  /** @type {any[]} */
  const lines = [];
  const own = {
    now: () => Date.now(),
    random_bytes: (/** @type {number} */ at, /** @type {number} */ size) => {
      randomFillSync(bytesAt(at, size));
    },
    sha256: (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ into) => {
      bytesAt(into, 32).set(createHash("sha256").update(bytesAt(at, size)).digest());
    },
    revoke_lanes: () => {},
    take_lane_hits: () => 0,
    log: (/** @type {number} */ _level, /** @type {number} */ at, /** @type {number} */ size) => {
      lines.push(JSON.parse(Buffer.from(bytesAt(at, size)).toString()));
    },
  };
  exports = new WebAssembly.Instance(module, { larder: allImports(module, own) }).exports;
  exports._initialize();
  if (exports.larder_abi_version() !== ABI_VERSION) throw new Error("it is of another version");
  // Whether a deployment has its secrets is not the file's business.
  const secrets = secretsNamed(declarations).map((name) => [name, "x".repeat(64)]);
  const record = new RecordWriter();
  record.u8(0);
  record.pairs(/** @type {[string, string][]} */ (secrets));
  record.text(declarations);
  const written = record.written();
  const at = exports.larder_allocate(written.length);
  if (at === 0) throw new Error("it has no memory for so long a file");
  bytesAt(at, written.length).set(written);
  if (exports.larder_start(at, written.length) === 0) return [];
  const told = lines.find(({ event }) => event === "start")?.faults;
  if (typeof told !== "string") throw new Error("it does not say what is wrong");
  return told
    .split("\n")
    .filter((line) => line !== "")
    .map(faultIn);
}

/** @param {string} text @param {number} offset @returns {{line: number, column: number}} from 1, columns in characters */
function placeOf(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}

/**
 * Where the member that a path names begins, or the nearest one around it that is there.
 * @param {string} text @param {string} path such as resources[2].match.path
 */
function placeIn(text, path) {
  const tree = parseTree(text);
  const steps = [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([word, index]) =>
    index === undefined ? word : Number(index),
  );
  for (let length = steps.length; tree !== undefined && length > 0; --length) {
    const node = findNodeAtLocation(tree, steps.slice(0, length));
    if (node !== undefined) {
      return placeOf(text, node.parent?.type === "property" ? node.parent.offset : node.offset);
    }
  }
  return placeOf(text, tree?.offset ?? 0);
}

/** @param {string} text @param {{path: string, message: string}} fault @returns {Fault} */
function placed(text, { path, message }) {
  // Where the text breaks the grammar, the module has found the place itself.
  const broken = /^Line (\d+), column (\d+): (.*)$/.exec(path === "" ? message : `${path}: ${message}`);
  if (broken !== null) {
    return { line: Number(broken[1]), column: Number(broken[2]), path: "", message: broken[3] ?? "" };
  }
  return { ...placeIn(text, path), path, message };
}

/** As the file is read; what is about all of it comes last. @param {Fault} a @param {Fault} b */
const inOrder = (a, b) =>
  Number(a.path === "") - Number(b.path === "") || a.line - b.line || a.column - b.column;

/**
 * @param {string} file @param {string | undefined} module
 * @returns {{text: string, faults: Fault[]}}
 */
export function checked(file, module) {
  const text = bytesOf(file).toString();
  const wasm = modulePath(module);
  const bytes = bytesOf(wasm);
  try {
    const found = faultsIn(new WebAssembly.Module(new Uint8Array(bytes)), text);
    return { text, faults: found.map((fault) => placed(text, fault)).sort(inOrder) };
  } catch (error) {
    throw new Failure(
      `${wasm} does not serve here (${/** @type {Error} */ (error).message}); npm run build makes it anew.`,
    );
  }
}

/**
 * What is to be said of a deployment's files, where they are named.
 * @param {string} text the declarations @param {{deployment?: string, lifecycle?: string}} options
 */
function adviceOn(text, { deployment, lifecycle }) {
  if (deployment === undefined) {
    if (lifecycle !== undefined) throw new Failure("--lifecycle goes with --deployment.");
    return [];
  }
  let config;
  try {
    config = parse(bytesOf(deployment).toString());
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${deployment} is no TOML: ${/** @type {Error} */ (error).message}`);
  }
  const rules = lifecycle === undefined ? null : jsonOf(lifecycle);
  return deploymentAdvice({ config, declarations: JSON.parse(text), lifecycle: rules });
}

/**
 * @param {string} file @param {{module?: string, deployment?: string, lifecycle?: string}} options
 * @param {import("./commands.js").Context} context
 * @returns {number}
 */
export function check(file, options, { output, json }) {
  const { text, faults } = checked(file, options.module);
  const secrets = secretsNamed(text);
  const advice = faults.length === 0 ? adviceOn(text, options) : [];
  if (json) {
    output.write(
      jsonLine({ file, faults, secrets, ...(options.deployment === undefined ? {} : { advice }) }),
    );
  } else if (faults.length === 0) {
    const count = JSON.parse(text).resources.length;
    const needs = secrets.length === 0 ? "" : ` A deployment needs the secrets ${secrets.join(", ")}.`;
    output.write(`${shown(file)}: ${count} ${count === 1 ? "resource" : "resources"}, no faults.${needs}\n`);
  } else {
    for (const { line, column, path, message } of faults) {
      output.write(`${shown(`${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`)}\n`);
    }
  }
  for (const one of json ? [] : advice) output.write(shownLines(`${options.deployment}: ${adviceLine(one)}`));
  const holds = faults.length === 0 && advice.every(({ level }) => level !== "fault");
  return holds ? EXIT.done : EXIT.failed;
}
