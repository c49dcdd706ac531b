// larder warm: what it asks of the Worker, and what it shows.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runLarder } from "../../scripts/cli/program.js";
import { bar, reading } from "../../scripts/warm.js";

/** @param {string} state @param {number} processed @param {number} [failed] */
const job = (state, processed, failed = 0) => ({
  jobId: "j",
  state,
  works: processed * 3,
  estimatedDuration: "PT1M2S",
  startedAt: "2026-11-21T08:00:00.000Z",
  authors: { queued: 4, processed, failed, skipped: 0 },
  byDepth: [
    { depth: 1, queued: 3, processed: 0, failed: 0, skipped: 0 },
    { depth: 2, queued: 1, processed: 0, failed: 0, skipped: 0 },
  ],
});

/**
 * A Worker that answers as it is told.
 * @param {Record<string, Array<[number, unknown, Record<string, string>?]>>} answers by method and path; the last one stays
 * @param {(url: string, asked: string[], sent: () => string) => Promise<void>} use
 */
async function withDoor(answers, use) {
  /** @type {string[]} */
  const asked = [];
  /** @type {string[]} */
  const bodies = [];
  const server = createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    asked.push(`${route} ${request.headers.authorization}`);
    request.on("data", (part) => bodies.push(String(part)));
    const left = answers[route] ?? [[404, { title: "Not Found" }]];
    const [status, body, headers = {}] = /** @type {[number, unknown, Record<string, string>?]} */ (
      left.length > 1 ? left.shift() : left[0]
    );
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    await use(`http://127.0.0.1:${port}`, asked, () => bodies.join(""));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** @param {string} form multipart/form-data @returns {Record<string, string>} its fields but the file */
const fieldsOf = (form) =>
  Object.fromEntries(
    [...form.matchAll(/name="(\w+)"\r\n\r\n(.*)\r\n/g)].map(([, name, value]) => [name, value]),
  );

/** @param {string[]} args @param {boolean} [isTTY] */
async function run(args, isTTY = false) {
  let text = "";
  const output = { isTTY, write: (/** @type {string} */ part) => (text += part) };
  let faults = "";
  const errors = { write: (/** @type {string} */ part) => (faults += part) };
  const code = await runLarder(["warm", ...args, "--token", "t"], { output, errors, pollMillis: 0 });
  return { code, text, faults };
}

test("a file is uploaded and followed to its end, in lines of JSON", async () => {
  const folder = mkdtempSync(join(tmpdir(), "larder-warm-"));
  const file = join(folder, "books.csv");
  writeFileSync(file, "Title,Author\nDune,Frank Herbert\n");
  const opened = { jobId: "j", created: true, authorsQueued: 4, estimatedWorks: 60, job: {} };
  const answers = /** @type {any} */ ({
    "POST /api/warming/upload": [[202, opened]],
    "GET /api/warming/jobs/j": [
      [200, job("running", 1)],
      [200, job("running", 1)],
      [200, job("complete", 4)],
    ],
  });
  await withDoor(answers, async (url, asked, sent) => {
    const { code, text } = await run([file, "--url", url]);
    assert.equal(code, 0);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ event, state }) => [event, state]),
      [
        ["uploaded", undefined],
        ["progress", "running"],
        ["progress", "complete"],
      ],
    );
    assert.equal(asked[0], "POST /api/warming/upload Bearer t");
    assert.deepEqual(fieldsOf(sent()), {
      maxDepth: "2",
      priority: "normal",
      aggressiveness: "normal",
      subjects: "false",
    });
  });
  await withDoor(answers, async (url, _asked, sent) => {
    await run([file, "--url", url, "--depth", "3", "--subjects"]);
    assert.deepEqual(fieldsOf(sent()), {
      maxDepth: "3",
      priority: "normal",
      aggressiveness: "normal",
      subjects: "true",
    });
  });
  rmSync(folder, { recursive: true, force: true });
});

test("it says how the file was understood", async () => {
  assert.equal(
    reading({ books: 2, understood: { format: "Goodreads" } }),
    "Read 2 books, format Goodreads\n",
  );
  const columns = { title: ["Titel"], isbn: ["ISBN", "EAN"] };
  assert.equal(
    reading({ books: 2, understood: { format: "model", columns } }),
    "Read 2 books, columns as the model tells them: title from Titel; isbn from ISBN, EAN\n",
  );
  assert.equal(
    reading({ books: 2, understood: { format: "Libib" }, rowsJoined: 3, rowsRagged: 0, rowsLeftOut: 1 }),
    "Read 2 books, format Libib\n" +
      "  3 rows may be lost in others: a quote within them is never closed\n" +
      "  1 rows are of what is no book, or thrown away\n",
  );
});

test("a bar shows share, depth, works, rate, failures and what is left", () => {
  const now = Date.parse("2026-11-21T08:00:10.000Z");
  assert.equal(
    bar(job("running", 1, 1), now),
    `${"█".repeat(15)}${"░".repeat(15)} 50 %  2/4 authors (3+1)  3 works  0.2/s  1 failed  1 min 2 s left`,
  );
  assert.equal(
    bar(job("complete", 4), now),
    `${"█".repeat(30)} 100 %  4/4 authors (3+1)  12 works  0.4/s  complete`,
  );
});

test("failures are an exit code of their own, and a terminal gets one line", async () => {
  const answers = /** @type {any} */ ({ "GET /api/warming/jobs/j": [[200, job("complete", 3, 1)]] });
  await withDoor(answers, async (url) => {
    const { code, text } = await run(["--watch", "j", "--url", url], true);
    assert.equal(code, 1);
    assert.ok(text.startsWith("\r\x1b[2K█"));
    assert.match(text, /█ 100 % .*1 failed {2}complete\n$/u);
  });
});

test("dead letters are listed page by page, replayed, and jobs cancelled", async () => {
  const letter = { id: 7, jobId: "j", author: "A", reason: "unavailable", message: "It is down.", at: "now" };
  const answers = /** @type {any} */ ({
    "GET /api/warming/dlq?cursor=0": [[200, { letters: [letter], next: 7, depth: 2 }]],
    "GET /api/warming/dlq?cursor=7": [[200, { letters: [{ ...letter, id: 8 }], next: 0, depth: 2 }]],
    "POST /api/warming/dlq/replay": [[200, { replayed: 2, left: 0 }]],
    "DELETE /api/warming/jobs/j": [[200, { removed: false }]],
  });
  await withDoor(answers, async (url) => {
    const listed = await run(["--dlq", "--url", url]);
    assert.equal(listed.code, 1);
    assert.deepEqual(
      listed.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).id),
      [7, 8],
    );
    assert.equal((await run(["--replay", "--url", url])).text, '{"replayed":2,"left":0}\n');
    assert.equal((await run(["--cancel", "j", "--url", url])).text, '{"removed":false}\n');
  });
});

test("what the Worker refuses is said as it says it, and so is silence", async () => {
  const full = [429, { detail: "Too many authors wait." }, { "retry-after": "30" }];
  await withDoor(/** @type {any} */ ({ "GET /api/warming/jobs/j": [full] }), async (url) => {
    const refused = await run(["--watch", "j", "--url", url]);
    assert.deepEqual(
      [refused.code, refused.faults],
      [1, "larder: 429: Too many authors wait. Try again in 30 s.\n"],
    );
  });
  const silent = await run(["--watch", "j", "--url", "http://127.0.0.1:1"]);
  assert.deepEqual(
    [silent.code, silent.faults],
    [1, "larder: Nobody answers at http://127.0.0.1:1; name the right place by --url or LARDER_URL.\n"],
  );
});

test("one thing at a time is asked for", async () => {
  for (const args of [[], ["books.csv", "--dlq"], ["--dlq", "--replay"]]) {
    const { code, faults } = await run(args);
    assert.deepEqual(
      [code, faults],
      [2, "larder: Name a file, or one of --watch, --cancel, --dlq and --replay.\n"],
    );
  }
});
