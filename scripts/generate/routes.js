// docs/reference/routes.md: the operators' routes.

import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

export default {
  path: "docs/reference/routes.md",
  text: () => `${note("operators/routes.def")}

# Operators' routes

Each asks for a token, \`Authorization: Bearer …\`, with the role \`viewer\` or \`admin\` (an admin may do all that a viewer
may). 401: there is no valid token; 403: its role is too low; 429: more than 10 calls a second, by address and by subject;
503: the tokens or the rate cannot be checked. HEAD works where GET does, OPTIONS lists a path's methods. **Audit**: which
calls the audit log has: each, or only those that were refused.

${table(
  ["method", "path", "role", "audit", "does"],
  rows("operators/routes.def", "LARDER_ROUTE", ["method", "path", "role", "handler", "audit", "purpose"]).map(
    (row) => [row.method.replace("_", "").toUpperCase(), code(row.path), row.role, row.audit, row.purpose],
  ),
)}

[Operating](../operating.md) shows them at work, [warming](../CACHE_WARMING.md) those of warming.

## Reserved paths

\`larder.json\` may declare none of these paths, nor any below them.

${table(
  ["path", "for"],
  rows("operators/routes.def", "LARDER_RESERVED", ["path", "why"]).map((row) => [code(row.path), row.why]),
)}
`,
};
