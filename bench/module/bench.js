// The module's size, and how long a fresh instance takes: compiled module in, ready to serve out, with the shipped
// declarations. In Node, and in the runtime itself.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { bundleWorker } from "../../scripts/bundle.js";
import { run } from "../../scripts/steps.js";
import { Server } from "../http/server.js";
import { writeConfiguration } from "../http/workers.js";
import { median, table } from "../statistics.js";

const BUILDS = ["wasi", "emscripten"];
const REPETITIONS = 200;
/** The budget of the module: what every new isolate pays. Its size has a gate, but no aim of its own. */
const START_MILLIS_AIM = 2;

/** @param {string} build */
function sizesOf(build) {
  const bytes = readFileSync(`build/${build}/larder.wasm`);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length };
}

/** In a process of its own, so that the first start is a first one. @param {string} build */
async function startsInNode(build) {
  const { status, output } = await run([
    process.execPath,
    "bench/module/start.js",
    `build/${build}/larder.wasm`,
    String(REPETITIONS),
  ]);
  if (status !== 0) throw new Error(`instances of the ${build} build do not start in Node:\n${output}`);
  return /** @type {{compileMillis: number, firstMillis: number, millis: number[]}} */ (JSON.parse(output));
}

/** @param {string} folder @param {string} build */
async function startsInWorkerd(folder, build) {
  const script = join(folder, "start_worker.js");
  writeFileSync(script, await bundleWorker("bench/module/start_worker.js"));
  const configuration = writeConfiguration(folder, [
    {
      name: "start",
      modules: [
        { name: "start_worker.js", type: "esModule", path: script },
        { name: "larder.wasm", type: "wasm", path: `build/${build}/larder.wasm` },
        { name: "larder.json.txt", type: "text", path: "larder.json" },
      ],
    },
  ]);
  const server = await Server.start(configuration, "ignore");
  try {
    const { body } = await server.ask(`/?repetitions=${REPETITIONS}`);
    return /** @type {{meanMillis: number}} */ (JSON.parse(Buffer.from(body).toString()));
  } finally {
    await server.stop();
  }
}

/** @param {string} folder */
export async function benchModule(folder) {
  const builds = [];
  for (const build of BUILDS) {
    const { compileMillis, firstMillis, millis } = await startsInNode(build);
    const { meanMillis } = await startsInWorkerd(folder, build);
    const startMillis = median(millis);
    builds.push({
      build,
      ...sizesOf(build),
      compileMillis,
      firstMillis,
      startMillis,
      workerdMillis: meanMillis,
    });
  }
  const [deployed] = builds;
  const { startMillis = 0, workerdMillis = 0 } = deployed ?? {};
  const verdicts = [
    {
      aim: `a fresh instance in under ${START_MILLIS_AIM} ms`,
      found: `Node ${startMillis.toFixed(2)} ms, workerd ${workerdMillis.toFixed(2)} ms`,
      met: Math.max(startMillis, workerdMillis) < START_MILLIS_AIM,
    },
  ];
  return { builds, repetitions: REPETITIONS, verdicts };
}

/** @param {Awaited<ReturnType<typeof benchModule>>} found */
export function moduleReport({ builds, repetitions }) {
  const head = ["", "bytes", "gzip -9", "brotli", "compile ms", "first ms", "median ms", "workerd ms"];
  const rows = builds.map((build) => [
    build.build,
    String(build.raw),
    String(build.gzip),
    String(build.brotli),
    build.compileMillis.toFixed(1),
    build.firstMillis.toFixed(2),
    build.startMillis.toFixed(2),
    build.workerdMillis.toFixed(2),
  ]);
  return `The module: size, and the start of an instance (Node: the first and the median of ${repetitions}; workerd: their mean)\n${table(head, rows)}`;
}
