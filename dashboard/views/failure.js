// What is said where an answer did not come, or something was not done: why, and what to do.

import { h } from "../dom.js";

/** @param {any} error @param {string} [headline] */
export function failure(error, headline = "This cannot be shown.") {
  const what =
    error?.status === 401
      ? "The token is no longer valid: sign out, and sign in with a new one."
      : error?.status === 403
        ? "This needs a token with the role admin: npm run --silent token."
        : String(error?.message ?? error);
  return h("div", { class: "failure", role: "alert" }, h("strong", {}, `${headline} `), what);
}
