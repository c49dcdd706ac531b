// The commands, one row each. The program, its help, the completion of shells and docs/reference/cli.md come from them.
//
//   name       the words that are typed
//   route      of src/operators/routes.def, as "METHOD /path"; null: no Worker is asked
//   role       the least role of the token, as the route's row says
//   purpose    what it does
//   arguments  [what is typed, what it is]: <one>, [one that may be left out], <some...>
//   options    {flags, purpose, choices, otherwise}: as commander takes them
//   examples   command lines that teach
//   ask        what is asked of the route for what was typed: {parameters, query, json}; a parameter fills {name} in the
//              path
//   view       what of the answer is shown, where --json does not ask for all of it:
//     rows     the lines of a table; a name is the member that holds them
//     columns  [title, value of a row]
//     empty    what is said where there are none
//     after    lines behind the table
//     pages    the list comes in pages: {cursor: the member that leads to the next one, size: the query's parameter and its
//              bound, where the reader may choose}
//   run        in place of ask and view: the exit code, when it is done

import { check } from "./check.js";
import { completion } from "./completion.js";
import { deploy } from "./deploy.js";
import { ENVIRONMENTS } from "./deployment.js";
import { doctor } from "./doctor.js";
import { WrongUsage } from "./failure.js";
import { jsonOf } from "./files.js";
import { init } from "./init.js";
import { lifecycle } from "./lifecycle.js";
import { plan } from "./plan.js";
import { bytesText, dollars, percent, rounded } from "./text.js";
import { devVars, ROLES, secondsIn, secretIn, signToken } from "./token.js";
import { prewarm, warmFile, watchJob } from "./warming.js";

/**
 * @typedef {object} Option
 * @property {string} flags
 * @property {string} purpose
 * @property {string[]} [choices]
 * @property {string} [otherwise]
 * @property {boolean} [many] may be given again
 *
 * @typedef {{parameters?: Record<string, string>, query?: Record<string, string | undefined>, json?: unknown}} Asked
 *
 * @typedef {object} View
 * @property {string | ((answer: any) => any[])} rows
 * @property {[string, (row: any) => unknown][]} columns
 * @property {string} empty
 * @property {(answer: any) => string} [after]
 * @property {{cursor: string, size?: [string, number]}} [pages]
 *
 * @typedef {object} Context
 * @property {import("../warm.js").Output} output
 * @property {import("../warm.js").Output} errors
 * @property {Record<string, string | undefined>} env
 * @property {number} pollMillis
 * @property {() => number} now
 * @property {() => import("./door.js").Door} door
 * @property {boolean} json
 * @property {string} root the project's folder
 * @property {((question: string) => Promise<boolean>) | null} confirm null: nobody is there to be asked
 * @property {((text: string) => Promise<string>) | null} question null: nobody is there to be asked
 * @property {import("./doctor.js").Machine} machine
 *
 * @typedef {object} Command
 * @property {string} name
 * @property {string | null} route
 * @property {"admin" | "viewer" | null} role
 * @property {string} purpose
 * @property {[string, string][]} [arguments]
 * @property {Option[]} [options]
 * @property {string[]} [examples]
 * @property {(args: any[], options: any, context: Context) => Asked} [ask]
 * @property {View} [view]
 * @property {(answer: any) => boolean} [succeeded] whether the answer is a success; else the exit code is 1
 * @property {(args: any[], options: any, context: Context) => Promise<number> | number} [run]
 */

/** @param {string} member */
const of = (member) => (/** @type {any} */ row) => row[member];

/** @param {string} text a time, or a duration before now @param {number} now */
const timeFrom = (text, now) =>
  secondsIn(text) > 0 ? new Date(now - secondsIn(text) * 1000).toISOString() : text;

const SINCE = {
  flags: "--since <time>",
  purpose: "from this time on: 2026-11-21T08:00:00Z, or 30m, 12h or 7d before now",
};
const LIMIT = { flags: "--limit <count>", purpose: "how many at most", otherwise: "100" };
const CURSOR = { flags: "--cursor <cursor>", purpose: "go on where a list ended" };
const FOLLOWED = { flags: "--no-follow", purpose: "do not wait for the job's end" };
const PRIORITY = {
  flags: "--priority <priority>",
  purpose: "which queue the job takes",
  choices: ["normal", "high"],
  otherwise: "normal",
};

/** One line of an answer with a few members. @param {(answer: any) => [string, unknown][]} pairs */
const facts = (pairs) => ({
  rows: pairs,
  columns: /** @type {[string, (row: any) => unknown][]} */ ([
    ["what", (row) => row[0]],
    ["value", (row) => row[1]],
  ]),
  empty: "Nothing is known.",
});

/** @type {View} */
const JOB = facts((job) => [
  ["job", job.jobId],
  ["state", job.state],
  ["authors", `${job.authors.processed + job.authors.failed + job.authors.skipped} of ${job.authors.queued}`],
  ["failed", job.authors.failed],
  ["works", job.works],
  ["started", job.startedAt],
  ["completed", job.completedAt],
]);

/** @type {View} */
const EXPERIMENT = facts((experiment) => [
  ["experiment", experiment.id],
  ["state", experiment.state],
  ["step", experiment.step],
]);

/** @param {string[]} given NAME=VALUE */
function assignments(given) {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf("=");
      if (at < 1 || at === text.length - 1) {
        throw new WrongUsage(
          `Write NAME=VALUE, not "${text}"; settings unset goes back to what was deployed.`,
        );
      }
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** @type {View} */
const SETTINGS = {
  rows: (answer) => Object.entries(answer.settings).map(([name, setting]) => ({ name, ...setting })),
  columns: [
    ["setting", of("name")],
    ["value", of("value")],
    ["source", of("source")],
    ["changeable", (row) => (row.changeable ? "yes" : "")],
  ],
  empty: "There are no settings that this token may see.",
};

/** @type {Command[]} */
export const COMMANDS = [
  {
    name: "warm",
    route: "POST /api/warming/upload",
    role: "admin",
    purpose: "Warms the authors of a list of books, and follows the job",
    arguments: [["[file]", "a list: Goodreads, LibraryThing, StoryGraph, Libib, or any CSV with a header"]],
    options: [
      {
        flags: "--depth <depth>",
        purpose: "how far from the list's authors: 1 to 3",
        choices: ["1", "2", "3"],
        otherwise: "2",
      },
      PRIORITY,
      {
        flags: "--aggressiveness <zeal>",
        purpose: "how many of the authors are warmed",
        choices: ["gentle", "normal", "eager"],
        otherwise: "normal",
      },
      { flags: "--subjects", purpose: "with those who are known for the same subjects" },
      { flags: "--watch <job>", purpose: "follow this job" },
      { flags: "--cancel <job>", purpose: "cancel this job, or remove it when it is over" },
      { flags: "--dlq", purpose: "list the dead letters; exit code 1 where there are some" },
      { flags: "--replay", purpose: "send the dead letters again" },
    ],
    examples: ["larder warm goodreads.csv --depth 2", "larder warm --watch JOB"],
    run: ([file], options, context) => warmFile(file, options, context),
  },
  {
    name: "prewarm",
    route: "POST /api/warming/prewarm",
    role: "admin",
    purpose: "Warms entries of any resource from a list, and follows the job",
    arguments: [
      ["<resource>", "of larder.json"],
      ["<file>", "the key fields: JSON (a list of objects, or one a line), or CSV whose header names them"],
    ],
    options: [
      { flags: "--concurrency <count>", purpose: "requests to the origin at once: 1 to 20", otherwise: "3" },
      { flags: "--qps <count>", purpose: "requests to the origin in a second: 1 to 100", otherwise: "1" },
      PRIORITY,
      FOLLOWED,
    ],
    examples: ["larder prewarm title titles.csv --qps 5"],
    run: ([resource, file], options, context) => prewarm(resource, file, options, context),
  },
  {
    name: "jobs list",
    route: "GET /api/warming/jobs",
    role: "viewer",
    purpose: "Lists warming jobs, the newest first",
    options: [LIMIT, CURSOR],
    ask: () => ({}),
    view: {
      rows: "jobs",
      columns: [
        ["job", of("jobId")],
        ["state", of("state")],
        ["queued", (row) => row.authors.queued],
        ["done", (row) => row.authors.processed],
        ["failed", (row) => row.authors.failed],
        ["works", of("works")],
        ["started", of("startedAt")],
      ],
      empty: "There are no jobs.",
      pages: { cursor: "next" },
    },
  },
  {
    name: "jobs show",
    route: "GET /api/warming/jobs/{id}",
    role: "viewer",
    purpose: "Shows how far a job is",
    arguments: [["<job>", "as jobs list names it"]],
    ask: ([id]) => ({ parameters: { id } }),
    view: JOB,
  },
  {
    name: "jobs watch",
    route: "GET /api/warming/jobs/{id}",
    role: "viewer",
    purpose: "Follows a job to its end; exit code 1 where something failed",
    arguments: [["<job>", "as jobs list names it"]],
    run: ([id], _options, context) => watchJob(id, context),
  },
  {
    name: "jobs cancel",
    route: "DELETE /api/warming/jobs/{id}",
    role: "admin",
    purpose: "Cancels a job that is at work, and removes one that is over",
    arguments: [["<job>", "as jobs list names it"]],
    ask: ([id]) => ({ parameters: { id } }),
    view: facts((answer) => [
      ["job", answer.job.jobId],
      ["state", answer.job.state],
      ["removed", answer.removed ? "yes" : "no"],
    ]),
  },
  {
    name: "letters list",
    route: "GET /api/warming/dlq",
    role: "viewer",
    purpose: "Lists dead letters with their reasons, the oldest first",
    options: [LIMIT, CURSOR],
    ask: () => ({}),
    view: {
      rows: "letters",
      columns: [
        ["letter", of("id")],
        ["at", of("at")],
        ["job", of("jobId")],
        ["author", of("author")],
        ["reason", of("reason")],
        ["message", of("message")],
      ],
      empty: "There are no dead letters.",
      pages: { cursor: "next" },
    },
  },
  {
    name: "letters replay",
    route: "POST /api/warming/dlq/replay",
    role: "admin",
    purpose: "Sends dead letters again: those that are named, else the oldest",
    arguments: [["[letters...]", "numbers, as letters list has them"]],
    ask: ([letters]) => ({
      json:
        letters.length === 0
          ? undefined
          : {
              ids: letters.map((/** @type {string} */ letter) => {
                if (!/^\d{1,15}$/.test(letter))
                  throw new WrongUsage(`A letter is a number, not "${letter}".`);
                return Number(letter);
              }),
            },
    }),
    view: facts((answer) => Object.entries(answer)),
  },
  {
    name: "entry",
    route: "GET /api/cache/entry",
    role: "viewer",
    purpose: "Shows one entry, tier by tier",
    arguments: [["<key>", "the whole key, as keys lists it: larder:title:v3:dune"]],
    examples: ["larder entry larder:title:v3:dune"],
    ask: ([key]) => ({ query: { key } }),
    view: {
      rows: "tiers",
      columns: [
        ["tier", of("tier")],
        ["state", (row) => row.error ?? (row.found ? row.state : "absent")],
        ["purged", of("purged")],
        ["kind", of("kind")],
        ["status", of("status")],
        ["age", (row) => (row.found ? `${row.ageSeconds} s` : "")],
        ["ttl", (row) => (row.found ? `${row.ttlSeconds} s` : "")],
        ["stored", (row) => (row.found ? bytesText(row.storedBytes) : "")],
        ["created", of("createdAt")],
        ["tags", (row) => row.tags?.join(" ")],
      ],
      empty: "This deployment has no tiers.",
    },
  },
  {
    name: "drop",
    route: "DELETE /api/cache/entry",
    role: "admin",
    purpose: "Purges one key and removes it from the tiers",
    arguments: [["<key>", "the whole key, as keys lists it"]],
    ask: ([key]) => ({ query: { key } }),
    view: facts((answer) => [
      ["purged", answer.purged],
      ["at", answer.at],
      ["removed from", answer.removedFrom.join(" ")],
    ]),
  },
  {
    name: "keys",
    route: "GET /api/cache/keys",
    role: "viewer",
    purpose: "Lists keys",
    arguments: [["[prefix]", "what they begin with: title"]],
    options: [LIMIT, CURSOR],
    examples: ["larder keys title --limit 20"],
    ask: ([prefix]) => ({ query: { prefix } }),
    view: {
      rows: "keys",
      columns: [["key", (row) => row]],
      empty: "There are no such keys.",
      pages: { cursor: "cursor", size: ["limit", 1000] },
    },
  },
  {
    name: "purge",
    route: "POST /api/cache/purge",
    role: "admin",
    purpose: "Purges keys, tags, prefixes and patterns",
    arguments: [["[keys...]", "whole keys"]],
    options: [
      { flags: "--tag <tag>", purpose: "entries with this tag", many: true },
      { flags: "--prefix <prefix>", purpose: "keys that begin so: larder:title:", many: true },
      {
        flags: "--pattern <pattern>",
        purpose: "keys that fit, * is any text; '*' is everything",
        many: true,
      },
      { flags: "--soft", purpose: "make them stale; else they are gone" },
    ],
    examples: ["larder purge --tag title --soft", "larder purge larder:title:v3:dune"],
    ask: ([keys], { tag: tags, prefix: prefixes, pattern: patterns, soft }) => {
      const what = Object.entries({ keys, tags, prefixes, patterns }).filter(
        ([, texts]) => texts !== undefined && texts.length > 0,
      );
      if (what.length === 0) {
        throw new WrongUsage(
          "Say what to purge: keys, --tag, --prefix or --pattern; everything is --pattern '*'.",
        );
      }
      return { json: { ...Object.fromEntries(what), mode: soft ? "soft" : "hard" } };
    },
    view: facts((answer) => [
      ["purged", answer.purged],
      ["at", answer.at],
    ]),
  },
  {
    name: "explain",
    route: "GET /api/explain",
    role: "viewer",
    purpose: "Says what would happen to a request, and why; the origin is not asked, and nothing changes",
    arguments: [["<url>", "a path, or a whole URL: '/search/title?q=dune'"]],
    options: [
      { flags: "--method <method>", purpose: "of the request", otherwise: "GET" },
      { flags: "--body <json>", purpose: "the JSON body, where the resource's key is made of it" },
    ],
    examples: ["larder explain '/search/title?q=dune'"],
    ask: ([url], { method, body }) => ({ query: { url, method, body } }),
    view: {
      rows: (answer) => answer.steps ?? [],
      columns: [
        ["rule", of("rule")],
        ["step", (row) => (row.tier ? `${row.step} (${row.tier})` : row.step)],
        ["reason", of("reason")],
        ["why", of("why")],
      ],
      empty: "There are no steps.",
      after: explanation,
    },
  },
  {
    name: "settings list",
    route: "GET /api/settings",
    role: "viewer",
    purpose: "Lists the settings, where each comes from, and which may be changed here",
    ask: () => ({}),
    view: SETTINGS,
  },
  {
    name: "settings set",
    route: "PUT /api/settings",
    role: "admin",
    purpose: "Changes settings for all isolates",
    arguments: [["<changes...>", "NAME=VALUE"]],
    examples: ["larder settings set ENABLE_SWR=false"],
    ask: ([changes]) => ({ json: assignments(changes) }),
    view: {
      ...SETTINGS,
      rows: (answer) => settingsAtRunTime(answer),
      empty: "No setting differs from what was deployed.",
    },
  },
  {
    name: "settings unset",
    route: "PUT /api/settings",
    role: "admin",
    purpose: "Goes back to what was deployed",
    arguments: [["<names...>", "settings"]],
    ask: ([names]) => ({
      json: Object.fromEntries(names.map((/** @type {string} */ name) => [name, null])),
    }),
    view: {
      ...SETTINGS,
      rows: (answer) => settingsAtRunTime(answer),
      empty: "No setting differs from what was deployed.",
    },
  },
  {
    name: "audit",
    route: "GET /api/audit",
    role: "admin",
    purpose: "Shows who called what, the newest first",
    options: [SINCE, LIMIT, CURSOR],
    examples: ["larder audit --since 12h"],
    ask: (_args, { since }, { now }) => ({ query: { since: since && timeFrom(since, now()) } }),
    view: {
      rows: "entries",
      columns: [
        ["at", of("at")],
        ["who", of("who")],
        ["role", of("role")],
        ["from", of("from")],
        ["method", of("method")],
        ["path", of("path")],
        ["status", of("status")],
        ["count", of("count")],
        ["what", of("what")],
      ],
      empty: "There are no calls in the log.",
      pages: { cursor: "cursor", size: ["limit", 200] },
    },
  },
  {
    name: "narrative stats",
    route: "GET /api/narrative/stats",
    role: "viewer",
    purpose: "Shows the narratives' keys and what was asked of them in a day",
    ask: () => ({}),
    view: facts((answer) => [
      ["keys", `${answer.keys.count}${answer.keys.complete ? "" : " or more"}`],
      ...flat(answer.last24Hours, "last 24 hours"),
      ...flat(answer.memory, "memory"),
    ]),
  },
  {
    name: "narrative analytics",
    route: "GET /api/narrative/analytics",
    role: "viewer",
    purpose: "Shows how often narratives are asked for, how long that takes, and what it costs",
    options: [SINCE],
    ask: (_args, { since }, { now }) => ({ query: { since: since && timeFrom(since, now()) } }),
    view: facts((answer) => [
      ["since", answer.since],
      ...flat(answer.narratives, "narratives"),
      ...flat(answer.costs, "costs"),
    ]),
  },
  {
    name: "narrative forget",
    route: "DELETE /api/narrative/user",
    role: "admin",
    purpose: "Deletes what is known of a user",
    arguments: [["<user>", "the user's id, as it was given with the narratives"]],
    ask: ([userId]) => ({ json: { userId } }),
    view: facts((answer) => [
      ["deleted", answer.deleted],
      ["why the rest stays", answer.rationale],
    ]),
  },
  {
    name: "candidates",
    route: "GET /api/cache/candidates",
    role: "viewer",
    purpose: "Says what is worth caching, for how long, and why",
    ask: () => ({}),
    view: {
      rows: "candidates",
      columns: [
        ["pattern", of("pattern")],
        ["state", of("state")],
        ["priority", of("priority")],
        ["requests", of("requests")],
        ["ttl", of("recommendedTtl")],
        ["hit rate", (row) => percent(row.hitRate)],
        ["origin", (row) => (row.meanOriginMillis === null ? "" : `${Math.round(row.meanOriginMillis)} ms`)],
        ["why", of("why")],
      ],
      empty: "There was no traffic to judge yet.",
      after: ({ window }) =>
        `${window.hoursWithTraffic} of ${window.hours} hours had traffic; ${window.final ? "this is final." : "this may change."}\n`,
    },
  },
  {
    name: "costs",
    route: "GET /api/costs",
    role: "viewer",
    purpose: "Shows what the deployment costs, by what is billed, and what a month would come to",
    ask: () => ({}),
    view: {
      rows: "items",
      columns: [
        ["item", of("item")],
        ["counted", of("counted")],
        ["unit", of("unit")],
        ["list price", (row) => dollars(row.listUsd)],
        ["in a month", of("monthForecast")],
        ["included", of("monthIncluded")],
        ["month's cost", (row) => dollars(row.monthUsd)],
      ],
      empty: "Nothing that is billed was counted yet.",
      after: (answer) =>
        `Models so far: ${dollars(answer.modelsUsd)}. A month: ${dollars(answer.month.planUsd)} for the plan and ${dollars(answer.month.usageUsd)} for its use.\n${answer.unknown}\n`,
    },
  },
  {
    name: "cold show",
    route: "GET /api/cold",
    role: "viewer",
    purpose: "Shows what is in KV and in R2, what that saves, and the archiver's last runs",
    ask: () => ({}),
    view: {
      rows: "runs",
      columns: [
        ["run", of("run")],
        ["state", of("state")],
        ["only planned", (row) => (row.dryRun ? "yes" : "no")],
        ["began", of("beganAt")],
        ["seen", of("seen")],
        ["moved", of("moved")],
        ["bytes", (row) => bytesText(row.movedBytes)],
        ["would save", (row) => dollars(row.planned.savingDollars)],
        ["fault", of("fault")],
      ],
      empty: "The archiver has not run yet.",
      after: ({ archives, why, readCounts, tiers, costs }) =>
        `${archives ? "" : `Nothing is archived: ${why}\n`}${
          readCounts.why === ""
            ? ""
            : `The ledger counts reads in place of Analytics Engine: ${readCounts.why}\n`
        }${
          tiers === null
            ? ""
            : `KV has ${tiers.kv.entries} ${tiers.kv.entries === 1 ? "entry" : "entries"} (${bytesText(tiers.kv.bytes)}), R2 ${tiers.cold.entries} (${bytesText(tiers.cold.bytes)}). A month of storage: ${dollars(costs.monthlyStorageAfter)}, all in KV ${dollars(costs.monthlyStorageBefore)}.\n`
        }`,
    },
  },
  {
    name: "cold archive",
    route: "POST /api/cold/archive",
    role: "admin",
    purpose: "Begins to move to R2 what nobody reads",
    options: [{ flags: "--dry-run", purpose: "only plan: nothing moves" }],
    examples: ["larder cold archive --dry-run"],
    ask: (_args, options) => ({ json: { dryRun: options.dryRun === true } }),
    view: facts((answer) => [
      ["run", answer.run.run],
      ["state", answer.run.state],
    ]),
  },
  {
    name: "lifecycle",
    route: null,
    role: null,
    purpose: "Checks the lifecycle rules of R2 (ops/r2/lifecycle.json) against larder.json, and applies them",
    options: [
      { flags: "--check", purpose: "only check: nothing is applied" },
      {
        flags: "--env <environment>",
        purpose: "whose bucket",
        choices: ENVIRONMENTS,
        otherwise: "production",
      },
      { flags: "--declarations <file>", purpose: "another declaration file", otherwise: "larder.json" },
    ],
    examples: ["larder lifecycle --check", "larder lifecycle --env staging"],
    run: (_args, options, context) => lifecycle(options, context),
  },
  {
    name: "slo",
    route: "GET /api/slo",
    role: "viewer",
    purpose: "Shows service level objectives and their error budget; exit code 1 where one is missed",
    ask: () => ({}),
    view: {
      rows: "objectives",
      columns: [
        ["objective", of("name")],
        ["target", of("target")],
        ["last hour", (row) => rounded(row.lastHour)],
        ["met", (row) => (row.met === null ? "unknown" : row.met ? "yes" : "no")],
        ["what", of("what")],
      ],
      empty: "There are no objectives.",
      after: ({ errorBudget: { answers, failed, left } }) =>
        `Error budget of 30 days: ${percent(left)} left (${failed} of ${answers} answers failed).\n`,
    },
    succeeded: (answer) => answer.objectives.every((/** @type {any} */ one) => one.met !== false),
  },
  {
    name: "advice",
    route: "GET /api/advice",
    role: "viewer",
    purpose: "Says what in the configuration cannot work, or will surprise",
    ask: () => ({}),
    view: {
      rows: "advice",
      columns: [
        ["level", of("level")],
        ["name", of("name")],
        ["what", of("what")],
        ["help", of("help")],
      ],
      empty: "There is nothing to advise.",
      after: (answer) =>
        answer.looksAtCounts
          ? ""
          : "The counts could not be read: what follows from them was not looked at.\n",
    },
  },
  {
    name: "alerts list",
    route: "GET /api/alerts",
    role: "viewer",
    purpose: "Lists alerts; exit code 1 where one is firing",
    ask: () => ({}),
    view: {
      rows: "alerts",
      columns: [
        ["alert", of("name")],
        ["severity", of("severity")],
        ["state", of("state")],
        ["since", of("since")],
        ["value", of("value")],
        ["threshold", of("threshold")],
        ["silenced until", of("silencedUntil")],
        ["what", of("what")],
      ],
      empty: "There are no alerts.",
      after: ({ transports, waiting, undelivered }) =>
        `Told by: ${transports.join(", ") || "nobody; no transport is configured"}. Messages that wait: ${waiting.length}; given up: ${undelivered.length}.\n`,
    },
    succeeded: (answer) => answer.alerts.every((/** @type {any} */ alert) => alert.state !== "firing"),
  },
  {
    name: "alerts silence",
    route: "POST /api/alerts/{name}/silence",
    role: "admin",
    purpose: "Silences an alert for a time",
    arguments: [["<alert>", "as alerts list names it"]],
    options: [{ flags: "--for <duration>", purpose: "30m, 2h or 7d; 0s ends a silence", otherwise: "1h" }],
    examples: ["larder alerts silence dead_letters_high --for 2h"],
    ask: ([name], options) => ({ parameters: { name }, json: { for: options.for } }),
    view: facts((answer) => [
      ["alert", answer.alert],
      ["silenced until", answer.silencedUntil],
    ]),
  },
  {
    name: "alerts test",
    route: "POST /api/alerts/test",
    role: "admin",
    purpose: "Sends a test message by every transport; exit code 1 where one is not delivered",
    ask: () => ({}),
    view: {
      rows: "sent",
      columns: [
        ["transport", of("transport")],
        ["delivered", (row) => (row.delivered ? "yes" : "no")],
        ["fault", of("fault")],
      ],
      empty: "There is no transport.",
    },
    succeeded: (answer) => answer.sent.every((/** @type {any} */ one) => one.delivered),
  },
  {
    name: "experiments list",
    route: "GET /api/experiments",
    role: "viewer",
    purpose: "Lists experiments and roll-outs",
    ask: () => ({}),
    view: {
      rows: "experiments",
      columns: [
        ["experiment", of("id")],
        ["state", of("state")],
        ["run", of("run")],
        ["step", of("step")],
        ["hypothesis", (row) => row.declaration.hypothesis],
      ],
      empty: "There are no experiments.",
      after: (answer) => `Templates: ${answer.templates.join(", ")}.\n`,
    },
  },
  {
    name: "experiments show",
    route: "GET /api/experiments/{id}",
    role: "viewer",
    purpose: "Shows what an experiment shows now, and what was decided",
    arguments: [["<experiment>", "as experiments list names it"]],
    ask: ([id]) => ({ parameters: { id } }),
    view: {
      rows: "decisions",
      columns: [
        ["decision", of("call")],
        ["by", of("actor")],
        ["reason", of("reason")],
      ],
      empty: "Nothing was decided yet.",
      after: (answer) =>
        `${answer.id} is ${answer.state}: ${answer.analysis.call}. ${answer.analysis.reason}\n`,
    },
  },
  {
    name: "experiments declare",
    route: "POST /api/experiments",
    role: "admin",
    purpose: "Begins an experiment or a roll-out",
    arguments: [["<file>", "its declaration, as JSON"]],
    ask: ([file]) => ({ json: jsonOf(file) }),
    view: EXPERIMENT,
  },
  {
    name: "experiments promote",
    route: "POST /api/experiments/{id}/promote",
    role: "admin",
    purpose: "Promotes a variant",
    arguments: [
      ["<experiment>", "as experiments list names it"],
      ["<variant>", "of its declaration"],
    ],
    ask: ([id, variant]) => ({ parameters: { id }, query: { variant } }),
    view: EXPERIMENT,
  },
  {
    name: "experiments rollback",
    route: "POST /api/experiments/{id}/rollback",
    role: "admin",
    purpose: "Takes a promotion back, or stops what is running",
    arguments: [["<experiment>", "as experiments list names it"]],
    ask: ([id]) => ({ parameters: { id } }),
    view: EXPERIMENT,
  },
  {
    name: "token",
    route: null,
    role: null,
    purpose: "Signs a token for the operators' API with the secret of .dev.vars",
    options: [
      { flags: "--role <role>", purpose: "what it may do", choices: ROLES, otherwise: "admin" },
      { flags: "--sub <name>", purpose: "whose it is, as the audit log shows it", otherwise: "developer" },
      { flags: "--expires <duration>", purpose: "for how long: 30m, 1h, 7d", otherwise: "1h" },
      { flags: "--secrets <file>", purpose: "another file with ADMIN_JWT_SECRET" },
    ],
    examples: ["LARDER_TOKEN=$(larder token --role viewer) larder keys"],
    run: (_args, { role, sub, expires, secrets }, { output, now }) => {
      output.write(`${signToken({ role, sub, expires }, secretIn(secrets ?? devVars()), now())}\n`);
      return 0;
    },
  },
  {
    name: "check",
    route: null,
    role: null,
    purpose: "Validates resource declarations, and names every fault with its line and column",
    arguments: [["[file]", "larder.json where it is left out"]],
    options: [
      { flags: "--module <file>", purpose: "the module that validates; else the one that was built last" },
      {
        flags: "--deployment <file>",
        purpose: "also what cannot work or will surprise in this wrangler.toml",
      },
      { flags: "--lifecycle <file>", purpose: "and in these lifecycle rules of its bucket" },
    ],
    examples: ["larder check mine.json", "larder check --deployment wrangler.toml"],
    run: ([file], options, context) => check(file ?? "larder.json", options, context),
  },
  {
    name: "init",
    route: null,
    role: null,
    purpose:
      "Proposes resource declarations from an OpenAPI 3 document, or from a few questions, and says why",
    arguments: [["[document]", "JSON or YAML; where it is left out, questions are asked"]],
    options: [
      {
        flags: "--out <file>",
        purpose: "where they are written; - is the standard output",
        otherwise: "larder.json",
      },
      { flags: "--force", purpose: "write over a file that is there" },
    ],
    examples: ["larder init api.yaml --out mine.json", "LARDER_CONFIG=mine.json npm run dev"],
    run: ([document], options, context) => init(document, options, context),
  },
  {
    name: "plan",
    route: null,
    role: null,
    purpose:
      "Replays an access log under several declarations: hit rate, origin calls, memory and monthly cost",
    arguments: [
      ["<log>", "JSON lines (Cloudflare's Logpush, or url and time), Common or Combined"],
      ["[declarations...]", "files to compare; larder.json where there are none"],
    ],
    options: [
      { flags: "--module <file>", purpose: "the module that replays; else the one that was built last" },
    ],
    examples: ["larder plan access.log larder.json longer.json"],
    run: ([log, declarations], options, context) => plan(log, declarations, options, context),
  },
  {
    name: "doctor",
    route: null,
    role: null,
    purpose: "Checks this machine, and says what to do; exit code 1 where something is missing",
    run: (_args, _options, context) => doctor(context),
  },
  {
    name: "deploy",
    route: null,
    role: null,
    purpose: "Creates or finds what wrangler.toml names, sets the secrets and deploys the Worker",
    options: [
      {
        flags: "--env <environment>",
        purpose: "which one: staging has names of its own",
        choices: ENVIRONMENTS,
        otherwise: "production",
      },
      { flags: "--dry-run", purpose: "show what would be run, and do nothing" },
      { flags: "--yes", purpose: "make what costs money without asking" },
      {
        flags: "--secrets <file>",
        purpose: 'NAME="value" lines; else .secrets.production or .secrets.staging',
      },
    ],
    examples: ["larder deploy --dry-run", "larder deploy --env staging"],
    run: (_args, options, context) => deploy(options, context),
  },
  {
    name: "completion",
    route: null,
    role: null,
    purpose: "Prints what completes the commands in a shell",
    arguments: [["<shell>", "bash or zsh"]],
    examples: ["source <(larder completion bash)"],
    run: ([shell], _options, { output }) => {
      output.write(completion(shell, COMMANDS));
      return 0;
    },
  },
];

/** What stands behind the steps of an explanation. @param {any} answer */
function explanation(answer) {
  if (answer.resource === null) return `${answer.why}\n`;
  const lines = [`${answer.method} ${answer.url} is for the resource ${answer.resource.name}.`];
  if (answer.why !== undefined) lines.push(answer.why);
  if (answer.key !== undefined) lines.push(`Key: ${answer.key}`);
  for (const copy of answer.tiers ?? []) lines.push(`In ${copy.tier}: ${copyText(copy)}`);
  for (const { mode, kind, text, at, reaches } of answer.purges ?? []) {
    lines.push(
      `Purged ${mode} by ${kind} ${text} at ${at}; reaches ${reaches.join(", ") || "no copy that is there"}.`,
    );
  }
  for (const { answer: said, step, rule, why } of answer.then ?? []) {
    lines.push(`If the origin's answer ${SAID[said] ?? said}: ${step} (rule ${rule}). ${why}`);
  }
  lines.push(`Cache-Status: ${answer.cacheStatus}`);
  return `${lines.join("\n")}\n`;
}

const SAID = /** @type {Record<string, string>} */ ({
  came: "comes",
  late: "is late",
  failed: "does not come",
  "server-error": "is a server error",
});

/** @param {any} copy */
function copyText({ used, found, error, state, ageSeconds, ttlSeconds, purged }) {
  if (error !== undefined) return `no answer (${error})`;
  if (!found) return used ? "nothing" : "nothing; this resource is not kept there";
  return `${state}, ${ageSeconds} s old, ttl ${ttlSeconds} s${purged === "no" ? "" : `, purged ${purged}`}`;
}

/** @param {any} answer */
function settingsAtRunTime(answer) {
  const rows = /** @type {(answer: any) => any[]} */ (SETTINGS.rows)(answer);
  return rows.filter((row) => row.source === "runtime");
}

/**
 * Members of members in lines of their own.
 * @param {any} value @param {string} name @returns {[string, unknown][]}
 */
function flat(value, name) {
  if (value === null || typeof value !== "object") return [[name, value]];
  return Object.entries(value).flatMap(([member, inner]) => flat(inner, `${name}: ${member}`));
}
