// What the closing line of `npm test` counts: nothing that was not run may look as if it had passed.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closingLine,
  countClosingLine,
  countGoogleTest,
  countTap,
  countVitest,
  sum,
  withStatus,
} from "../../scripts/count.js";

/** @param {object[]} tests */
const googleReport = (...tests) => JSON.stringify({ testsuites: [{ testsuite: tests }] });
const PASSED = { status: "RUN", result: "COMPLETED" };
const FAILED = { status: "RUN", result: "COMPLETED", failures: [{ failure: "1 is not 2" }] };
const SKIPPED = { status: "RUN", result: "SKIPPED" };
const NOT_RUN = { status: "NOTRUN", result: "SUPPRESSED" };

/** @param {Record<string, number>} totals */
const tap = (totals) =>
  Object.entries({ pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0, ...totals })
    .map(([name, count]) => `# ${name} ${count}`)
    .join("\n");

/** @param {Record<string, number>} totals */
const vitest = (totals) =>
  JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numFailedTestSuites: 0,
    ...totals,
  });

/** @type {[string, import("../../scripts/count.js").Count, string][]} */
const CASES = [
  [
    "GoogleTest: passed and failed",
    countGoogleTest(googleReport(PASSED, PASSED, FAILED)),
    "2 passed, 1 failed",
  ],
  ["GoogleTest: one skipped", countGoogleTest(googleReport(PASSED, SKIPPED)), "1 passed, 1 failed"],
  ["GoogleTest: one switched off", countGoogleTest(googleReport(PASSED, NOT_RUN)), "1 passed, 1 failed"],
  ["GoogleTest: none at all", countGoogleTest(googleReport()), "0 passed, 1 failed"],
  ["TAP: passed and failed", countTap(tap({ pass: 5, fail: 1, cancelled: 1 })), "5 passed, 2 failed"],
  ["TAP: skipped", countTap(tap({ pass: 5, skipped: 2 })), "5 passed, 1 failed"],
  ["TAP: none at all", countTap(tap({})), "0 passed, 1 failed"],
  [
    "Vitest: passed and failed",
    countVitest(vitest({ numPassedTests: 3, numFailedTests: 1 })),
    "3 passed, 1 failed",
  ],
  [
    "Vitest: a file that does not load",
    countVitest(vitest({ numPassedTests: 3, numFailedTestSuites: 1 })),
    "3 passed, 1 failed",
  ],
  [
    "Vitest: still to be written",
    countVitest(vitest({ numPassedTests: 3, numTodoTests: 1 })),
    "3 passed, 1 failed",
  ],
  [
    "a closing line: the last one",
    countClosingLine("1 passed, 0 failed\n2 passed, 3 failed\n"),
    "2 passed, 3 failed",
  ],
  ["no closing line", countClosingLine("ok\n"), "0 passed, 1 failed"],
  ["a bad end of all that passed", withStatus(1, countTap(tap({ pass: 4 }))), "4 passed, 1 failed"],
  ["a bad end because of failures", withStatus(1, countTap(tap({ pass: 4, fail: 2 }))), "4 passed, 2 failed"],
  ["a good end", withStatus(0, countTap(tap({ pass: 4 }))), "4 passed, 0 failed"],
  ["a sum", sum([countTap(tap({ pass: 4 })), countTap(tap({}))]), "4 passed, 1 failed"],
];

for (const [name, count, wanted] of CASES) {
  test(name, () => assert.equal(closingLine(count), wanted));
}

test("a report that is cut short is no report", () => {
  assert.throws(() => countTap("TAP version 13\nok 1 - first\n"));
  assert.throws(() => countGoogleTest('{"testsuites": ['));
});
