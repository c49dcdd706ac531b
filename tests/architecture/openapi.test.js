// /openapi.json: valid OpenAPI 3.1, with every route of the table and every declared resource, and with examples that hold.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { openApi, operatorRoutes } from "../../scripts/pages/openapi.js";
import { ROUTE_SHAPES } from "../../scripts/pages/shapes.js";

const declarations = JSON.parse(readFileSync("larder.json", "utf8"));
const document = openApi(declarations);

test("it is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  assert.ok(valid, JSON.stringify(errors));
});

test("it has every operators' route, and knows none that is not there", () => {
  const table = operatorRoutes().map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(Object.keys(ROUTE_SHAPES).sort(), table.sort());
  for (const route of table) {
    const [method = "", path = ""] = route.split(" ");
    assert.deepEqual(document.paths[path][method.toLowerCase()].security, [{ token: [] }], route);
  }
});

test("it has every declared resource, with what its key is made of", () => {
  for (const { name, match } of declarations.resources) {
    const operation = document.paths[match.path][match.method.toLowerCase()];
    assert.equal(operation.summary, `The resource ${name}`);
  }
  const [parameter] = document.paths["/search/title"].get.parameters;
  assert.deepEqual(parameter, { name: "q", in: "query", required: true, schema: { type: "string" } });
  const passed = openApi({
    resources: [
      {
        name: "pages",
        mode: "http",
        match: { methods: ["GET", "POST"], path: "/pages/{rest...}" },
        origin: { url: "https://a.example/{rest}" },
      },
    ],
  });
  assert.deepEqual(Object.keys(passed.paths["/pages/{rest}"]), ["get", "post"]);
  // What is no declaration is for the Worker to name.
  assert.ok(openApi({ resources: [null, { name: 1 }, {}] }).paths["/health"]);
});

test("the examples hold to their schemas", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  let examples = 0;
  /** @param {any} content @param {string} where */
  const check = (content, where) => {
    for (const { schema, example } of Object.values(content ?? {})) {
      if (example === undefined) continue;
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/'));
      assert.ok(ajv.validate(absolute, example), `${where}: ${ajv.errorsText()}`);
      examples += 1;
    }
  };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(/** @type {Record<string, any>} */ (operations))) {
      check(operation.requestBody?.content, `${method} ${path} body`);
      for (const [status, response] of Object.entries(
        /** @type {Record<string, any>} */ (operation.responses),
      )) {
        check(response.content, `${method} ${path} ${status}`);
      }
    }
  }
  assert.ok(examples >= Object.keys(ROUTE_SHAPES).length, `${examples} examples`);
});
