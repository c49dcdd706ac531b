// Uploaded lists of the size that is promised, over real sockets: each on a fresh instance, and many at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SignJWT } from "jose";
import { FLAVOURS, startOrigin, startWorker } from "./support.js";

const SECRET = "a secret of thirty-two bytes, no less";
const MEGABYTE = 1_048_576;
const LIST_BYTES = 10_000_000;

const token = await new SignJWT({ sub: "ann", role: "admin" })
  .setProtectedHeader({ alg: "HS256" })
  .setExpirationTime("1h")
  .sign(new TextEncoder().encode(SECRET));

/** @param {number} bytes @param {number} of which list it is @returns {Buffer} rows with reviews, as exports have them */
function list(bytes, of) {
  const rows = ["Title,Author,Review"];
  const review = "It was long, and it was good. ".repeat(20);
  for (let size = 0, row = 0; size < bytes - 800; row++) {
    rows.push(`Book ${row} of ${of},Author ${row % 500},"${review}"`);
    size += (rows.at(-1)?.length ?? 0) + 1;
  }
  return Buffer.from(`${rows.join("\n")}\n`);
}

/** @param {Awaited<ReturnType<typeof startWorker>>} worker @param {BodyInit} body @param {Record<string, string>} headers */
const post = (worker, body, headers = {}) =>
  worker.get("/api/warming/upload", {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });

/** @param {Awaited<ReturnType<typeof startWorker>>} worker @param {Buffer} csv */
const postJson = (worker, csv) =>
  post(worker, JSON.stringify({ csv: csv.toString("base64"), maxDepth: 1 }), {
    "content-type": "application/json",
  });

/** @param {Awaited<ReturnType<typeof startWorker>>} worker @param {Buffer} csv */
function postForm(worker, csv) {
  const form = new FormData();
  form.append("file", new File([csv], "books.csv"));
  return post(worker, form);
}

/** @param {Awaited<ReturnType<typeof startWorker>>} worker */
const stateOf = async (worker) => await (await worker.get("/_test/state")).json();

for (const flavour of FLAVOURS) {
  test(`${flavour}: a list of 10 MB is taken as JSON and as a form, on a fresh instance`, async (t) => {
    for (const how of [postJson, postForm]) {
      const origin = await startOrigin(() => ({ body: "{}" }));
      const worker = await startWorker(flavour, {
        origin: origin.url,
        bindings: { ADMIN_JWT_SECRET: SECRET },
      });
      try {
        const response = await how(worker, list(LIST_BYTES, 0));
        const body = await response.json();
        assert.equal(response.status, 202, JSON.stringify(body));
        assert.equal(body.list.authors, 500);
        assert.ok(body.list.books > 15_000);
        const { instances, memoryBytes } = await stateOf(worker);
        t.diagnostic(`${how.name}: ${(memoryBytes / MEGABYTE).toFixed(1)} MB`);
        assert.equal(instances, 1);
        assert.ok(memoryBytes < 80 * MEGABYTE, `${memoryBytes} bytes`);
      } finally {
        await worker.stop();
        await origin.stop();
      }
    }
  });

  test(`${flavour}: 18 lists at once end no instance, and each is taken or told to come again`, async (t) => {
    const origin = await startOrigin(() => ({ body: "{}" }));
    const worker = await startWorker(flavour, { origin: origin.url, bindings: { ADMIN_JWT_SECRET: SECRET } });
    try {
      const uploads = Array.from({ length: 18 }, (_, i) =>
        (i % 2 === 0 ? postJson : postForm)(worker, list(LIST_BYTES, i)),
      );
      const responses = await Promise.all(uploads);
      const statuses = responses.map(({ status }) => status);
      t.diagnostic(`taken: ${statuses.filter((status) => status === 202).length} of 18`);
      for (const response of responses) {
        const detail = JSON.stringify(await response.json());
        assert.ok(response.status === 202 || response.status === 503, `${response.status} ${detail}`);
        if (response.status === 503) assert.equal(response.headers.get("retry-after"), "5", detail);
      }
      assert.ok(statuses.filter((status) => status === 202).length >= 2);
      const { instances, memoryBytes } = await stateOf(worker);
      assert.equal(instances, 1);
      assert.ok(memoryBytes < 96 * MEGABYTE, `${memoryBytes} bytes`);
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
