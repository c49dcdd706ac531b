// larder deploy against a stand-in of wrangler: what is called, what is made once, what is never shown.

import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { configurationFor } from "../../scripts/cli/deployment.js";
import { runLarder } from "../../scripts/cli/program.js";
import { ownQueueName } from "../../shim/queue_name.js";

const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const STAND_IN = join(project, "tests/cli/stand_in/wrangler.js");
const SECRET = "a-secret-of-the-test-that-nobody-may-see";
const QUEUES = ["author-warming-queue", "author-warming-priority", "archive-queue", "author-warming-dlq"];

/** A project's folder with an account, and the command line in it. @param {import("node:test").TestContext} context */
function place(context, account = {}) {
  const root = mkdtempSync(join(tmpdir(), "larder-deploy-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  for (const file of ["wrangler.toml", "larder.json"]) cpSync(join(project, file), join(root, file));
  cpSync(join(project, "ops/r2"), join(root, "ops/r2"), { recursive: true });
  mkdirSync(join(root, "scripts"));
  mkdirSync(join(root, "bin"));
  const module = join(project, "build/wasi/larder.wasm");
  writeFileSync(
    join(root, "scripts/prepare.sh"),
    `mkdir -p build/module && cp '${module}' build/module/larder.wasm\n`,
  );
  writeFileSync(join(root, "bin/wrangler"), `#!/bin/sh\nexec '${process.execPath}' '${STAND_IN}' "$@"\n`);
  chmodSync(join(root, "bin/wrangler"), 0o755);
  const empty = { signedIn: true, namespaces: {}, buckets: [], queues: [], workers: {} };
  writeFileSync(join(root, "account.json"), JSON.stringify({ ...empty, ...account }));
  /** @returns {any[]} the calls since this was last asked */
  const calls = () => {
    const path = join(root, "calls.jsonl");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").trim().split("\n");
    rmSync(path);
    return lines.map((line) => JSON.parse(line));
  };
  /** @param {string[]} words @param {{env?: object, confirm?: ((question: string) => Promise<boolean>) | null}} [how] */
  const deploy = async (words, { env = {}, confirm = null } = {}) => {
    let out = "";
    let err = "";
    const code = await runLarder(["deploy", ...words], {
      root,
      confirm,
      output: { write: (text) => (out += text) },
      errors: { write: (text) => (err += text) },
      env: { ...env, PATH: `${join(root, "bin")}${delimiter}${process.env.PATH}`, STAND_IN: root },
    });
    assert.doesNotMatch(out + err, new RegExp(SECRET));
    return { code, out, err, words: calls() };
  };
  return { root, deploy };
}

/** @param {any[]} calls */
const lines = (calls) =>
  calls.map(({ words }) =>
    words
      .map((/** @type {string} */ word) => (word.endsWith("/ops/r2/lifecycle.json") ? "RULES" : word))
      .join(" "),
  );
const LOOKS = (suffix = "") => [
  "kv namespace list",
  `r2 bucket info library-data${suffix} --json`,
  ...QUEUES.map((queue) => `queues info ${queue}${suffix}`),
  `secret list --name larder${suffix} --format json`,
];
/** Where the bucket is there. */
const LOOKS_AT_RULES = "r2 bucket lifecycle list library-data";
const SETS_RULES = (suffix = "") => `r2 bucket lifecycle set library-data${suffix} --file RULES --force`;
const MAKES = (suffix = "") => [
  `kv namespace create larder${suffix}-CACHE`,
  `r2 bucket create library-data${suffix}`,
  ...QUEUES.map((queue) => `queues create ${queue}${suffix}`),
];

test("an empty account gets everything once, and nothing the second time", async (context) => {
  const { root, deploy } = place(context);
  /** @type {string[]} */
  const questions = [];
  const confirm = async (/** @type {string} */ question) => {
    questions.push(question);
    return true;
  };
  const first = await deploy([], { confirm });
  assert.deepEqual([first.code, first.err], [0, ""]);
  assert.deepEqual(questions, ["What is to be made is billed beyond what your plan includes. Make it?"]);
  assert.deepEqual(lines(first.words), [
    ...LOOKS(),
    ...MAKES(),
    SETS_RULES(),
    "kv namespace list",
    "deploy --config build/deploy/wrangler.production.json --secrets-file FILE",
  ]);
  const { config, secrets, mode } = first.words.at(-1);
  assert.deepEqual(config.kv_namespaces, [{ binding: "CACHE", id: "id-of-larder-CACHE" }]);
  assert.deepEqual([config.vars.ENVIRONMENT, config.main], ["production", join(root, "shim/index.js")]);
  assert.equal(mode, 0o600);
  const kept = /^ADMIN_JWT_SECRET="([\w-]{64})"\n$/.exec(
    readFileSync(join(root, ".secrets.production"), "utf8"),
  )?.[1];
  assert.deepEqual(secrets, { ADMIN_JWT_SECRET: kept });
  assert.equal(statSync(join(root, ".secrets.production")).mode & 0o777, 0o600);
  assert.ok(kept !== undefined && !first.out.includes(kept));

  const second = await deploy([]);
  assert.deepEqual([second.code, second.err], [0, ""]);
  assert.deepEqual(lines(second.words), [
    ...LOOKS(),
    LOOKS_AT_RULES,
    "deploy --config build/deploy/wrangler.production.json --secrets-file FILE",
  ]);
  assert.deepEqual(second.words.at(-1).config, config);
  assert.equal(
    second.out,
    "larder (production)\n" +
      "what             name                     state\n" +
      "KV namespace     larder-CACHE             is there\n" +
      "R2 bucket        library-data             is there\n" +
      "queue            author-warming-queue     is there\n" +
      "queue            author-warming-priority  is there\n" +
      "queue            archive-queue            is there\n" +
      "queue            author-warming-dlq       is there\n" +
      "lifecycle rules  library-data             are set\n" +
      "secret           ADMIN_JWT_SECRET         from the file of secrets\n" +
      "Deployed larder\n",
  );
});

test("a dry run looks, shows all that it would run, and changes nothing", async (context) => {
  const { root, deploy } = place(context, { queues: [QUEUES[0]] });
  const { code, out, words } = await deploy(["--dry-run"]);
  assert.equal(code, 0);
  assert.deepEqual(lines(words), LOOKS());
  assert.equal(
    out,
    "larder (production)\n" +
      "what             name                     state\n" +
      "KV namespace     larder-CACHE             to be made\n" +
      "R2 bucket        library-data             to be made\n" +
      "queue            author-warming-queue     is there\n" +
      "queue            author-warming-priority  to be made\n" +
      "queue            archive-queue            to be made\n" +
      "queue            author-warming-dlq       to be made\n" +
      "lifecycle rules  library-data             to be set\n" +
      "secret           ADMIN_JWT_SECRET         to be made\n" +
      "Nothing was done. It would run:\n" +
      "  bash scripts/prepare.sh\n" +
      MAKES()
        .filter((line) => line !== `queues create ${QUEUES[0]}`)
        .map((line) => `  wrangler ${line}\n`)
        .join("") +
      `  wrangler ${SETS_RULES().replace("RULES", join(root, "ops/r2/lifecycle.json"))}\n` +
      "  wrangler deploy --config build/deploy/wrangler.production.json --secrets-file FILE\n",
  );
  assert.equal(existsSync(join(root, "build")), false);
  assert.equal(existsSync(join(root, ".secrets.production")), false);
});

test("a dry run without an account says so, and still shows", async (context) => {
  const { deploy } = place(context, { signedIn: false });
  const { code, out, words } = await deploy(["--dry-run"]);
  assert.equal(code, 0);
  assert.deepEqual(lines(words), ["kv namespace list"]);
  assert.match(
    out,
    /^The account cannot be looked at, .* Sign in by npx wrangler login, or set CLOUDFLARE_API_TOKEN\.$/m,
  );
  assert.match(out, /^ {2}wrangler r2 bucket create library-data$/m);
  const real = await deploy([]);
  assert.deepEqual([real.code, real.out], [1, ""]);
  assert.match(real.err, /^larder: wrangler kv namespace list failed\. Sign in by npx wrangler login/);
});

test("staging has names of its own, and the module knows its queues", async (context) => {
  const { root, deploy } = place(context);
  const { code, words } = await deploy(["--env", "staging", "--yes"]);
  assert.equal(code, 0);
  assert.deepEqual(lines(words), [
    ...LOOKS("-staging"),
    ...MAKES("-staging"),
    SETS_RULES("-staging"),
    "kv namespace list",
    "deploy --config build/deploy/wrangler.staging.json --secrets-file FILE",
  ]);
  const { config } = words.at(-1);
  assert.equal(config.vars.ENVIRONMENT, "staging");
  // What is asked is what is written.
  assert.equal(
    config.vars.ANALYTICS_READS_DATASET,
    config.analytics_engine_datasets.find((/** @type {any} */ data) => data.binding === "KEY_ANALYTICS")
      .dataset,
  );
  const production = configurationFor(
    parse(readFileSync(join(root, "wrangler.toml"), "utf8")),
    "production",
    root,
  );
  assert.deepEqual(
    config.queues.consumers.map((/** @type {any} */ one) => [
      ownQueueName(one.queue),
      ownQueueName(one.dead_letter_queue ?? ""),
    ]),
    production.queues.consumers.map((/** @type {any} */ one) => [one.queue, one.dead_letter_queue ?? ""]),
  );
  const shared = (/** @type {any} */ one) => [
    one.name,
    ...one.r2_buckets.map((/** @type {any} */ bucket) => bucket.bucket_name),
    ...one.analytics_engine_datasets.map((/** @type {any} */ data) => data.dataset),
    ...one.ratelimits.map((/** @type {any} */ limit) => limit.namespace_id),
    ...one.queues.producers.map((/** @type {any} */ queue) => queue.queue),
  ];
  const taken = new Set(shared(production));
  assert.deepEqual(
    shared(config).filter((name) => taken.has(name)),
    [],
  );
  assert.deepEqual(config.durable_objects, production.durable_objects);
});

test("a no, and nobody to ask, leave the account as it is", async (context) => {
  const { deploy } = place(context);
  const refused = await deploy([], { confirm: async () => false });
  assert.deepEqual([refused.code, refused.err], [1, "larder: Nothing was made or deployed.\n"]);
  assert.deepEqual(lines(refused.words), LOOKS());
  const alone = await deploy([]);
  assert.deepEqual(
    [alone.code, alone.err],
    [2, "larder: What is to be made may cost money. Say --yes, or run it where it can ask.\n"],
  );
  assert.deepEqual(lines(alone.words), LOOKS());
});

test("lifecycle rules of a bucket are set where that takes nobody else's away", async (context) => {
  const there = { buckets: ["library-data"], queues: QUEUES, namespaces: { "larder-CACHE": "id" } };
  const env = { ADMIN_JWT_SECRET: SECRET };
  const { root, deploy } = place(context, there);
  const account = () => JSON.parse(readFileSync(join(root, "account.json"), "utf8"));
  const put = (/** @type {object} */ rules) =>
    writeFileSync(join(root, "account.json"), JSON.stringify({ ...account(), rules }));
  // Only R2's own is there. Nothing is billed, so nobody is asked.
  const first = await deploy([], { env });
  assert.deepEqual([first.code, first.err], [0, ""]);
  assert.deepEqual(lines(first.words).slice(-3, -1), [LOOKS_AT_RULES, SETS_RULES()]);
  const { rules } = JSON.parse(readFileSync(join(root, "ops/r2/lifecycle.json"), "utf8"));
  assert.deepEqual(account().rules, { "library-data": rules });
  // An age that is another one by now is set anew.
  const [ends, aborts] = rules;
  const sooner = { ...ends, deleteObjectsTransition: { condition: { type: "Age", maxAge: 86_400 } } };
  put({ "library-data": [sooner, aborts] });
  assert.ok(lines((await deploy([], { env })).words).includes(SETS_RULES()));
  // Somebody else's stay.
  const theirs = { ...sooner, id: "reports", conditions: { prefix: "reports/" } };
  put({ "library-data": [theirs] });
  const left = await deploy([], { env });
  assert.equal(left.code, 0);
  assert.match(left.out, /^lifecycle rules {2}library-data +left alone$/m);
  assert.match(left.out, /^library-data has lifecycle rules of its own: larder lifecycle sets those of/m);
  assert.deepEqual(account().rules, { "library-data": [theirs] });
  // With declarations that they would delete too early they are not set.
  put({});
  const declared = JSON.parse(readFileSync(join(root, "larder.json"), "utf8"));
  declared.resources[0].ttl = "800d";
  writeFileSync(join(root, "larder.json"), JSON.stringify(declared));
  const unfit = await deploy(["--dry-run"], { env });
  assert.match(
    unfit.out,
    /^ops\/r2\/lifecycle\.json does not fit the declarations: larder lifecycle --check/m,
  );
  assert.doesNotMatch(unfit.out, /lifecycle set/);
});

test("what wrangler cannot make ends it, and the next run goes on from there", async (context) => {
  const { root, deploy } = place(context, { full: true });
  const failed = await deploy(["--yes"]);
  assert.equal(failed.code, 1);
  assert.equal(
    failed.err,
    `larder: wrangler queues create ${QUEUES[0]} failed.\n✘ [ERROR] The account has too many queues.\n`,
  );
  const account = JSON.parse(readFileSync(join(root, "account.json"), "utf8"));
  writeFileSync(join(root, "account.json"), JSON.stringify({ ...account, full: false }));
  const mended = await deploy(["--yes"]);
  assert.equal(mended.code, 0);
  assert.deepEqual(
    lines(mended.words).filter((line) => line.includes("create")),
    QUEUES.map((queue) => `queues create ${queue}`),
  );
});

test("secrets that declarations name come from the file or the environment, or are asked for before anything is made", async (context) => {
  const { root, deploy } = place(context);
  const declared = {
    resources: [
      {
        name: "items",
        match: { path: "/items/{id}" },
        origin: {
          url: "https://a.example/{id}",
          headers: { "x-a": `Bearer \${ITEMS_KEY}`, "x-b": `\${OTHER_KEY}` },
        },
        key: [{ path: "id" }],
        ttl: "1h",
      },
    ],
  };
  writeFileSync(join(root, "larder.json"), JSON.stringify(declared));
  writeFileSync(join(root, ".secrets.production"), `ITEMS_KEY="${SECRET}"\n`);
  const missing = await deploy(["--yes"]);
  assert.deepEqual(
    [missing.code, missing.err],
    [
      1,
      'larder: Secrets are missing: OTHER_KEY. Write them as NAME="value" into .secrets.production, or set environment variables of these names.\n',
    ],
  );
  assert.deepEqual(lines(missing.words), LOOKS());
  const dry = await deploy(["--dry-run"]);
  assert.equal(dry.code, 1);
  assert.match(dry.out, /^secret +OTHER_KEY +missing$/m);
  const env = { OTHER_KEY: SECRET, ADMIN_JWT_SECRET: SECRET };
  const done = await deploy(["--yes"], { env });
  assert.equal(done.code, 0);
  assert.deepEqual(done.words.at(-1).secrets, {
    ITEMS_KEY: SECRET,
    OTHER_KEY: SECRET,
    ADMIN_JWT_SECRET: SECRET,
  });
  // The Worker has them now: they need not be given again.
  const again = await deploy([]);
  assert.equal(again.code, 0);
  assert.deepEqual(again.words.at(-1).secrets, { ITEMS_KEY: SECRET });
});

test("declarations with faults are not deployed", async (context) => {
  const { root, deploy } = place(context);
  writeFileSync(join(root, "larder.json"), '{"resources": [{"name": "a"}]}');
  const { code, err, words } = await deploy(["--yes"]);
  assert.equal(code, 1);
  assert.match(
    err,
    /^larder: .*larder\.json has faults \(4\); larder check names them\. Nothing was deployed\.\n$/,
  );
  assert.deepEqual(lines(words), LOOKS());
});

test("an environment that there is not is wrong usage", async (context) => {
  const { deploy } = place(context);
  const { code, err, words } = await deploy(["--env", "nightly"]);
  assert.equal(code, 2);
  assert.match(err, /Allowed choices are production, staging\.\n$/);
  assert.deepEqual(words, []);
});
