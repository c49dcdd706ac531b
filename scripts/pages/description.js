// The API's description (OpenAPI 3.1), made of the operators' routes, of what they take and give (their rows, or shapes.js), and of the
// resources that larder.json declares. Asks nothing of the machine, so a Worker may make it too.

import { ROUTE_SHAPES, SCHEMAS } from "./shapes.js";

const PROBLEM = "application/problem+json";
/** Those of the gate (src/operators/gate.h), and what every operators' route may answer. */
const REFUSALS = {
  400: "A parameter or the body is wrong; the answer says which and how.",
  401: "There is no valid token.",
  403: "The token's role is too low.",
  429: "There were too many calls; Retry-After says when to come again.",
  503: "What the route needs gives no answer at the moment.",
};

/** @param {string} description @param {Record<string, unknown>} content */
const answer = (description, content) => ({ description, content });
const problem = {
  [PROBLEM]: { schema: { $ref: "#/components/schemas/Problem" } },
};

/** @param {string} path */
const pathParameters = (path) =>
  [...path.matchAll(/\{(\w+)(?:\.\.\.)?\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));

/** @param {import("./shapes.js").Shape} shape */
function contentOf({ schema, example, text, problem: isProblem }) {
  return {
    ...(schema === undefined ? {} : { "application/json": { schema, example } }),
    ...(text === undefined ? {} : { [text]: { schema: { type: "string" } } }),
    ...(isProblem === true ? problem : {}),
  };
}

/** @typedef {import("./shapes.js").RouteShape} RouteShape */
/** @typedef {{method: string, path: string, role: string, purpose: string, handler: string, shape?: RouteShape}} Route */
/** @typedef {{version: string, routes: Route[]}} Facts the version of Larder, and the rows of src/operators/routes.def */

/** @param {Route} route */
function operatorOperation({ method, path, role, purpose, handler, shape: shapeOfRow }) {
  const shape = shapeOfRow ?? ROUTE_SHAPES[`${method} ${path}`];
  if (shape === undefined)
    throw new Error(
      `${method} ${path} has neither LARDER_ANSWER in routes.def nor a place in scripts/pages/shapes.js.`,
    );
  const { query = [], body, answers } = shape;
  return {
    operationId: handler.replace(/_(\w)/g, (_all, letter) => letter.toUpperCase()),
    summary: purpose,
    description: `Needs a token with the role \`${role}\`.`,
    tags: ["operators"],
    security: [{ token: [] }],
    parameters: [
      ...pathParameters(path),
      ...query.map(([name, schema, description]) => ({ name, in: "query", description, schema })),
    ],
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, one]) => [status, answer(purpose, contentOf(one))]),
      ),
      ...Object.fromEntries(
        Object.entries(REFUSALS)
          .filter(([status]) => answers[status] === undefined)
          .map(([status, description]) => [status, answer(description, problem)]),
      ),
      default: answer("What went wrong, and what to do.", problem),
    },
  };
}

/** What a provider of books or a model gives. @param {any} origin */
function contentOfOrigin(origin) {
  if (origin.provider === undefined) return { "*/*": {} };
  const [name, example] =
    origin.query === "narrative"
      ? [
          "Narrative",
          { narrative: "You read widely.", generatedAt: "2026-11-28T10:00:00.000Z", source: "model" },
        ]
      : ["Works", { query: "dune", source: "openlibrary", works: [] }];
  return { "application/json": { schema: { $ref: `#/components/schemas/${name}` }, example } };
}

/** @param {any} resource of larder.json @param {string} method */
function resourceOperation(resource, method) {
  const fields = (resource.key ?? []).filter((/** @type {any} */ field) => field.setting === undefined);
  const bodyFields = fields.filter((/** @type {any} */ field) => field.body !== undefined);
  const parameters = fields.flatMap((/** @type {any} */ field) => {
    const place = field.query === undefined ? (field.header === undefined ? null : "header") : "query";
    const name = field.query ?? field.header;
    if (place === null || name === "*") return [];
    return [{ name, in: place, required: field.required === true, schema: { type: "string" } }];
  });
  const what = answer(
    `What the origin says, or a copy of it. Cache-Status tells which.`,
    contentOfOrigin(resource.origin),
  );
  return {
    operationId: `${method.toLowerCase()}_${resource.name.replaceAll("-", "_")}`,
    summary: `The resource ${resource.name}`,
    tags: ["resources"],
    security: [],
    parameters: [...pathParameters(resource.match.path), ...parameters],
    ...(bodyFields.length === 0
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  required: bodyFields
                    .filter((/** @type {any} */ field) => field.required && field.body !== "*")
                    .map((/** @type {any} */ field) => field.body),
                },
              },
            },
          },
        }),
    responses: {
      200: what,
      ...(resource.mode === "http"
        ? {}
        : {
            400: answer("The request has not what the key is made of.", problem),
            404: answer("The origin knows nothing of it.", problem),
            429: answer("This client has asked too often.", problem),
            502: answer("The origin failed, and there is no copy.", problem),
            503: answer("The origin is not asked at the moment.", problem),
            504: answer("The origin did not answer in time, and there is no copy.", problem),
          }),
      default: answer(
        resource.mode === "http" ? "What the origin says." : "What went wrong, and what to do.",
        resource.mode === "http" ? { "*/*": {} } : problem,
      ),
    },
  };
}

const OWN = {
  "/": [
    "getFront",
    "What is here",
    "Front",
    {
      name: "Larder",
      version: "0.1.0",
      links: { health: "/health", dashboard: "/dashboard", description: "/openapi.json" },
    },
  ],
  "/health": [
    "getHealth",
    "How the Worker is",
    "Health",
    { status: "ok", version: "0.1.0", cache: "kv", toolchain: "wasi" },
  ],
};

/**
 * @param {any} declarations larder.json; what it does not hold to is left to the Worker, which names every fault
 * @param {Facts} facts @returns {any}
 */
export function describeApi(declarations, { version, routes }) {
  /** @type {Record<string, Record<string, unknown>>} */
  const paths = {};
  /** @param {string} path @param {string} method @param {unknown} operation */
  const add = (path, method, operation) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation };
  };
  for (const [path, [operationId, summary, schema, example]] of Object.entries(OWN)) {
    add(path, "get", {
      operationId,
      summary,
      tags: ["larder"],
      security: [],
      responses: {
        200: answer(String(summary), {
          "application/json": { schema: { $ref: `#/components/schemas/${schema}` }, example },
        }),
        default: answer("The configuration has faults, which the answer names.", problem),
      },
    });
  }
  for (const resource of Array.isArray(declarations?.resources) ? declarations.resources : []) {
    if (typeof resource?.match?.path !== "string" || typeof resource.name !== "string") continue;
    const methods = resource.match.methods ?? [resource.match.method ?? "GET"];
    const path = resource.match.path.replaceAll("...}", "}");
    for (const method of methods) add(path, method, resourceOperation(resource, method));
  }
  for (const route of routes) add(route.path, route.method, operatorOperation(route));
  return {
    openapi: "3.1.0",
    info: {
      title: "Larder",
      version,
      description: "An edge cache in front of HTTP APIs: the declared resources, and the operators' API.",
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "resources", description: "What larder.json declares" },
      { name: "operators", description: "Looking and changing, with a token" },
      { name: "larder", description: "What is here" },
    ],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "npm run --silent token" },
      },
      schemas: SCHEMAS,
    },
  };
}
