// What the Worker serves beside the core's answers, as one file of its bundle: the dashboard and the API's description.
//
//   node scripts/pages/build.js DECLARATIONS TARGET

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { openApi } from "./openapi.js";

const dashboard = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dashboard");

/** @param {string} name of a file of the dashboard @returns {Promise<string>} with all that it imports, minified */
async function bundled(name) {
  const result = await build({
    entryPoints: [join(dashboard, name)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "inline",
    write: false,
  });
  return result.outputFiles[0]?.text ?? "";
}

/** @param {string} text of larder.json; the Worker names what is wrong with it */
function describedBy(text) {
  try {
    return openApi(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return openApi({});
    throw error;
  }
}

/** @typedef {Record<string, {type: string, etag: string, text: string}>} Pages by path: the media type, the text, and the tag of this version */

/** The dashboard, which is the same whatever is declared. @returns {Promise<Pages>} */
export async function makeDashboard() {
  return tagged({
    "/dashboard": ["text/html; charset=utf-8", readFileSync(join(dashboard, "index.html"), "utf8")],
    "/dashboard/app.js": ["text/javascript; charset=utf-8", await bundled("app.js")],
    "/dashboard/style.css": ["text/css; charset=utf-8", await bundled("style.css")],
    "/dashboard/icon.svg": ["image/svg+xml", readFileSync(join(dashboard, "icon.svg"), "utf8")],
  });
}

/** @param {string} declarations the text of larder.json @returns {Promise<Pages>} */
export async function makePages(declarations) {
  const description = tagged({
    "/openapi.json": ["application/json", JSON.stringify(describedBy(declarations))],
  });
  return { ...(await makeDashboard()), ...description };
}

/** @param {Record<string, string[]>} files @returns {Pages} */
function tagged(files) {
  return Object.fromEntries(
    Object.entries(files).map(([path, [type = "", text = ""]]) => {
      const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
      return [path, { type, etag, text }];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , declarations = "larder.json", target = "build/config/pages.json.txt"] = process.argv;
  const text = JSON.stringify(await makePages(readFileSync(declarations, "utf8")));
  // Left alone when equal, so that a watching wrangler does not start again.
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
