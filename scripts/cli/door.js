// The operators' API of a running Larder, as the commands ask it.

import { existsSync } from "node:fs";
import { Failure, WrongUsage } from "./failure.js";
import { shownLines } from "./text.js";
import { devVars, secretIn, signToken } from "./token.js";

/**
 * @typedef {{url: URL, token: string}} Door
 * @typedef {{method: string, path: string, query?: Record<string, string | undefined>, json?: unknown, form?: FormData,
 *   role?: string | null}} Question
 */

const ANSWER_MILLIS_MAX = 120_000;
const URL_DEFAULT = "http://localhost:8787";

/** @param {URL} url */
const isThisMachine = (url) => ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);

/**
 * @param {{url?: string, token?: string}} given by options @param {Record<string, string | undefined>} env
 * @returns {Door}
 */
export function openDoor(given, env) {
  const address = given.url ?? (env.LARDER_URL || URL_DEFAULT);
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new WrongUsage(`--url is an address such as https://larder.example, not "${address}".`);
  }
  const url = new URL(address);
  const token = given.token ?? (env.LARDER_TOKEN || developersToken(url));
  // Of these no header can be made; the token itself is not repeated.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new WrongUsage("--token (or LARDER_TOKEN) is empty, or has characters that no token has.");
  }
  return { url, token };
}

/** A token for the secret that `npm run dev` serves with: it means nothing to any other Worker. @param {URL} url */
function developersToken(url) {
  const path = devVars();
  if (!isThisMachine(url)) {
    throw new WrongUsage(
      `Give a token for ${url.origin} by --token or LARDER_TOKEN; larder token --secrets FILE signs one.`,
    );
  }
  if (!existsSync(path)) {
    throw new WrongUsage(
      "Give a token by --token or LARDER_TOKEN: there is no secret in .dev.vars to make one of.",
    );
  }
  return signToken({ role: "admin", sub: "developer", expires: "1h" }, secretIn(path), Date.now());
}

/** What to do besides, by status. @param {number} status @param {string | null | undefined} role */
function advice(status, role) {
  if (status === 401) return " Give another token by --token or LARDER_TOKEN.";
  if (status === 403) return role ? ` This command needs a token with the role ${role}.` : "";
  return "";
}

/** @param {Door} door @param {Question} question @returns {Promise<any>} the answer */
export async function ask({ url, token }, { method, path, query = {}, json, form, role }) {
  const target = new URL(path, url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) target.searchParams.set(name, value);
  }
  /** @type {Record<string, string>} */
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  if (json !== undefined) headers["content-type"] = "application/json";
  const body = form ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(target, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    // A token is for the Worker that it was given for.
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_MILLIS_MAX),
  }).catch((error) => {
    if (error.name === "TimeoutError") {
      throw new Failure(`${url.origin} gave no answer within ${ANSWER_MILLIS_MAX / 1000} s; try again.`);
    }
    throw new Failure(`Nobody answers at ${url.origin}; name the right place by --url or LARDER_URL.`);
  });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  if (response.ok || answer === null || typeof answer !== "object") {
    throw new Failure(
      `${url.origin} answered ${response.status}, and not as Larder does; name the right place by --url or LARDER_URL.`,
    );
  }
  const retryAfter = response.headers.get("retry-after");
  const wait = retryAfter === null ? "" : ` Try again in ${retryAfter} s.`;
  const said = String(answer.detail ?? answer.title ?? "no reason given");
  throw new Failure(shownLines(`${response.status}: ${said}${wait}${advice(response.status, role)}`));
}
