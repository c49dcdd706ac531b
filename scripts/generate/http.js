// docs/HTTP.md: what mode http does with requests and answers, from the tables that decide it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { code, note, table } from "./page.js";
import { root, rows } from "./tables.js";

const TEST = "tests/app/http_behaviour_test.cpp";

/** Why a kept answer is not the answer, by its word in policy/reasons.def: the section, and what is done instead. */
const REUSE = {
  expired: ["RFC 9111 §4.2", "The origin is asked whether the copy still holds."],
  "other-variant": ["RFC 9111 §4.1", "The origin is asked; its answer is kept beside the others."],
  "request-no-cache": ["RFC 9111 §5.2.1.4, §5.4", "The origin is asked whether the copy still holds."],
  "request-max-age": ["RFC 9111 §5.2.1.1", "The same."],
  "request-min-fresh": ["RFC 9111 §5.2.1.3", "The same."],
  unshared: ["RFC 9111 §3.5", "The origin is asked; its answer is for this request."],
  precondition: ["RFC 9110 §13.1.1, §13.1.4", "The request passes with its conditions."],
  partial: ["RFC 9111 §3.3", "The origin is asked; its answer takes the part's place."],
  range: ["RFC 9110 §14.2", "The range goes on, and the part that comes back may be kept."],
  method: ["RFC 9110 §9.2.3", "The request passes with its body."],
  "request-no-store": ["RFC 9111 §5.2.1.5", "The origin is asked, and its answer is not kept."],
  "only-if-cached": ["RFC 9111 §5.2.1.7", "504; the origin is not asked."],
};

/** What becomes of a request's field, by its fate in http/request_fields.h. */
const FATES = {
  connection: "never goes on: it is of the connection",
  own: "never goes on: it is Larder's or the platform's to say",
  body: "goes on with a body",
  condition: "goes on where the cache takes no part",
  range: "goes on where there is no copy",
  credential: "goes on where `forward` names it",
  platform: "goes on where `forward` names it",
  rewriting: "goes on where `forward` names it",
};

const tests = readFileSync(join(root, TEST), "utf8");

/** The row of the tests that proves a word. @param {string} word */
function proof(word) {
  const named = new RegExp(`"(${word}: [^"]*)"`).exec(tests);
  if (named?.[1] !== undefined && !named[1].endsWith(" ")) return named[1];
  if (named === null && !tests.includes(`("${word}"`)) throw new Error(`${TEST} has no row for ${word}.`);
  return `${word}: …`;
}

const reasons = rows("policy/reasons.def", "LARDER_REASON", ["name", "text", "status", "meaning"]);
const storability = rows("http/storability.def", "LARDER_STORABILITY", [
  "name",
  "word",
  "section",
  "meaning",
]);
const fields = rows("http/request_fields.def", "LARDER_REQUEST_FIELD", ["name", "fate", "why"]);

/** @param {string} word */
function reasonOf(word) {
  const found = reasons.find(({ text }) => text === word);
  if (found === undefined) throw new Error(`policy/reasons.def has no ${word}.`);
  return found;
}

export default {
  path: "docs/HTTP.md",
  text: () => `${note("http/storability.def", "http/request_fields.def", "policy/reasons.def")}

# Mode http

A resource with \`"mode": "http"\` is served by what its origin says: RFC 9110 and 9111, stale directives (RFC 5861),
targeted directives (RFC 9213), cache groups (RFC 9875), and \`Cache-Status\` (RFC 9211) on every answer. How to declare
one stands in [declaring.md](declaring.md). Each row below is proved by a row of \`${TEST}\`.

## Why an answer is not kept

Such an answer passes with every end-to-end field that its origin gave it, its own \`Cache-Control\` and \`Date\` among
them. \`Cache-Status\` says why as \`unkept\`.

${table(
  ["`unkept`", "section", "meaning", "test"],
  storability.map(({ word, section, meaning }) => [code(word), section, meaning, proof(word)]),
)}

## Why a kept answer is not reused

\`Cache-Status\` says why as \`detail\`, beside \`fwd\`.

${table(
  ["`detail`", "with", "section", "meaning", "then", "test"],
  Object.entries(REUSE).map(([word, [section = "", then = ""]]) => {
    const { status, meaning } = reasonOf(word);
    return [code(word), status.split(", ").map(code).join(", "), section, meaning, then, proof(word)];
  }),
)}

A copy past its time answers only where the response or the declaration allows it (\`stale-while-revalidate\`,
\`stale-if-error\`, \`stale\`, \`staleIfError\`) or the request takes it (\`max-stale\`), and never where the response says
\`must-revalidate\`, \`proxy-revalidate\`, \`s-maxage\` or \`no-cache\`.

## What of a request goes to the origin

All end-to-end fields, but for these. \`Host\` is the one of \`origin.url\`; a field of \`origin.headers\` takes the place
of the client's.

${table(
  ["field", "", "why"],
  fields.map(({ name, fate, why }) => [
    code(name),
    FATES[/** @type {keyof typeof FATES} */ (fate)] ?? "",
    why,
  ]),
)}

\`Vary\` is read by what the origin sees: a field that stays behind tells no answers apart. What goes on and is named by no
\`Vary\` can poison a cache whose origin makes something of it: no cache can tell. So errors, which a field may have
provoked, are kept only with explicit freshness, and are shared among those who wait only where all of them sent the
same (502, 503 and 504, which gateways say, with everybody).

## Methods

\`match.methods\` names what is served; \`GET\` brings \`HEAD\` with it. Other methods pass with their bodies as streams,
within \`timeoutHard\`, in one attempt. One that is not safe and is answered with less than 400 purges what was kept of
the target (with every query), of \`Location\` and \`Content-Location\` on the same origin, and of the groups that
\`Cache-Group-Invalidation\` names: at once in the isolate that passed it on, and everywhere else as purges are, within
seconds. The purges are rows of the control log, which keeps 1,000 of them apart. Beyond that those of the older half that
are of one origin's URLs and groups become one purge of all that was kept of that origin's URLs, and one of its groups; so
what one API's writes invalidate reaches no other's answers. Only where that is not enough the older half becomes one purge
of everything. Either way what was kept since stays.

\`Expect: 100-continue\` is the platform's to answer, other expectations get a 417. Trailers are dropped. A WebSocket is
refused with 501, other upgrades are ignored. Interim answers (1xx) end at the platform.

## Parts

One range of bytes is made of a complete copy (206, or 416 behind its end), with \`If-Range\`. Several ranges are answered
whole. Without a copy the range goes to the origin. Its 206 is kept where it says how long, and answers what lies within
it. It is put together with the part that is kept already where both have the same strong \`ETag\` and meet (RFC 9110
§15.3.7.3): one part is kept of a URL, which grows, up to \`maxBytes\` and 8 MB, and is a whole answer once nothing is
missing. A part that does not meet it takes its place.

## HEAD

HEAD is answered from what GET brought. Where nothing is kept it goes to the origin as HEAD, with the client's own
conditions, and its answer is for that client alone. With a copy that has to be confirmed HEAD carries the copy's
validators; a 304, or a 200 with the same validators and length, renews it for GET as well (RFC 9111 §4.3.5), and a 200 with
others ends its fresh time in this isolate.

## Conditions

\`If-None-Match\` and \`If-Modified-Since\` are answered from the copy. Where there is none and one can be made, the origin is
asked without them, and they are judged by its answer. Where none will be (the cache takes no part, the request says
no-store, HEAD) they go to the origin; its 304 is for the client that sent them and is not kept.
`,
};
