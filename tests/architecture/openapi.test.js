// /openapi.json: valid OpenAPI 3.1, with every route of the table and every declared resource, and with examples that hold.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { rows } from "../../scripts/generate/tables.js";
import { openApi, operatorRoutes } from "../../scripts/pages/openapi.js";
import { shapeOf } from "../../scripts/pages/shape_text.js";
import { EXAMPLES, ROUTE_SHAPES, SCHEMAS } from "../../scripts/pages/shapes.js";

const declarations = JSON.parse(readFileSync("larder.json", "utf8"));
const document = openApi(declarations);

test("it is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  assert.ok(valid, JSON.stringify(errors));
});

test("it has every operators' route, and knows none that is not there", () => {
  const routes = operatorRoutes();
  const table = routes.map(({ method, path }) => `${method} ${path}`);
  // Each is described in one place: by rows of the table, or in shapes.js.
  const byRows = routes.filter(({ shape }) => shape !== undefined);
  assert.ok(byRows.length >= 8);
  assert.deepEqual(
    [...Object.keys(ROUTE_SHAPES), ...byRows.map(({ method, path }) => `${method} ${path}`)].sort(),
    table.sort(),
  );
  const handlers = new Set(routes.map(({ handler }) => handler));
  for (const { handler } of [
    ...rows("operators/routes.def", "LARDER_ANSWER", ["handler", "status", "shape"]),
    ...rows("operators/routes.def", "LARDER_BODY", ["handler", "shape"]),
    ...rows("operators/routes.def", "LARDER_QUERY", ["handler", "name", "shape", "what"]),
  ]) {
    assert.ok(handlers.has(handler), handler);
  }
  for (const route of table) {
    const [method = "", path = ""] = route.split(" ");
    assert.deepEqual(document.paths[path][method.toLowerCase()].security, [{ token: [] }], route);
  }
});

test("a row's shape is the schema that it says, with its example", () => {
  const count = { type: "integer", minimum: 0 };
  const time = { type: "string", format: "date-time" };
  assert.deepEqual(
    shapeOf("{jobs: [Job], next: count '3', cursor?: text 'a12', at: time | null, done: flag 'false'}"),
    {
      schema: {
        type: "object",
        required: ["jobs", "next", "at", "done"],
        properties: {
          jobs: { type: "array", items: { $ref: "#/components/schemas/Job" } },
          next: count,
          cursor: { type: "string" },
          at: { ...time, type: ["string", "null"] },
          done: { type: "boolean" },
        },
      },
      example: {
        jobs: [EXAMPLES.Job],
        next: 3,
        cursor: "a12",
        at: "2026-11-28T10:00:00.000Z",
        done: false,
      },
    },
  );
  assert.deepEqual(shapeOf("{}").example, {});
  for (const [shape, reason] of [
    ["", 'The shape  has "" where a word belongs.'],
    ["{a: words}", 'The shape {a: words} has "words" where a word belongs.'],
    ["{a text}", 'The shape {a text} has "text" where ":" belongs.'],
    ["{a: text b: text}", 'The shape {a: text b: text} has "b" where "," belongs.'],
    ["[text", 'The shape [text has "" where "]" belongs.'],
    ["text | count", 'The shape text | count has "count" where "null" belongs.'],
    ["{: text}", 'The shape {: text} has ":" where a member\'s name belongs.'],
    ["text text", 'The shape text text has "text" where the end belongs.'],
    ["constructor", 'The shape constructor has "constructor" where a word belongs.'],
  ]) {
    assert.throws(() => shapeOf(shape ?? ""), { message: reason });
  }
  assert.deepEqual(
    Object.keys(EXAMPLES).filter((name) => SCHEMAS[name] === undefined),
    [],
  );
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
  assert.ok(examples >= operatorRoutes().length, `${examples} examples`);
});
