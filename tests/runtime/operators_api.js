// Calls of the operators' routes, as an operator or a viewer, and a deployment with something to see.

import { SignJWT } from "jose";

export const SECRET = "a secret of thirty-two bytes, no less";

/** @param {"admin" | "viewer"} [role] @param {{name?: string, time?: string}} [how] `time`: for which it is good */
export const tokenOf = (role = "admin", { name = role === "admin" ? "ann" : "vic", time = "1h" } = {}) =>
  new SignJWT({ sub: name, role })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(time)
    .sign(new TextEncoder().encode(SECRET));

/**
 * Asks again where the gate says that it was too often.
 * @param {any} worker @param {string} method @param {string} path @param {{json?: unknown, token?: string}} [how]
 * @returns {Promise<Response>}
 */
export async function call(worker, method, path, { json, token } = {}) {
  /** @type {RequestInit} */
  const init = { method, headers: { authorization: `Bearer ${token ?? (await tokenOf())}` } };
  if (json !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(json);
  }
  let response = await worker.get(path, init);
  await worker.until(async () => {
    if (response.status !== 429 || !/calls a second/.test(await response.clone().text())) return true;
    response = await worker.get(path, init);
    return false;
  });
  return response;
}

/** Texts that would be seen to act, were they ever taken for markup. */
export const MARKUP = '<img src=x onerror="window.acted=1">';

/**
 * A resource whose key has the client's User-Agent, the one way in which it is kept. Of the bundled catalogue.
 * @param {{url: string}} origin
 */
export const agentsResource = (origin) => ({
  name: "agents",
  match: { path: "/agents" },
  origin: { url: `${origin.url}/search.json?title={user-agent}&limit=1` },
  key: [{ header: "user-agent" }],
  ttl: "1h",
});

/**
 * Traffic with hits, misses and failures, a job of warming, an alert that fires, and an experiment.
 * @param {any} worker @param {{url: string}} origin the bundled catalogue
 */
export async function bringToLife(worker, origin) {
  const ask = async (/** @type {string} */ path) =>
    (await worker.get(path, { headers: { "user-agent": MARKUP } })).arrayBuffer();
  await ask("/agents");
  for (const q of ["dune", "good omens", "the left hand of darkness", MARKUP]) {
    for (let i = 0; i < 6; i++) await ask(`/search/title?q=${encodeURIComponent(q)}`);
  }
  await ask("/search/isbn?isbn=9780552137034");
  const experiment = {
    name: "title-ttl",
    hypothesis: `Titles hardly change. ${MARKUP}`,
    resources: ["title"],
    variants: [
      { name: "day", share: 50 },
      { name: "week", share: 50, overrides: { ttl: "7d" } },
    ],
    primary: { metric: "hit_rate", smallestEffect: 1 },
    guardrails: [{ metric: "error_rate", tolerance: 0.5 }],
  };
  await (await call(worker, "POST", "/api/experiments", { json: experiment })).arrayBuffer();
  for (let i = 0; i < 24; i++) await ask(`/search/title?q=experiment%20${i % 8}`);
  const list = `Title,Author\nDune,Frank Herbert\nGood Omens,Terry Pratchett\nNone,${MARKUP.replaceAll('"', "'")}\n`;
  const csv = Buffer.from(list).toString("base64");
  await (await call(worker, "POST", "/api/warming/upload", { json: { csv, maxDepth: 1 } })).arrayBuffer();
  // A call that fails, by an operator of that name: the audit log has both.
  const named = { json: { [MARKUP]: MARKUP }, token: await tokenOf("admin", { name: MARKUP }) };
  await (await call(worker, "PUT", "/api/settings", named)).arrayBuffer();
  const down = (/** @type {boolean} */ is) =>
    fetch(`${origin.url}/_control/settings`, { method: "PUT", body: JSON.stringify({ down: is }) });
  await down(true);
  // An alert wants a hundred answers to judge by.
  for (let i = 0; i < 5; i++) {
    await Promise.all(Array.from({ length: 16 }, (_, j) => ask(`/search/author?q=nobody%20${16 * i + j}`)));
  }
  await down(false);
  await worker.trigger("*/5 * * * *");
}
