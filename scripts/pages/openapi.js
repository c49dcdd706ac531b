// The API's description, with what the tables of the core say.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, rows } from "../generate/tables.js";
import { describeApi } from "./description.js";

/** The rows of routes.def, methods in capitals. */
export const operatorRoutes = () =>
  rows("operators/routes.def", "LARDER_ROUTE", ["method", "path", "role", "handler", "audit", "purpose"]).map(
    ({ method = "", path = "", role = "", handler = "", purpose = "" }) => ({
      method: method.replace("_", "").toUpperCase(),
      path,
      role,
      handler,
      purpose,
    }),
  );

/** What the description is made of beside the declarations. @returns {import("./description.js").Facts} */
export const apiFacts = () => ({
  version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  routes: operatorRoutes(),
});

/** @param {any} declarations larder.json @returns {any} */
export const openApi = (declarations) => describeApi(declarations, apiFacts());
