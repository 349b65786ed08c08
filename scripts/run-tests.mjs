// Runs the checks and the test suites one after the other and adds up their results; a check counts as one.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A suite that hangs is a failure to report, not a run without an end. */
const stepTimeoutMs = 25 * 60_000

const results = mkdtempSync(join(tmpdir(), 'kinglet-test-'))

const check = (...command) => () => {
  const { status } = spawnSync(command[0], command.slice(1), { stdio: 'inherit' })
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

const jest = (project, ...flags) => () => {
  const file = join(results, `${project}.json`)
  const { status, signal } = spawnSync('node', [
    '--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js',
    '--selectProjects', project, '--json', '--outputFile', file, ...flags,
  ], { stdio: ['inherit', 'ignore', 'inherit'], timeout: stepTimeoutMs, killSignal: 'SIGKILL' })
  let report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    console.error(`${project}: jest ended with ${signal ?? status} and without a report (${error.message})`)
    return { passed: 0, failed: 1 }
  }
  // A file that can't even be loaded has no tests, but has failed.
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites
  return { passed: report.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed }
}

const steps = {
  layers: check('node', 'scripts/check-layers.mjs'),
  clock: check('node', 'scripts/check-clock.mjs'),
  types: check('tsc', '--noEmit'),
  lint: check('eslint', '.'),
  unit: jest('unit'),
  scenario: jest('scenario', '--runInBand'),
  e2e: jest('e2e', '--runInBand'),
  // They mostly wait: more files at once than cores.
  conformance: jest('conformance', '--maxWorkers=6'),
  'conformance-serial': jest('conformance-serial', '--runInBand'),
}
/** Only when they are named: they wait for what takes ten minutes. */
const longSteps = {
  'conformance-slow': jest('conformance-slow', '--runInBand'),
}
const allSteps = { ...steps, ...longSteps }

const chosen = process.argv.slice(2)
for (const name of chosen) {
  if (!(name in allSteps)) {
    console.error(`unknown step ${name}; known are ${Object.keys(allSteps).join(', ')}`)
    process.exit(2)
  }
}

let passed = 0
let failed = 0
const summary = []
for (const [name, run] of Object.entries(chosen.length > 0 ? allSteps : steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  console.log(`== ${name}`)
  const started = performance.now()
  const result = run()
  passed += result.passed
  failed += result.failed
  summary.push(`${name.padEnd(18)}${String(result.passed).padStart(5)} passed ${String(result.failed).padStart(4)} failed ${((performance.now() - started) / 1000).toFixed(1).padStart(8)} s`)
}
rmSync(results, { recursive: true, force: true })
console.log(`\n${summary.join('\n')}\n`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
