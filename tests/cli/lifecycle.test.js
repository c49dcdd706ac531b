// Lifecycle rules never delete an object before its stub has ended.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { faultsOf, RULES } from "../../scripts/cli/lifecycle.js";
import { larder } from "./stub.js";

const DAY = 86_400;
const ABORTS = { id: "aborts", enabled: true, abortMultipartUploadsTransition: {} };
/** @param {number} days @param {string} [prefix] */
const deletesAfter = (days, prefix = "larder:") => ({
  rules: [
    {
      id: "end",
      enabled: true,
      conditions: { prefix },
      deleteObjectsTransition: { condition: { type: "Age", maxAge: days * DAY } },
    },
    ABORTS,
  ],
});
/** @param {object} members */
const declares = (members) => ({ resources: [{ name: "a", mode: "keyed", ttl: "1d", ...members }] });
/** @param {any} rules @param {any} declarations @param {Record<string, string>} [vars] */
const faults = (rules, declarations, vars = {}) => faultsOf(rules, declarations, vars, "larder:");

test("the shipped rules fit the shipped declarations", async () => {
  const shipped = JSON.parse(readFileSync(RULES, "utf8"));
  assert.deepEqual(faults(shipped, JSON.parse(readFileSync("larder.json", "utf8"))), []);
  assert.deepEqual(await larder(["lifecycle", "--check"]), {
    code: 0,
    out: `${RULES}: no object goes before its stub.\n`,
    err: "",
  });
});

test("a rule that deletes too early is named with the resource", () => {
  assert.deepEqual(faults(deletesAfter(31), declares({ stale: "7d", staleIfError: "30d" })), [
    "end: deletes after 31 days, but entries of a are kept for up to 31.",
  ]);
  assert.deepEqual(faults(deletesAfter(32), declares({ stale: "7d", staleIfError: "30d" })), []);
  assert.deepEqual(faults(deletesAfter(2), declares({ stale: "until 2d" })).length, 1);
});

test("durations that settings decide are looked up", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is how a declaration names a setting.
  const declared = declares({ ttl: "${STALE_DAYS}", stale: "until ${TTL_DAYS}" });
  assert.equal(faults(deletesAfter(37), declared).length, 0 + 1);
  assert.equal(faults(deletesAfter(38), declared).length, 0);
  assert.equal(faults(deletesAfter(38), declared, { TTL_DAYS: "60" }).length, 1);
});

test("a response that may live for years needs a bound", () => {
  const open = declares({ mode: "http", ttl: undefined });
  assert.match(faults(deletesAfter(700), open)[0] ?? "", /declare "ttlMax"/);
  assert.deepEqual(faults(deletesAfter(700), declares({ mode: "http", ttlMax: "30d" })), []);
  assert.deepEqual(faults(deletesAfter(700), declares({ mode: "http", archive: "never" })), []);
});

test("rules for other objects say nothing about entries", () => {
  assert.deepEqual(faults(deletesAfter(1, "reports/"), declares({ stale: "30d" })), []);
  assert.equal(faults(deletesAfter(1, ""), declares({ stale: "30d" })).length, 1);
});

test("dates, colder classes and a missing rule for uploads are refused", () => {
  const rules = deletesAfter(400);
  const [first] = /** @type {any[]} */ (rules.rules);
  first.deleteObjectsTransition.condition = { type: "Date", date: "2027-01-01" };
  first.storageClassTransitions = [{ storageClass: "InfrequentAccess" }];
  rules.rules.pop();
  assert.deepEqual(
    faults(rules, declares({})).map((fault) => fault.split(":")[0]),
    ["end", "end", "No rule aborts multipart uploads"],
  );
  assert.equal(faults({ rules: [] }, declares({})).length, 1);
});
