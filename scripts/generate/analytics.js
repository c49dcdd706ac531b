// docs/reference/analytics.md: the columns of the data points.

import { readdirSync, readFileSync } from "node:fs";
import { code, note, table } from "./page.js";
import { rows } from "./tables.js";

const TABLE = "observe/analytics.def";
const QUERIES = "ops/analytics";

/** The columns with what they say, by dataset. */
export const columns = () => rows(TABLE, "LARDER_COLUMN", ["dataset", "column", "name", "what"]);

/** The queries that come with the project: the first line of each is a comment that says what it tells. */
export const queries = () =>
  readdirSync(QUERIES)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => {
      const text = readFileSync(`${QUERIES}/${name}`, "utf8");
      return { name, text, tells: (/^-- (.+)/.exec(text) ?? [])[1] ?? "" };
    });

export default {
  path: "docs/reference/analytics.md",
  text() {
    const datasets = [...new Set(columns().map(({ dataset }) => dataset))];
    const sections = datasets.map((dataset) => {
      const body = columns()
        .filter((row) => row.dataset === dataset)
        .map((row) => [code(row.column), row.name, row.what]);
      return `## ${dataset}\n\n${table(["column", "is", "that is"], body)}`;
    });
    return `${note(TABLE)}

# Data points of Analytics Engine

Written into the datasets that \`wrangler.toml\` binds, behind responses; kept for three months. A deployment without the
bindings, or with LEDGER_SHARDS at 0, writes none; KEY_ANALYTICS is written where Analytics Engine counts reads for the archiver
(docs/R2_COLD_STORAGE.md). No user's id and no author's name is in any of them, and of a key its hash alone.

The platform samples: every row stands for \`_sample_interval\` rows, and a request's row for \`double1\` requests besides. So
sums are weighted by hand. Queries that come with the project (\`${QUERIES}\`), for the SQL API:

${queries()
  .map(({ name, tells }) => `- ${code(name)}: ${tells}`)
  .join("\n")}

${sections.join("\n\n")}
`;
  },
};
