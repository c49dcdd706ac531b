// The shim and an entry of its own as one script: for tests, measurements and what is released. Wrangler bundles what is
// deployed from the tree.

import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { build } from "esbuild";

/**
 * @typedef {object} Bundle
 * @property {string} text the script
 * @property {string[]} packages the folders of all npm packages that are in it
 */

/**
 * The module and the declarations stay modules of their own, beside the script: ./larder.wasm and ./larder.json.txt.
 * @param {string} entry the path of the entry @returns {Promise<string>}
 */
export async function bundleWorker(entry) {
  return (await bundleWith(entry, {})).text;
}

/**
 * @param {string} entry the path of the entry @param {Record<string, string>} texts what stands in place of files whose paths
 *   end so @returns {Promise<Bundle>}
 */
export async function bundleWith(entry, texts) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
    external: ["node:*", "cloudflare:*"],
    loader: { ".txt": "text" },
    plugins: [
      {
        name: "modules",
        setup(setup) {
          for (const [ending, contents] of Object.entries(texts)) {
            setup.onResolve({ filter: endingOf(ending) }, () => ({ path: ending, namespace: "given" }));
            setup.onLoad({ filter: endingOf(ending), namespace: "given" }, () => ({
              contents,
              loader: "text",
            }));
          }
          for (const name of ["larder.wasm", "larder.json.txt"]) {
            setup.onResolve({ filter: endingOf(name) }, () => ({ path: `./${name}`, external: true }));
          }
        },
      },
      requiredOfNode,
    ],
  });
  return {
    text: result.outputFiles[0]?.text ?? "",
    packages: packagesOf(Object.keys(result.metafile.inputs)),
  };
}

/**
 * What a library requires of Node, the runtime has; wrangler sees to that in what is deployed. @type {import("esbuild").Plugin}
 */
export const requiredOfNode = {
  name: "required of Node",
  setup(setup) {
    setup.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      kind === "require-call" && builtinModules.includes(path) ? { path, namespace: "builtin" } : undefined,
    );
    setup.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("node:${path}");`,
    }));
  },
};

/** @param {string} name of a file, or the last parts of its path */
const endingOf = (name) => new RegExp(`(^|/)${name.replaceAll(".", "\\.")}$`);

/** @param {string[]} files @returns {string[]} the folders of the npm packages that they are of, sorted */
export function packagesOf(files) {
  const folders = files.flatMap((file) => {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    return match?.[1] === undefined ? [] : [match[1]];
  });
  return [...new Set(folders)].sort();
}

/** @param {string[]} packages their folders @returns {string} their names, versions and licences */
export function licencesOf(packages) {
  const parts = packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one));
    const text = file === undefined ? `${license}\n` : readFileSync(`${folder}/${file}`, "utf8");
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return `What of others is in here, with its licences.\n\n${parts.join(`\n${"-".repeat(79)}\n\n`)}`;
}
