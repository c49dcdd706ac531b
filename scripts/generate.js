// Writes what is made of the C++ tables (src/**/*.def): one file of scripts/generate for each product. `--check` writes
// nothing and fails when a file on disk is stale.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import analytics from "./generate/analytics.js";
import cli from "./generate/cli.js";
import example from "./generate/example.js";
import grafana from "./generate/grafana.js";
import grafanaAlerts from "./generate/grafana_alerts.js";
import handlers from "./generate/handlers.js";
import http from "./generate/http.js";
import limits from "./generate/limits.js";
import machines from "./generate/machines.js";
import metrics from "./generate/metrics.js";
import objectClasses from "./generate/object_classes.js";
import objectTypes from "./generate/object_types.js";
import objects from "./generate/objects.js";
import operations from "./generate/operations.js";
import operationsPage from "./generate/operations_page.js";
import reasons from "./generate/reasons.js";
import routes from "./generate/routes.js";
import scale from "./generate/scale.js";
import settings from "./generate/settings.js";
import { root } from "./generate/tables.js";
import tiers from "./generate/tiers.js";
import wrangler from "./generate/wrangler.js";

/** @type {{path: string, text: () => string}[]} */
const PRODUCTS = [
  operations,
  machines,
  objectClasses,
  objectTypes,
  objects,
  handlers,
  operationsPage,
  example,
  settings,
  routes,
  cli,
  metrics,
  limits,
  reasons,
  http,
  tiers,
  grafana,
  analytics,
  scale,
  grafanaAlerts,
  ...wrangler,
];

const check = process.argv.includes("--check");
for (const { path, text } of PRODUCTS) {
  const target = join(root, path);
  const wanted = text();
  if (existsSync(target) && readFileSync(target, "utf8") === wanted) continue;
  // What is fresh is left alone: who watches it would build again, and so for ever.
  if (check) {
    console.error(`${path} is stale: run \`node scripts/generate.js\`.`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, wanted);
  }
}
