// ops/grafana/alerts.json: the alerts of ops/prometheus/rules.yml as Grafana evaluates them itself (file provisioning,
// apiVersion 1; https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/, read
// 2026-11). They lean on the recording rules beside them, so Prometheus has to have those.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tables.js";

const RULES = "ops/prometheus/rules.yml";
const FOLDER = "Larder";
/** What the query looks back; its own ranges say the rest. */
const RANGE_SECONDS = 600;

/** @typedef {{name: string, expr: string, hold: string, severity: string, summary: string}} Rule */

/** The alerts of rules.yml, each of which has its expression on one line. @returns {Rule[]} */
export function alertRules() {
  const text = readFileSync(join(root, RULES), "utf8");
  return text
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((rule) => {
      /** @param {RegExp} pattern @param {string} [otherwise] */
      const part = (pattern, otherwise) => {
        const found = pattern.exec(rule)?.[1] ?? otherwise;
        if (found === undefined) throw new Error(`${RULES}: ${rule.split("\n")[0]} has no ${pattern.source}`);
        return found;
      };
      return {
        name: part(/^(\w+)/),
        expr: part(/^ {8}expr: (.+)$/m),
        hold: part(/^ {8}for: (\w+)$/m, "0s"),
        severity: part(/severity: (\w+)/),
        summary: part(/^ {10}summary: (.+)$/m),
      };
    });
}

/** @param {Rule} rule */
function provisioned({ name, expr, hold, severity, summary }) {
  // A comparison of PromQL gives the series that hold, so that there is something or nothing.
  const query = {
    refId: "A",
    relativeTimeRange: { from: RANGE_SECONDS, to: 0 },
    datasourceUid: "prometheus",
    model: { refId: "A", expr, instant: true },
  };
  const condition = {
    refId: "B",
    datasourceUid: "__expr__",
    model: {
      refId: "B",
      type: "math",
      expression: "is_number($A)",
    },
  };
  return {
    uid: createHash("sha256").update(name).digest("hex").slice(0, 16),
    title: name,
    condition: "B",
    data: [query, condition],
    noDataState: "OK",
    execErrState: "Error",
    for: hold,
    labels: { severity },
    annotations: { summary },
  };
}

export default {
  path: "ops/grafana/alerts.json",
  text() {
    const groups = [
      { orgId: 1, name: "larder", folder: FOLDER, interval: "1m", rules: alertRules().map(provisioned) },
    ];
    return `${JSON.stringify({ apiVersion: 1, groups }, null, 2)}\n`;
  },
};
