// Every command that asks a Worker: exactly what it asks, exactly what it prints, and how it ends.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { COMMANDS } from "../../scripts/cli/commands.js";
import { rows } from "../../scripts/generate/tables.js";
import { larder, withStub } from "./stub.js";

const folder = mkdtempSync(join(tmpdir(), "larder-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
/** @param {string} name @param {string} text */
function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const job = {
  jobId: "j1",
  state: "complete",
  works: 12,
  estimatedDuration: "PT0S",
  startedAt: "2026-11-28T10:00:00.000Z",
  completedAt: "2026-11-28T10:01:00.000Z",
  authors: { queued: 4, processed: 3, failed: 0, skipped: 1 },
  byDepth: [{ depth: 1, queued: 4, processed: 3, failed: 0, skipped: 1 }],
};
const setting = (/** @type {string} */ value, /** @type {string} */ source, changeable = true) => ({
  value,
  source,
  default: "true",
  changeable,
  purpose: "…",
});
const settings = {
  implementation: "tiered",
  settings: {
    ENABLE_SWR: setting("false", "runtime"),
    CACHE_IMPL: setting("kv", "binding", false),
  },
};
const experiment = {
  id: "title-ttl",
  state: "running",
  run: 1,
  step: 2,
  declaration: { hypothesis: "A week is fresh." },
};

/**
 * @typedef {object} Case
 * @property {string[]} words
 * @property {unknown} json what the Worker answers
 * @property {[string, string, unknown?]} asked method, target and body
 * @property {string} out
 * @property {number} [code]
 */
/** @type {Case[]} */
const cases = [
  {
    words: ["explain", "/search/title?q=dune"],
    json: {
      method: "GET",
      url: "/search/title?q=dune",
      resource: { name: "title", path: "/search/title", mode: "keyed" },
      key: "larder:title:v3:dune",
      tiers: [
        { tier: "memory", used: true, found: false },
        { tier: "edge", used: false, found: false },
        {
          tier: "kv",
          used: true,
          found: true,
          state: "stale-if-error",
          ageSeconds: 90,
          ttlSeconds: -30,
          purged: "soft",
        },
      ],
      purges: [{ kind: "tag", text: "title", mode: "soft", at: "2026-11-28T10:00:00.000Z", reaches: ["kv"] }],
      steps: [{ rule: 16, step: "look", reason: "absent", why: "A tier may have it.", tier: "memory" }],
      // biome-ignore lint/suspicious/noThenProperty: the API's own member
      then: [{ answer: "late", rule: 1, step: "serve-stale", reason: "slow-origin", why: "The old copy." }],
      cacheStatus: "larder; fwd=stale; detail=expired",
    },
    asked: ["GET", "/api/explain?url=%2Fsearch%2Ftitle%3Fq%3Ddune&method=GET"],
    out:
      "rule  step           reason  why\n16    look (memory)  absent  A tier may have it.\n" +
      "GET /search/title?q=dune is for the resource title.\nKey: larder:title:v3:dune\nIn memory: nothing\n" +
      "In edge: nothing; this resource is not kept there\n" +
      "In kv: stale-if-error, 90 s old, ttl -30 s, purged soft\n" +
      "Purged soft by tag title at 2026-11-28T10:00:00.000Z; reaches kv.\n" +
      "If the origin's answer is late: serve-stale (rule 1). The old copy.\n" +
      "Cache-Status: larder; fwd=stale; detail=expired\n",
  },
  {
    words: ["jobs", "list"],
    json: { jobs: [job], next: 0, pending: 0, deadLetters: 0, totals: { authors: 4, works: 12 } },
    asked: ["GET", "/api/warming/jobs"],
    out:
      "job  state     queued  done  failed  works  started\n" +
      "j1   complete  4       3     0       12     2026-11-28T10:00:00.000Z\n",
  },
  {
    words: ["jobs", "show", "a/b"],
    json: job,
    asked: ["GET", "/api/warming/jobs/a%2Fb"],
    out:
      "what       value\njob        j1\nstate      complete\nauthors    4 of 4\nfailed     0\nworks      12\n" +
      "started    2026-11-28T10:00:00.000Z\ncompleted  2026-11-28T10:01:00.000Z\n",
  },
  {
    words: ["jobs", "watch", "j1"],
    json: job,
    asked: ["GET", "/api/warming/jobs/j1"],
    out: `${JSON.stringify({ event: "progress", ...job })}\n`,
  },
  {
    words: ["jobs", "cancel", "j1"],
    json: { removed: true, job },
    asked: ["DELETE", "/api/warming/jobs/j1"],
    out: "what     value\njob      j1\nstate    complete\nremoved  yes\n",
  },
  {
    words: ["letters", "list"],
    json: {
      letters: [
        {
          id: 7,
          jobId: "j1",
          author: "A \u001b[31mB",
          reason: "unavailable",
          message: "It is down.",
          at: "now",
        },
      ],
      next: 0,
      depth: 1,
    },
    asked: ["GET", "/api/warming/dlq"],
    out:
      "letter  at   job  author    reason       message\n" +
      "7       now  j1   A \ufffd[31mB  unavailable  It is down.\n",
  },
  {
    words: ["letters", "replay", "7", "8"],
    json: { replayed: 2, left: 0 },
    asked: ["POST", "/api/warming/dlq/replay", { ids: [7, 8] }],
    out: "what      value\nreplayed  2\nleft      0\n",
  },
  {
    words: ["letters", "replay"],
    json: { replayed: 2, left: 0 },
    asked: ["POST", "/api/warming/dlq/replay"],
    out: "what      value\nreplayed  2\nleft      0\n",
  },
  {
    words: ["entry", "larder:title:v3:good%20omens"],
    json: {
      key: "larder:title:v3:good%20omens",
      tiers: [
        {
          tier: "memory",
          found: true,
          state: "fresh",
          purged: "no",
          kind: "positive",
          status: 200,
          createdAt: "2026-11-28T10:00:00.000Z",
          ageSeconds: 60,
          ttlSeconds: 3540,
          storedBytes: 2048,
          tags: ["title"],
        },
        { tier: "kv", found: false },
        { tier: "edge", found: false, error: "timeout" },
      ],
    },
    asked: ["GET", "/api/cache/entry?key=larder%3Atitle%3Av3%3Agood%2520omens"],
    out:
      "tier    state    purged  kind      status  age   ttl     stored   created                   tags\n" +
      "memory  fresh    no      positive  200     60 s  3540 s  2.0 KiB  2026-11-28T10:00:00.000Z  title\n" +
      "kv      absent\nedge    timeout\n",
  },
  {
    words: ["drop", "larder:title:v3:dune"],
    json: { purged: 1, at: "2026-11-28T10:00:00.000Z", removedFrom: ["memory", "kv"] },
    asked: ["DELETE", "/api/cache/entry?key=larder%3Atitle%3Av3%3Adune"],
    out: "what          value\npurged        1\nat            2026-11-28T10:00:00.000Z\nremoved from  memory kv\n",
  },
  {
    words: ["keys", "title"],
    json: { keys: ["larder:title:v3:dune"], cursor: null },
    asked: ["GET", "/api/cache/keys?prefix=title&limit=100"],
    out: "key\nlarder:title:v3:dune\n",
  },
  {
    words: ["keys"],
    json: { keys: [], cursor: null },
    asked: ["GET", "/api/cache/keys?limit=100"],
    out: "There are no such keys.\n",
  },
  {
    words: ["purge", "k1", "k2", "--tag", "a", "--tag", "b", "--prefix", "p", "--pattern", "*x*", "--soft"],
    json: { purged: 6, at: "2026-11-28T10:00:00.000Z" },
    asked: [
      "POST",
      "/api/cache/purge",
      { keys: ["k1", "k2"], tags: ["a", "b"], prefixes: ["p"], patterns: ["*x*"], mode: "soft" },
    ],
    out: "what    value\npurged  6\nat      2026-11-28T10:00:00.000Z\n",
  },
  {
    words: ["purge", "--tag", "a", "--json"],
    json: { purged: 1, at: "2026-11-28T10:00:00.000Z" },
    asked: ["POST", "/api/cache/purge", { tags: ["a"], mode: "hard" }],
    out: '{"purged":1,"at":"2026-11-28T10:00:00.000Z"}\n',
  },
  {
    words: ["settings", "list"],
    json: settings,
    asked: ["GET", "/api/settings"],
    out: "setting     value  source   changeable\nENABLE_SWR  false  runtime  yes\nCACHE_IMPL  kv     binding\n",
  },
  {
    words: ["settings", "set", "ENABLE_SWR=false", "CACHE_PATTERN_WHITELIST=a=b"],
    json: settings,
    asked: ["PUT", "/api/settings", { ENABLE_SWR: "false", CACHE_PATTERN_WHITELIST: "a=b" }],
    out: "setting     value  source   changeable\nENABLE_SWR  false  runtime  yes\n",
  },
  {
    words: ["settings", "unset", "ENABLE_SWR"],
    json: { settings: { CACHE_IMPL: settings.settings.CACHE_IMPL } },
    asked: ["PUT", "/api/settings", { ENABLE_SWR: null }],
    out: "No setting differs from what was deployed.\n",
  },
  {
    words: ["cold", "archive", "--dry-run"],
    json: { began: true, run: { run: 7, state: "running" } },
    asked: ["POST", "/api/cold/archive", { dryRun: true }],
    out: "what   value\nrun    7\nstate  running\n",
  },
  {
    words: ["cold", "show"],
    json: {
      archives: true,
      why: "",
      readCounts: { source: "ledger", inUse: "ledger", why: "" },
      tiers: { kv: { entries: 7, bytes: 7000 }, cold: { entries: 3, bytes: 300_000 } },
      costs: { monthlyStorageBefore: 0.5, monthlyStorageAfter: 0.25 },
      runs: [],
    },
    asked: ["GET", "/api/cold"],
    out:
      "The archiver has not run yet.\n" +
      "KV has 7 entries (6.8 KiB), R2 3 (293.0 KiB). A month of storage: $0.2500, all in KV $0.5000.\n",
  },
  {
    words: ["cold", "show"],
    json: {
      archives: true,
      why: "",
      readCounts: { source: "analytics", inUse: "ledger", why: "Analytics Engine answers with 403." },
      tiers: null,
      costs: null,
      runs: [],
    },
    asked: ["GET", "/api/cold"],
    out:
      "The archiver has not run yet.\n" +
      "The ledger counts reads in place of Analytics Engine: Analytics Engine answers with 403.\n",
  },
  {
    words: ["audit", "--since", "12h", "--limit", "1"],
    json: {
      entries: [
        {
          at: "2026-11-28T10:00:00.000Z",
          status: 200,
          count: 1,
          who: "ann",
          role: "admin",
          from: "127.0.0.1",
          method: "PUT",
          path: "/api/settings",
          what: "ENABLE_SWR=false",
        },
      ],
      cursor: "4",
    },
    asked: ["GET", "/api/audit?since=2026-11-28T00%3A00%3A00.000Z&limit=1"],
    out:
      "at                        who  role   from       method  path           status  count  what\n" +
      "2026-11-28T10:00:00.000Z  ann  admin  127.0.0.1  PUT     /api/settings  200     1      ENABLE_SWR=false\n" +
      "There are more: --cursor 4\n",
  },
  {
    words: ["narrative", "stats"],
    json: {
      keys: { count: 3, complete: false },
      memory: { entries: 2 },
      last24Hours: { asked: 9, hitRate: 0.5 },
    },
    asked: ["GET", "/api/narrative/stats"],
    out:
      "what                    value\nkeys                    3 or more\nlast 24 hours: asked    9\n" +
      "last 24 hours: hitRate  0.5\nmemory: entries         2\n",
  },
  {
    words: ["narrative", "analytics", "--since", "2026-11-01T00:00:00Z"],
    json: { since: "2026-11-01T00:00:00.000Z", narratives: { asked: 9 }, costs: null },
    asked: ["GET", "/api/narrative/analytics?since=2026-11-01T00%3A00%3A00Z"],
    out: "what               value\nsince              2026-11-01T00:00:00.000Z\nnarratives: asked  9\ncosts\n",
  },
  {
    words: ["narrative", "forget", "../a"],
    json: { deleted: 2, rationale: "They hold no id." },
    asked: ["DELETE", "/api/narrative/user", { userId: "../a" }],
    out: "what                value\ndeleted             2\nwhy the rest stays  They hold no id.\n",
  },
  {
    words: ["candidates"],
    json: {
      window: { hours: 3, hoursWithTraffic: 2, final: false },
      candidates: [
        {
          pattern: "title",
          state: "cached",
          priority: "high",
          requests: 900,
          recommendedTtl: "6h",
          hitRate: 0.8125,
          meanOriginMillis: 120.4,
          why: "It is asked often.",
        },
      ],
    },
    asked: ["GET", "/api/cache/candidates"],
    out:
      "pattern  state   priority  requests  ttl  hit rate  origin  why\n" +
      "title    cached  high      900       6h   81.3 %    120 ms  It is asked often.\n" +
      "2 of 3 hours had traffic; this may change.\n",
  },
  {
    words: ["costs"],
    json: {
      items: [
        {
          item: "kv_reads",
          counted: 1000,
          unit: "reads",
          listUsd: 0.0005,
          monthForecast: 30000,
          monthIncluded: 10000000,
          monthUsd: 0,
        },
      ],
      modelsUsd: 1.5,
      month: { planUsd: 5, usageUsd: 0 },
      unknown: "CPU time is billed too.",
    },
    asked: ["GET", "/api/costs"],
    out:
      "item      counted  unit   list price  in a month  included  month's cost\n" +
      "kv_reads  1000     reads  $0.0005     30000       10000000  $0.0000\n" +
      "Models so far: $1.50. A month: $5.00 for the plan and $0.0000 for its use.\nCPU time is billed too.\n",
  },
  {
    words: ["slo"],
    json: {
      objectives: [
        {
          name: "availability",
          what: "Answers that succeed",
          target: 0.999,
          lastHour: 0.990012345,
          met: false,
        },
        { name: "hit_rate", what: "Answers from cache", target: 0.8, lastHour: null, met: null },
      ],
      errorBudget: { answers: 1000, failed: 10, left: 0 },
    },
    asked: ["GET", "/api/slo"],
    out:
      "objective     target  last hour  met      what\n" +
      "availability  0.999   0.99       no       Answers that succeed\n" +
      "hit_rate      0.8                unknown  Answers from cache\n" +
      "Error budget of 30 days: 0.0 % left (10 of 1000 answers failed).\n",
    code: 1,
  },
  {
    words: ["advice"],
    json: {
      advice: [{ level: "warning", name: "no_kv", what: "There is no KV.", help: "Bind it." }],
      looksAtCounts: false,
    },
    asked: ["GET", "/api/advice"],
    out:
      "level    name   what             help\nwarning  no_kv  There is no KV.  Bind it.\n" +
      "The counts could not be read: what follows from them was not looked at.\n",
  },
  {
    words: ["alerts", "list"],
    json: {
      alerts: [
        {
          name: "dead_letters_high",
          severity: "warning",
          state: "firing",
          since: "2026-11-28T10:00:00.000Z",
          value: "11",
          threshold: "10",
          silencedUntil: null,
          what: "Letters wait.",
        },
      ],
      transports: [],
      waiting: [],
      undelivered: [{}],
    },
    asked: ["GET", "/api/alerts"],
    out:
      "alert              severity  state   since                     value  threshold  silenced until  what\n" +
      "dead_letters_high  warning   firing  2026-11-28T10:00:00.000Z  11     10                         Letters wait.\n" +
      "Told by: nobody; no transport is configured. Messages that wait: 0; given up: 1.\n",
    code: 1,
  },
  {
    words: ["alerts", "silence", "dead_letters_high", "--for", "2h"],
    json: { alert: "dead_letters_high", silencedUntil: "2026-11-28T14:00:00.000Z" },
    asked: ["POST", "/api/alerts/dead_letters_high/silence", { for: "2h" }],
    out: "what            value\nalert           dead_letters_high\nsilenced until  2026-11-28T14:00:00.000Z\n",
  },
  {
    words: ["alerts", "test"],
    json: { sent: [{ transport: "webhook", delivered: true, fault: "" }] },
    asked: ["POST", "/api/alerts/test"],
    out: "transport  delivered  fault\nwebhook    yes\n",
  },
  {
    words: ["alerts", "test"],
    json: { sent: [{ transport: "webhook", delivered: false, fault: "404" }] },
    asked: ["POST", "/api/alerts/test"],
    out: "transport  delivered  fault\nwebhook    no         404\n",
    code: 1,
  },
  {
    words: ["experiments", "list"],
    json: { experiments: [experiment], templates: ["cached-against-uncached"] },
    asked: ["GET", "/api/experiments"],
    out:
      "experiment  state    run  step  hypothesis\ntitle-ttl   running  1    2     A week is fresh.\n" +
      "Templates: cached-against-uncached.\n",
  },
  {
    words: ["experiments", "show", "title-ttl"],
    json: {
      ...experiment,
      analysis: { call: "go-on", reason: "Too little is known." },
      decisions: [{ at: 1, call: "declare", actor: "ann", reason: "A week is fresh." }],
    },
    asked: ["GET", "/api/experiments/title-ttl"],
    out:
      "decision  by   reason\ndeclare   ann  A week is fresh.\n" +
      "title-ttl is running: go-on. Too little is known.\n",
  },
  {
    words: ["experiments", "declare", file("experiment.json", '{"name": "title-ttl"}')],
    json: experiment,
    asked: ["POST", "/api/experiments", { name: "title-ttl" }],
    out: "what        value\nexperiment  title-ttl\nstate       running\nstep        2\n",
  },
  {
    words: ["experiments", "promote", "title-ttl", "week"],
    json: experiment,
    asked: ["POST", "/api/experiments/title-ttl/promote?variant=week"],
    out: "what        value\nexperiment  title-ttl\nstate       running\nstep        2\n",
  },
  {
    words: ["experiments", "rollback", "title-ttl"],
    json: experiment,
    asked: ["POST", "/api/experiments/title-ttl/rollback"],
    out: "what        value\nexperiment  title-ttl\nstate       running\nstep        2\n",
  },
];

for (const { words, json, asked, out, code = 0 } of cases) {
  test(`larder ${words.join(" ").replaceAll(folder, "…")}`, async () => {
    await withStub([{ json }], async (url, all) => {
      const done = await larder([...words, "--url", url], { LARDER_TOKEN: "t" });
      assert.deepEqual(done, { code, out, err: "" });
      const [method, target, body = ""] = asked;
      assert.deepEqual(all, [{ method, url: target, token: "Bearer t", body }]);
    });
  });
}

test("every command that asks a Worker is among these, or has a test of its own", () => {
  const elsewhere = ["warm", "prewarm"];
  const named = new Set(cases.map(({ words }) => words.slice(0, 2).join(" ")));
  const missing = COMMANDS.filter(({ route, name }) => route !== null && !elsewhere.includes(name))
    .map(({ name }) => name)
    .filter((name) => ![...named].some((words) => words === name || words.split(" ")[0] === name));
  assert.deepEqual(missing, []);
});

test("every command asks a route of the operators' table, and names its role", () => {
  const routes = rows("operators/routes.def", "LARDER_ROUTE", [
    "method",
    "path",
    "role",
    "handler",
    "audit",
    "purpose",
  ]);
  const known = new Set(
    routes.map(({ method, path, role }) => `${method.replace("_", "").toUpperCase()} ${path} ${role}`),
  );
  assert.deepEqual(
    COMMANDS.filter(({ route, role }) => route !== null && !known.has(`${route} ${role}`)).map(
      ({ name }) => name,
    ),
    [],
  );
});

for (const [name, text, list] of /** @type {[string, string, object][]} */ ([
  ["list.json", '[{"q": "Dune"}]', { items: [{ q: "Dune" }] }],
  ["list.jsonl", '{"q": "Dune"}\n\n{"q": "Emma"}\n', { items: [{ q: "Dune" }, { q: "Emma" }] }],
  ["list.csv", "q\nDune\n", { csv: "cQpEdW5lCg==" }],
])) {
  test(`larder prewarm sends ${name} and follows the job`, async () => {
    const opened = { jobId: "j1", created: true, authorsQueued: 1, job };
    await withStub([{ status: 202, json: opened }, { json: job }], async (url, asked) => {
      const words = ["prewarm", "title", file(name, text), "--qps", "5", "--url", url, "--token", "t"];
      const { code, out, err } = await larder(words);
      assert.deepEqual([code, err], [0, ""]);
      assert.equal(
        out,
        `${JSON.stringify({ event: "uploaded", jobId: "j1", created: true, authorsQueued: 1 })}\n` +
          `${JSON.stringify({ event: "progress", ...job })}\n`,
      );
      assert.deepEqual(asked, [
        {
          method: "POST",
          url: "/api/warming/prewarm",
          token: "Bearer t",
          body: { resource: "title", concurrency: 3, qps: 5, priority: "normal", ...list },
        },
        { method: "GET", url: "/api/warming/jobs/j1", token: "Bearer t", body: "" },
      ]);
    });
  });
}

test("larder prewarm need not follow, and tells a person in words", async () => {
  await withStub(
    [{ status: 202, json: { jobId: "j1", created: false, authorsQueued: 0, job } }],
    async (url) => {
      const words = [
        "prewarm",
        "title",
        file("one.json", '{"q": "Dune"}'),
        "--no-follow",
        "--url",
        url,
        "--token",
        "t",
      ];
      assert.deepEqual(await larder(words, {}, true), {
        code: 0,
        out: "Job j1 (at work already): 0 entries\n",
        err: "",
      });
    },
  );
});

test("a list is read page by page, as far as it is wanted", async () => {
  const pages = [
    { json: { keys: ["a", "b"], cursor: "c1" } },
    { json: { keys: ["c"], cursor: "c2" } },
    { json: { keys: ["d"], cursor: "c3" } },
  ];
  await withStub(pages, async (url, asked) => {
    const { out } = await larder(["keys", "--limit", "4", "--json", "--url", url, "--token", "t"]);
    assert.equal(out, '{"keys":["a","b","c","d"],"cursor":"c3"}\n');
    assert.deepEqual(
      asked.map((one) => one.url),
      ["/api/cache/keys?limit=4", "/api/cache/keys?limit=2&cursor=c1", "/api/cache/keys?limit=1&cursor=c2"],
    );
  });
});

test("control characters of an answer reach no terminal, in JSON neither", async () => {
  const json = { keys: ["a\u009b31mb\u001b"], cursor: null };
  await withStub([{ json }, { json }], async (url) => {
    const words = ["keys", "--url", url, "--token", "t"];
    assert.equal((await larder(words)).out, "key\na\ufffd31mb\ufffd\n");
    assert.equal(
      (await larder([...words, "--json"])).out,
      '{"keys":["a\\u009b31mb\\u001b"],"cursor":null}\n',
    );
  });
});

for (const [what, answer, said] of /** @type {[string, import("./stub.js").Answer, string][]} */ ([
  [
    "no valid token",
    { status: 401, json: { title: "Unauthorized", detail: "The token is over." } },
    "401: The token is over. Give another token by --token or LARDER_TOKEN.",
  ],
  [
    "a role that is too low",
    { status: 403, json: { detail: "The role is too low." } },
    "403: The role is too low. This command needs a token with the role viewer.",
  ],
  [
    "too many calls",
    { status: 429, headers: { "retry-after": "3" }, json: { title: "Too Many Requests" } },
    "429: Too Many Requests Try again in 3 s.",
  ],
  [
    "a page of somebody else",
    { status: 200, text: "<html>" },
    "URL answered 200, and not as Larder does; name the right place by --url or LARDER_URL.",
  ],
  [
    "a redirect, which the token does not follow",
    { status: 302, headers: { location: "http://127.0.0.1:1/" }, text: "" },
    "URL answered 302, and not as Larder does; name the right place by --url or LARDER_URL.",
  ],
  [
    "an answer of another shape",
    { json: { settings: null } },
    "The answer is not one that this version of larder understands; --json shows it as it is.",
  ],
])) {
  test(`${what} is said, and is exit code 1`, async () => {
    await withStub([answer], async (url, asked) => {
      const { code, out, err } = await larder(["settings", "list"], {
        LARDER_URL: url,
        LARDER_TOKEN: "hidden",
      });
      assert.deepEqual(
        [code, out, err],
        [1, "", `larder: ${said.replace("URL", url)}\n`.replace("or LARDER_URL", "or LARDER_URL")],
      );
      assert.equal(asked.length, 1);
    });
  });
}

for (const [words, said] of /** @type {[string[], RegExp][]} */ ([
  [
    ["purge"],
    /^larder: Say what to purge: keys, --tag, --prefix or --pattern; everything is --pattern '\*'\.\n$/,
  ],
  [["settings", "set", "ENABLE_SWR"], /^larder: Write NAME=VALUE, not "ENABLE_SWR"/],
  [["keys", "--limit", "none"], /^larder: --limit is a whole number from 1 on, not "none"\.\n$/],
  [["letters", "replay", "seven"], /^larder: A letter is a number, not "seven"\.\n$/],
  [
    ["keys", "--url", "ftp://a"],
    /^larder: --url is an address such as https:\/\/larder\.example, not "ftp:\/\/a"\.\n$/,
  ],
  [
    ["keys", "--url", "https://a.example"],
    /^larder: Give a token for https:\/\/a\.example by --token or LARDER_TOKEN/,
  ],
  [
    ["keys", "--token", "two words"],
    /^larder: --token \(or LARDER_TOKEN\) is empty, or has characters that no token has\.\n$/,
  ],
  [["keys", "--colour"], /^error: unknown option '--colour'/],
  [["entry"], /^error: missing required argument 'key'\n$/],
  [["warm", "a.csv", "--depth", "4"], /Allowed choices are 1, 2, 3\.\n$/],
  [["nonsense"], /^error: unknown command 'nonsense'/],
  [["jobs"], /^Usage: larder jobs /],
  [[], /^Usage: larder /],
])) {
  test(`larder ${words.join(" ")} is wrong usage`, async () => {
    const { code, out, err } = await larder(words);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, said);
    assert.doesNotMatch(err, /two words/);
  });
}

test("a file that is not there is said", async () => {
  const { code, err } = await larder(["warm", join(folder, "no.csv"), "--token", "t"]);
  assert.deepEqual(
    [code, err],
    [1, `larder: ${join(folder, "no.csv")} cannot be read: there is no such file.\n`],
  );
});

test("help is no fault", async () => {
  for (const words of [["--help"], ["purge", "--help"], ["help", "jobs"]]) {
    const { code, out, err } = await larder(words);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^Usage: larder /);
  }
});
