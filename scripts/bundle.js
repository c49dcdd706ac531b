// The shim and an entry of its own as one script, for tests and measurements; wrangler bundles what is deployed.

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
    plugins: [
      {
        name: "modules",
        setup(setup) {
          for (const name of ["larder.wasm", "larder.json.txt"]) {
            const filter = new RegExp(`(^|/)${name.replaceAll(".", "\\.")}$`);
            setup.onResolve({ filter }, () => ({ path: `./${name}`, external: true }));
          }
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? "";
}
