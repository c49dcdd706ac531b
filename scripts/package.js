// Makes what the npm package has beside the sources of the command line (package.json, "files"), into build/package: for
// each build of the module the shim as one script beside it, and the licences of what is in it. `npm pack` runs this before
// it packs; both modules have been built then.

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { bundleWith, licencesOf } from "./bundle.js";
import { makeDashboard } from "./pages/build.js";
import { apiFacts } from "./pages/openapi.js";

const TARGET = "build/package";
const FLAVOURS = ["wasi", "emscripten"];

const pages = JSON.stringify({ dashboard: await makeDashboard(), facts: apiFacts() });
const { text, packages } = await bundleWith("shim/package.js", { "package/pages.json.txt": pages });
rmSync(TARGET, { recursive: true, force: true });
for (const flavour of FLAVOURS) {
  mkdirSync(`${TARGET}/${flavour}`, { recursive: true });
  writeFileSync(`${TARGET}/${flavour}/index.js`, text);
  copyFileSync(`build/${flavour}/larder.wasm`, `${TARGET}/${flavour}/larder.wasm`);
}
writeFileSync(`${TARGET}/LICENSES.txt`, licencesOf([...packages, "node_modules/uplot"]));
