// docs/SCALE.md: what each object, queue and store sees as a deployment grows, computed from what requests do
// (src/app/footprint.def, which a test measures) and from the bounds.

import { note, table } from "./page.js";
import { rows } from "./tables.js";

const FOOTPRINT = "app/footprint.def";
const LIMITS = "config/limits.def";

const DATA_CENTRES = 300;
const ISOLATES = 10_000;
const RATES = [100, 10_000, 1_000_000];
/** Of all requests. The rest is answered from memory. */
const FAR_HIT_PERCENT = 7;
const MISS_PERCENT = 3;
/** What asks a model, of all requests: its rows go to one object. */
const NARRATIVE_SHARE = 0.001;
/** What one object takes with room to spare; the platform's word is about 1,000 (read 2026-11). */
const OBJECT_CALLS_MAX = 500;
/** What one queue takes, by the platform's word (read 2026-11). */
const QUEUE_MESSAGES_MAX = 5_000;

const limits = () =>
  new Map(
    rows(LIMITS, "LARDER_LIMIT", ["name", "unit", "value", "why"]).map(({ name, value }) => [
      name,
      Number(value.replaceAll("'", "")),
    ]),
  );

/** @param {string} situation @param {string[]} operations */
const count = (situation, ...operations) =>
  rows(FOOTPRINT, "LARDER_FOOTPRINT", ["situation", "operation", "count", "what"])
    .filter((row) => row.situation === situation && operations.includes(row.operation))
    .reduce((sum, row) => sum + Number(row.count), 0);

/** @param {number} value */
const shown = (value) =>
  value >= 10
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", { maximumFractionDigits: 2 });

/** What comes together at a rate. @param {number} rate requests a second */
export function loadAt(rate) {
  const limit = limits();
  const interval = (limit.get("flush_interval") ?? 0) / 1000;
  // Few requests wake few isolates.
  const isolates = Math.min(ISOLATES, rate);
  const dataCentres = Math.min(DATA_CENTRES, isolates);
  const requests = rate / isolates;
  const flushes = isolates * Math.max(1 / interval, requests / (limit.get("flush_events_max") ?? 1));
  const misses = (rate * MISS_PERCENT) / 100;
  const far = (rate * FAR_HIT_PERCENT) / 100;
  const narratives = rate * NARRATIVE_SHARE;
  const gathered = (limit.get("narratives_gathered") ?? 0) / 1000;
  return {
    isolates,
    ledger: flushes,
    shards: Math.max(1, Math.ceil(flushes / OBJECT_CALLS_MAX)),
    control: dataCentres / ((limit.get("control_fresh") ?? 5_000) / 1000),
    locks: misses * count("miss", "lock_acquire", "lock_release"),
    // Isolates gather rows; below that each is a call.
    narratives: Math.min(narratives, isolates / gathered),
    spending: narratives * 2,
    experiments: isolates / ((limit.get("experiment_sums_gathered") ?? 0) / 1000),
    redisLink:
      (far * count("redis_far_hit", "redis_run") + misses * count("redis_miss", "redis_run")) / dataCentres,
    kvReads: far * count("far_hit", "kv_get") + misses * count("miss", "kv_get"),
    kvWrites: misses * count("miss", "kv_put"),
    origin: misses * count("miss", "origin_fetch"),
  };
}

/** Of one data centre, what its RedisLink takes. */
const redisRequests = () => OBJECT_CALLS_MAX / loadAt(DATA_CENTRES).redisLink;

export default {
  path: "docs/SCALE.md",
  text() {
    const loads = RATES.map(loadAt);
    /** @param {string} title @param {(load: ReturnType<typeof loadAt>) => number} of */
    const line = (title, of) => [title, ...loads.map((load) => shown(of(load)))];
    return `${note(FOOTPRINT, LIMITS)}

# How Larder scales

What each part sees at three rates, over ${shown(DATA_CENTRES)} data centres and up to ${shown(ISOLATES)} isolates (one request a second keeps
one awake). Of all requests ${FAR_HIT_PERCENT} % are found in KV and ${MISS_PERCENT} % ask the origin, the rest are answered from memory; one in
${shown(1 / NARRATIVE_SHARE)} asks for a narrative. What a request does is measured (\`tests/app/footprint_test.cpp\`), which also has 1,000 isolates
flush to one ledger; the rest is multiplication.

${table(
  ["a second", ...RATES.map((rate) => `${shown(rate)} requests`)],
  [
    line("isolates at work", (load) => load.isolates),
    line("calls of the ledger, all shards", (load) => load.ledger),
    line("shards that it takes (LEDGER_SHARDS)", (load) => load.shards),
    line("calls of one shard", (load) => load.ledger / load.shards),
    line("reads of the control log", (load) => load.control),
    line("calls of locks, all keys", (load) => load.locks),
    line("calls of the narratives' log", (load) => load.narratives),
    line("calls of the day's spending", (load) => load.spending),
    line("calls of Experiments, while one runs", (load) => load.experiments),
    line("calls of a data centre's RedisLink (CACHE_IMPL=redis)", (load) => load.redisLink),
    line("KV reads", (load) => load.kvReads),
    line("KV writes", (load) => load.kvWrites),
    line("requests to the origin", (load) => load.origin),
  ],
)}

One object is to take ${OBJECT_CALLS_MAX} calls a second at most.

## What saturates first

1. **The origin**, unless it is yours: 3 % of 10,000 requests a second are ${shown(loadAt(10_000).origin)}. Longer lifetimes and stale copies are
   what helps (\`/api/cache/candidates\`).
2. **The ledger**, above ${shown(
      OBJECT_CALLS_MAX * ((limits().get("flush_interval") ?? 0) / 1000),
    )} isolates: set LEDGER_SHARDS as the table says. An isolate keeps to one shard, so a batch is still counted
   once; \`/metrics\` adds the shards up. The number may be raised at any time, and is not to be lowered.
3. **The day's spending and the narratives' log**, one object each, where narratives come by the hundred a second. The
   bound of a day's calls ends that long before: ${OBJECT_CALLS_MAX / 2} calls of a model a second are 21 million a day.
4. **KV writes to one key**, one a second by the platform's bound: a key is written by the holder of its lock alone, once a
   lifetime.
5. **Warming**: a queue takes ${shown(QUEUE_MESSAGES_MAX)} messages a second; the provider's polite rate is a thousandth of that.
6. **RedisLink**, one object of each data centre where CACHE_IMPL is redis: above ${shown(redisRequests())} requests a second in one
   data centre. A server that is asked by REST needs no object.
7. **Experiments**, one object, above ${shown(
      OBJECT_CALLS_MAX * ((limits().get("experiment_sums_gathered") ?? 0) / 1000),
    )} isolates and only while an experiment runs: an isolate hands over its
   sums in one call every ${shown((limits().get("experiment_sums_gathered") ?? 0) / 1000)} seconds. What is not taken is given again, with the next.

## What does not grow with requests

| object or queue | what it sees |
| --- | --- |
| Buckets | one object for each bucket: a call for each operators' call of a caller, and for each request of warming to a provider, whose polite rate is a few a second |
| Audit | a call for each operators' call; refused ones are gathered for a second by each isolate |
| Jobs | two calls for each batch of messages of warming, and one more for each author who has co-authors; uploads and their pages besides |
| Archive | a few calls for each page of a run of the archiver, which begins once a day |
| author-warming-queue, -priority, -dlq | a message for each author or list, as fast as the provider's rate lets them be worked off |
| archive-queue | a message for each page of a run, and one for each object of R2 that is to be looked at again |

Locks are an object each key. The hottest key's lock is asked once by each isolate that misses it: ${shown(ISOLATES)} calls spread over
the seconds in which isolates come to it, of which all but one wait for the same answer. The control log is read through
each data centre's cache, so that readers do not reach the object.
`;
  },
};
