// Reads what test runners report and adds it up. A runner that ran nothing, skipped something or ended badly for a
// reason that is no test's counts as a failure: what was not tried was not shown.

/**
 * @typedef {object} Count
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} complaints why something counts as failed that is no failed test
 */

/** @param {number} passed @param {number} failed @param {number} skipped @returns {Count} */
function counted(passed, failed, skipped) {
  const complaints = [];
  if (skipped > 0) complaints.push(`${skipped} skipped`);
  if (passed + failed + skipped === 0) complaints.push("ran no test");
  return { passed, failed: failed + complaints.length, complaints };
}

/**
 * A runner's exit status and its report: one that fails without a failed test has still failed.
 * @param {number} status @param {Count} count @returns {Count}
 */
export function withStatus(status, count) {
  if (status === 0 || count.failed > 0) return count;
  return { ...count, failed: 1, complaints: [...count.complaints, `ended with status ${status}`] };
}

/** @param {string} complaint @returns {Count} */
export const failure = (complaint) => ({ passed: 0, failed: 1, complaints: [complaint] });

/** @param {string} report GoogleTest's --gtest_output=json @returns {Count} */
export function countGoogleTest(report) {
  const { testsuites } = JSON.parse(report);
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const { testsuite } of testsuites) {
    for (const test of testsuite) {
      if (test.status !== "RUN" || test.result === "SKIPPED") skipped += 1;
      else if (test.failures?.length > 0) failed += 1;
      else passed += 1;
    }
  }
  return counted(passed, failed, skipped);
}

/** @param {string} report what node --test writes with --test-reporter=tap @returns {Count} */
export function countTap(report) {
  /** @param {string} name */
  const total = (name) => {
    const found = new RegExp(`^# ${name} (\\d+)$`, "m").exec(report);
    if (found === null) throw new Error(`The report has no line "# ${name}".`);
    return Number(found[1]);
  };
  return counted(total("pass"), total("fail") + total("cancelled"), total("skipped") + total("todo"));
}

/** @param {string} report Vitest's --reporter=json @returns {Count} */
export function countVitest(report) {
  const results = JSON.parse(report);
  const count = counted(
    results.numPassedTests,
    results.numFailedTests,
    results.numPendingTests + results.numTodoTests,
  );
  // A file that cannot be loaded has no tests to fail.
  return results.numFailedTestSuites > 0 ? withStatus(1, count) : count;
}

/** @param {string} output of a command that closes with "N passed, M failed" @returns {Count} */
export function countClosingLine(output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  return found === undefined ? failure("gave no count") : counted(Number(found[1]), Number(found[2]), 0);
}

/** @param {Count[]} counts @returns {Count} */
export function sum(counts) {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
    complaints: counts.flatMap(({ complaints }) => complaints),
  };
}

/** @param {Count} count */
export function closingLine({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}
