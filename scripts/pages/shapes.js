// What the operators' routes take and give, by "METHOD /path" of src/operators/routes.def, as JSON Schema 2020-12: of those
// routes that have more to say than rows of that table can (LARDER_QUERY, LARDER_BODY, LARDER_ANSWER). And the words of these rows.
//
//   query    parameters of the query: [name, schema, what it is]
//   body     {schema, example} of a JSON body
//   answers  by status: {schema, example}, or {text: media type}; with `problem` it may be a problem too
//
// What may be absent is in `some`; an object may always have more members, as versions to come may say more.

/** @typedef {Record<string, any>} Schema */
/** @typedef {{schema?: Schema, example?: unknown, text?: string, problem?: boolean}} Shape */
/** @typedef {{query?: [string, Schema, string][], body?: Shape, answers: Record<string, Shape>}} RouteShape */

export const text = { type: "string" };
export const number = { type: "number" };
export const count = { type: "integer", minimum: 0 };
export const flag = { type: "boolean" };
export const time = { type: "string", format: "date-time" };
/** @param {...string} words */
const oneOf = (...words) => ({ type: "string", enum: words });
/** @param {Schema} schema */
export const orNull = (schema) =>
  typeof schema.type === "string"
    ? { ...schema, type: [schema.type, "null"], ...(schema.enum ? { enum: [...schema.enum, null] } : {}) }
    : { anyOf: [schema, { type: "null" }] };
/** @param {Schema} items */
export const list = (items) => ({ type: "array", items });
/** @param {Record<string, Schema>} properties @param {Record<string, Schema>} [some] */
export const object = (properties, some = {}) => ({
  type: "object",
  required: Object.keys(properties),
  properties: { ...properties, ...some },
});
/** @param {Schema} values */
const map = (values) => ({ type: "object", additionalProperties: values });
/** @param {string} name */
export const named = (name) => ({ $ref: `#/components/schemas/${name}` });

export const at = "2026-11-28T10:00:00.000Z";

const copyMembers = {
  state: oneOf("fresh", "stale", "stale-if-error", "expired"),
  purged: oneOf("no", "soft", "hard"),
  kind: oneOf("positive", "negative"),
  status: { type: "integer" },
  contentType: text,
  createdAt: time,
  ageSeconds: count,
  ttlSeconds: { type: "integer" },
  freshSeconds: count,
  staleSeconds: count,
  errorSeconds: count,
  tags: list(text),
  etag: text,
  encoding: oneOf("", "gzip"),
  storedBytes: count,
  bodyBytes: count,
};
const step = {
  rule: count,
  step: text,
  reason: text,
  why: text,
};

/** @type {Record<string, Schema>} */
export const SCHEMAS = {
  Problem: object({ type: text, title: text, status: { type: "integer" } }, { detail: text }),
  TierCopy: object({ tier: text, found: flag }, { used: flag, error: text, valueIn: text, ...copyMembers }),
  ArchiveRun: object({
    run: count,
    state: oneOf("running", "complete", "failed"),
    dryRun: flag,
    beganAt: orNull(time),
    endedAt: orNull(time),
    steps: count,
    fault: text,
    seen: count,
    planned: object({ entries: count, bytes: count, savingDollars: number, costDollars: number }),
    moved: count,
    movedBytes: count,
    skipped: count,
    failed: count,
    readCounts: object({ byAnalytics: count, byLedger: count, analyticsFault: text }),
    orphanObjects: count,
    repairedStubs: count,
    operations: count,
    workMillis: count,
  }),
  Series: {
    type: "object",
    description: "Labels, and a value; of a histogram its count, sum, quantiles and buckets.",
    properties: {
      value: number,
      count,
      sum: number,
      p50: number,
      p95: number,
      p99: number,
      buckets: list(object({ le: orNull(number), count })),
    },
  },
  Job: object({
    jobId: text,
    state: oneOf("queued", "running", "complete", "cancelled", "failed"),
    priority: oneOf("normal", "high"),
    works: count,
    startedAt: orNull(time),
    completedAt: orNull(time),
    authors: object({ queued: count, processed: count, failed: count, skipped: count }),
  }),
  Opened: object(
    {
      jobId: text,
      created: flag,
      authorsQueued: count,
      estimatedWorks: count,
      estimatedDuration: text,
      job: named("Job"),
    },
    { list: { type: "object" } },
  ),
  Setting: object({
    value: text,
    source: oneOf("default", "binding", "runtime"),
    default: text,
    changeable: flag,
    purpose: text,
  }),
  Settings: object({
    implementation: text,
    settings: map(named("Setting")),
    experiments: { type: "object" },
  }),
  Experiment: object(
    {
      id: text,
      state: text,
      run: count,
      step: count,
      serial: count,
      declaration: object({ name: text, variants: list(object({ name: text })) }),
    },
    { promoted: text },
  ),
  Message: object({ id: count, transport: text, created: time, tries: count, fault: text }),
  Flag: object({ key: text, reason: text, variant: text, value: {}, metadata: { type: "object" } }),
  FlagFailure: object({ errorCode: text, errorDetails: text }, { key: text }),
  Work: object(
    { title: text, authors: list(text), isbn10: list(text), isbn13: list(text), ids: map(text) },
    { subtitle: text, firstPublishYear: { type: "integer" }, coverUrl: text, subjects: list(text) },
  ),
  Works: object({ query: text, source: text, works: list(named("Work")) }),
  Narrative: object({ narrative: text, generatedAt: time, source: oneOf("model", "template") }),
  Health: object({ status: oneOf("ok", "misconfigured"), version: text, cache: text, toolchain: text }),
  Front: object({
    name: text,
    version: text,
    links: object({ health: text, dashboard: text, description: text }),
  }),
};

const job = {
  jobId: "0123abcd",
  state: "running",
  priority: "normal",
  works: 12,
  startedAt: at,
  completedAt: null,
  authors: { queued: 4, processed: 2, failed: 0, skipped: 1 },
};
const opened = {
  jobId: "0123abcd",
  created: true,
  authorsQueued: 4,
  estimatedWorks: 40,
  estimatedDuration: "PT1M",
  job,
};
const experiment = {
  id: "title-ttl",
  state: "running",
  run: 1,
  step: 0,
  serial: 3,
  declaration: { name: "title-ttl", variants: [{ name: "day" }, { name: "week" }] },
};
const setting = {
  value: "true",
  source: "default",
  default: "true",
  changeable: true,
  purpose: "Serves stale copies.",
};
const settings = { implementation: "kv", settings: { ENABLE_SWR: setting }, experiments: {} };
const metrics = {
  schema: object({ since: time, at: time, metrics: map(list(named("Series"))) }),
  example: { since: at, at, metrics: { lane_hits_total: [{ value: 12 }] } },
};
const message = {
  type: "object",
  additionalProperties: true,
  description: "A CSV file as base64, or multipart/form-data with `file` and the same fields.",
};
const flagQuestion = {
  schema: object({ context: object({ targetingKey: text }) }),
  example: { context: { targetingKey: "client-7" } },
};
const flagFailure = {
  schema: named("FlagFailure"),
  example: { errorCode: "PARSE_ERROR", errorDetails: "No object." },
};
/** @type {[string, Schema, string]} */
const CURSOR = ["cursor", text, "Goes on where a list ended."];
/** @type {[string, Schema, string]} */
const KEY = ["key", text, "The whole key, as /api/cache/keys lists it."];
/** @type {[string, Schema, string]} */
const SINCE = ["since", text, "From this time on (RFC 3339, or milliseconds since the epoch)."];

const archiveRun = {
  run: 3,
  state: "complete",
  dryRun: false,
  beganAt: at,
  endedAt: at,
  steps: 2,
  fault: "",
  seen: 1200,
  planned: { entries: 10, bytes: 52_000, savingDollars: 0.0001, costDollars: 0.00005 },
  moved: 10,
  movedBytes: 52_000,
  skipped: 0,
  failed: 0,
  readCounts: { byAnalytics: 0, byLedger: 1200, analyticsFault: "" },
  orphanObjects: 0,
  repairedStubs: 0,
  operations: 44,
  workMillis: 900,
};
const held = object({ entries: count, bytes: count });
const saving = object({
  monthlyStorageBefore: number,
  monthlyStorageAfter: number,
  savedPercent: count,
  moveNanodollars: count,
  comebackNanodollars: count,
});

/** Examples of some SCHEMAS, for rows of routes.def that name them. @type {Record<string, unknown>} */
export const EXAMPLES = { ArchiveRun: archiveRun, Experiment: experiment, Job: job, Opened: opened };

/** @type {Record<string, RouteShape>} */
export const ROUTE_SHAPES = {
  "GET /api/cold": {
    answers: {
      200: {
        schema: object({
          archives: flag,
          why: text,
          readCounts: object({
            source: oneOf("ledger", "analytics"),
            inUse: oneOf("ledger", "analytics"),
            why: text,
          }),
          tiers: orNull(object({ asOf: time, kv: held, cold: held })),
          costs: orNull(saving),
          returns: orNull(object({ entries: count, costDollars: number })),
          nextRun: { anyOf: [named("ArchiveRun"), { type: "null" }] },
          runs: list(named("ArchiveRun")),
        }),
        example: {
          archives: true,
          why: "",
          readCounts: { source: "ledger", inUse: "ledger", why: "" },
          tiers: {
            asOf: at,
            kv: { entries: 700, bytes: 7_000_000 },
            cold: { entries: 300, bytes: 3_000_000 },
          },
          costs: {
            monthlyStorageBefore: 0.005,
            monthlyStorageAfter: 0.0035,
            savedPercent: 29,
            moveNanodollars: 10_400,
            comebackNanodollars: 5_900,
          },
          returns: { entries: 12, costDollars: 0.000074 },
          nextRun: null,
          runs: [archiveRun],
        },
      },
    },
  },
  "POST /api/cold/archive": {
    body: { schema: object({}, { dryRun: flag }), example: { dryRun: true } },
    answers: {
      202: {
        schema: object({ began: flag, run: named("ArchiveRun") }),
        example: { began: true, run: { ...archiveRun, state: "running", endedAt: null } },
      },
      409: {
        problem: true,
        schema: object({ began: flag, run: named("ArchiveRun") }),
        example: { began: false, run: { ...archiveRun, state: "running", endedAt: null } },
      },
    },
  },
  "GET /api/settings": { answers: { 200: { schema: named("Settings"), example: settings } } },
  "PUT /api/settings": {
    body: {
      schema: map({ type: ["string", "number", "boolean", "null"] }),
      example: { ENABLE_SWR: false },
    },
    answers: { 200: { schema: named("Settings"), example: settings } },
  },
  "GET /api/cache/entry": {
    query: [KEY],
    answers: {
      200: {
        schema: object({ key: text, tiers: list(named("TierCopy")) }),
        example: { key: "larder:title:v3:dune", tiers: [{ tier: "memory", found: false }] },
      },
    },
  },
  "GET /api/cache/keys": {
    query: [
      ["prefix", text, "What the keys begin with."],
      CURSOR,
      ["limit", { type: "integer", minimum: 1, maximum: 1000 }, "How many at most."],
    ],
    answers: {
      200: {
        schema: object({ keys: list(text), cursor: orNull(text) }),
        example: { keys: ["larder:title:v3:dune"], cursor: null },
      },
    },
  },
  "GET /api/explain": {
    query: [
      ["url", text, "A path, or a whole URL."],
      ["method", text, "The request's method; GET where it is left out."],
      ["body", text, "The JSON body, where the resource's key is made of it."],
    ],
    answers: {
      200: {
        schema: object(
          {
            method: text,
            url: text,
            resource: orNull(object({ name: text, path: text, mode: oneOf("keyed", "http") })),
          },
          {
            why: text,
            key: text,
            pattern: text,
            tags: list(text),
            tiers: list(named("TierCopy")),
            purges: list(
              object({ kind: text, text, mode: oneOf("soft", "hard"), at: time, reaches: list(text) }),
            ),
            steps: list(object(step, { tier: text })),
            // biome-ignore lint/suspicious/noThenProperty: the API's own member
            then: list(object({ answer: oneOf("came", "late", "server-error", "failed"), ...step })),
            cacheStatus: text,
          },
        ),
        example: {
          method: "GET",
          url: "/search/title?q=dune",
          resource: { name: "title", path: "/search/title", mode: "keyed" },
          key: "larder:title:v3:dune",
          pattern: "title",
          tags: ["book", "title"],
          tiers: [{ tier: "memory", used: true, found: false }],
          purges: [],
          steps: [{ rule: 27, step: "ask", reason: "absent", why: "The lock is this read's." }],
          // biome-ignore lint/suspicious/noThenProperty: the API's own member
          then: [{ answer: "came", rule: 6, step: "keep", reason: "absent", why: "It is kept." }],
          cacheStatus: "larder; fwd=miss; detail=absent",
        },
      },
    },
  },
  "POST /api/cache/purge": {
    query: [["cursor", text, "Goes on with a removal that was not through."]],
    body: {
      schema: object(
        { mode: oneOf("soft", "hard") },
        { keys: list(text), tags: list(text), prefixes: list(text), patterns: list(text) },
      ),
      example: { tags: ["title"], mode: "soft" },
    },
    answers: {
      200: {
        schema: object({ at: time }, { purged: count, removed: { type: "object" } }),
        example: { purged: 1, at },
      },
    },
  },
  "GET /api/narrative/stats": {
    answers: {
      200: {
        schema: object(
          {
            keys: object({ count, complete: flag }),
            memory: { type: "object" },
            last24Hours: { type: "object" },
          },
          { engineVersion: text, promptHash: text },
        ),
        example: { keys: { count: 3, complete: true }, memory: {}, last24Hours: {} },
      },
    },
  },
  "GET /api/narrative/analytics": {
    query: [SINCE],
    answers: {
      200: {
        schema: object({
          since: time,
          retentionDays: count,
          narratives: { type: "object" },
          costs: { type: ["object", "null"] },
        }),
        example: { since: at, retentionDays: 90, narratives: {}, costs: null },
      },
    },
  },
  "DELETE /api/narrative/user": {
    query: [["userId", text, "The id, where it is not in the body."]],
    body: { schema: object({ userId: text }), example: { userId: "../a" } },
    answers: {
      200: { schema: object({ deleted: count, rationale: text }), example: { deleted: 2, rationale: "…" } },
    },
  },
  "POST /api/warming/upload": {
    body: {
      schema: {
        ...message,
        ...object(
          { csv: text },
          {
            maxDepth: { type: "integer", minimum: 1, maximum: 3 },
            priority: oneOf("normal", "high"),
            aggressiveness: oneOf("gentle", "normal", "eager"),
            subjects: flag,
          },
        ),
      },
      example: { csv: "VGl0bGUsQXV0aG9yCkR1bmUsRnJhbmsgSGVyYmVydAo=", maxDepth: 2, priority: "normal" },
    },
    answers: {
      200: { schema: named("Opened"), example: { ...opened, created: false } },
      202: { schema: named("Opened"), example: opened },
    },
  },
  "POST /api/warming/prewarm": {
    body: {
      schema: object(
        { resource: text },
        {
          items: list({ type: "object" }),
          csv: text,
          concurrency: { type: "integer", minimum: 1, maximum: 20 },
          qps: { type: "integer", minimum: 1, maximum: 100 },
          priority: oneOf("normal", "high"),
        },
      ),
      example: { resource: "title", items: [{ q: "dune" }], qps: 5 },
    },
    answers: {
      200: { schema: named("Opened"), example: { ...opened, created: false } },
      202: { schema: named("Opened"), example: opened },
    },
  },
  "GET /api/warming/jobs": {
    query: [CURSOR],
    answers: {
      200: {
        schema: object({ jobs: list(named("Job")), next: count, pending: count, deadLetters: count }),
        example: { jobs: [job], next: 0, pending: 2, deadLetters: 0 },
      },
    },
  },
  "GET /metrics": {
    query: [["format", oneOf("json", "prometheus"), "The format, whatever Accept says."]],
    answers: { 200: { ...metrics, text: "text/plain" } },
  },
  "GET /metrics/prom": { answers: { 200: { text: "text/plain" } } },
  "GET /metrics/otel": { answers: { 200: { text: "application/openmetrics-text" } } },
  "GET /api/metrics/history": {
    query: [
      [
        "span",
        { type: "string", pattern: "^[0-9]+(ms|s|m|h|d)$", default: "6h" },
        "How far to look back, 10m to 90d: up to 6h there is a point a minute, up to 14d one an hour, beyond it one a day (of UTC). Where nothing was counted there is none.",
      ],
    ],
    answers: {
      200: {
        schema: object({
          from: time,
          until: time,
          bucketSeconds: count,
          points: list(
            object({
              at: time,
              reads: count,
              hits: count,
              hitRatio: orNull(number),
              originRequests: count,
              originRequestsSaved: count,
              tiers: map(object({ hits: count, misses: count, hitRatio: orNull(number) })),
              latency: orNull(object({ p50: number, p95: number, p99: number })),
            }),
          ),
        }),
        example: {
          from: at,
          until: at,
          bucketSeconds: 60,
          points: [
            {
              at,
              reads: 4,
              hits: 3,
              hitRatio: 0.75,
              originRequests: 1,
              originRequestsSaved: 3,
              tiers: { memory: { hits: 3, misses: 1, hitRatio: 0.75 } },
              latency: { p50: 0.0005, p95: 0.4, p99: 0.48 },
            },
          ],
        },
      },
    },
  },
  "GET /api/cache/candidates": {
    answers: {
      200: {
        schema: object({
          window: object({ since: time, until: time, hours: count, hoursWithTraffic: count, final: flag }),
          candidates: list(
            object({
              pattern: text,
              state: text,
              requests: number,
              requestsPerMinute: number,
              meanOriginMillis: orNull(number),
              priority: oneOf("high", "medium", "low"),
              recommendedTtl: text,
              hitRate: number,
              why: text,
              byTtl: list({ type: "object" }),
              declaration: { type: ["object", "null"] },
            }),
          ),
        }),
        example: {
          window: { since: at, until: at, hours: 3, hoursWithTraffic: 2, final: false },
          candidates: [],
        },
      },
    },
  },
  "GET /api/costs": {
    answers: {
      200: {
        schema: object({
          since: time,
          at: time,
          items: list(
            object({
              item: text,
              what: text,
              counted: count,
              unit: text,
              listUsd: number,
              monthForecast: count,
              monthIncluded: count,
              monthUsd: number,
            }),
          ),
          modelsUsd: number,
          storage: object({
            kvBytesAtMost: count,
            r2Bytes: orNull(count),
            objects: list(object({ binding: text, name: text, bytes: count })),
          }),
          coldStorage: object({
            saving: orNull(saving),
            returns: object({ entries: count, costDollars: number }),
            nextRun: orNull(
              object({ entries: count, bytes: count, savingDollars: number, costDollars: number }),
            ),
          }),
          resources: list(
            object({
              resource: text,
              kvReads: count,
              kvWrites: count,
              redisCalls: count,
              r2Reads: count,
              listUsd: number,
            }),
          ),
          days: list(object({ day: text, listUsdByItem: map(number), listUsd: number })),
          month: object({ planUsd: number, usageUsd: number, basis: text }),
          unknown: text,
        }),
        example: {
          since: at,
          at,
          items: [],
          modelsUsd: 0,
          storage: { kvBytesAtMost: 7_000_000, r2Bytes: null, objects: [] },
          coldStorage: { saving: null, returns: { entries: 0, costDollars: 0 }, nextRun: null },
          resources: [],
          days: [],
          month: { planUsd: 5, usageUsd: 0, basis: "…" },
          unknown: "…",
        },
      },
    },
  },
  "GET /api/slo": {
    answers: {
      200: {
        schema: object({
          since: time,
          at: time,
          objectives: list(
            object({ name: text, what: text, target: number, lastHour: orNull(number), met: orNull(flag) }),
          ),
          errorBudget: object({
            answers: count,
            failed: count,
            left: number,
            burnRates: map(orNull(number)),
          }),
        }),
        example: {
          since: at,
          at,
          objectives: [
            { name: "hit_rate", what: "Answers from cache", target: 0.8, lastHour: 0.9, met: true },
          ],
          errorBudget: { answers: 1000, failed: 1, left: 0.9, burnRates: { "5m": null, "1h": 0.5 } },
        },
      },
    },
  },
  "GET /api/alerts": {
    answers: {
      200: {
        schema: object({
          alerts: list(
            object({
              name: text,
              severity: text,
              state: text,
              since: orNull(time),
              value: orNull(text),
              threshold: text,
              silencedUntil: orNull(time),
              what: text,
              help: text,
              guide: text,
            }),
          ),
          transports: list(text),
          waiting: list(named("Message")),
          undelivered: list(named("Message")),
        }),
        example: { alerts: [], transports: ["webhook"], waiting: [], undelivered: [] },
      },
    },
  },
  "GET /api/audit": {
    query: [SINCE, CURSOR, ["limit", { type: "integer", minimum: 1, maximum: 200 }, "How many at most."]],
    answers: {
      200: {
        schema: object({
          entries: list(
            object({
              at: time,
              outcome: oneOf("called", "refused"),
              status: { type: "integer" },
              count,
              who: text,
              role: text,
              from: text,
              method: text,
              path: text,
              what: text,
              requestId: text,
            }),
          ),
          cursor: orNull(text),
        }),
        example: { entries: [], cursor: null },
      },
    },
  },
  "GET /api/experiments": {
    answers: {
      200: {
        schema: object({ experiments: list(named("Experiment")), templates: list(text) }),
        example: { experiments: [experiment], templates: ["cached-against-uncached"] },
      },
    },
  },
  "POST /api/experiments": {
    body: {
      schema: { type: "object" },
      example: { template: "cached-against-uncached", resources: ["title"] },
    },
    answers: { 201: { schema: named("Experiment"), example: experiment } },
  },
  "GET /api/experiments/{id}": {
    answers: {
      200: {
        schema: {
          allOf: [
            named("Experiment"),
            object({
              analysis: object({
                call: text,
                reason: text,
                numbers: object({
                  enough: flag,
                  variants: list(object({ variant: text, requests: count, units: count })),
                }),
              }),
              decisions: list(object({ at: {}, call: text, actor: text, reason: text })),
            }),
          ],
        },
        example: {
          ...experiment,
          analysis: {
            call: "go-on",
            reason: "Too little was seen.",
            numbers: { enough: false, variants: [] },
          },
          decisions: [],
        },
      },
    },
  },
  "POST /api/experiments/{id}/observations": {
    body: {
      schema: object({ observations: list(object({ unit: text })) }),
      example: { observations: [{ unit: "client-7", errors: 0, millis: 12 }] },
    },
    answers: { 200: { schema: object({ observations: count }), example: { observations: 1 } } },
  },
  "POST /ofrep/v1/evaluate/flags/{key}": {
    body: flagQuestion,
    answers: {
      200: {
        schema: named("Flag"),
        example: { key: "new-search", reason: "SPLIT", variant: "on", value: true, metadata: {} },
      },
      400: flagFailure,
      404: flagFailure,
    },
  },
  "POST /ofrep/v1/evaluate/flags": {
    body: flagQuestion,
    answers: {
      200: { schema: object({ flags: list(named("Flag")) }), example: { flags: [] } },
      400: flagFailure,
    },
  },
};
