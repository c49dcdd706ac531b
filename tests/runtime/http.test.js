// HTTP to the letter on the real runtime: what the platform does to targets, codings and redirects on their way.

import assert from "node:assert/strict";
import { get as httpGet } from "node:http";
import { connect } from "node:net";
import { after, describe, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { FLAVOURS, startOrigin, startWorker } from "./support.js";

/** How a declaration names a secret. */
const SECRET = "$" + "{API_KEY}";

const TEXT = "spice ".repeat(50);

/** @type {Record<string, {coding: string, bytes: Buffer, left: string}>} */
const CODED = {
  gzip: { coding: "gzip", bytes: gzipSync(TEXT), left: "" },
  upper: { coding: "GZIP", bytes: gzipSync(TEXT), left: "" },
  old: { coding: "x-gzip", bytes: gzipSync(TEXT), left: "" },
  twice: { coding: "gzip, gzip", bytes: gzipSync(gzipSync(TEXT)), left: "" },
  brotli: { coding: "br", bytes: brotliCompressSync(TEXT), left: "" },
  deflate: { coding: "deflate", bytes: deflateSync(TEXT), left: "deflate" },
  zstd: { coding: "zstd", bytes: zstdCompressSync(TEXT), left: "zstd" },
  broken: { coding: "x-gzip", bytes: Buffer.from("no gzip"), left: "refused" },
};

const declarations = (/** @type {string} */ origin, /** @type {string} */ other) => ({
  resources: [
    {
      name: "raw",
      mode: "http",
      match: { path: "/raw/{rest...}" },
      origin: { url: `${origin}/raw/{rest}?{*}` },
    },
    {
      name: "coded",
      match: { path: "/coded/{id}" },
      origin: { url: `${origin}/raw/{id}` },
      key: [{ path: "id" }],
      ttl: "1h",
    },
    {
      name: "moved",
      match: { path: "/moved/{id}" },
      origin: {
        url: `${origin}/moved/{id}`,
        headers: { "x-api-key": SECRET, authorization: `Bearer ${SECRET}` },
        redirects: [other],
      },
      key: [{ path: "id" }],
      ttl: "1h",
    },
  ],
});

/**
 * The answer as it came over the wire.
 * @param {string} url @returns {Promise<{status: number, headers: import("node:http").IncomingHttpHeaders, body: Buffer}>}
 */
function exchange(url) {
  return new Promise((resolve, reject) => {
    const request = httpGet(url, { headers: { connection: "close" } }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    });
    request.on("error", reject);
  });
}

/** The status of a request whose target nobody has normalised. @param {string} url @param {string} target */
function statusOf(url, target) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve(Number(text.split(" ")[1])));
    socket.write(`GET ${target} HTTP/1.1\r\nhost: larder.example\r\nconnection: close\r\n\r\n`);
  });
}

for (const flavour of FLAVOURS) {
  describe(flavour, async () => {
    /** @type {Array<{url: string, secrets: boolean}>} */
    const seen = [];
    const note = (/** @type {import("node:http").IncomingMessage} */ request) =>
      seen.push({
        url: request.url ?? "",
        secrets: Boolean(request.headers["x-api-key"] ?? request.headers.authorization),
      });
    const other = await startOrigin((request) => {
      note(request);
      return { body: "from the other origin" };
    });
    const foreign = await startOrigin((request) => {
      note(request);
      return { body: "from a foreign origin" };
    });
    const origin = await startOrigin((request) => {
      note(request);
      const url = new URL(request.url ?? "", "http://origin");
      const name = url.pathname.split("/").at(-1) ?? "";
      if (url.pathname.startsWith("/moved/")) {
        const targets = { there: `${other.url}/there`, away: `${foreign.url}/away`, circle: "/moved/circle" };
        return { status: 302, headers: { location: targets[/** @type {"there"} */ (name)] }, body: "" };
      }
      const coded = CODED[name];
      const plain = { "cache-control": "max-age=60", "content-type": "text/plain" };
      return coded
        ? { headers: { ...plain, "content-encoding": coded.coding }, body: coded.bytes }
        : { headers: plain, body: request.url ?? "" };
    });
    const worker = await startWorker(flavour, {
      origin: origin.url,
      declarations: declarations(origin.url, other.url),
      bindings: { API_KEY: "s3cret" },
    });
    after(async () => {
      await worker.stop();
      for (const one of [origin, other, foreign]) await one.stop();
    });

    for (const [name, { bytes, left }] of Object.entries(CODED)) {
      test(`bytes and Content-Encoding agree: ${name}`, async () => {
        for (const from of ["origin", "memory"]) {
          const { status, headers, body } = await exchange(`${worker.url}raw/${name}`);
          assert.equal(status, left === "refused" ? 502 : 200, from);
          if (left === "refused") continue;
          assert.equal(headers["content-encoding"] ?? "", left, from);
          assert.deepEqual(body, left === "" ? Buffer.from(TEXT) : bytes, from);
        }
        const keyed = await exchange(`${worker.url}coded/${name}`);
        assert.equal(keyed.status, left === "" ? 200 : 502);
        assert.equal(keyed.headers["content-encoding"], undefined);
        if (left === "") assert.equal(keyed.body.toString(), TEXT);
      });
    }

    test("the origin gets the target as the client sent it", async () => {
      for (const target of [
        "a//b",
        "a;v=1/(b)@:c=d,e",
        "a?time",
        "a?time=",
        "a%3bb",
        "a?q=a+b%20c&&x=%2F",
        "",
      ]) {
        assert.equal((await exchange(`${worker.url}raw/${target}`)).status, 200);
        assert.equal(seen.at(-1)?.url, `/raw/${target}`);
      }
    });

    test("no target leaves what is declared", async () => {
      const before = seen.length;
      for (const target of [
        "/raw/../x",
        "/raw/%2e%2e/x",
        "/raw/..;/x",
        "/raw/a%2f..%2fx",
        "/raw/a%5c..",
        "/raw/a%00",
      ]) {
        const status = await statusOf(worker.url, target);
        assert.ok(status === 400 || status === 404, `${target}: ${status}`);
      }
      assert.equal(seen.length, before);
    });

    test("redirects lead to declared origins without secrets, and nowhere else", async () => {
      seen.length = 0;
      const there = await exchange(`${worker.url}moved/there`);
      assert.equal(there.body.toString(), "from the other origin");
      assert.deepEqual(seen, [
        { url: "/moved/there", secrets: true },
        { url: "/there", secrets: false },
      ]);
      for (const name of ["away", "circle"]) {
        seen.length = 0;
        assert.equal((await exchange(`${worker.url}moved/${name}`)).status, 502);
        assert.deepEqual(seen, [{ url: `/moved/${name}`, secrets: true }]);
      }
      assert.equal(await (await worker.kv()).get("larder:moved:v3:away"), null);
    });
  });
}
