// One upload, a whole library warm: 500 books in Goodreads' form, an origin that takes 50 ms and allows 20 requests a second,
// the runtime's own queues, Durable Objects and KV. Then the Worker is started again, with nothing in memory, and every work
// of every author is asked for by title and by ISBN.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT } from "jose";
import { readingList } from "../../catalogue/reading_list.js";
import { bundledData, createCatalogue } from "../../catalogue/server.js";
import { startWorker } from "../../tests/runtime/support.js";

const BOOKS = 500;

const SECRET = "for this measurement alone, and long enough";
const ORIGIN = { delayMs: 50, ratePerSecond: 20 };
const BINDINGS = { ADMIN_JWT_SECRET: SECRET, OPENLIBRARY_RATE: String(ORIGIN.ratePerSecond) };
const POLL_MILLIS = 500;
const READERS = 16;

/**
 * @typedef {{books: number, authors: number, uploadMillis: number, jobSeconds: number, queued: number, processed: number,
 *   discovered: number, works: number, letters: number, originRequests: number, reads: number, hits: number,
 *   originRequestsOfReads: number, verdicts: import("../statistics.js").Verdict[]}} Found
 */

async function token() {
  return await new SignJWT({ sub: "bench", role: "admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}

/** @param {string} url @returns {Promise<number>} */
const asked = async (url) =>
  /** @type {any} */ (await (await fetch(`${url}/_control/requests`)).json()).total;

/** @param {Set<string>} listed names @returns {string[]} what is to be warm: all works of them and of their co-authors */
function pathsOf(listed) {
  const { core, generated } = bundledData();
  const works = [...core.works, ...generated.works];
  const isListed = (/** @type {{name: string}} */ { name }) => listed.has(name);
  const authors = new Set([...core.authors, ...generated.authors].filter(isListed).map(({ key }) => key));
  const reached = new Set(authors);
  for (const work of works)
    if (work.authors.some((author) => authors.has(author)))
      for (const author of work.authors) reached.add(author);
  const paths = new Set();
  for (const work of works) {
    if (!work.authors.some((author) => reached.has(author))) continue;
    paths.add(`/search/title?q=${encodeURIComponent(work.title)}`);
    for (const isbn of work.editions.flatMap((edition) => edition.isbn))
      paths.add(`/search/isbn?isbn=${isbn}`);
  }
  return [...paths];
}

/** @returns {Promise<Found>} */
export async function benchWarming() {
  const { csv, authors: listed } = readingList({ books: BOOKS, seed: "warming" });
  const authors = new Set(listed);
  const catalogue = createCatalogue({ settings: ORIGIN });
  const { url } = await catalogue.listen(0);
  const persist = mkdtempSync(join(tmpdir(), "larder-bench-warming-"));
  const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
  let worker = await startWorker("wasi", { origin: url, persist, bindings: BINDINGS });
  /** @param {string} path @param {RequestInit} [init] @returns {Promise<any>} */
  const call = async (path, init = {}) => (await worker.get(path, { headers, ...init })).json();
  try {
    await worker.get("/health");
    const body = JSON.stringify({
      csv: Buffer.from(csv).toString("base64"),
      maxDepth: 2,
      priority: "normal",
      aggressiveness: "eager",
    });
    const began = performance.now();
    const opened = await call("/api/warming/upload", { method: "POST", body });
    const uploadMillis = performance.now() - began;
    if (opened.jobId === undefined) throw new Error(`The upload was refused: ${JSON.stringify(opened)}`);
    let job = opened.job;
    while (["queued", "running"].includes(job.state)) {
      await sleep(POLL_MILLIS);
      job = await call(`/api/warming/jobs/${opened.jobId}`);
    }
    const jobSeconds = (performance.now() - began) / 1000;
    const letters = (await call("/api/warming/dlq")).depth;
    const originRequests = await asked(url);
    await worker.stop();
    worker = await startWorker("wasi", {
      origin: url,
      persist,
      bindings: { ...BINDINGS, ENABLE_SWR: "false" },
    });
    const paths = pathsOf(authors);
    let hits = 0;
    let next = 0;
    await Promise.all(
      Array.from({ length: READERS }, async () => {
        while (next < paths.length) {
          const path = paths[next++] ?? "";
          const response = await worker.get(path);
          await response.arrayBuffer();
          const status = response.headers.get("cache-status") ?? "";
          if (response.status === 200 && status.startsWith("larder; hit;")) hits += 1;
        }
      }),
    );
    const originRequestsOfReads = (await asked(url)) - originRequests;
    const { queued, processed } = job.authors;
    const found = {
      books: BOOKS,
      authors: authors.size,
      uploadMillis,
      jobSeconds,
      queued,
      processed,
      discovered: queued - opened.authorsQueued,
      works: job.works,
      letters,
      originRequests,
      reads: paths.length,
      hits,
      originRequestsOfReads,
    };
    return { ...found, verdicts: verdictsOf(found) };
  } finally {
    await worker.stop();
    await catalogue.close();
    rmSync(persist, { recursive: true, force: true });
  }
}

/** @param {Omit<Found, "verdicts">} found @returns {import("../statistics.js").Verdict[]} */
function verdictsOf(found) {
  const verdict = (/** @type {string} */ aim, /** @type {boolean} */ met, /** @type {string} */ said) => ({
    aim,
    found: said,
    met,
  });
  return [
    verdict(
      "an upload answers in under 1 s",
      found.uploadMillis < 1000,
      `${Math.round(found.uploadMillis)} ms`,
    ),
    verdict("500 books are warm in under 60 s", found.jobSeconds < 60, `${found.jobSeconds.toFixed(1)} s`),
    verdict("at least 300 authors", found.authors >= 300, `${found.authors}`),
    verdict("at least 50 co-authors are found", found.discovered >= 50, `${found.discovered}`),
    verdict("no dead letter", found.letters === 0, `${found.letters}`),
    verdict("every read is a hit", found.hits === found.reads, `${found.hits} of ${found.reads}`),
    verdict(
      "reads ask no origin",
      found.originRequestsOfReads === 0,
      `${found.originRequestsOfReads} requests`,
    ),
  ];
}

/** @param {Found} found */
export const warmingReport = (found) =>
  [
    `Warming: ${found.books} books, ${found.authors} authors; origin ${ORIGIN.delayMs} ms, ${ORIGIN.ratePerSecond} requests/s`,
    `  upload ${Math.round(found.uploadMillis)} ms, job ${found.jobSeconds.toFixed(1)} s`,
    `  ${found.processed} of ${found.queued} authors processed, ${found.discovered} of them found on the way, ${found.works} works`,
    `  ${found.originRequests} origin requests, ${found.letters} dead letters`,
    `  after a restart ${found.hits} of ${found.reads} reads are hits, with ${found.originRequestsOfReads} origin requests`,
  ].join("\n");
