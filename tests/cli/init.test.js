// larder init: what documents in the styles of real APIs suggest, and that it is what the module takes.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { asked } from "../../scripts/cli/init.js";
import { larder } from "./stub.js";

const MODULE = "build/wasi/larder.wasm";
const folder = mkdtempSync(join(tmpdir(), "larder-init-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} document */
async function proposal(document) {
  const out = join(folder, `${document}.out.json`);
  const told = await larder(["init", `tests/cli/openapi/${document}`, "--out", out]);
  assert.deepEqual([told.code, told.err], [0, ""]);
  const checked = await larder(["check", out, "--module", MODULE]);
  assert.equal(checked.code, 0, checked.out);
  return { resources: JSON.parse(readFileSync(out, "utf8")).resources, out: told.out, checked: checked.out };
}

test("a weather service: a key in a field, places by numbers, a stream that is left out", async () => {
  const { resources, out, checked } = await proposal("weather.yaml");
  assert.deepEqual(
    resources.map((/** @type {any} */ one) => [one.name, one.match.path, one.ttl]),
    [
      ["get-current-weather", "/current", "1m"],
      ["get-forecast", "/forecast/{city}", "5m"],
      ["list-stations", "/stations", "1h"],
    ],
  );
  assert.deepEqual(resources[0], {
    name: "get-current-weather",
    match: { path: "/current" },
    origin: {
      url: "https://eu.skies.example/v2/current?lat={lat}&lon={lon}&units={units}",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: how a declaration names a secret
      headers: { "x-skies-key": "${SERVICE_KEY}" },
    },
    key: [
      { query: "lat", normalise: ["trim", "number"], required: true },
      { query: "lon", normalise: ["trim", "number"], required: true },
      { query: "units", normalise: ["trim"] },
    ],
    ttl: "1m",
    stale: "5m",
    staleIfError: "1h",
    tags: ["get-current-weather"],
  });
  assert.match(out, /^get-current-weather: Fresh for 1m, since it is about now; /m);
  assert.match(out, /^Left out: GET \/live, since its answer is a stream without an end\.$/m);
  assert.match(out, /^Left out: POST \/stations, since it changes something\.$/m);
  assert.match(checked, /needs the secrets SERVICE_KEY\.$/m);
});

test("a shop: what is for one person, or shows a secret in its query, is left out", async () => {
  const { resources, out } = await proposal("shop.json");
  assert.deepEqual(
    resources.map((/** @type {any} */ one) => [one.name, one.ttl, one.tags]),
    [
      ["search-products", "5m", ["search-products"]],
      ["get-product", "1h", ["get-product", "get-product:{productId}"]],
      ["get-stock", "1m", ["get-stock", "get-stock:{productId}"]],
      ["list-categories", "1d", ["list-categories"]],
    ],
  );
  // A parameter whose name no field has: the whole query.
  assert.deepEqual(resources[0].key, [{ query: "*" }]);
  assert.equal(resources[0].origin.url, "https://shop.example/api/products?{*}");
  assert.equal(resources[3].origin.headers, undefined);
  for (const why of [
    "GET /cart, since its answer is for one person",
    "GET /orders, since its answers are for the person who signed in",
    "GET /partners, since its key api_key stands in the query",
  ]) {
    assert.ok(out.includes(`Left out: ${why}`), out);
  }
});

test("repositories with pages: each page is an entry, and half a segment is no field", async () => {
  const { resources, out } = await proposal("repositories.json");
  assert.deepEqual(
    resources.map((/** @type {any} */ one) => [one.name, one.match.path, one.ttl]),
    [
      ["repos-get", "/repos/{owner}/{repo}", "1h"],
      ["issues-list-for-repo", "/repos/{owner}/{repo}/issues", "5m"],
      ["licenses-get-all", "/licenses", "1d"],
    ],
  );
  assert.deepEqual(
    resources[1].key.map((/** @type {any} */ field) => field.path ?? field.query),
    ["owner", "repo", "state", "per_page", "page"],
  );
  assert.match(out, /^issues-list-for-repo: .*Each page is an entry of its own/m);
  assert.match(
    out,
    /^Left out: GET \/repos\/\{owner\}\/\{repo\}\/compare\/\{base\}\.\.\.\{head\}, since a parameter is only a part/m,
  );
  assert.match(out, /^Left out: GET \/user, since its answer is for one person\.$/m);
});

test("without a document it asks", async () => {
  const answers = ["https://api.example.com/v1", "/items/{id}", "lang, page", "10m"];
  const { declarations } = await asked(async () => answers.shift() ?? "");
  const path = join(folder, "asked.json");
  writeFileSync(path, JSON.stringify(declarations));
  assert.deepEqual(declarations.resources[0]?.origin, {
    url: "https://api.example.com/v1/items/{id}?lang={lang}&page={page}",
  });
  assert.equal(declarations.resources[0]?.ttl, "10m");
  assert.equal((await larder(["check", path, "--module", MODULE])).code, 0);
});

test("what is no document, and what is there already, is said", async () => {
  const swagger = join(folder, "swagger.json");
  writeFileSync(swagger, '{"swagger": "2.0"}');
  const bare = join(folder, "bare.yaml");
  writeFileSync(bare, "openapi: 3.1.0\npaths: {}\n");
  const broken = join(folder, "broken.yaml");
  writeFileSync(broken, "a: [");
  const out = join(folder, "new.json");
  for (const [words, code, message] of /** @type {[string[], number, RegExp][]} */ ([
    [["init", swagger, "--out", out], 1, /This is no OpenAPI 3 document/],
    [["init", bare, "--out", out], 1, /names no server with a whole address/],
    [["init", broken, "--out", out], 1, /is neither JSON nor YAML/],
    [["init", join(folder, "none.json"), "--out", out], 1, /none\.json/],
    [["init", "tests/cli/openapi/shop.json", "--out", "larder.json"], 2, /larder\.json is there already/],
    [["init", "--out", out], 2, /Name an OpenAPI 3 document/],
  ])) {
    const told = await larder(words);
    assert.equal(told.code, code, told.err);
    assert.match(told.err, message);
  }
});

test("to the standard output it is the declarations alone", async () => {
  const { code, out, err } = await larder(["init", "tests/cli/openapi/shop.json", "--out", "-"]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).resources.length, 4);
  assert.match(err, /^search-products: /);
});
