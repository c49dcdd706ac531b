// What larder init proposes serves: a Worker with it, in front of a stub of the API.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { propose } from "../../scripts/cli/init.js";
import { startOrigin, startWorker } from "./support.js";

/** @type {[string, Record<string, string>, [string, string, string][]][]} document, secrets; asked, the same otherwise, what the API sees */
const APIS = [
  [
    "weather.yaml",
    { SERVICE_KEY: "the key" },
    [
      ["/current?lat=52.50&lon=13.4", "/current?lon=13.40&lat=52.5&utm=x", "/v2/current?lat=52.5&lon=13.4"],
      ["/forecast/Graz?days=3", "/forecast/Graz?days=03", "/v2/forecast/Graz?days=3"],
    ],
  ],
  [
    "shop.json",
    { SHOP_TOKEN: "the token" },
    [
      [
        "/products?q=lamp&filter%5Bcolour%5D=red",
        "/products?q=lamp&filter%5Bcolour%5D=red",
        "/api/products?q=lamp&filter[colour]=red",
      ],
      ["/products/7/stock", "/products/7/stock", "/api/products/7/stock"],
      ["/categories", "/categories", "/api/categories"],
    ],
  ],
  [
    "repositories.json",
    {},
    [
      [
        "/repos/a/b/issues?state=open&page=2",
        "/repos/a/b/issues?page=2&state=open",
        "/repos/a/b/issues?state=open&page=2",
      ],
      ["/licenses", "/licenses?x=1", "/licenses"],
    ],
  ],
];

for (const [document, secrets, questions] of APIS) {
  test(`${document}: what is proposed serves, and asks once`, { timeout: 60_000 }, async () => {
    /** @type {import("node:http").IncomingHttpHeaders[]} */
    const seen = [];
    const origin = await startOrigin(({ headers }) => {
      seen.push(headers);
      return { body: '{"made": true}' };
    });
    const { declarations } = propose(parse(readFileSync(`tests/cli/openapi/${document}`, "utf8")));
    const local = JSON.parse(JSON.stringify(declarations).replace(/https:\/\/[\w.]+\.example/g, origin.url));
    const worker = await startWorker("wasi", { origin: origin.url, declarations: local, bindings: secrets });
    try {
      for (const [asked, same, wanted] of questions) {
        const before = origin.asked.length;
        const first = await worker.get(asked);
        assert.equal(first.status, 200, `${asked}: ${await first.text()}`);
        assert.match(first.headers.get("cache-status") ?? "", /^larder; fwd=miss/);
        const second = await worker.get(same);
        assert.match(second.headers.get("cache-status") ?? "", /^larder; hit/, same);
        await second.arrayBuffer();
        assert.deepEqual(origin.asked.slice(before).map(decodeURIComponent), [wanted]);
      }
      if (secrets.SERVICE_KEY) assert.equal(seen[0]?.["x-skies-key"], "the key");
      if (secrets.SHOP_TOKEN) assert.equal(seen[0]?.authorization, "Bearer the token");
    } finally {
      await worker.stop();
      await origin.stop();
    }
  });
}
