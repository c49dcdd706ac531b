// Answers that need no module: for what it cannot be asked about, or what it gave and the platform refuses.

/** @param {number} status @param {string} title @param {string} detail @param {Record<string, string>} [fields] */
function problem(status, title, detail, fields = {}) {
  const body = { type: "about:blank", title, status, detail };
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", ...fields };
  return new Response(JSON.stringify(body), { status, headers });
}

const DEFECT = "This request cannot be answered because of a defect in the cache. Please report it.";

/** Even a fresh instance ended on this request. */
export const outOfOrder = () => problem(500, "Internal Server Error", DEFECT);

/** The answer is none that the platform sends. */
export const unsendable = () => problem(500, "Internal Server Error", DEFECT);

/** @param {string} detail */
const unavailable = (detail) => problem(503, "Service Unavailable", detail, { "retry-after": "1" });

/** There is no memory for the request. */
export const exhausted = () => unavailable("The cache has no room for this request now; try again.");

/** The request was in flight when an instance ended, and cannot be run again now. */
export const recovering = () => unavailable("The cache is recovering from a defect; try again.");
