// The Worker's tests in the runtime, on both modules: the same files, with the module's path pointing at each build.
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { standInOrigin } from "./tests/worker/stand_in_origin.js";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {"wasi" | "emscripten"} flavour */
const project = (flavour) => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          OPENLIBRARY_URL: "http://openlibrary.test",
          GEMINI_URL: "http://gemini.test",
          GEMINI_API_KEY: "for tests alone",
          ENVIRONMENT: "test",
          TTL_JITTER_PERCENT: "0",
          LEDGER_SHARDS: "0",
          ADMIN_JWT_SECRET: "a secret of the tests, with 32 bytes or more",
          TEST_TOOLCHAIN: flavour,
        },
        outboundService: standInOrigin(),
      },
    }),
  ],
  resolve: {
    alias: [
      { find: /^.*\/build\/module\/larder\.wasm$/, replacement: here(`./build/${flavour}/larder.wasm`) },
    ],
  },
  test: { name: flavour, include: ["tests/worker/*.test.js"] },
});

export default defineConfig({ test: { projects: [project("wasi"), project("emscripten")] } });
