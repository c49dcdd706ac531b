// larder deploy: creates or finds what wrangler.toml names, sets the secrets and deploys the Worker. It can be run any number
// of times: what is there is left alone. Wrangler does what is done; no id is kept in the tree.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseEnv, stripVTControlCharacters } from "node:util";
import { parse } from "smol-toml";
import { checked, secretsNamed } from "./check.js";
import { bucketsAndQueues, configurationFor, titleOf } from "./deployment.js";
import { adviceLine, deploymentAdvice } from "./deployment_advice.js";
import { EXIT, Failure, WrongUsage } from "./failure.js";
import { bytesOf, jsonOf } from "./files.js";
import { bucketOf, comparedRules, faultsOf, RULES, settingRules } from "./lifecycle.js";
import { jsonLine, shownLines, tableText } from "./text.js";

/** @typedef {import("./commands.js").Context} Context */
/** @typedef {{kind: string, name: string, state: string}} Line of the plan */

const SECRET_BYTES = 48;
const OUTPUT_LINES_SHOWN = 12;
/** What wrangler says of a queue, a bucket and a Worker that are not there. */
const ABSENT = /does not exist|\[code: 1000[67]\]/i;

/** Wrangler, in the project's root, with every call that was made of it. */
class Wrangler {
  /** @param {string} root @param {Record<string, string | undefined>} env */
  constructor(root, env) {
    this.root = root;
    this.env = {
      ...env,
      // The project's own behind whatever the caller has put first.
      PATH: `${env.PATH ?? ""}${delimiter}${join(root, "node_modules/.bin")}`,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    };
  }

  /** @param {string[]} words */
  run(words) {
    const { status, stdout, stderr, error } = spawnSync("wrangler", words, {
      cwd: this.root,
      env: this.env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (error !== undefined) throw new Failure("There is no wrangler: npm run setup installs it.");
    return { done: status === 0, output: stdout, told: `${stdout}\n${stderr}` };
  }

  /** @param {string[]} words @param {string} [advice] @returns {string} what it printed */
  must(words, advice = "") {
    const { done, output, told } = this.run(words);
    if (!done) throw new Failure(`wrangler ${words.join(" ")} failed.${advice}\n${lastOf(told)}`);
    return output;
  }

  /** @param {string[]} words @param {string} [advice] @returns {any} the JSON that it printed; null where what it looks for is not there */
  look(words, advice = "") {
    const { done, output, told } = this.run(words);
    if (!done && ABSENT.test(told)) return null;
    if (!done) throw new Failure(`wrangler ${words.join(" ")} failed.${advice}\n${lastOf(told)}`);
    const begin = output.search(/[[{]/);
    if (begin < 0) return {};
    try {
      return JSON.parse(output.slice(begin));
    } catch {
      return {};
    }
  }
}

/** @param {string} text */
const lastOf = (text) =>
  shownLines(
    stripVTControlCharacters(text)
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-OUTPUT_LINES_SHOWN)
      .join("\n"),
  );

const SIGN_IN = " Sign in by npx wrangler login, or set CLOUDFLARE_API_TOKEN.";

/**
 * What the account has of what the configuration needs. Ids of namespaces are put into the configuration.
 * @param {Wrangler} wrangler @param {any} config
 */
function lookAround(wrangler, config) {
  const namespaces = wrangler.look(["kv", "namespace", "list"], SIGN_IN);
  if (!Array.isArray(namespaces)) throw new Failure("wrangler kv namespace list did not print a list.");
  fillIds(config, namespaces);
  const here = bucketsAndQueues(config).filter(({ look }) => wrangler.look(look) !== null);
  const secrets = wrangler.look(["secret", "list", "--name", config.name, "--format", "json"]);
  return {
    found: new Set(here.map(({ name }) => name)),
    secrets: new Set(Array.isArray(secrets) ? secrets.map(({ name }) => name) : []),
  };
}

/** @param {any} config @param {{id: string, title: string}[]} namespaces */
function fillIds(config, namespaces) {
  for (const namespace of config.kv_namespaces ?? []) {
    const title = titleOf(config, namespace.binding);
    const id = namespace.id ?? namespaces.find((one) => one.title === title)?.id;
    if (id !== undefined) namespace.id = id;
  }
}

/**
 * The deployment's secrets: the file's, and for those that are needed besides the environment's variables.
 * @param {string} file @param {string[]} needed @param {Set<string>} set those that the Worker has
 * @param {Record<string, string | undefined>} env
 */
function gatherSecrets(file, needed, set, env) {
  const given = /** @type {Record<string, string>} */ (
    existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {}
  );
  /** @type {Record<string, string>} */
  const values = { ...given };
  /** @type {Line[]} */
  const lines = [];
  const missing = [];
  let isMade = false;
  for (const name of [...new Set([...needed, ...Object.keys(given)])].sort()) {
    let state = "is set";
    if (given[name] !== undefined) state = "from the file of secrets";
    else if (env[name]) {
      values[name] = /** @type {string} */ (env[name]);
      state = "from the environment";
    } else if (!set.has(name) && name === "ADMIN_JWT_SECRET") {
      isMade = true;
      state = "to be made";
    } else if (!set.has(name)) {
      missing.push(name);
      state = "missing";
    }
    lines.push({ kind: "secret", name, state });
  }
  return { values, lines, missing, isMade };
}

/** @param {any} config @param {{found: Set<string>}} account */
function planOf(config, { found }) {
  /** @type {Line[]} */
  const lines = [];
  /** @type {string[][]} */
  const makes = [];
  const add = (
    /** @type {string} */ kind,
    /** @type {string} */ name,
    /** @type {boolean} */ isHere,
    /** @type {string[]} */ make,
  ) => {
    lines.push({ kind, name, state: isHere ? "is there" : "to be made" });
    if (!isHere) makes.push(make);
  };
  for (const { binding, id } of config.kv_namespaces ?? []) {
    const title = titleOf(config, binding);
    add("KV namespace", title, id !== undefined, ["kv", "namespace", "create", title]);
  }
  for (const { kind, name, make } of bucketsAndQueues(config)) add(kind, name, found.has(name), make);
  return { lines, makes };
}

/**
 * The lifecycle rules of the bucket that entries move to: set where nobody else's would go.
 * @param {Wrangler} wrangler @param {any} config @param {{found: Set<string>}} account @param {any} declarations
 * @returns {{lines: Line[], sets: string[][], notice: string}}
 */
function rulesFor(wrangler, config, { found }, declarations) {
  const bucket = bucketOf(config);
  const path = join(wrangler.root, RULES);
  if (bucket === undefined || !existsSync(path)) return { lines: [], sets: [], notice: "" };
  const told = (/** @type {string} */ state, /** @type {string} */ notice) => ({
    lines: [{ kind: "lifecycle rules", name: bucket, state }],
    sets: state === "to be set" ? [settingRules(bucket, wrangler.root)] : [],
    notice,
  });
  const rules = jsonOf(path);
  const { vars = {} } = config;
  if (faultsOf(rules, declarations, vars, `${vars.CACHE_PREFIX ?? "larder"}:`).length > 0) {
    return told("left alone", `${RULES} does not fit the declarations: larder lifecycle --check says why.\n`);
  }
  if (!found.has(bucket)) return told("to be set", "");
  switch (comparedRules(wrangler.must(["r2", "bucket", "lifecycle", "list", bucket]), rules)) {
    case "set":
      return told("are set", "");
    case "others":
      return told(
        "left alone",
        `${bucket} has lifecycle rules of its own: larder lifecycle sets those of ${RULES} in their place.\n`,
      );
    default:
      return told("to be set", "");
  }
}

/** What the module has not taken yet may be no JSON. @param {string} text */
function declaredIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** @param {any} options @param {Context} context @returns {Promise<number>} */
export async function deploy(options, context) {
  const { root, env, output, json } = context;
  const environment = options.env;
  const wrangler = new Wrangler(root, env);
  const say = (/** @type {string} */ text) => json || output.write(text);
  const toml = /** @type {any} */ (parse(bytesOf(join(root, "wrangler.toml")).toString()));
  const config = configurationFor(toml, environment, root);
  const declarations = resolve(root, env.LARDER_CONFIG || "larder.json");
  const named = secretsNamed(bytesOf(declarations).toString());
  const needed = config.vars.ADMIN_JWKS_URL ? named : [...named, "ADMIN_JWT_SECRET"];
  const file = resolve(root, options.secrets ?? `.secrets.${environment}`);
  const target = `build/deploy/wrangler.${environment}.json`;

  let account = { found: new Set(), secrets: new Set() };
  let blind = "";
  try {
    account = lookAround(wrangler, config);
  } catch (error) {
    if (!options.dryRun || !(error instanceof Failure)) throw error;
    blind = error.message;
  }
  const { lines, makes } = planOf(config, account);
  const declared = declaredIn(bytesOf(declarations).toString());
  const rules = rulesFor(wrangler, config, account, declared);
  const secrets = gatherSecrets(file, needed, account.secrets, env);
  const uploads = secrets.isMade || Object.keys(secrets.values).length > 0;
  const commands = [
    toml.build.command,
    ...[...makes, ...rules.sets].map((words) => `wrangler ${words.join(" ")}`),
    `wrangler deploy --config ${target}${uploads ? " --secrets-file FILE" : ""}`,
  ];
  const all = [...lines, ...rules.lines, ...secrets.lines];
  say(`${config.name} (${environment})\n`);
  if (blind !== "") say(`The account cannot be looked at, so this is shown as for an empty one. ${blind}\n`);
  say(
    tableText(
      ["what", "name", "state"],
      all.map(({ kind, name, state }) => [kind, name, state]),
    ),
  );
  const advice = deploymentAdvice({
    config: toml,
    declarations: declared,
    lifecycle: null,
  });
  for (const one of advice) say(shownLines(`wrangler.toml: ${adviceLine(one)}`));
  say(rules.notice);
  if (options.dryRun) {
    say(`Nothing was done. It would run:\n${commands.map((line) => `  ${line}\n`).join("")}`);
    if (json)
      output.write(
        jsonLine({ environment, name: config.name, plan: all, commands, missing: secrets.missing }),
      );
    else if (secrets.missing.length > 0) say(`${missingText(secrets.missing, options, environment)}\n`);
    return secrets.missing.length === 0 ? EXIT.done : EXIT.failed;
  }
  if (secrets.missing.length > 0) throw new Failure(missingText(secrets.missing, options, environment));
  build(toml.build.command, root, wrangler.env, declarations);
  if (makes.length > 0 && !options.yes) await consent(context);
  for (const words of [...makes, ...rules.sets]) {
    say(`wrangler ${words.join(" ")}\n`);
    wrangler.must(words);
  }
  fillIds(config, makes.length > 0 ? wrangler.look(["kv", "namespace", "list"]) : []);
  for (const { binding, id } of config.kv_namespaces ?? []) {
    if (id === undefined)
      throw new Failure(
        `The namespace ${titleOf(config, binding)} was made, and is not listed yet; run it again.`,
      );
  }
  if (secrets.isMade) secrets.values.ADMIN_JWT_SECRET = keepNewSecret(file);
  mkdirSync(join(root, "build/deploy"), { recursive: true });
  writeFileSync(join(root, target), `${JSON.stringify(config, null, 2)}\n`);
  const told = withSecretsFile(secrets.values, (words) =>
    wrangler.must(["deploy", "--config", target, ...words]),
  );
  say(shownLines(stripVTControlCharacters(told)));
  if (secrets.isMade)
    say(`A new ADMIN_JWT_SECRET is in ${file}: larder token --secrets signs with it. Keep it.\n`);
  if (json) output.write(jsonLine({ environment, name: config.name, plan: all, commands, missing: [] }));
  return EXIT.done;
}

/** @param {string[]} names @param {any} options @param {string} environment */
const missingText = (names, options, environment) =>
  `Secrets are missing: ${names.join(", ")}. Write them as NAME="value" into ${options.secrets ?? `.secrets.${environment}`}, or set environment variables of these names.`;

/**
 * @param {string} command wrangler.toml's: in a released archive it compiles nothing @param {string} root
 * @param {Record<string, string | undefined>} env @param {string} declarations
 */
function build(command, root, env, declarations) {
  const { status, stdout, stderr } = spawnSync(command, {
    shell: true,
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Failure(`${command} failed.\n${lastOf(`${stdout}\n${stderr}`)}`);
  const { faults } = checked(declarations, join(root, "build/module/larder.wasm"));
  if (faults.length > 0) {
    throw new Failure(
      `${declarations} has faults (${faults.length}); larder check names them. Nothing was deployed.`,
    );
  }
}

/** @param {Context} context */
async function consent({ confirm }) {
  if (confirm === null) {
    throw new WrongUsage("What is to be made may cost money. Say --yes, or run it where it can ask.");
  }
  const question = "What is to be made is billed beyond what your plan includes. Make it?";
  if (!(await confirm(question))) throw new Failure("Nothing was made or deployed.");
}

/** @param {string} file @returns {string} the secret */
function keepNewSecret(file) {
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  appendFileSync(file, `${gap}ADMIN_JWT_SECRET="${secret}"\n`, { mode: 0o600 });
  return secret;
}

/**
 * @template T @param {Record<string, string>} values @param {(words: string[]) => T} call
 * @returns {T}
 */
function withSecretsFile(values, call) {
  if (Object.keys(values).length === 0) return call([]);
  const folder = mkdtempSync(join(tmpdir(), "larder-secrets-"));
  try {
    const path = join(folder, "secrets.json");
    writeFileSync(path, JSON.stringify(values), { mode: 0o600 });
    return call(["--secrets-file", path]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
