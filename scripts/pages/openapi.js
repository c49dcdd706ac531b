// The API's description, with what the tables of the core say.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, rows } from "../generate/tables.js";
import { describeApi } from "./description.js";
import { shapeOf } from "./shape_text.js";

const TABLE = "operators/routes.def";

/** What rows of routes.def say of what a route takes and gives, by its handler. */
function shapesOfRows() {
  /** @type {Record<string, import("./shapes.js").RouteShape>} */
  const shapes = {};
  for (const { handler, status, shape } of rows(TABLE, "LARDER_ANSWER", ["handler", "status", "shape"])) {
    shapes[handler] ??= { answers: {} };
    shapes[handler].answers[status] = shapeOf(shape);
  }
  for (const { handler, shape } of rows(TABLE, "LARDER_BODY", ["handler", "shape"])) {
    if (shapes[handler] === undefined) throw new Error(`src/${TABLE} says of no answer of ${handler}.`);
    shapes[handler].body = shapeOf(shape);
  }
  for (const { handler, name, shape, what } of rows(TABLE, "LARDER_QUERY", [
    "handler",
    "name",
    "shape",
    "what",
  ])) {
    if (shapes[handler] === undefined) throw new Error(`src/${TABLE} says of no answer of ${handler}.`);
    shapes[handler].query = [...(shapes[handler].query ?? []), [name, shapeOf(shape).schema, what]];
  }
  return shapes;
}

/** The rows of routes.def, methods in capitals; `shape`: what further rows say of the route. */
export function operatorRoutes() {
  const shapes = shapesOfRows();
  return rows(TABLE, "LARDER_ROUTE", ["method", "path", "role", "handler", "audit", "purpose"]).map(
    ({ method, path, role, handler, purpose }) => ({
      method: method.replace("_", "").toUpperCase(),
      path,
      role,
      handler,
      purpose,
      shape: shapes[handler],
    }),
  );
}

/** What the description is made of beside the declarations. @returns {import("./description.js").Facts} */
export const apiFacts = () => ({
  version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  routes: operatorRoutes(),
});

/** @param {any} declarations larder.json @returns {any} */
export const openApi = (declarations) => describeApi(declarations, apiFacts());
