// The guides are true: every command in them is run, in its order, and prints what the page shows. A command that no test
// runs, or that is hidden from them in a block of another kind, fails.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createCatalogue } from "../../catalogue/server.js";
import { bare, blocksOf, indentedIn, namedIn, stepsOf } from "./guide.js";
import { SECRET } from "./operators_api.js";
import { startRedis } from "./redis_server.js";
import { startWorker } from "./support.js";

const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const COMMAND_MILLIS = 30_000;

/** Languages of blocks. A shell's commands are in `console` alone, behind `$ `, so that they are run. */
const LANGUAGES = ["console", "json", "text", "toml", "promql", "mermaid", "cpp", "js"];

/**
 * What no guide's test runs, and why.
 * @type {[RegExp, string][]}
 */
const ELSEWHERE = [
  [
    /^npm (test|run (browser|load|smoke|lint|build|setup|fuzz|bench|simulate|format))\b/,
    "minutes of work on the tree itself: .ci/run is made of it",
  ],
  [/^node scripts\/generate\.js$/, "writes into the tree; lint fails where it would change something"],
  [/^bash scripts\/build\.sh --configure-only native$/, "a build; .ci/run is made of it"],
  [
    /^OPENLIBRARY_URL=https:\/\/openlibrary\.org npm run dev$/,
    "asks an API that is not ours; tests/architecture/stack.test.js has another origin",
  ],
  [/^(npx )?larder COMMAND( --help)?$/, "COMMAND stands for any; tests/cli asks each for its help"],
];

/**
 * What needs an account with somebody else: why, and what stands in for it here.
 * @type {[RegExp, string, string][]}
 */
const ACCOUNTS = [
  [/^npx wrangler (login|rollback)$/, "an account at Cloudflare", "tests/cli/stand_in/wrangler.js"],
  [/^(.+ \| )?npx wrangler secret put \w+$/, "a Worker at Cloudflare", "tests/cli/stand_in/wrangler.js"],
  [/^(npx larder|npm run) deploy\b/, "an account at Cloudflare", "tests/cli/stand_in/wrangler.js"],
  [/^npx larder lifecycle$/, "a bucket at Cloudflare", "tests/cli/stand_in/wrangler.js"],
];

/**
 * What a reader of the page has, and what a name in it stands for here.
 *   files     beside the project's, by name
 *   asked     what was read before
 *   bindings  of the Worker that `npm run dev` serves
 *   signedIn  at Cloudflare; unless it says so, the reader is
 *   deployed  there is a deployment; unless it says so, there is none
 *   redis     it has a Redis server, which redis-cli speaks to
 * @type {Record<string, {files?: Record<string, string>, asked?: string[], bindings?: Record<string, string>, signedIn?: boolean, deployed?: boolean, redis?: boolean}>}
 */
const PAGES = {
  "README.md": {},
  "docs/CACHE_WARMING.md": { files: { "goodreads.csv": "Title,Author\nDune,Frank Herbert\n" } },
  "docs/EXPERIMENTS.md": {},
  "docs/MONITORING_OPTIMIZATION.md": { asked: ["/search/title?q=dune"], deployed: true },
  "docs/R2_COLD_STORAGE.md": {},
  "docs/REDIS.md": { asked: ["/search/title?q=dune"], redis: true },
  "docs/ROLLOUT.md": {},
  "docs/TUTORIAL.md": {},
  "docs/cli.md": {
    asked: ["/search/title?q=dune"],
    files: {
      ".secrets.production": `ADMIN_JWT_SECRET="${SECRET}"\n`,
      "goodreads.csv": "Title,Author\nDune,Frank Herbert\n",
      "titles.csv": "q\nemma\npersuasion\n",
      "api.yaml": readFileSync(join(project, "tests/cli/openapi/weather.yaml"), "utf8"),
      "access.log": [0, 1, 2]
        .map((second) => `{"time":"2026-11-28T10:00:0${second}Z","url":"/search/title?q=dune"}\n`)
        .join(""),
      "longer.json": readFileSync(join(project, "larder.json"), "utf8"),
    },
  },
  "docs/declaring.md": {},
  "docs/development.md": {},
  "docs/operating.md": {
    signedIn: false,
    asked: ["/search/title?q=dune", "/search/title?q=good%20omens", "/search/title?q=dune"],
    files: { "goodreads.csv": "Title,Author\nDune,Frank Herbert\n" },
  },
  "docs/tour.md": { asked: ["/search/title?q=good%20omens"] },
};

const guides = ["README.md", ...readdirSync(join(project, "docs")).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md"),
);
/** @param {string} name */
const pageOf = (name) => readFileSync(join(project, name), "utf8");

const ran = new Set(guides.flatMap((name) => stepsOf(pageOf(name)).map(({ command }) => bare(command))));
/** Whether a block has it, with whatever arguments. @param {string} command */
const isRun = (command) =>
  [...ran].some((one) => [command, `npx ${command}`].some((begin) => `${one} `.startsWith(`${begin} `)));
/** @param {string} command */
const isElsewhere = (command) => ELSEWHERE.some(([pattern]) => pattern.test(command));

test("every command that a guide has is run, or listed with the reason why not", () => {
  const faults = guides.flatMap((name) => {
    const page = pageOf(name);
    const steps = stepsOf(page).filter(({ command }) => !isElsewhere(bare(command)));
    const unknown = steps.length > 0 && PAGES[name] === undefined;
    return [
      ...(unknown ? [`${name} has commands and is not among the pages that are run`] : []),
      ...blocksOf(page)
        .filter(({ language }) => !LANGUAGES.includes(language))
        .map(({ language, line }) => `${name}:${line}: a block of "${language}": write one of ${LANGUAGES}`),
      ...indentedIn(page).map(
        ({ text, line }) => `${name}:${line}: code by indentation is not run, write a block: ${text.trim()}`,
      ),
      ...namedIn(page)
        .filter(({ command }) => !isElsewhere(command) && !isRun(command))
        .map(({ command, line }) => `${name}:${line}: no block runs ${command}`),
    ];
  });
  assert.deepEqual(faults, []);
});

test("what is listed as run elsewhere is named in a guide, and what npm runs is there", () => {
  const all = guides.flatMap((name) => [...namedIn(pageOf(name)).map(({ command }) => command), ...ran]);
  for (const [pattern] of ELSEWHERE)
    assert.ok(
      all.some((command) => pattern.test(command)),
      String(pattern),
    );
  const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  for (const command of all) {
    const [, script] = /\bnpm (?:run (?:--silent )?)?([\w-]+)/.exec(command) ?? [];
    if (script !== undefined) assert.ok(scripts[script], command);
  }
});

test("what needs an account is listed with what stands in for it, and nothing else reaches out", () => {
  const rows = ACCOUNTS.map(([pattern, why, standIn]) => ({
    why,
    found: [...ran].filter((command) => pattern.test(command)),
    isThere: existsSync(join(project, standIn)),
  }));
  for (const { why, found, isThere } of rows) assert.ok(found.length > 0 && isThere, why);
  const listed = new Set(rows.flatMap(({ found }) => found));
  for (const command of ran) {
    if (listed.has(command) || isElsewhere(command)) continue;
    assert.doesNotMatch(
      command,
      /\bwrangler (?!dev\b)[a-z]|\b(ssh|scp|git|npm (publish|install))\b/,
      command,
    );
    assert.doesNotMatch(command, /https?:\/\/(?!larder\.example\b|localhost\b|127\.0\.0\.1\b)/, command);
  }
});

test("a command that nothing runs is found", () => {
  const page = "Try `npx larder sing`.\n\n    $ npm run sing\n\n```sh\nnpx larder dance\n```\n";
  assert.deepEqual(namedIn(page), [{ command: "npx larder sing", line: 1 }]);
  assert.deepEqual(indentedIn(page), [{ text: "    $ npm run sing", line: 3 }]);
  assert.deepEqual(
    blocksOf(page).map(({ language }) => language),
    ["sh"],
  );
});

test("the tutorial shows the declaration that it checks", () => {
  const shown = blocksOf(pageOf("docs/TUTORIAL.md")).filter(({ language }) => language === "json");
  assert.deepEqual(
    shown.map(({ text }) => text),
    [readFileSync(join(project, "docs/tutorial/larder.json"), "utf8")],
  );
});

/**
 * A folder that looks like the project, in which nothing can be spoilt.
 * @param {import("node:test").TestContext} t @param {{signedIn?: boolean, deployed?: boolean}} account at Cloudflare
 */
function folderOf(t, { signedIn = true, deployed = false }) {
  const root = mkdtempSync(join(tmpdir(), "larder-guide-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ["docs", "ops", "shim", "src", "catalogue", "node_modules", "package.json"])
    symlinkSync(join(project, name), join(root, name));
  for (const name of ["larder.json", "wrangler.toml"]) cpSync(join(project, name), join(root, name));
  mkdirSync(join(root, "scripts"));
  const module = join(project, "build/wasi/larder.wasm");
  writeFileSync(
    join(root, "scripts/prepare.sh"),
    `mkdir -p build/module && cp '${module}' build/module/larder.wasm\n`,
  );
  mkdirSync(join(root, "bin"));
  for (const tool of ["npm", "npx", "wrangler"]) {
    const words = tool === "wrangler" ? "" : tool;
    const program = join(
      project,
      tool === "wrangler" ? "tests/cli/stand_in/wrangler.js" : "tests/runtime/guide_tools.js",
    );
    writeFileSync(
      join(root, "bin", tool),
      `#!/bin/sh\nexec '${process.execPath}' '${program}' ${words} "$@"\n`,
    );
    chmodSync(join(root, "bin", tool), 0o755);
  }
  const account = {
    signedIn,
    namespaces: {},
    buckets: [],
    queues: [],
    workers: deployed ? { larder: [] } : {},
  };
  writeFileSync(join(root, "account.json"), JSON.stringify(account));
  writeFileSync(join(root, ".dev.vars"), `ADMIN_JWT_SECRET="${SECRET}"\n`, { mode: 0o600 });
  // A status that says no is a failure, where the page does not show it. The address is what wrangler says of this machine.
  writeFileSync(
    join(root, ".curlrc"),
    'fail-with-body\nsilent\nshow-error\nheader = "cf-connecting-ip: 127.0.0.1"\n',
  );
  return root;
}

/** A shell that keeps what it was told from one command to the next. @param {string} root @param {NodeJS.ProcessEnv} env */
function shellOf(root, env) {
  const shell = spawn("bash", ["--noprofile", "--norc"], {
    cwd: root,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  let heard = () => {};
  shell.once("exit", () => heard());
  shell.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    heard();
  });
  let commands = 0;
  return {
    /** @param {string} command @returns {Promise<{status: number, text: string}>} */
    async run(command) {
      const mark = `end-of-command-${commands++}`;
      output = "";
      shell.stdin.write(
        `eval "$(cat <<'${mark}'\n${command}\n${mark}\n)" 2>&1 </dev/null; printf '\\n${mark} %s\\n' "$?"\n`,
      );
      const end = new RegExp(`\\n${mark} (\\d+)\\n$`);
      const timer = setTimeout(() => shell.kill("SIGKILL"), COMMAND_MILLIS);
      for (;;) {
        const ended = end.exec(output);
        if (ended !== null) {
          clearTimeout(timer);
          return { status: Number(ended[1]), text: output.slice(0, ended.index) };
        }
        if (shell.exitCode !== null || shell.signalCode !== null)
          throw new Error(`The shell ended, or took too long, at: ${command}\n${output}`);
        await new Promise((resolve) => {
          heard = () => resolve(undefined);
        });
      }
    },
    end: () => shell.kill("SIGKILL"),
  };
}

/** Without what the clock, chance and this machine decide, and as names of fields are compared. @param {string} text */
const lasting = (text) =>
  text
    .trim()
    .toLowerCase()
    .replace(/\d{4}-\d\d-\d\dt[\d:.]+z/g, "TIME")
    .replace(/"requestid":"[0-9a-f]+"/g, "ID")
    .replace(/"cursor":"\d+"/g, "CURSOR")
    .replace(/\b(age: |max-age=|ttl=|ttl |retry-after: )-?\d+/g, "$1N")
    .replace(/\d+ s old/g, "N s old");

/** Whether a line is as shown, where … stands for anything. @param {string} line @param {string} shown */
function isAsShown(line, shown) {
  const parts = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(line);
}

/** The reader is told to wait before it. @param {string} command */
const isLater = (command) => / # .* seconds later$/.test(command);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** @param {import("node:test").TestContext} t @param {string} name */
async function follow(t, name) {
  const page = pageOf(name);
  const { files = {}, asked = [], bindings = {}, redis: hasRedis = false, ...account } = PAGES[name] ?? {};
  let catalogue = createCatalogue();
  const origin = await catalogue.listen(0);
  t.after(() => catalogue.close());
  const busPort = await freePort();
  const redis = hasRedis ? await startRedis() : null;
  if (redis !== null) t.after(() => redis.stop());
  /** @type {Awaited<ReturnType<typeof startWorker>> | undefined} */
  let worker;
  t.after(() => worker?.stop());

  /** @param {string} text */
  const here = (text) =>
    text
      .replaceAll("localhost:8787", new URL(String(worker?.url)).host)
      .replaceAll("https://larder.example", String(worker?.url).replace(/\/$/, ""))
      .replaceAll(/(localhost|127\.0\.0\.1):8788/g, `127.0.0.1:${origin.port}`)
      .replaceAll("http://127.0.0.1:9001", `http://127.0.0.1:${busPort}`)
      .replaceAll("redis-cli ", `redis-cli -p ${redis?.port} `);
  /** `npm run dev`, which begins with a catalogue of its own. @param {string} declarations */
  const serve = async (declarations) => {
    await worker?.stop();
    worker = undefined;
    await catalogue.close();
    catalogue = createCatalogue();
    await catalogue.listen(origin.port);
    const text = readFileSync(join(root, declarations), "utf8")
      .replaceAll(/(localhost|127\.0\.0\.1):8788/g, `127.0.0.1:${origin.port}`)
      .replaceAll("127.0.0.1:9001", `127.0.0.1:${busPort}`);
    worker = await startWorker("wasi", {
      origin: origin.url,
      declarations: JSON.parse(text),
      bindings: {
        ADMIN_JWT_SECRET: SECRET,
        LOG_LEVEL: "off",
        LEDGER_SHARDS: "1",
        OPENLIBRARY_RATE: "200",
        GEMINI_URL: origin.url,
        GEMINI_API_KEY: "stand-in",
        ...(redis ? { ENABLE_REDIS_CACHE: "true", CACHE_IMPL: "redis", REDIS_URL: redis.url } : {}),
        ...bindings,
      },
      cold: true,
    });
  };

  const root = folderOf(t, account);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
  for (const { name: file, text } of blocksOf(page)) if (file !== "") writeFileSync(join(root, file), text);
  await serve("larder.json");
  for (const path of asked) await (await /** @type {any} */ (worker).get(path)).arrayBuffer();
  const prometheus = join(project, ".tools/prometheus/usr/bin");
  const shell = shellOf(root, {
    PATH: [join(root, "bin"), ...(existsSync(prometheus) ? [prometheus] : []), process.env.PATH].join(
      delimiter,
    ),
    HOME: root,
    CURL_HOME: root,
    STAND_IN: root,
    LARDER_URL: String(/** @type {any} */ (worker).url).replace(/\/$/, ""),
  });
  t.after(() => shell.end());

  for (const { command, shown, line } of stepsOf(page)) {
    const place = `${name}:${line}: ${command}`;
    const words = bare(command);
    if (isElsewhere(words)) continue;
    const [, declarations = "larder.json"] = /^(?:LARDER_CONFIG=(\S+) )?npm run dev$/.exec(words) ?? [];
    if (/npm run dev$/.test(words)) {
      await serve(declarations);
      await shell.run(here("export LARDER_URL=https://larder.example"));
      const refusal = await /** @type {any} */ (worker).get("/");
      const { detail } = await refusal.json();
      const said = refusal.ok ? [] : `larder: the Worker refuses to serve. ${detail}`.trim().split("\n");
      assert.deepEqual(said.map(lasting), shown.map(lasting), place);
      continue;
    }
    if (words === "node docs/tutorial/buses.js") {
      const api = spawn(process.execPath, [join(project, "docs/tutorial/buses.js"), String(busPort)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      t.after(() => api.kill());
      const [said] = await once(api.stdout, "data");
      assert.deepEqual(
        [String(said)],
        shown.map((text) => `${here(text)}\n`),
        place,
      );
      api.stdout.resume();
      continue;
    }
    const wanted = shown.map(lasting);
    /** @type {string[]} */
    let lines = [];
    const asShown = async () => {
      const { status, text } = await shell.run(here(command));
      lines = text.split("\n").map(lasting);
      if (wanted.length === 0) assert.equal(status, 0, `${place}\n${text}`);
      let at = 0;
      for (const one of lines) if (at < wanted.length && isAsShown(one, wanted[at] ?? "")) at += 1;
      return at === wanted.length;
    };
    if (isLater(command)) await /** @type {any} */ (worker).until(asShown);
    else if (!(await asShown())) assert.deepEqual(lines, wanted, place);
  }
}

describe("the guides' commands print what they show", { concurrency: 3 }, () => {
  for (const name of Object.keys(PAGES)) {
    test(name, { timeout: 120_000 }, (t) => follow(t, name));
  }
});
