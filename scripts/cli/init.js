// larder init: declarations that an OpenAPI 3 document suggests, or a few questions, and why they are so.

import { existsSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { parse } from "yaml";
import { EXIT, Failure, WrongUsage } from "./failure.js";
import { bytesOf } from "./files.js";
import { jsonLine, shown } from "./text.js";

/**
 * @typedef {Record<string, any>} Json
 * @typedef {{name: string, why: string[]}} Reason
 * @typedef {{operation: string, why: string}} Skipped
 * @typedef {{declarations: {resources: Json[]}, reasons: Reason[], skipped: Skipped[]}} Proposal
 */

const NAME_MAX = 40;

/**
 * How long an answer keeps, by the words of its path and summary: the first row that fits counts.
 * @type {[RegExp, string, string, string, string][]} words, ttl, stale, staleIfError, what that is
 */
const LIFETIMES = [
  [
    /\b(live|realtime|real-time|status|alerts?|queue)\b/,
    "30s",
    "1m",
    "10m",
    "it changes from moment to moment",
  ],
  [
    /\b(current|latest|today|price|prices|stock|inventory|availability|quote|quotes|rates?)\b/,
    "1m",
    "5m",
    "1h",
    "it is about now",
  ],
  [
    /\b(forecasts?|search|find|query|recommendations?|trending|popular|feed|events?|issues|comments|commits)\b/,
    "5m",
    "1h",
    "1d",
    "a few minutes' delay goes unnoticed",
  ],
  [
    /\b(countries|currencies|languages|categories|units|licenses|zones|regions|types|topics|emojis)\b/,
    "1d",
    "7d",
    "30d",
    "such lists hardly change",
  ],
];

/** @param {string} text */
const kebab = (text) =>
  text
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, NAME_MAX)
    .replace(/-+$/, "");

/** What a $ref names, or the value itself. @param {Json} document @param {any} value @returns {any} */
function resolved(document, value) {
  let found = value;
  for (let steps = 0; typeof found?.$ref === "string" && steps < 10; steps++) {
    if (!found.$ref.startsWith("#/")) return null;
    found = found.$ref
      .slice(2)
      .split("/")
      .map((/** @type {string} */ part) =>
        decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"),
      )
      .reduce((/** @type {any} */ at, /** @type {string} */ part) => at?.[part], document);
  }
  return found;
}

/** The address of the API, without variables and without a slash at its end. @param {Json} document */
function serverOf(document) {
  const server = (document.servers ?? [])[0];
  const filled = String(server?.url ?? "").replace(
    /\{(\w+)\}/g,
    (_all, name) => server.variables?.[name]?.default ?? "",
  );
  const url = URL.parse(filled);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Failure(
      "The document names no server with a whole address (servers[0].url): add one, and begin again.",
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/**
 * How the API is shown who asks: fields with secrets, or why it cannot be done.
 * @param {Json} document @param {Json} operation
 * @returns {{headers: Record<string, string>, ignored: Set<string>, why: string[]} | string}
 */
function credentials(document, operation) {
  const wanted = operation.security ?? document.security ?? [];
  if (wanted.length === 0 || wanted.some((/** @type {Json} */ one) => Object.keys(one).length === 0)) {
    return { headers: {}, ignored: new Set(), why: [] };
  }
  const schemes = document.components?.securitySchemes ?? {};
  let refusal = "";
  for (const alternative of wanted) {
    /** @type {Record<string, string>} */
    const headers = {};
    const why = [];
    refusal = "";
    for (const name of Object.keys(alternative)) {
      const scheme = resolved(document, schemes[name]);
      const secret = `${name
        .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
        .replace(/\W+/g, "_")
        .toUpperCase()}`;
      if (scheme?.type === "apiKey" && scheme.in === "header") {
        headers[String(scheme.name).toLowerCase()] = `\${${secret}}`;
        why.push(`The API's key goes into the field ${scheme.name}, from the secret ${secret}.`);
      } else if (scheme?.type === "http" && String(scheme.scheme).toLowerCase() === "bearer") {
        headers.authorization = `Bearer \${${secret}}`;
        why.push(`The API's token is the secret ${secret}.`);
      } else if (scheme?.type === "apiKey" && scheme.in === "query") {
        refusal = `its key ${scheme.name} stands in the query, where a secret does not go; ask for a header`;
      } else if (scheme?.type === "oauth2" || scheme?.type === "openIdConnect") {
        refusal = "its answers are for the person who signed in";
      } else {
        refusal = `how ${name} shows who asks is not known here`;
      }
    }
    if (refusal === "") return { headers, ignored: new Set(), why };
  }
  return refusal;
}

/** @param {Json} parameter @returns {string[]} */
function normalisersOf(parameter) {
  const schema = parameter.schema ?? {};
  const types = [schema.type ?? "string"].flat();
  if (types.includes("integer") || types.includes("number")) return ["trim", "number"];
  if (types.includes("array")) return ["sort"];
  if (Array.isArray(schema.enum) || schema.format !== undefined) return ["trim"];
  return /^(q|query|search|term|keyword|keywords|text|name|city)$/i.test(parameter.name)
    ? ["collapse", "lower"]
    : ["trim"];
}

/** @param {Json} document @param {string} path @param {Json} item @param {Set<string>} names @returns {{resource: Json, why: string[]} | string} */
function proposed(document, path, item, names) {
  const operation = item.get;
  if (operation.deprecated === true) return "it is deprecated";
  const shown_who = credentials(document, operation);
  if (typeof shown_who === "string") return shown_who;
  const types = Object.keys(
    resolved(document, operation.responses?.["200"] ?? operation.responses?.["2XX"] ?? {})?.content ?? {},
  );
  if (types.some((type) => /event-stream/.test(type))) return "its answer is a stream without an end";
  if (/\/(me|user|account|session|login|logout|token|cart|checkout)(\/|$)/.test(path))
    return "its answer is for one person";

  const why = [...shown_who.why];
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])]
    .map((one) => resolved(document, one))
    .filter((one) => typeof one?.name === "string");
  const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => String(name));
  if (inPath.some((name) => !/^[A-Za-z]\w*$/.test(name)) || /\{[^}]*\}[^/{]|[^/}]\{/.test(path)) {
    return "a parameter is only a part of a segment of its path";
  }
  const inQuery = [
    ...new Map(parameters.filter((one) => one.in === "query").map((one) => [one.name, one])).values(),
  ];
  const plain = inQuery.every(({ name }) => /^[A-Za-z]\w*$/.test(name) && !inPath.includes(name));
  const words = `${path} ${operation.summary ?? ""} ${operation.operationId ?? ""}`
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_/{}.-]+/g, " ")
    .toLowerCase();
  const lifetime = LIFETIMES.find(([pattern]) => pattern.test(words));
  const [, ttl, stale, staleIfError, because] = lifetime ?? [
    null,
    "1h",
    "1d",
    "7d",
    inPath.length > 0 ? "it is one thing, known by its name" : "nothing says that it changes often",
  ];
  let name = kebab(operation.operationId ?? path) || "resource";
  for (let number = 2; names.has(name); number++)
    name = `${kebab(operation.operationId ?? path).slice(0, NAME_MAX - 3)}-${number}`;
  why.unshift(
    `Fresh for ${ttl}, since ${because}; then served for ${stale} while it is refreshed, and for ${staleIfError} while the API fails.`,
  );

  const url = `${serverOf(document)}${path.replace(/\/+$/, "") || "/"}`;
  /** @type {Json} */
  const resource = { name, match: { path: path.length > 1 ? path.replace(/\/+$/, "") : path } };
  const keyed = inPath.map((one) => ({ path: one }));
  if (plain) {
    const search = inQuery.map((one) => `${one.name}={${one.name}}`).join("&");
    resource.origin = { url: search === "" ? url : `${url}?${search}` };
    resource.key = [
      ...keyed,
      ...inQuery.map((one) => ({
        query: one.name,
        normalise: normalisersOf(one),
        ...(one.required === true ? { required: true } : {}),
      })),
    ];
    if (inQuery.length > 0)
      why.push(
        `The key has the query's parameters ${inQuery.map((one) => one.name).join(", ")}; others are ignored.`,
      );
  } else {
    resource.origin = { url: `${url}?{*}` };
    resource.key = [...keyed, { query: "*" }];
    why.push("The key has the whole query, since some of its parameters have names that no field has.");
  }
  if (inQuery.some((one) => /^(page|per_page|limit|offset|cursor|after|before)$/i.test(one.name))) {
    why.push("Each page is an entry of its own; a purge by the tag takes all of them.");
  }
  if (Object.keys(shown_who.headers).length > 0) resource.origin.headers = shown_who.headers;
  Object.assign(resource, {
    ttl,
    stale,
    staleIfError,
    tags: [name, ...inPath.slice(-1).map((one) => `${name}:{${one}}`)],
  });
  return { resource, why };
}

/**
 * What an OpenAPI 3 document suggests: its GETs, one resource each.
 * @param {Json} document @returns {Proposal}
 */
export function propose(document) {
  if (!/^3\./.test(String(document?.openapi ?? ""))) {
    throw new Failure('This is no OpenAPI 3 document: it has no "openapi": "3…".');
  }
  serverOf(document);
  /** @type {Proposal} */
  const proposal = { declarations: { resources: [] }, reasons: [], skipped: [] };
  /** @type {Set<string>} */
  const names = new Set();
  for (const [path, given] of Object.entries(document.paths ?? {})) {
    const item = resolved(document, given) ?? {};
    for (const method of ["post", "put", "patch", "delete"]) {
      if (item[method] !== undefined) {
        proposal.skipped.push({ operation: `${method.toUpperCase()} ${path}`, why: "it changes something" });
      }
    }
    if (item.get === undefined) continue;
    const made = proposed(document, path, item, names);
    if (typeof made === "string") {
      proposal.skipped.push({ operation: `GET ${path}`, why: made });
      continue;
    }
    names.add(made.resource.name);
    proposal.declarations.resources.push(made.resource);
    proposal.reasons.push({ name: made.resource.name, why: made.why });
  }
  if (proposal.declarations.resources.length === 0) {
    const first = proposal.skipped[0];
    throw new Failure(
      `There is nothing to cache in this document${first ? `: ${first.operation}, ${first.why}` : ""}.`,
    );
  }
  return proposal;
}

/** @param {(question: string) => Promise<string>} ask @returns {Promise<Proposal>} */
export async function asked(ask) {
  const address = (await ask("Address of the API (https://api.example.com/v1): ")).trim();
  const server = URL.parse(address);
  if (server === null || !/^https?:$/.test(server.protocol))
    throw new WrongUsage(`"${address}" is no address.`);
  const path =
    (await ask("A path of it, with {name} for what differs (/items/{id}): ")).trim() || "/items/{id}";
  const query = (await ask("Parameters of its query, with commas between them (none): "))
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  const ttl = (await ask("For how long is an answer fresh (1h): ")).trim() || "1h";
  const proposal = propose({
    openapi: "3.1.0",
    servers: [{ url: address }],
    paths: { [path]: { get: { parameters: query.map((name) => ({ name, in: "query" })) } } },
  });
  const [resource] = proposal.declarations.resources;
  if (resource !== undefined) resource.ttl = ttl;
  proposal.reasons = proposal.reasons.map(({ name, why }) => ({
    name,
    why: [`Fresh for ${ttl}, as you say.`, ...why.slice(1)],
  }));
  return proposal;
}

/** @param {string} file @returns {Json} */
function documentIn(file) {
  try {
    return parse(bytesOf(file).toString());
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${file} is neither JSON nor YAML: ${String(/** @type {Error} */ (error).message).split("\n")[0]}`,
    );
  }
}

/**
 * @param {string | undefined} file @param {{out: string, force?: boolean}} options
 * @param {import("./commands.js").Context} context @returns {Promise<number>}
 */
export async function init(file, { out, force }, { output, errors, json, question }) {
  if (existsSync(out) && force !== true && out !== "-") {
    throw new WrongUsage(
      `${out} is there already: write to another file with --out, or over it with --force.`,
    );
  }
  if (file === undefined && question === null) {
    throw new WrongUsage("Name an OpenAPI 3 document, or run this in a terminal, where it can ask.");
  }
  const proposal =
    file === undefined ? await asked(/** @type {any} */ (question)) : propose(documentIn(file));
  const text = `${JSON.stringify(proposal.declarations, null, 2)}\n`;
  if (out !== "-") writeFileSync(out, text);
  if (json) output.write(jsonLine(proposal));
  else {
    if (out === "-") output.write(text);
    const told = out === "-" ? errors : output;
    for (const { name, why } of proposal.reasons) told.write(`${shown(`${name}: ${why.join(" ")}`)}\n`);
    for (const { operation, why } of proposal.skipped)
      told.write(`${shown(`Left out: ${operation}, since ${why}.`)}\n`);
    if (out !== "-")
      told.write(
        `${shown(`Wrote ${proposal.declarations.resources.length} resources to ${out}. Next: larder check ${out}`)}\n`,
      );
  }
  return EXIT.done;
}

/** Asks in the terminal. @param {string} text @returns {Promise<string>} */
export async function inTerminal(text) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(text);
  } finally {
    terminal.close();
  }
}
