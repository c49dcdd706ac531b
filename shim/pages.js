// Pages that are the same for everybody: the dashboard and the API's description (scripts/pages). They hold nothing of the
// deployment's settings or secrets; what the dashboard shows it asks of the operators' routes, with a token.

/** @typedef {{type: string, etag: string, text: string}} Page */

const FIELDS = {
  "cache-control": "no-cache",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The path of an absolute URL, as it was sent. @param {string} url */
function pathOf(url) {
  const begin = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", begin);
  return url.slice(begin, end < 0 ? undefined : end);
}

/**
 * @param {() => Record<string, Page>} makePages by path; called when one of them is first asked for
 * @returns {(request: Request, method: string, url: string) => Response | null} null: there is no page
 */
export function pageServer(makePages) {
  /** @type {Record<string, Page> | null} */
  let pages = null;
  return (request, method, url) => {
    const path = pathOf(url);
    if (path !== "/openapi.json" && !path.startsWith("/dashboard")) return null;
    pages ??= makePages();
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    return page === undefined ? null : answerWith(page, request, method);
  };
}

/** @param {Page} page @param {Request} request @param {string} method */
function answerWith(page, request, method) {
  if (method !== "GET" && method !== "HEAD") {
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const headers = { ...FIELDS, etag: page.etag, "content-type": page.type };
  if (request.headers.get("if-none-match") === page.etag) return new Response(null, { status: 304, headers });
  return new Response(method === "HEAD" ? null : page.text, { headers });
}
