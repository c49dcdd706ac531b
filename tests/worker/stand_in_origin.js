// The origin of the Worker tests, outside of the runtime: it answers by the look-up's own words, so that a test needs no
// shared state, and counts what it was asked.
//
//   a title with "missing"     nothing is known
//   … "html", "truncated", "error", "limited", "huge", "silent"   what a broken origin does
//   … "slow"                   the answer takes 200 ms, of the runtime's own clock
//   http://keys.test/NAME   what was put there: {status?, keys}, a JSON Web Key Set and the status it is given with
//   http://api.test/… with "enormous"   20,000,000 bytes, as it says beforehand
//   http://api.test/… with "large"   300,000 bytes; "bodyless" a 404 without a body; "silent" nothing;
//                              "echo" method, content type and body of the request
//   http://gemini.test/…       a model: a profile with "down" gets a 500, with "truncated" half a text
//   http://origin.test/count?for=TEXT   how many requests named TEXT so far

export const ENORMOUS_BYTES = 20_000_000;

/** @returns {(request: Request) => Promise<Response>} */
export function standInOrigin() {
  /** @type {string[]} */
  const asked = [];
  /** @type {Map<string, {status?: number, keys: unknown[]}>} */
  const keySets = new Map();
  return async (request) => {
    const url = new URL(request.url);
    if (url.host === "origin.test" && url.pathname === "/count") {
      const text = url.searchParams.get("for") ?? "";
      return Response.json(asked.filter((one) => one.includes(text)).length);
    }
    if (url.host === "keys.test" && request.method === "PUT") {
      keySets.set(url.pathname, await request.json());
      return new Response(null, { status: 204 });
    }
    if (url.host === "gemini.test") return model(await request.text(), asked);
    const named = decodeURIComponent(url.search + url.pathname).replaceAll("+", " ");
    asked.push(named);
    const keySet = keySets.get(url.pathname);
    if (url.host === "keys.test") {
      return Response.json({ keys: keySet?.keys ?? [] }, { status: keySet?.status ?? (keySet ? 200 : 404) });
    }
    if (named.includes("slow")) await new Promise((resolve) => setTimeout(resolve, 200));
    return url.host === "openlibrary.test" ? books(url, named) : plain(url, named, await sentTo(request));
  };
}

/** A model, by what the profile says. @param {string} question @param {string[]} asked */
function model(question, asked) {
  const profile = JSON.parse(question).contents[0].parts[0].text;
  asked.push(profile);
  if (profile.includes("down")) return new Response("out of order", { status: 500 });
  const finishReason = profile.includes("truncated") ? "MAX_TOKENS" : "STOP";
  return Response.json({
    candidates: [{ content: { parts: [{ text: `About ${profile.length} characters.` }] }, finishReason }],
    usageMetadata: { promptTokenCount: 40, candidatesTokenCount: 10 },
  });
}

/** @param {Request} request */
const sentTo = async (request) =>
  `${request.method} ${request.headers.get("content-type")} ${await request.text()}`;

/** @param {URL} url @param {string} named */
function books(url, named) {
  const json = { "content-type": "application/json" };
  if (named.includes("html"))
    return new Response("<html>down</html>", { headers: { "content-type": "text/html" } });
  if (named.includes("truncated")) return new Response('{"numFound": 1, "docs": [{"ti', { headers: json });
  if (named.includes("error")) return new Response("out of order", { status: 500 });
  if (named.includes("limited"))
    return new Response("{}", { status: 429, headers: { ...json, "retry-after": "7" } });
  if (named.includes("huge")) return new Response(endless(100), { headers: json });
  if (named.includes("silent")) return new Promise(() => {});
  const title = url.searchParams.get("title") ?? url.searchParams.get("author") ?? "By ISBN";
  const doc = {
    key: "/works/OL45804W",
    title,
    author_name: ["Terry Pratchett", "Neil Gaiman"],
    first_publish_year: 1990,
    cover_i: 12547191,
    isbn: ["9780060853983", "0552137030"],
  };
  const docs = named.includes("missing") ? [] : [doc];
  return Response.json({ numFound: docs.length, start: 0, numFoundExact: true, docs });
}

/** An API of one's own. @param {URL} url @param {string} named @param {string} sent */
function plain(url, named, sent) {
  if (named.includes("echo")) return new Response(sent, { headers: { "content-type": "text/plain" } });
  if (named.includes("bodyless")) return new Response(null, { status: 404 });
  if (named.includes("silent")) return new Promise(() => {});
  if (named.includes("enormous")) {
    const bytes = Uint8Array.from({ length: ENORMOUS_BYTES }, (_, i) => (i * 7 + (i >> 9)) % 251);
    return new Response(bytes, {
      headers: { "content-type": "application/octet-stream", "content-length": String(ENORMOUS_BYTES) },
    });
  }
  if (named.includes("large"))
    return new Response("x".repeat(300_000), { headers: { "content-type": "text/plain" } });
  return new Response(`item ${url.pathname}${url.search}`, { headers: { "content-type": "text/plain" } });
}

/** @param {number} megabytes */
function endless(megabytes) {
  const chunk = new Uint8Array(1 << 20).fill(0x20);
  let left = megabytes;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
}
