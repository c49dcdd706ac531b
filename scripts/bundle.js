// The shim and an entry of its own as one script, for tests and measurements; wrangler bundles what is deployed.

import { builtinModules } from "node:module";
import { build } from "esbuild";

/**
 * The module and the declarations stay modules of their own, beside the script: ./larder.wasm and ./larder.json.txt.
 * @param {string} entry the path of the entry @returns {Promise<string>}
 */
export async function bundleWorker(entry) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    write: false,
    external: ["node:*", "cloudflare:*"],
    loader: { ".txt": "text" },
    plugins: [
      {
        name: "modules",
        setup(setup) {
          for (const name of ["larder.wasm", "larder.json.txt"]) {
            const filter = new RegExp(`(^|/)${name.replaceAll(".", "\\.")}$`);
            setup.onResolve({ filter }, () => ({ path: `./${name}`, external: true }));
          }
          // What a library requires of Node, the runtime has: wrangler sees to that in what is deployed.
          setup.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
            kind === "require-call" && builtinModules.includes(path)
              ? { path, namespace: "builtin" }
              : undefined,
          );
          setup.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
            contents: `module.exports = process.getBuiltinModule("node:${path}");`,
          }));
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? "";
}
