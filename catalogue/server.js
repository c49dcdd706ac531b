// The catalogue as an HTTP server in Open Library's shapes, with a stand-in for language models; README.md lists the routes.
//
//   CATALOGUE_PORT=8788 node catalogue/server.js

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isFaulty, requestCounter, SETTINGS_DEFAULT, settingsFaults, tokenBucket } from "./control.js";
import { createLibrary } from "./library.js";
import { misbehave } from "./misbehave.js";
import { isModelPath, modelAnswer } from "./model.js";
import { bodyOf, conditional, send } from "./reply.js";
import { catalogueAnswer } from "./routes.js";

/**
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 * @typedef {import("./control.js").Settings} Settings
 * @typedef {import("./routes.js").Answer} Answer
 *
 * @typedef {object} Options
 * @property {import("./generate.js").CatalogueData} [data] the bundled catalogue when absent
 * @property {Partial<Settings>} [settings] in force from the start
 * @property {() => number} [now] milliseconds; drives the rate limit
 * @property {(delayMs: number, signal: AbortSignal) => Promise<unknown>} [delay] ends early when the
 *   signal aborts
 *
 * @typedef {object} Catalogue
 * @property {(port?: number) => Promise<{port: number, url: string}>} listen on 127.0.0.1; any free port
 *   when absent
 * @property {() => Promise<void>} close ends open connections too
 */

const HOST = "127.0.0.1";
const PORT_DEFAULT = 8788;
const CONTROL_BODY_BYTES_MAX = 16_384;
const MODEL_BODY_BYTES_MAX = 1_048_576;
/** @type {Answer} */
const INTERNAL_ERROR = { status: 500, body: { error: "internal_error" } };

/**
 * @param {Options} [options]
 * @returns {Catalogue}
 */
export function createCatalogue(options = {}) {
  const { data = bundledData(), now = Date.now, delay = delayFor } = options;
  const library = createLibrary(data);
  const requests = requestCounter();
  /** @type {Settings} */
  let settings = { ...SETTINGS_DEFAULT };
  /** @type {() => number} */
  let takeToken = () => 0;
  changeSettings(options.settings ?? {});

  /** @param {Partial<Settings>} change */
  function changeSettings(change) {
    const { ratePerSecond } = change;
    settings = { ...settings, ...change };
    if (ratePerSecond === undefined) return;
    takeToken = ratePerSecond === null ? () => 0 : tokenBucket(now, ratePerSecond);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      if (response.destroyed) return;
      console.error(error);
      response.destroy();
    });
  });

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  async function handle(request, response) {
    const url = parseUrl(request.url ?? "");
    if (url === null) return send(response, { status: 400, body: { error: "the URL cannot be read" } });
    if (url.pathname.startsWith("/_control/")) return send(response, await control(request, url));
    await answerCatalogue(request, response, url);
  }

  /** @param {IncomingMessage} request @param {ServerResponse} response @param {URL} url */
  async function answerCatalogue(request, response, url) {
    // Settings as they were on arrival: a change while an answer is delayed concerns the next request.
    const current = settings;
    const path = url.pathname + url.search;
    const attempt = requests.count(path);
    if (current.down) return void request.socket.destroy();
    const retryAfterSeconds = takeToken();
    if (current.delayMs > 0) await delay(current.delayMs, abortedWith(response));
    if (response.destroyed) return;
    if (retryAfterSeconds > 0) return send(response, tooManyRequests(retryAfterSeconds));
    if (isFaulty(current, path, attempt)) return send(response, INTERNAL_ERROR);
    const asksModel = isModelPath(url.pathname);
    const question = asksModel ? parseJson(await readText(request, MODEL_BODY_BYTES_MAX)) : undefined;
    const answer = asksModel
      ? modelAnswer(modelRequest(request, url.pathname), question, current.model)
      : catalogueAnswer(library, request.method ?? "", url);
    if (current.misbehave !== null) return misbehave(current.misbehave, response, bodyOf(answer));
    send(response, asksModel ? answer : conditional(answer, request, library.lastModified));
  }

  /**
   * @param {IncomingMessage} request
   * @param {URL} url
   * @returns {Promise<Answer>}
   */
  async function control(request, url) {
    const method = request.method === "HEAD" ? "GET" : request.method;
    switch (url.pathname) {
      case "/_control/requests":
        if (method === "GET") return { status: 200, body: requests.report() };
        if (method !== "DELETE") return methodNotAllowed("GET, HEAD, DELETE");
        requests.reset();
        return { status: 204 };
      case "/_control/settings":
        if (method === "GET") return { status: 200, body: settings };
        if (method !== "PUT") return methodNotAllowed("GET, HEAD, PUT");
        return putSettings(await readText(request, CONTROL_BODY_BYTES_MAX));
      default:
        return { status: 404, body: { error: "notfound", key: url.pathname } };
    }
  }

  /** @param {string | null} text @returns {Answer} */
  function putSettings(text) {
    const change = parseJson(text);
    const faults = settingsFaults(change);
    if (faults.length > 0) return settingsProblem(faults);
    changeSettings(/** @type {Partial<Settings>} */ (change));
    return { status: 200, body: settings };
  }

  return {
    listen: (port = 0) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, HOST, () => {
          server.off("error", reject);
          const address = /** @type {import("node:net").AddressInfo} */ (server.address());
          resolve({ port: address.port, url: `http://${HOST}:${address.port}` });
        });
      }),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** @returns {import("./generate.js").CatalogueData} */
export function bundledData() {
  return JSON.parse(readFileSync(new URL("data.json", import.meta.url), "utf8"));
}

/** @param {number} delayMs @param {AbortSignal} signal */
function delayFor(delayMs, signal) {
  return sleep(delayMs, undefined, { signal });
}

/**
 * @param {ServerResponse} response
 * @returns {AbortSignal} aborted when the connection ends, so that no timer outlives its client
 */
function abortedWith(response) {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  return controller.signal;
}

/** @param {IncomingMessage} request @param {string} pathname */
function modelRequest(request, pathname) {
  const key = request.headers["x-goog-api-key"];
  return { method: request.method ?? "", pathname, key: typeof key === "string" ? key : undefined };
}

/** @param {string} target @returns {URL | null} */
function parseUrl(target) {
  // "//host/path" would be read as another host's URL.
  const path = target.startsWith("/") ? target.replace(/^\/+/, "/") : target;
  return URL.parse(path, "http://catalogue");
}

/** @param {string | null} text @returns {unknown} undefined when it is no JSON */
function parseJson(text) {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {IncomingMessage} request
 * @param {number} bytesMax
 * @returns {Promise<string | null>} null when longer
 */
async function readText(request, bytesMax) {
  /** @type {Buffer[]} */
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    // Read on past the limit: leaving the loop would close the connection before the answer.
    if (bytes <= bytesMax) chunks.push(chunk);
  }
  return bytes > bytesMax ? null : Buffer.concat(chunks).toString();
}

/** @param {string} allow @returns {Answer} */
function methodNotAllowed(allow) {
  return { status: 405, headers: { Allow: allow }, body: { error: "method_not_allowed" } };
}

/** @param {number} retryAfterSeconds @returns {Answer} */
function tooManyRequests(retryAfterSeconds) {
  return { status: 429, headers: { "Retry-After": retryAfterSeconds }, body: { error: "too_many_requests" } };
}

/** @param {import("./control.js").Fault[]} faults @returns {Answer} */
function settingsProblem(faults) {
  return {
    status: 400,
    headers: { "Content-Type": "application/problem+json" },
    body: {
      type: "about:blank",
      title: "Invalid settings",
      status: 400,
      detail: faults.map(({ field, reason }) => `${field || "the body"} ${reason}`).join("; "),
      faults,
    },
  };
}

/** Serves until it is told to end. */
async function main() {
  const catalogue = createCatalogue();
  const { url } = await catalogue.listen(Number(process.env.CATALOGUE_PORT ?? PORT_DEFAULT));
  console.log(`Catalogue listening on ${url}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => catalogue.close());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`Catalogue: ${error.message}`);
    process.exitCode = 1;
  });
}
