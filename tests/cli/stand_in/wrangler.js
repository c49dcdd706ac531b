// Stands in for wrangler: keeps an account in the folder STAND_IN, and writes down every call.
//   account.json   {signedIn, namespaces: {title: id}, buckets, queues, workers: {name: [secrets]}, rules: {bucket: [rules]}}
//   calls.jsonl    the words of each call; of a deployment also its configuration and the secrets' file

import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.STAND_IN ?? "";
const words = process.argv.slice(2);
const account = JSON.parse(readFileSync(join(folder, "account.json"), "utf8"));

/** @param {object} call */
const record = (call) => appendFileSync(join(folder, "calls.jsonl"), `${JSON.stringify(call)}\n`);
/** @param {string} text */
function fail(text) {
  console.error(`✘ [ERROR] ${text}`);
  process.exit(1);
}
/** @param {string} flag */
const value = (flag) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);

const secretsFile = value("--secrets-file");
const secrets = secretsFile === undefined ? {} : JSON.parse(readFileSync(secretsFile, "utf8"));
const configFile = value("--config");
const config = configFile === undefined ? null : JSON.parse(readFileSync(configFile, "utf8"));
record(
  config === null
    ? { words }
    : {
        words: words.map((word) => (word === secretsFile ? "FILE" : word)),
        config,
        secrets,
        mode: secretsFile === undefined ? null : statSync(secretsFile).mode & 0o777,
      },
);
if (!account.signedIn && words[0] !== "login") fail("You are not signed in.");

const name = words.at(-1) ?? "";
const commands = /** @type {Record<string, () => void>} */ ({
  "kv namespace list": () =>
    console.log(JSON.stringify(Object.entries(account.namespaces).map(([title, id]) => ({ id, title })))),
  "kv namespace create": () => {
    account.namespaces[name] = `id-of-${name}`;
  },
  "r2 bucket info": () => {
    const [bucket = ""] = words.slice(3);
    if (!account.buckets.includes(bucket)) fail("The specified bucket does not exist. [code: 10006]");
    console.log(JSON.stringify({ name: bucket }));
  },
  "r2 bucket create": () => account.buckets.push(name),
  "queues info": () => {
    if (!account.queues.includes(name))
      fail(`Queue "${name}" does not exist. To create it, run: wrangler queues create`);
    console.log(`Queue Name: ${name}`);
  },
  "queues create": () => {
    if (account.full) fail("The account has too many queues.");
    account.queues.push(name);
  },
  "secret list": () => {
    const worker = account.workers[value("--name") ?? ""];
    if (worker === undefined) fail("This Worker does not exist on your account. [code: 10007]");
    console.log(
      JSON.stringify(worker.map((/** @type {string} */ one) => ({ name: one, type: "secret_text" }))),
    );
  },
  login: () => {
    account.signedIn = true;
  },
  // The value comes by standard input, and is kept by nobody.
  "secret put": () => {
    if (name === "put") fail("Not enough arguments: the secret's name is missing.");
    const worker = value("--name") ?? "larder";
    account.workers[worker] = [...new Set([...(account.workers[worker] ?? []), name])];
  },
  rollback: () => {
    if (Object.keys(account.workers).length === 0) fail("There is no deployment to go back to.");
  },
  "r2 bucket lifecycle set": () => {
    const [bucket = ""] = words.slice(4);
    if (!account.buckets.includes(bucket)) fail("The specified bucket does not exist. [code: 10006]");
    const file = value("--file");
    if (file === undefined) fail("Not enough arguments: the rules' file is missing.");
    account.rules = { ...account.rules, [bucket]: JSON.parse(readFileSync(file ?? "", "utf8")).rules };
  },
  "r2 bucket lifecycle list": () => {
    const [bucket = ""] = words.slice(4);
    if (!account.buckets.includes(bucket)) fail("The specified bucket does not exist. [code: 10006]");
    console.log(`Listing lifecycle rules for bucket '${bucket}'...`);
    // R2 gives each bucket one of its own.
    const own = {
      id: "Default Multipart Abort Rule",
      abortMultipartUploadsTransition: { condition: { maxAge: 604_800 } },
    };
    const blocks = (account.rules?.[bucket] ?? [own]).map((/** @type {any} */ rule) => {
      const [action, { condition }] = rule.deleteObjectsTransition
        ? ["Expire objects", rule.deleteObjectsTransition]
        : ["Abort incomplete multipart uploads", rule.abortMultipartUploadsTransition];
      const prefix = rule.conditions?.prefix || "(all prefixes)";
      return `name:     ${rule.id}\nenabled:  Yes\nprefix:   ${prefix}\naction:   ${action} after ${condition.maxAge / 86_400} days`;
    });
    console.log(blocks.join("\n\n"));
  },
  deploy: () => {
    const before = account.workers[config.name] ?? [];
    account.workers[config.name] = [...new Set([...before, ...Object.keys(secrets)])];
    console.log(`Deployed ${config.name}`);
  },
});
const command = Object.keys(commands).find((one) => words.join(" ").startsWith(one));
if (command === undefined) fail(`The stand-in knows no ${words.join(" ")}.`);
commands[command ?? ""]?.();
writeFileSync(join(folder, "account.json"), JSON.stringify(account));
