// What in wrangler.toml, and in the lifecycle rules of its bucket, cannot work or will surprise. The Worker cannot see these
// files, so GET /api/advice says nothing of them; larder check --deployment and larder deploy do.

import { rows } from "../generate/tables.js";
import { bucketsAndQueues } from "./deployment.js";

/**
 * @typedef {{name: string, level: "fault" | "warning" | "note", what: string, help: string}} Advice
 * @typedef {{config: any, declarations: any, lifecycle: any}} Facts `lifecycle`: as `wrangler r2 bucket lifecycle set` takes
 *   it; null: there is none
 */

const DAY_SECONDS = 86_400;
/** What R2 bills in its archive class at least (Cloudflare, read 2026-11). */
const ARCHIVE_DAYS_MIN = 30;
/** What a queue keeps a message at most; a letter that nobody takes is gone then (Cloudflare, read 2026-11). */
const QUEUE_DAYS_DEFAULT = 4;

/** The binding whose messages are sent again where they are lost: a run of the archiver goes on every night. */
const SENT_AGAIN = "ARCHIVE_QUEUE";

const producers = (/** @type {any} */ config) => config.queues?.producers ?? [];
const consumers = (/** @type {any} */ config) => config.queues?.consumers ?? [];
const consumed = (/** @type {any} */ config) =>
  new Set(consumers(config).map((/** @type {any} */ one) => one.queue));
const letters = (/** @type {any} */ config) =>
  new Set(consumers(config).flatMap((/** @type {any} */ one) => one.dead_letter_queue ?? []));
const sentAgain = (/** @type {any} */ config) =>
  new Set(
    producers(config)
      .filter((/** @type {any} */ one) => one.binding === SENT_AGAIN)
      .map((/** @type {any} */ one) => one.queue),
  );
const bound = (/** @type {any} */ config) =>
  (config.durable_objects?.bindings ?? []).map((/** @type {any} */ one) => one.name);
const resources = (/** @type {any} */ declarations) =>
  Array.isArray(declarations?.resources) ? declarations.resources : [];
const rules = (/** @type {any} */ lifecycle) =>
  (lifecycle?.rules ?? []).filter((/** @type {any} */ rule) => rule.enabled !== false);
const namesOf = (/** @type {any[]} */ list, /** @type {(one: any) => boolean} */ holds) =>
  list.filter(holds).map(({ name }) => name);

/** Seconds after which a rule moves an object to the archive class, and removes it. @param {any} rule */
function agesOf(rule) {
  const archived = (rule.storageClassTransitions ?? []).find(
    (/** @type {any} */ one) => one.storageClass === "InfrequentAccess" && one.condition?.type === "Age",
  );
  const removed = rule.deleteObjectsTransition?.condition;
  return {
    archived: archived?.condition.maxAge,
    removed: removed?.type === "Age" ? removed.maxAge : undefined,
  };
}

/**
 * A row each: `find` gives the names that the sentence is about, in place of {}; none: there is nothing to say.
 * @type {{name: string, level: Advice["level"], find: (facts: Facts) => string[], what: string, help: string}[]}
 */
const CHECKS = [
  {
    name: "objects_unbound",
    level: "fault",
    find: ({ config }) => {
      const names = new Set(bound(config));
      const columns = ["object", "number", "class", "binding", "kept", "names", "migration"];
      return rows("records/objects.def", "LARDER_OBJECT", columns)
        .map(({ binding }) => binding)
        .filter((binding) => !names.has(binding));
    },
    what: "There is no Durable Object binding {}: what it keeps is not kept.",
    help: "Add it under [[durable_objects.bindings]], with its class.",
  },
  {
    name: "classes_not_migrated",
    level: "fault",
    find: ({ config }) => {
      const made = new Set(
        (config.migrations ?? []).flatMap((/** @type {any} */ one) => [
          ...(one.new_sqlite_classes ?? []),
          ...(one.new_classes ?? []),
          ...(one.renamed_classes ?? []).map((/** @type {any} */ renamed) => renamed.to),
        ]),
      );
      return (config.durable_objects?.bindings ?? [])
        .filter((/** @type {any} */ one) => one.script_name === undefined && !made.has(one.class_name))
        .map((/** @type {any} */ one) => one.class_name);
    },
    what: "No migration makes the class {}: the deployment is refused.",
    help: "Name it in new_sqlite_classes of a migration with a tag of its own.",
  },
  {
    name: "classes_without_sql",
    level: "fault",
    find: ({ config }) =>
      (config.migrations ?? []).flatMap((/** @type {any} */ one) => one.new_classes ?? []),
    what: "{} is made without SQLite, which its rows are kept in.",
    help: "Name it in new_sqlite_classes. A class that is deployed already has to have another name.",
  },
  {
    name: "entries_unkept",
    level: "fault",
    find: ({ config }) =>
      (config.kv_namespaces ?? []).some((/** @type {any} */ one) => one.binding === "CACHE") ? [] : ["CACHE"],
    what: "There is no KV binding {}: entries are kept in each data centre alone.",
    help: "Add it under [[kv_namespaces]].",
  },
  {
    name: "triggers_missing",
    level: "fault",
    find: ({ config }) => {
      const crons = new Set(config.triggers?.crons ?? []);
      return rows("app/events.def", "LARDER_CRON", ["expression", "handler", "purpose"])
        .filter(({ expression }) => !crons.has(expression))
        .map(({ expression, purpose }) => `"${expression}" (${purpose.replace(/\.$/, "")})`);
    },
    what: "The trigger {} is missing.",
    help: "Add it to crons under [triggers].",
  },
  {
    name: "queues_unconsumed",
    level: "fault",
    find: ({ config }) =>
      producers(config)
        .map((/** @type {any} */ one) => one.queue)
        .filter((/** @type {string} */ queue) => !consumed(config).has(queue)),
    what: "The queue {} is sent to, and has no consumer here: what is sent lies there until it is dropped.",
    help: "Add it under [[queues.consumers]].",
  },
  {
    name: "queues_without_letters",
    level: "warning",
    find: ({ config }) =>
      consumers(config)
        .filter((/** @type {any} */ one) => !one.dead_letter_queue && !letters(config).has(one.queue))
        .filter((/** @type {any} */ one) => !sentAgain(config).has(one.queue))
        .map((/** @type {any} */ one) => one.queue),
    what: "The queue {} has no dead letters: a message whose retries are used up is lost without a word.",
    help: "Name a dead_letter_queue.",
  },
  {
    name: "letters_unconsumed",
    level: "warning",
    find: ({ config }) => [...letters(config)].filter((queue) => !consumed(config).has(queue)),
    what: `Nobody takes the dead letters of {}: they are dropped after ${QUEUE_DAYS_DEFAULT} days.`,
    help: "Add it under [[queues.consumers]]: then GET /api/warming/dlq lists them, and they can be replayed.",
  },
  {
    name: "public_limit_unbound",
    level: "warning",
    find: ({ config, declarations }) =>
      (config.ratelimits ?? []).some((/** @type {any} */ one) => one.name === "PUBLIC_LIMIT")
        ? []
        : namesOf(
            resources(declarations),
            (one) =>
              one.limit !== undefined || one.origin?.limit !== undefined || one.origin?.provider === "llm",
          ),
    what: "{} counts on the binding PUBLIC_LIMIT, which is not there: one client may use up what all have.",
    help: "Add it under [[ratelimits]].",
  },
  {
    name: "hosts_not_told_apart",
    level: "fault",
    find: ({ config, declarations }) =>
      config.cache?.enabled === true
        ? namesOf(resources(declarations), (one) =>
            (one.key ?? []).some((/** @type {any} */ field) =>
              ["host", "x-forwarded-host"].includes(String(field.header ?? "").toLowerCase()),
            ),
          )
        : [],
    what: "{} has the host in its key, and Workers Cache, which is on, does not tell hosts apart: one tenant is shown what is another's.",
    help: "Put the tenant into the path, or take [cache] away.",
  },
  {
    name: "deployments_start_cold",
    level: "note",
    find: ({ config }) =>
      config.cache?.enabled === true && config.cache.cross_version_cache !== true ? ["[cache]"] : [],
    what: "{} is on, and every deployment begins with an empty one.",
    help: "Set cross_version_cache = true, if no deployment changes what is answered.",
  },
  {
    name: "archived_for_too_short",
    level: "warning",
    find: ({ lifecycle }) =>
      rules(lifecycle)
        .filter((/** @type {any} */ rule) => {
          const { archived, removed } = agesOf(rule);
          return (
            archived !== undefined &&
            removed !== undefined &&
            removed - archived < ARCHIVE_DAYS_MIN * DAY_SECONDS
          );
        })
        .map((/** @type {any} */ rule) => rule.id),
    what: `The lifecycle rule {} removes objects before they were ${ARCHIVE_DAYS_MIN} days in InfrequentAccess: that many are billed anyway.`,
    help: "Remove them later, or leave them in the standard class.",
  },
  {
    name: "uploads_not_aborted",
    level: "warning",
    find: ({ lifecycle }) =>
      lifecycle === null ||
      rules(lifecycle).some((/** @type {any} */ rule) => rule.abortMultipartUploadsTransition !== undefined)
        ? []
        : ["the lifecycle rules"],
    what: "Setting {} takes the bucket's own rule away, which aborts uploads that were never completed: their parts are kept, and billed, for ever.",
    help: 'Say it among them: "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}}.',
  },
  {
    name: "bucket_unbound",
    level: "warning",
    find: ({ config, lifecycle }) =>
      lifecycle !== null && !bucketsAndQueues(config).some(({ kind }) => kind === "R2 bucket")
        ? ["[[r2_buckets]]"]
        : [],
    what: "There are lifecycle rules, and no bucket under {} that they could be for.",
    help: "Bind the bucket, or leave the rules out.",
  },
];

/** @param {Facts} facts @returns {Advice[]} in the order of the rows */
export function deploymentAdvice(facts) {
  return CHECKS.flatMap(({ name, level, find, what, help }) => {
    const found = find(facts);
    return found.length === 0 ? [] : [{ name, level, what: what.replace("{}", found.join(", ")), help }];
  });
}

/** @param {Advice} advice @returns {string} a line */
export const adviceLine = ({ level, what, help }) => `${level}: ${what} ${help}\n`;
