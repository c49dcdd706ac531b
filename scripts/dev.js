// npm run dev: serves on this machine until it is told to end.
//   PORT, CATALOGUE_PORT   where to listen
//   GEMINI_API_KEY or LLM_URL in .dev.vars   a model in place of the stand-in
//   OPENLIBRARY_URL        an origin in place of the bundled catalogue (also read from .dev.vars)
//   LARDER_CONFIG          resource declarations in place of larder.json
//   LARDER_WASM            the module: wasi or emscripten

import { existsSync } from "node:fs";
import { Children } from "./children.js";
import { freePort } from "./listening.js";
import { modelInDevVars, originInDevVars, startStack } from "./stack.js";

const PORT_DEFAULT = "8787";
const CATALOGUE_PORT_DEFAULT = "8788";
/** What a shell reports for a program that a signal ended. */
const STATUS_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** @param {string} name @param {string} fallback @returns {Promise<number>} */
async function portFrom(name, fallback) {
  const text = process.env[name] || fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new Error(`${name} is a port, 1 to 65535, not "${text}".`);
  }
  await freePort(port).catch((error) => {
    const reason = error.code === "EADDRINUSE" ? "is in use" : `cannot be used (${error.message})`;
    throw new Error(`Port ${port} ${reason}: set ${name} to another one.`);
  });
  return port;
}

/** @param {Children} children */
async function main(children) {
  const declarations = process.env.LARDER_CONFIG;
  if (declarations && !existsSync(declarations)) {
    throw new Error(`The declarations do not exist: LARDER_CONFIG=${declarations}`);
  }
  const port = await portFrom("PORT", PORT_DEFAULT);
  const origin = process.env.OPENLIBRARY_URL || null;
  const bundled = (origin === null && !originInDevVars()) || !modelInDevVars();
  const cataloguePort = bundled ? await portFrom("CATALOGUE_PORT", CATALOGUE_PORT_DEFAULT) : 0;
  if (port === cataloguePort) throw new Error("PORT and CATALOGUE_PORT are the same.");

  const stack = await startStack(children, { port, cataloguePort, origin });
  console.log("\nReady");
  console.log(`  Worker     http://localhost:${port}`);
  console.log(`             curl -i 'http://localhost:${port}/search/title?q=Good%20Omens'`);
  if (stack.origin !== null) console.log(`  Catalogue  ${stack.origin}`);
  if (stack.model !== null)
    console.log(`  Model      ${stack.model} (a stand-in; set GEMINI_API_KEY or LLM_URL in .dev.vars)`);
  console.log("  Ctrl-C ends both.");

  const reason = await Promise.race(children.running.map((child) => child.ended));
  throw new Error(`${reason}.`);
}

const children = new Children();
/** @type {number | null} */
let ending = null;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, async () => {
    if (ending !== null) return;
    ending = STATUS_OF_SIGNAL[signal];
    await children.stop();
    process.exit(ending);
  });
}
try {
  await main(children);
} catch (error) {
  // A child that ends because this process is told to end is no fault.
  if (ending === null) {
    console.error(`larder: ${/** @type {Error} */ (error).message}`);
    await children.stop();
    process.exit(1);
  }
}
