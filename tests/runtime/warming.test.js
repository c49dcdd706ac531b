// Warming with the runtime's own queues, Durable Objects and KV, and the bundled catalogue as the origin.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SignJWT } from "jose";
import { createCatalogue } from "../../catalogue/server.js";
import { FLAVOURS, startWorker } from "./support.js";

const SECRET = "a secret of thirty-two bytes, no less";
const BINDINGS = { ADMIN_JWT_SECRET: SECRET, OPENLIBRARY_RATE: "200" };

/** Some who wrote together, and some who did not. */
const AUTHORS = ["Terry Pratchett", "Neil Gaiman", "Ursula K. Le Guin", "Isaac Asimov", "Jane Austen"];

async function authorization() {
  const token = await new SignJWT({ sub: "ann", role: "admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
  return { authorization: `Bearer ${token}` };
}

/** @param {Awaited<ReturnType<typeof startWorker>>} worker @param {string} method @param {string} path @param {unknown} [json] */
async function call(worker, method, path, json) {
  /** @type {RequestInit} */
  const init = { method, headers: { ...(await authorization()), "content-type": "application/json" } };
  if (json !== undefined) init.body = JSON.stringify(json);
  // Who polls asks more often than operators may.
  let response = await worker.get(path, init);
  await worker.until(async () => {
    if (response.status !== 429 || !/calls a second/.test(await response.clone().text())) return true;
    response = await worker.get(path, init);
    return false;
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** @param {string[]} authors */
const listOf = (authors) =>
  Buffer.from(`Title,Author\n${authors.map((author, i) => `Book ${i},${author}\n`).join("")}`).toString(
    "base64",
  );

/** @param {Awaited<ReturnType<typeof startWorker>>} worker @param {string} jobId */
async function ended(worker, jobId) {
  /** @type {any} */
  let job = null;
  await worker.until(async () => {
    job = (await call(worker, "GET", `/api/warming/jobs/${jobId}`)).body;
    return !["queued", "running"].includes(job.state);
  });
  return job;
}

/** @param {string} url @param {string} author @returns {Promise<any[]>} what the catalogue has of the author */
async function worksOf(url, author) {
  const fields = "key,title,author_name,isbn";
  const response = await fetch(
    `${url}/search.json?author=${encodeURIComponent(author)}&fields=${fields}&limit=100`,
  );
  return /** @type {any} */ (await response.json()).docs;
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: one upload makes every work of every author a hit, also after a restart`, async () => {
    const catalogue = createCatalogue();
    const { url } = await catalogue.listen(0);
    const persist = mkdtempSync(join(tmpdir(), "larder-warming-"));
    let worker = await startWorker(flavour, { origin: url, persist, bindings: BINDINGS });
    try {
      const upload = await call(worker, "POST", "/api/warming/upload", {
        csv: listOf(AUTHORS),
        maxDepth: 2,
        priority: "high",
        aggressiveness: "eager",
      });
      assert.equal(upload.status, 202, JSON.stringify(upload.body));
      assert.equal(upload.body.authorsQueued, AUTHORS.length);
      const job = await ended(worker, upload.body.jobId);
      assert.equal(job.state, "complete", JSON.stringify(job));
      assert.equal(job.authors.failed, 0);
      assert.equal(job.authors.processed + job.authors.skipped, job.authors.queued);
      assert.ok(job.authors.queued > AUTHORS.length, "co-authors were found");
      assert.equal((await call(worker, "GET", "/api/warming/dlq")).body.depth, 0);
      await worker.stop();

      worker = await startWorker(flavour, {
        origin: url,
        persist,
        bindings: { ...BINDINGS, ENABLE_SWR: "false" },
      });
      /** @type {string[]} */
      const paths = [];
      for (const author of AUTHORS) {
        for (const { title, isbn } of await worksOf(url, author)) {
          paths.push(`/search/title?q=${encodeURIComponent(title)}`);
          for (const one of isbn ?? []) paths.push(`/search/isbn?isbn=${one}`);
        }
      }
      assert.ok(paths.length > 20);
      await fetch(`${url}/_control/requests`, { method: "DELETE" });
      for (const path of paths) {
        const response = await worker.get(path);
        assert.equal(response.status, 200, path);
        assert.match(response.headers.get("cache-status") ?? "", /^larder; hit;/, path);
        await response.arrayBuffer();
      }
      const asked = /** @type {any} */ (await (await fetch(`${url}/_control/requests`)).json());
      assert.equal(asked.total, 0);
    } finally {
      await worker.stop();
      await catalogue.close();
      rmSync(persist, { recursive: true, force: true });
    }
  });

  test(`${flavour}: who is known for the same subject is warmed too, where that is asked for`, async () => {
    const catalogue = createCatalogue();
    const { url } = await catalogue.listen(0);
    const worker = await startWorker(flavour, { origin: url, bindings: BINDINGS });
    try {
      const upload = await call(worker, "POST", "/api/warming/upload", {
        csv: listOf(["Terry Pratchett"]),
        maxDepth: 2,
        aggressiveness: "eager",
        subjects: true,
      });
      assert.equal(upload.status, 202, JSON.stringify(upload.body));
      const job = await ended(worker, upload.body.jobId);
      assert.equal(job.state, "complete", JSON.stringify(job));
      assert.equal(job.subjects, true);
      const { urls } = /** @type {any} */ (await (await fetch(`${url}/_control/requests`)).json());
      const searches = Object.keys(urls).filter((each) => each.includes("sort=readinglog"));
      assert.equal(searches.length, 1, JSON.stringify(urls));
      assert.equal(urls[searches[0]], 1);
      const docs = /** @type {any} */ (await (await fetch(url + searches[0])).json()).docs;
      const coAuthors = new Set((await worksOf(url, "Terry Pratchett")).flatMap((doc) => doc.author_name));
      const others = docs
        .flatMap((/** @type {any} */ doc) => doc.author_name)
        .filter((/** @type {string} */ name) => !coAuthors.has(name));
      assert.equal(job.byDepth[1].queued, coAuthors.size - 1 + Math.min(5, new Set(others).size));
      const phrase = /"(.+)"/.exec(new URL(searches[0], url).searchParams.get("q") ?? "")?.[1] ?? "";
      const kept = await worker.get(`/search/subject?q=${encodeURIComponent(phrase.toUpperCase())}`);
      assert.match(kept.headers.get("cache-status") ?? "", /^larder; hit;/);
      assert.equal(/** @type {any} */ (await kept.json()).works.length, docs.length);
    } finally {
      await worker.stop();
      await catalogue.close();
    }
  });

  test(`${flavour}: a list with foreign headers is understood by the model, and refused where that is of no use`, async () => {
    const catalogue = createCatalogue();
    const { url } = await catalogue.listen(0);
    const worker = await startWorker(flavour, {
      origin: url,
      bindings: { ...BINDINGS, GEMINI_URL: url, GEMINI_API_KEY: "any" },
    });
    const upload = async () => {
      const form = new FormData();
      form.set("maxDepth", "1");
      form.set("file", new Blob(['Titel;Verfasser;Seiten\nEmma;"Austen, Jane";474\n']), "meine.csv");
      const headers = await authorization();
      const response = await worker.get("/api/warming/upload", { method: "POST", headers, body: form });
      return { status: response.status, body: /** @type {any} */ (await response.json()) };
    };
    /** @param {string} model */
    const set = (model) =>
      fetch(`${url}/_control/settings`, { method: "PUT", body: JSON.stringify({ model }) });
    try {
      const understood = await upload();
      assert.equal(understood.status, 202, JSON.stringify(understood.body));
      assert.deepEqual(understood.body.list.understood, {
        format: "model",
        columns: { title: ["Titel"], author: ["Verfasser"] },
      });
      const job = await ended(worker, understood.body.jobId);
      assert.deepEqual(job.authors, { queued: 1, processed: 1, failed: 0, skipped: 0 });
      const response = await worker.get("/search/title?q=Emma");
      assert.match(response.headers.get("cache-status") ?? "", /^larder; hit;/);
      for (const [model, reason] of /** @type {const} */ ([
        ["malformed", /in vain: The model's answer does not follow its schema/],
        ["truncated", /in vain: The model was cut off/],
        ["limited", /in vain: llm answered 429/],
      ])) {
        await set(model);
        const refused = await upload();
        assert.equal(refused.status, 400, model);
        assert.match(refused.body.detail, /Found: "Titel", "Verfasser", "Seiten". Needed: "Author"/);
        assert.match(refused.body.detail, reason);
      }
    } finally {
      await worker.stop();
      await catalogue.close();
    }
  });

  test(`${flavour}: consumers that trap in the middle of a batch lose nothing and count nothing twice`, async () => {
    const catalogue = createCatalogue({ settings: { delayMs: 300 } });
    const { url } = await catalogue.listen(0);
    const worker = await startWorker(flavour, { origin: url, bindings: BINDINGS });
    const asked = async () =>
      /** @type {any} */ (await (await fetch(`${url}/_control/requests`)).json()).total;
    try {
      const upload = await call(worker, "POST", "/api/warming/upload", {
        csv: listOf([...AUTHORS, "Nobody Of That Name"]),
        maxDepth: 1,
      });
      assert.equal(upload.status, 202, JSON.stringify(upload.body));
      await worker.until(async () => (await asked()) > 0);
      assert.deepEqual(await (await worker.get("/_test/trap")).json(), { dead: true });
      const job = await ended(worker, upload.body.jobId);
      assert.equal(job.state, "complete", JSON.stringify(job));
      assert.deepEqual(job.authors, { queued: 6, processed: 6, failed: 0, skipped: 0 });
      let works = 0;
      for (const author of AUTHORS) works += (await worksOf(url, author)).length;
      assert.equal(job.works, works);
      assert.equal((await call(worker, "GET", "/api/warming/dlq")).body.depth, 0);
    } finally {
      await worker.stop();
      await catalogue.close();
    }
  });

  test(`${flavour}: an entry list is walked, unknown entries too`, async () => {
    const catalogue = createCatalogue();
    const { url } = await catalogue.listen(0);
    const worker = await startWorker(flavour, { origin: url, bindings: BINDINGS });
    try {
      const [work] = await worksOf(url, "Jane Austen");
      const items = [{ q: work.title }, { q: "No Such Title Anywhere" }];
      const answer = await call(worker, "POST", "/api/warming/prewarm", {
        resource: "title",
        items,
        qps: 50,
      });
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      const job = await ended(worker, answer.body.jobId);
      assert.deepEqual(job.authors, { queued: 2, processed: 2, failed: 0, skipped: 0 });
      const response = await worker.get(`/search/title?q=${encodeURIComponent(work.title)}`);
      assert.match(response.headers.get("cache-status") ?? "", /^larder; hit;/);
    } finally {
      await worker.stop();
      await catalogue.close();
    }
  });
}
