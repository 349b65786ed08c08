// Runs the checks and the test suites one after the other and adds up their results; a check counts as one.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** A suite that hangs is a failure to report, not a run without an end. */
const stepTimeoutMs = 25 * 60_000

const results = mkdtempSync(join(tmpdir(), 'kinglet-test-'))

const check = (...command) => () => {
  const { status } = spawnSync(command[0], command.slice(1), { stdio: 'inherit' })
  return status === 0 ? { passed: 1, failed: 0, failures: [] } : { passed: 0, failed: 1, failures: [command.join(' ')] }
}

/** The names of a report's failed tests and files, each with the beginning of what jest says of it. */
function failuresOf(report) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (status === 'failed' && failed.length === 0) return [{ name: relative('', name), message }]
    return failed.map((test) => ({ name: `${relative('', name)}: ${test.fullName}`, message: test.failureMessages.join('\n') }))
  }).map(({ name, message }) => [name, ...stripVTControlCharacters(message).split('\n').slice(0, 12)].join('\n    '))
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
    return { passed: 0, failed: 1, failures: [`${project}: jest ended with ${signal ?? status} and without a report (${error.message})`] }
  }
  // A file that can't even be loaded has no tests, but has failed.
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites
  const failures = failuresOf(report)
  if (failed > 0 || status === 0) return { passed: report.numPassedTests, failed, failures }
  return { passed: report.numPassedTests, failed: 1, failures: [...failures, `${project}: jest ended with ${signal ?? status}`] }
}

/** What depends on the runtime, and what only the other one can do: with containerd 2 first on PATH. */
function onContainerd2() {
  const all = { passed: 0, failed: 0, failures: [] }
  const add = ({ passed, failed, failures }) => Object.assign(all, { passed: all.passed + passed, failed: all.failed + failed, failures: [...all.failures, ...failures] })
  const before = process.env.PATH
  const fetched = check('./scripts/fetch-containerd')()
  if (fetched.failed > 0) return fetched
  process.env.PATH = `${resolve('.cache/containerd')}:${before}`
  add(jest('containerd2', '--runInBand')())
  add(jest('unit', '--testPathPatterns=pkg/(containerd|kubelet/cri)', '--runInBand')())
  add(jest('scenario', '--testPathPatterns=scenario/(kubelet|mounts|volumes|attach|csi|devices)', '--runInBand')())
  add(jest('e2e', '--testPathPatterns=e2e/(chaos|csi|debug|images|lifecycle|metrics|node-duties|storage|streams)', '--runInBand')())
  add(jest('conformance', '--testPathPatterns=conformance/(common|node|storage)', '--maxWorkers=6')())
  process.env.PATH = before
  return all
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
/** Only when they are named: the one waits for what takes ten minutes, the other needs a containerd that Debian 12 has not. */
const longSteps = {
  containerd2: onContainerd2,
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
const failures = []
for (const [name, run] of Object.entries(chosen.length > 0 ? allSteps : steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  console.log(`== ${name}`)
  const started = performance.now()
  const result = run()
  passed += result.passed
  failed += result.failed
  failures.push(...result.failures)
  summary.push(`${name.padEnd(18)}${String(result.passed).padStart(5)} passed ${String(result.failed).padStart(4)} failed ${((performance.now() - started) / 1000).toFixed(1).padStart(8)} s`)
}
rmSync(results, { recursive: true, force: true })
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`)
console.log(`\n${summary.join('\n')}\n`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
