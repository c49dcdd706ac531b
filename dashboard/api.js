// Asking the operators' API. The token is kept in this module alone, so it ends with the page.

let token = "";
/** @type {"admin" | "viewer"} */
let role = "viewer";

export class Refused extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export const isSignedIn = () => token !== "";
export const isAdmin = () => role === "admin";
export function signOut() {
  token = "";
  role = "viewer";
}

const WAIT_MAX_MILLIS = 3000;

/**
 * @param {string} method @param {string} path
 * @param {{query?: Record<string, string | undefined>, json?: unknown, form?: FormData}} [what]
 * @returns {Promise<any>} the JSON answer; rejects with Refused, whose message says what to do
 */
export async function ask(method, path, { query = {}, json, form } = {}) {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(/** @type {[string, string][]} */ (asked)).toString();
  /** @type {RequestInit} */
  const init = {
    method,
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    cache: "no-store",
  };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { ...init.headers, "content-type": "application/json" };
  } else if (form !== undefined) init.body = form;
  for (let tries = 0; ; tries++) {
    const response = await fetch(search ? `${path}?${search}` : path, init).catch(() => null);
    if (response === null)
      throw new Refused(0, "The Worker does not answer. Look whether it runs, then try again.");
    // Several views may ask at once; the gate lets ten a second in.
    if (response.status === 429 && tries < 3 && json === undefined && form === undefined) {
      const wait = Math.min(Number(response.headers.get("retry-after")) * 1000 || 1000, WAIT_MAX_MILLIS);
      await new Promise((resolve) => setTimeout(resolve, wait));
      continue;
    }
    const text = await response.text();
    /** @type {any} */
    let answer = null;
    try {
      answer = text === "" ? null : JSON.parse(text);
    } catch {
      throw new Refused(response.status, `The answer is no JSON (status ${response.status}).`);
    }
    if (!response.ok)
      throw new Refused(response.status, answer?.detail ?? answer?.title ?? `Status ${response.status}.`);
    return answer;
  }
}

/** @param {string} path @param {Record<string, string | undefined>} [query] */
export const get = (path, query) => ask("GET", path, { query });

/** Signs in where the token may read. @param {string} given */
export async function signIn(given) {
  token = given.trim();
  if (!/^[\w.~+/=-]+$/.test(token)) {
    token = "";
    throw new Refused(401, "That is no token. Make one with: npm run --silent token");
  }
  try {
    await get("/api/settings");
    // The audit log is the admins' own, so it tells the roles apart, whatever the token calls them.
    role = await get("/api/audit", { limit: "1" }).then(
      () => "admin",
      (error) => {
        if (error.status === 403) return "viewer";
        throw error;
      },
    );
  } catch (error) {
    signOut();
    throw error;
  }
}
