/**
 * Prints the last line of a test run, `N passed, N failed`, from the reports that Vitest's json reporter wrote, and ends with
 * exit code 1 when anything failed: `node deploy/count-tests.js STATUS REPORT...`, STATUS being 0 when Vitest was content.
 */
import { readFileSync } from 'node:fs'

/** Tests by outcome. A file that could not even be loaded has no tests in it: it counts as one that failed. */
const count = (report) => {
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** A report that is not there belongs to a run that ended early. */
const read = (file) => {
  try {
    return count(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const [status, ...files] = process.argv.slice(2)
const reports = files.map(read)
const sum = (key) => reports.reduce((total, report) => total + report[key], 0)
const [passed, skipped] = [sum('passed'), sum('skipped')]
// Vitest also fails for what no test is to blame for, such as an error after the last one.
const failed = Math.max(sum('failed'), status === '0' ? 0 : 1)

if (passed + failed === 0) console.error('no test ran')
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = passed > 0 && failed === 0 ? 0 : 1
