// Answers that are made without the module: where it cannot be asked, and where the platform refuses its answer.

/** @param {number} status @param {string} title @param {string} detail @param {Record<string, string>} [fields] */
function problem(status, title, detail, fields = {}) {
  const body = { type: "about:blank", title, status, detail };
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", ...fields };
  return new Response(JSON.stringify(body), { status, headers });
}

const DEFECT = "This request cannot be answered because of a defect in the cache. Please report it.";

/** A fresh instance trapped on this request too. */
export const outOfOrder = () => problem(500, "Internal Server Error", DEFECT);

/** The platform refuses to send the module's answer. */
export const unsendable = () => problem(500, "Internal Server Error", DEFECT);

/** @param {string} detail */
const unavailable = (detail) => problem(503, "Service Unavailable", detail, { "retry-after": "1" });

/** There is no memory for the request. */
export const exhausted = () => unavailable("The cache has no room for this request now; try again.");

/** The request was in flight when an instance ended, and cannot be run again now. */
export const recovering = () => unavailable("The cache is recovering from a defect; try again.");
