// A run of the archiver over 10,000 entries of which 30 % are cold, in the runtime, and what readers of hot keys notice of it:
// the same steady stream of requests with a run and without one. All of the runtime's stores work on the machine's few cores, on
// one thread with the Worker, so a load that takes all it can get would measure these; a steady one measures what waits.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT } from "jose";
import { startOrigin, startWorker } from "../../tests/runtime/support.js";

const ENTRIES = 10_000;
/** Every tenth of which the first three are cold. */
const isCold = (/** @type {number} */ number) => number % 10 < 3;
const BODY_BYTES = 16_000;
const DAY = 86_400_000;
const HOT_KEYS = 50;
const REQUESTS_PER_SECOND = 100;
const QUIET_SECONDS = 10;
const CLIENTS = 16;

/** @param {number[]} sorted not empty @param {number} share */
const quantile = (sorted, share) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;

const SECRET = "for this measurement alone, and long enough";
const AIM = 0.97;

/**
 * @typedef {{perSecond: number, medianMillis: number, p95Millis: number}} Served
 * @typedef {{entries: number, cold: number, moved: number, steps: number, operations: number, workSeconds: number, wallSeconds: number,
 *   quiet: Served, during: Served, throughputRatio: number, medianRatio: number, savedPercent: number, originRequests: number,
 *   verdicts: import("../statistics.js").Verdict[]}} Found
 */

/** @returns {Promise<Found>} */
export async function benchCold() {
  const body = randomBytes(BODY_BYTES);
  const origin = await startOrigin(() => ({ headers: { "content-type": "application/octet-stream" }, body }));
  const worker = await startWorker("wasi", {
    origin: origin.url,
    cold: true,
    bindings: { LEDGER_SHARDS: "1", ADMIN_JWT_SECRET: SECRET },
    declarations: {
      resources: [
        {
          name: "item",
          match: { path: "/items/{id}" },
          origin: { url: `${origin.url}/items/{id}` },
          key: [{ path: "id" }],
          ttl: "60d",
          stale: "60d",
          tiers: ["memory", "kv"],
        },
      ],
    },
  });
  const token = await new SignJWT({ sub: "bench", role: "admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1y")
    .sign(new TextEncoder().encode(SECRET));
  /** @returns {Promise<any>} */
  const state = async () =>
    await (await worker.get("/api/cold", { headers: { authorization: `Bearer ${token}` } })).json();
  const read = async (/** @type {number} */ number) => {
    const response = await worker.get(`/items/${number}`);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`Entry ${number}: ${response.status}`);
  };
  const readAll = async (/** @type {number[]} */ numbers) => {
    let next = 0;
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (next < numbers.length) await read(numbers[next++] ?? 0);
      }),
    );
  };
  const test = async (/** @type {string} */ path) => await (await worker.get(path)).arrayBuffer();
  /** A request every few milliseconds, whenever the last one comes. @param {() => boolean} isOver @returns {Promise<Served>} */
  const serve = async (isOver) => {
    /** @type {number[]} */
    const millis = [];
    /** @type {Promise<void>[]} */
    const open = [];
    const began = performance.now();
    for (let sent = 0; !isOver(); sent++) {
      const due = began + (sent * 1000) / REQUESTS_PER_SECOND;
      if (due > performance.now()) await sleep(due - performance.now());
      // What was due, and could not be sent in time, has waited too.
      open.push(read(hot[sent % HOT_KEYS] ?? 0).then(() => void millis.push(performance.now() - due)));
    }
    await Promise.all(open);
    const seconds = (performance.now() - began) / 1000;
    millis.sort((one, other) => one - other);
    return {
      perSecond: millis.length / seconds,
      medianMillis: quantile(millis, 0.5),
      p95Millis: quantile(millis, 0.95),
    };
  };
  const all = Array.from({ length: ENTRIES }, (_, number) => number);
  const warm = all.filter((number) => !isCold(number));
  const hot = warm.slice(0, HOT_KEYS);
  try {
    await readAll(all);
    await worker.trigger("*/5 * * * *");
    await test(`/_test/faults?forward=${9 * DAY}`);
    await test("/_test/trap");
    await readAll(warm);
    await worker.trigger("*/5 * * * *");
    const originRequests = origin.asked.length;
    const quietFor = async () => {
      const end = performance.now() + QUIET_SECONDS * 1000;
      return await serve(() => performance.now() >= end);
    };
    const before = await quietFor();
    let isOver = false;
    const began = performance.now();
    await worker.trigger("0 2 * * *");
    const watching = (async () => {
      for (;;) {
        await sleep(500);
        const last = (await state()).runs[0];
        if (last.state !== "running") return last;
      }
    })().finally(() => {
      isOver = true;
    });
    const during = await serve(() => isOver);
    const run = await watching;
    const wallSeconds = (performance.now() - began) / 1000;
    const after = await quietFor();
    if (run.state !== "complete") throw new Error(`The run failed: ${run.fault}`);
    const quiet = {
      perSecond: (before.perSecond + after.perSecond) / 2,
      medianMillis: (before.medianMillis + after.medianMillis) / 2,
      p95Millis: (before.p95Millis + after.p95Millis) / 2,
    };
    const found = {
      entries: ENTRIES,
      cold: ENTRIES - warm.length,
      moved: run.moved,
      steps: run.steps,
      operations: run.operations,
      workSeconds: run.workMillis / 1000,
      wallSeconds,
      quiet,
      during,
      throughputRatio: during.perSecond / quiet.perSecond,
      medianRatio: during.medianMillis / quiet.medianMillis,
      savedPercent: (await state()).costs.savedPercent,
      originRequests: origin.asked.length - originRequests,
    };
    return { ...found, verdicts: verdictsOf(found) };
  } finally {
    await worker.stop();
    await origin.stop();
  }
}

/** @param {Omit<Found, "verdicts">} found @returns {import("../statistics.js").Verdict[]} */
function verdictsOf({ throughputRatio, moved, cold, originRequests }) {
  return [
    {
      aim: `hot keys keep ${AIM} of their throughput during a run`,
      found: throughputRatio.toFixed(3),
      met: throughputRatio >= AIM,
    },
    {
      aim: "at least 90 % of what is cold moves, and nothing else",
      found: `${moved} of ${cold}`,
      met: moved >= 0.9 * cold && moved <= cold,
    },
    { aim: "no origin is asked", found: `${originRequests} requests`, met: originRequests === 0 },
  ];
}

/** @param {Served} served */
const servedLine = ({ perSecond, medianMillis, p95Millis }) =>
  `${perSecond.toFixed(1)} requests/s, ${medianMillis.toFixed(2)} ms at the median, ${p95Millis.toFixed(2)} ms at the 95th percentile`;

/** @param {Found} found */
export const coldReport = (found) =>
  [
    `Cold storage: ${found.entries} entries of ${BODY_BYTES} bytes, ${found.cold} of them cold; ${REQUESTS_PER_SECOND} requests/s for ${HOT_KEYS} hot keys`,
    `  ${found.moved} moved in ${found.steps} steps: ${found.wallSeconds.toFixed(1)} s, ${found.operations} operations`,
    `  for 1,000 entries: ${((found.workSeconds * 1000) / found.entries).toFixed(2)} s and ${Math.round((found.operations * 1000) / found.entries)} operations; for 1,000 moves ${((found.workSeconds * 1000) / found.moved).toFixed(2)} s and ${Math.round((found.operations * 1000) / found.moved)}`,
    `  without a run ${servedLine(found.quiet)}`,
    `  during the run ${servedLine(found.during)}: ${found.throughputRatio.toFixed(3)} of the throughput, ${found.medianRatio.toFixed(2)} times the median`,
    `  a month's storage costs ${found.savedPercent} % less`,
  ].join("\n");
