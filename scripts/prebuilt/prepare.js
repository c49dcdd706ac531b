// What scripts/prepare.sh is to the tree, for a released archive, where nothing is compiled: puts the module
// (LARDER_WASM=wasi or emscripten), the declarations (LARDER_CONFIG, else larder.json) and the pages where the Worker's bundle
// has them. Wrangler runs this before it bundles.

import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../cli/token.js";
import { describeApi } from "../pages/description.js";

const SECRET_BYTES = 32;

/** Left alone when equal, so that a watching wrangler does not start again. @param {string} path @param {string | Buffer} content */
function place(path, content) {
  const target = join(root, path);
  if (existsSync(target) && readFileSync(target).equals(Buffer.from(content))) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}

/** What the Worker takes no declarations from it names the faults of. @param {string} text */
function declared(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function main() {
  const { LARDER_CONFIG: config = "larder.json", LARDER_WASM: flavour = "wasi" } = process.env;
  if (!existsSync(join(root, config)))
    throw new Error(`The declarations do not exist: LARDER_CONFIG=${config}`);
  if (flavour !== "wasi" && flavour !== "emscripten") {
    throw new Error(`LARDER_WASM is wasi or emscripten, not "${flavour}".`);
  }
  if (!existsSync(join(root, ".dev.vars"))) {
    const secret = randomBytes(SECRET_BYTES).toString("hex");
    const lines = `ENVIRONMENT="development"\nADMIN_JWT_SECRET="${secret}"\n`;
    writeFileSync(join(root, ".dev.vars"), lines, { mode: 0o600 });
  }
  const declarations = readFileSync(join(root, config), "utf8");
  const { dashboard, facts } = JSON.parse(readFileSync(join(root, "build/prebuilt/pages.json"), "utf8"));
  const text = JSON.stringify(describeApi(declared(declarations), facts));
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  const pages = { ...dashboard, "/openapi.json": { type: "application/json", etag, text } };
  place("build/config/larder.json.txt", declarations);
  place("build/config/pages.json.txt", JSON.stringify(pages));
  place("build/module/larder.wasm", readFileSync(join(root, `build/${flavour}/larder.wasm`)));
}

try {
  main();
} catch (error) {
  console.error(`larder: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
}
