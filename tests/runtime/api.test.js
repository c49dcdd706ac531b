// An API of the kind that people put Larder before: paged, authenticated, content-negotiating, with ranges, languages and
// ETags, written to by POST, PATCH and DELETE. The same requests go to one copy of it directly and to another through Larder:
// the answers are the same, field by field, but for the fields that Larder owns.

import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { after, describe, test } from "node:test";
import { FLAVOURS, startWorker } from "./support.js";

/** Said by Larder, or by the connection. */
const OWNED = ["cache-status", "age", "connection", "keep-alive", "transfer-encoding"];

/** RFC 9110 §15.4.5: what a 304 has to repeat; it need not repeat the rest. */
const REPEATED = ["cache-control", "content-location", "date", "etag", "expires", "vary"];

/** @typedef {{method?: string, headers?: Record<string, string>, body?: string, hit?: boolean, why?: string}} Sent */

/** The whole body of a request. @param {import("node:http").IncomingMessage} request */
async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** One copy of the API. @param {string} date its only Date, so that two copies say the same */
async function startApi(date) {
  const items = new Map([1, 2, 3, 4, 5].map((id) => [id, { id, name: `Spice ${id}`, version: 1 }]));
  const file = Buffer.from(Array.from({ length: 1000 }, (_, i) => 65 + (i % 26)));
  let next = 6;
  let asked = 0;
  const PUBLIC = { "cache-control": "public, max-age=3600", "x-frame-options": "deny" };
  const greeting = { en: "Spices", de: "Gewürze", fr: "Épices" };

  /** @param {import("node:http").IncomingMessage} request @returns {"en" | "de" | "fr"} */
  const languageOf = (request) => {
    const wanted = String(request.headers["accept-language"] ?? "en")
      .slice(0, 2)
      .toLowerCase();
    return wanted === "de" || wanted === "fr" ? wanted : "en";
  };
  /** @param {unknown} value */
  const json = (value) => ({ type: "application/json", body: JSON.stringify(value) });
  /** @param {number} status @param {string} title */
  const problem = (status, title) => ({
    status,
    type: "application/problem+json",
    body: JSON.stringify({ status, title }),
  });

  /** @param {import("node:http").IncomingMessage} request @param {URL} url @returns {{status?: number, type?: string, body?: string | Buffer, headers?: Record<string, string | string[]>}} */
  function list(request, url) {
    const page = Number(url.searchParams.get("page") ?? 1);
    const shown = [...items.values()].slice((page - 1) * 2, page * 2);
    const language = languageOf(request);
    const csv = String(request.headers.accept ?? "").startsWith("text/csv");
    const content = csv
      ? { type: "text/csv", body: shown.map(({ id, name }) => `${id},${name}\n`).join("") }
      : json({ title: greeting[language], items: shown });
    return {
      ...content,
      headers: {
        ...PUBLIC,
        vary: "Accept, Accept-Language",
        "content-language": language,
        link: `</v1/items?page=${page + 1}>; rel="next"`,
        "x-total-count": String(items.size),
        etag: `"list-${page}-${language}-${csv}-${next}-${items.size}"`,
      },
    };
  }

  /** @param {import("node:http").IncomingMessage} request @param {number} id @param {string} sent */
  function item(request, id, sent) {
    const found = items.get(id);
    if (found === undefined) return problem(404, "There is no such item");
    const etag = `"${id}-${found.version}"`;
    if (request.method === "GET" || request.method === "HEAD") {
      return {
        ...json(found),
        headers: { ...PUBLIC, etag, "last-modified": "Mon, 21 Sep 2020 14:15:20 GMT" },
      };
    }
    if (request.headers.authorization === undefined) {
      return { ...problem(401, "Say who you are"), headers: { "www-authenticate": 'Bearer realm="spices"' } };
    }
    if (request.headers["if-match"] === undefined) return problem(428, "Say which version you know");
    if (request.headers["if-match"] !== etag) return problem(412, "It has changed");
    if (request.method === "DELETE") {
      items.delete(id);
      return { status: 204 };
    }
    Object.assign(found, JSON.parse(sent), { version: found.version + 1 });
    return { ...json(found), headers: { etag: `"${id}-${found.version}"` } };
  }

  /** @param {import("node:http").IncomingMessage} request @param {string} sent */
  function create(request, sent) {
    if (request.headers.authorization === undefined) return problem(401, "Say who you are");
    if (request.headers["content-type"] !== "application/json") return problem(415, "JSON, please");
    const made = { id: next, name: JSON.parse(sent).name, version: 1 };
    items.set(next, made);
    next += 1;
    return {
      ...json(made),
      status: 201,
      headers: { location: `/v1/items/${made.id}`, "x-request-cost": "1" },
    };
  }

  /** @param {import("node:http").IncomingMessage} request */
  function part(request) {
    const headers = { ...PUBLIC, etag: '"file"', "accept-ranges": "bytes" };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    if (range === null) return { type: "text/plain", body: file, headers };
    const from = Number(range[1]);
    const to = Math.min(range[2] === "" ? file.length - 1 : Number(range[2]), file.length - 1);
    if (from >= file.length) return { status: 416, headers: { "content-range": `bytes */${file.length}` } };
    return {
      status: 206,
      type: "text/plain",
      body: file.subarray(from, to + 1),
      headers: { ...headers, "content-range": `bytes ${from}-${to}/${file.length}` },
    };
  }

  /** @param {import("node:http").IncomingMessage} request @param {string} sent */
  function answer(request, sent) {
    const url = new URL(request.url ?? "", "http://api");
    const named = /^\/v1\/items\/(\d+)$/.exec(url.pathname);
    if (named !== null) return item(request, Number(named[1]), sent);
    if (url.pathname === "/v1/items")
      return request.method === "POST" ? create(request, sent) : list(request, url);
    if (url.pathname === "/v1/file") return part(request);
    if (url.pathname === "/v1/me") {
      const who = request.headers.authorization;
      if (who === undefined) return problem(401, "Say who you are");
      const cookies = ["session=1; HttpOnly", "theme=dark"];
      return {
        ...json({ who }),
        headers: {
          "cache-control": "private, max-age=3600",
          "set-cookie": cookies,
          etag: `"${who.replace(" ", "-")}"`,
        },
      };
    }
    if (url.pathname === "/v1/prices") {
      return { ...json({ for: "all" }), headers: { "cache-control": "max-age=3600, public" } };
    }
    return problem(404, "There is nothing here");
  }

  const server = createServer(async (request, response) => {
    asked += 1;
    const { status = 200, type, body = "", headers = {} } = answer(request, await textOf(request));
    response.sendDate = false;
    const etag = /** @type {string | undefined} */ (headers.etag);
    const known = request.headers["if-none-match"];
    const same = status === 200 && etag !== undefined && (known === etag || known === "*");
    const all = {
      date,
      "x-served-by": "spices",
      ...headers,
      ...(type && !same ? { "content-type": type, "content-length": String(Buffer.byteLength(body)) } : {}),
    };
    response.writeHead(same ? 304 : status, all);
    response.end(same || request.method === "HEAD" ? undefined : body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    asked: () => asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** @param {string} url @param {Sent} sent @returns {Promise<{status: number, headers: Record<string, any>, body: string}>} */
function exchange(url, { method = "GET", headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method, headers: { connection: "close", ...headers } },
      async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: await textOf(response),
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What a client sees that does not ask for the connection's or Larder's own fields. @param {Awaited<ReturnType<typeof exchange>>} answer @param {string} method */
function seen({ status, headers, body }, method) {
  const counts = (/** @type {string} */ name) =>
    status === 304 ? REPEATED.includes(name) : !OWNED.includes(name);
  const fields = Object.fromEntries(Object.entries(headers).filter(([name]) => counts(name)));
  // Whether a length is told beforehand is the connection's affair, but for HEAD.
  if (method !== "HEAD") delete fields["content-length"];
  return { status, fields, body };
}

const ME = { authorization: "Bearer me" };
const JSON_TYPE = { "content-type": "application/json" };

/** @type {Array<[string, Sent]>} */
const SCRIPT = [
  ["items?page=1", { why: "the first page" }],
  ["items?page=1", { hit: true }],
  ["items?page=2", { why: "another page" }],
  ["items?page=1", { headers: { "accept-language": "de" }, why: "another language" }],
  ["items?page=1", { headers: { "accept-language": "de" }, hit: true }],
  ["items?page=1", { headers: { "accept-language": "DE" }, hit: true }],
  ["items?page=1", { headers: { accept: "text/csv" }, why: "another type" }],
  ["items?page=1", { headers: { accept: "text/csv" }, hit: true }],
  ["items/1", { why: "an item" }],
  ["items/1", { hit: true }],
  ["items/1", { method: "HEAD", hit: true }],
  ["items/1", { headers: { "if-none-match": '"1-1"' }, hit: true }],
  ["items/1", { headers: { "if-none-match": '"old"' }, hit: true }],
  ["items/99", { why: "a 404 without lifetime" }],
  ["items/99", { why: "again" }],
  ["me", { why: "nobody" }],
  ["me", { headers: ME, why: "private, with two cookies" }],
  ["me", { headers: ME, why: "again" }],
  ["me", { headers: { ...ME, "if-none-match": '"Bearer-me"' }, why: "private, and known" }],
  ["me", { headers: { authorization: "Bearer you" }, why: "somebody else" }],
  ["prices", { headers: ME, why: "public, though asked with credentials" }],
  ["prices", { headers: { authorization: "Bearer you" }, hit: true }],
  ["prices", { hit: true }],
  ["file", { headers: { range: "bytes=10-19" }, why: "a part, with no copy" }],
  ["file", { why: "the whole" }],
  ["file", { hit: true }],
  ["file", { headers: { range: "bytes=10-19" }, hit: true }],
  ["file", { headers: { range: "bytes=990-" }, hit: true }],
  ["items", { method: "POST", body: "{}", headers: JSON_TYPE, why: "nobody may write" }],
  ["items?page=1", { hit: true }],
  ["items", { method: "POST", body: "x", headers: { ...ME, "content-type": "text/plain" }, why: "no JSON" }],
  [
    "items",
    { method: "POST", body: '{"name":"Cumin"}', headers: { ...ME, ...JSON_TYPE }, why: "a new item" },
  ],
  ["items?page=1", { why: "the list has changed" }],
  ["items?page=3", { why: "a page with it" }],
  ["items/6", { why: "the new item" }],
  ["items/6", { hit: true }],
  [
    "items/6",
    { method: "PATCH", body: '{"name":"Caraway"}', headers: { ...ME, ...JSON_TYPE }, why: "no version" },
  ],
  [
    "items/6",
    {
      method: "PATCH",
      body: '{"name":"Caraway"}',
      headers: { ...ME, ...JSON_TYPE, "if-match": '"6-9"' },
      why: "another version",
    },
  ],
  ["items/6", { hit: true }],
  [
    "items/6",
    {
      method: "PATCH",
      body: '{"name":"Caraway"}',
      headers: { ...ME, ...JSON_TYPE, "if-match": '"6-1"' },
      why: "changed",
    },
  ],
  ["items/6", { why: "as it is now" }],
  ["items/6", { method: "DELETE", headers: { ...ME, "if-match": '"6-2"' }, why: "gone" }],
  ["items/6", { why: "a 404" }],
  ["nothing/here", { why: "a 404 of the API" }],
];

for (const flavour of FLAVOURS) {
  describe(flavour, async () => {
    const date = new Date().toUTCString();
    const direct = await startApi(date);
    const behind = await startApi(date);
    const worker = await startWorker(flavour, {
      origin: behind.url,
      declarations: {
        resources: [
          {
            name: "api",
            mode: "http",
            match: { path: "/v1/{rest...}", methods: ["GET", "POST", "PATCH", "DELETE"] },
            origin: { url: `${behind.url}v1/{rest}?{*}` },
            forward: ["authorization"],
          },
        ],
      },
    });
    after(async () => {
      await worker.stop();
      for (const one of [direct, behind]) await one.stop();
    });

    test("answers as the API does, and fewer times", async () => {
      let hits = 0;
      for (const [i, [path, sent]] of SCRIPT.entries()) {
        const said = `${i}: ${sent.method ?? "GET"} ${path} (${sent.why ?? "a hit"})`;
        const before = behind.asked();
        const [expected, got] = [
          await exchange(`${direct.url}v1/${path}`, sent),
          await exchange(`${worker.url}v1/${path}`, sent),
        ];
        const wanted = seen(expected, sent.method ?? "GET");
        // An answer that has no validator of its own gets one.
        if (expected.headers.etag === undefined) delete got.headers.etag;
        assert.deepEqual(seen(got, sent.method ?? "GET"), wanted, `${said}: ${got.headers["cache-status"]}`);
        assert.equal(behind.asked() === before, sent.hit === true, `${said}: ${got.headers["cache-status"]}`);
        assert.match(String(got.headers["cache-status"]), sent.hit ? /^larder; hit/ : /^larder; fwd=/, said);
        hits += sent.hit ? 1 : 0;
      }
      assert.equal(hits, SCRIPT.filter(([, { hit }]) => hit).length);
      assert.equal(behind.asked(), direct.asked() - hits);
    });

    test("bodies go through as streams, whatever their size", async () => {
      const body = "x".repeat(3_000_000);
      const answer = await exchange(`${worker.url}v1/items`, {
        method: "POST",
        body: JSON.stringify({ name: body }),
        headers: { ...ME, ...JSON_TYPE },
      });
      assert.equal(answer.status, 201);
      assert.equal(JSON.parse(answer.body).name.length, body.length);
    });

    test("a method that is not declared is told which are", async () => {
      const { status, headers } = await exchange(`${worker.url}v1/items`, { method: "PUT", body: "x" });
      assert.equal(status, 405);
      assert.equal(headers.allow, "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
    });
  });
}
