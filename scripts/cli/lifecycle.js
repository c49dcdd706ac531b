// larder lifecycle: checks the lifecycle rules of the R2 bucket against what is declared, and applies them. An object is there
// as long as its stub in KV; a rule that deleted it sooner would turn a cached answer into a question to its origin.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parse } from "smol-toml";
import { configurationFor } from "./deployment.js";
import { EXIT, Failure } from "./failure.js";
import { jsonOf } from "./files.js";

/** @typedef {import("./commands.js").Context} Context */

export const RULES = "ops/r2/lifecycle.json";
const BUCKET = "LIBRARY_DATA";
const DAY_SECONDS = 86_400;
const UNITS = /** @type {Record<string, number>} */ ({ s: 1, m: 60, h: 3600, d: DAY_SECONDS });
/** What settings that durations may name come to where wrangler.toml does not set them. */
const SETTING_DAYS = /** @type {Record<string, string>} */ ({ STALE_DAYS: "7", TTL_DAYS: "30" });

/**
 * @param {unknown} declared @param {Record<string, string>} vars
 * @returns {number} seconds of a declared duration: "7d", "until 30d", "${TTL_DAYS}"; 0 where there is none
 */
function secondsOf(declared, vars) {
  if (typeof declared !== "string") return 0;
  const text = declared.replace(/^until /, "");
  const [, setting] = /^\$\{(\w+)\}$/.exec(text) ?? [];
  if (setting !== undefined) return Number(vars[setting] ?? SETTING_DAYS[setting] ?? 0) * DAY_SECONDS;
  const [, number = "0", unit = "s"] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? 0);
}

/** How long an entry of the resource may be kept, in seconds. @param {any} resource @param {Record<string, string>} vars */
function keptFor(resource, vars) {
  const ttl = resource.mode === "http" ? resource.ttlMax : resource.ttl;
  const after = Math.max(secondsOf(resource.stale, vars), secondsOf(resource.staleIfError, vars));
  return secondsOf(ttl, vars) + after;
}

/**
 * @param {any} rules @param {any} declarations larder.json @param {Record<string, string>} vars @param {string} prefix
 * @returns {string[]} what is wrong
 */
export function faultsOf(rules, declarations, vars, prefix) {
  const listed = Array.isArray(rules?.rules) ? rules.rules : [];
  if (listed.length === 0) return ["There are no rules: setting them would take away R2's own, too."];
  const faults = [];
  for (const rule of listed) {
    const { id = "?", enabled, conditions = {}, deleteObjectsTransition: deletes } = rule;
    if (rule.storageClassTransitions?.length > 0 && reaches(conditions.prefix, prefix)) {
      faults.push(
        `${id}: reads of InfrequentAccess cost more, and 30 days are billed at least; leave entries in the standard class.`,
      );
    }
    if (!enabled || deletes === undefined || !reaches(conditions.prefix, prefix)) continue;
    const { type, maxAge = 0 } = deletes.condition ?? {};
    if (type !== "Age") {
      faults.push(`${id}: a date deletes what stubs still point to; use an age.`);
      continue;
    }
    for (const resource of declarations.resources ?? []) {
      const kept = keptFor(resource, vars);
      if (resource.mode === "http" && resource.ttlMax === undefined && resource.archive !== "never") {
        faults.push(
          `${resource.name}: a response may say that it lives for years; declare "ttlMax", or "archive": "never".`,
        );
      } else if (kept >= maxAge) {
        faults.push(
          `${id}: deletes after ${Math.floor(maxAge / DAY_SECONDS)} days, but entries of ${resource.name} are kept for up to ${Math.ceil(kept / DAY_SECONDS)}.`,
        );
      }
    }
  }
  if (!listed.some((/** @type {any} */ rule) => rule.abortMultipartUploadsTransition !== undefined)) {
    faults.push("No rule aborts multipart uploads: setting rules takes R2's own rule for that away.");
  }
  return faults;
}

/** Whether a rule for a prefix reaches entries. @param {string | undefined} of @param {string} prefix */
const reaches = (of, prefix) =>
  of === undefined || of === "" || prefix.startsWith(of) || of.startsWith(prefix);

/** The bucket that entries move to, by its name; undefined where the deployment has none. @param {any} config @returns {string | undefined} */
export const bucketOf = (config) =>
  (config.r2_buckets ?? []).find((/** @type {any} */ { binding }) => binding === BUCKET)?.bucket_name;

/** What wrangler is asked to set the rules of a bucket. @param {string} bucket @param {string} root */
export const settingRules = (bucket, root) => [
  "r2",
  "bucket",
  "lifecycle",
  "set",
  bucket,
  "--file",
  join(root, RULES),
  "--force",
];

/**
 * How what a bucket has compares with what is declared. Setting rules takes all others away, so those of somebody else are not
 * replaced; R2's own, which ends uploads that were broken off, is one of ours as well.
 * @param {string} listed what `wrangler r2 bucket lifecycle list` prints @param {any} rules the declared ones
 * @returns {"set" | "unset" | "others"}
 */
export function comparedRules(listed, rules) {
  const found = listed
    .split(/\n\s*\n/)
    .map((block) => ({
      name: /^name:\s*(.*)$/m.exec(block)?.[1]?.trim(),
      action: /^action:\s*(.*)$/m.exec(block)?.[1]?.trim() ?? "",
    }))
    .filter(({ name }) => name !== undefined);
  const declared = rules.rules.map((/** @type {any} */ rule) => {
    const { condition } = rule.deleteObjectsTransition ?? rule.abortMultipartUploadsTransition ?? {};
    return { id: rule.id, age: `after ${(condition?.maxAge ?? 0) / DAY_SECONDS} days` };
  });
  const isSet = declared.every((/** @type {any} */ { id, age }) =>
    found.some(({ name, action }) => name === id && action.endsWith(age)),
  );
  if (isSet) return "set";
  const isOurs = (/** @type {string | undefined} */ name) =>
    declared.some((/** @type {any} */ { id }) => id === name);
  const areOthers = found.some(
    ({ name, action }) => !isOurs(name) && !/^Abort incomplete multipart uploads [^,]*$/.test(action),
  );
  return areOthers ? "others" : "unset";
}

/** @param {{check?: boolean, env: string, declarations: string}} options @param {Context} context */
export function lifecycle(options, { root, output, errors, env }) {
  const rules = jsonOf(join(root, RULES));
  const toml = parse(readFileSync(join(root, "wrangler.toml"), "utf8"));
  const config = configurationFor(toml, options.env, root);
  const vars = config.vars ?? {};
  const faults = faultsOf(
    rules,
    jsonOf(join(root, options.declarations)),
    vars,
    `${vars.CACHE_PREFIX ?? "larder"}:`,
  );
  for (const fault of faults) errors.write(`${fault}\n`);
  if (faults.length > 0) return EXIT.failed;
  const bucket = bucketOf(config);
  if (bucket === undefined) throw new Failure(`wrangler.toml has no bucket with the binding ${BUCKET}.`);
  if (options.check === true) {
    output.write(`${RULES}: no object goes before its stub.\n`);
    return EXIT.done;
  }
  const words = settingRules(bucket, root);
  const { status, error, stdout, stderr } = spawnSync("wrangler", words, {
    cwd: root,
    env: {
      ...env,
      PATH: `${env.PATH ?? ""}${delimiter}${join(root, "node_modules/.bin")}`,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
    },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (error !== undefined) throw new Failure("There is no wrangler: npm run setup installs it.");
  if (status !== 0) throw new Failure(`wrangler ${words.join(" ")} failed.\n${`${stdout}${stderr}`.trim()}`);
  output.write(`${bucket} has the rules of ${RULES}.\n`);
  return EXIT.done;
}
