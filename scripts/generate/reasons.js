// docs/reference/reasons.md: what `detail` in Cache-Status says.

import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

export default {
  path: "docs/reference/reasons.md",
  text: () => `${note("policy/reasons.def")}

# Cache-Status

Every answer of a declared resource has a \`Cache-Status\` field (RFC 9211): \`hit\`, or \`fwd\` with why the origin was
asked. \`detail\` says more, from a closed list:

${table(
  ["`detail`", "with", "meaning"],
  rows("policy/reasons.def", "LARDER_REASON", ["name", "text", "status", "meaning"]).map((row) => [
    code(row.text),
    row.status.split(", ").map(code).join(", "),
    row.meaning,
  ]),
)}

Beside it: \`ttl\`, what is left of the fresh time in seconds (negative for a stale copy); \`fwd-status\`, the origin's
status; \`stored\`: the answer is kept; \`collapsed\`: the request waited for another one's answer. \`Age\` is the age of
the entry in seconds.
`,
};
