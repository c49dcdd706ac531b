// docs/reference/settings.md, and the rows that .dev.vars.example is made of too.

import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

const SETTING = /** @type {const} */ ([
  "name",
  "member",
  "type",
  "reader",
  "default",
  "change",
  "role",
  "use",
  "purpose",
]);
const PROVIDER = /** @type {const} */ ([
  "name",
  "prefix",
  "title",
  "address",
  "keyPlace",
  "keyName",
  "keyNeed",
  "rate",
  "note",
]);

export const settings = () => rows("config/settings.def", "LARDER_SETTING", SETTING);

/** Secrets by name and purpose: the table's own, and the providers' keys. */
export function secrets() {
  const own = rows("config/settings.def", "LARDER_SECRET", ["name", "reach", "purpose"]);
  const keys = rows("config/providers.def", "LARDER_PROVIDER", PROVIDER)
    .filter(({ keyNeed }) => keyNeed !== "none")
    .map(({ prefix, title, keyNeed }) => ({
      name: `${prefix}_API_KEY`,
      reach: "any",
      purpose: `The key of ${title}${keyNeed === "required" ? ", which is not asked without it" : ""}.`,
    }));
  return [...own, ...keys];
}

export default {
  path: "docs/reference/settings.md",
  text: () => `${note("config/settings.def", "config/providers.def")}

# Settings

Settings are text bindings of the Worker: \`[vars]\` in \`wrangler.toml\`, secrets by \`npx wrangler secret put NAME\`, and on
your own machine lines of \`.dev.vars\` (\`.dev.vars.example\` has them all). An empty value counts as unset. A value that
makes no sense is a fault: every path but \`/health\` answers 500 and names it.

**Runtime**: \`PUT /api/settings\` changes it for all isolates while Larder runs. The others change with a deployment. **Key**:
\`larder.json\` may make it a key field (\`{"setting": "NAME"}\`). **Lifetime**: it may stand for a duration (\`"\${NAME}"\`).
\`GET /api/settings\` shows those that say **admin** to admins alone.

${table(
  ["setting", "default", "notes", "meaning"],
  settings().map((row) => [
    code(row.name),
    code(row.default),
    [
      row.change === "runtime" ? "runtime" : "",
      row.use === "none" ? "" : row.use,
      row.role === "admin" ? "admin" : "",
    ]
      .filter((word) => word !== "")
      .join(", "),
    row.purpose,
  ]),
)}

## Secrets

Any text binding that is no setting is a secret. It leaves the settings only into the request that needs it and is never
logged or shown. Headers that \`larder.json\` declares may name any secret but those that say **own**.

${table(
  ["secret", "notes", "meaning"],
  secrets().map((row) => [code(row.name), row.reach === "own" ? "own" : "", row.purpose]),
)}
`,
};
