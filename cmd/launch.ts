// Starting a server in the background and following it until the cluster answers.
import { type ChildProcess, spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import type { ClusterOptions } from '../pkg/cluster/options.ts'
import { followServerRecord, type ServerRecord, type ServerStep, serverProcess } from '../pkg/cluster/server-record.ts'
import { sleep, systemClock } from '../pkg/util/clock.ts'
import { commandLineOf } from './cluster-flags.ts'
import { logPathOf } from './context.ts'
import { UserError } from './errors.ts'
import { Progress } from './progress.ts'

const maxLogBytes = 8 << 20
const shownLogLines = 15

/** Resolves when the cluster answers. `running`: a server that is starting already, to be waited for. */
export async function bringUp(options: ClusterOptions, { timeoutMs, running }: { timeoutMs: number; running: { pid: number } | undefined }): Promise<void> {
  const logPath = logPathOf(options)
  const progress = new Progress()
  const stop = new AbortController()
  const timer = systemClock.setTimer(() => stop.abort(new UserError(`the cluster was not ready within ${timeoutMs / 1000} s and goes on starting; its log is ${logPath}`)), timeoutMs)
  try {
    progress.begin('starting the API server')
    const launched = running ? undefined : launch(options, logPath)
    await followSteps(options, { progress, signal: stop.signal, pid: running?.pid ?? launched?.child.pid ?? 0, ended: launched?.ended })
    if (!options.disableAgent) await dnsAnswers(options, stop.signal)
    progress.end(options.disableAgent ? 'control plane ready' : 'cluster DNS answers')
    launched?.child.unref()
  } catch (error) {
    progress.fail()
    throw error
  } finally {
    timer.cancel()
    stop.abort()
  }
}

interface Launched {
  readonly child: ChildProcess
  /** Rejects when the server ends. */
  readonly ended: Promise<never>
}

/** In a session of its own, so that neither our end nor a Ctrl-C ends it. */
function launch(options: ClusterOptions, logPath: string): Launched {
  mkdirSync(options.dataDirectory, { recursive: true, mode: 0o711 })
  if (existsSync(logPath) && statSync(logPath).size > maxLogBytes) renameSync(logPath, `${logPath}.1`)
  const log = openSync(logPath, 'a', 0o600)
  const from = fstatSync(log).size
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'server', ...commandLineOf(options)], {
    detached: true, stdio: ['ignore', log, log], cwd: '/',
  })
  closeSync(log)
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => reject(new UserError(`the server could not be run: ${error.message}`)))
    child.once('exit', (code, signal) => reject(new UserError(failureText(readFrom(logPath, from), { logPath, how: signal ? `was ended by ${signal}` : `exited with code ${code}` }))))
  })
  ended.catch(() => undefined)
  return { child, ended }
}

const order: readonly ServerStep[] = ['starting', 'api', 'controllers', 'node', 'ready']
const steps: readonly [ServerStep, string][] = [['api', 'API server ready'], ['controllers', 'controllers and scheduler at work'], ['node', 'node ready']]

async function followSteps(options: ClusterOptions, how: { progress: Progress; signal: AbortSignal; pid: number; ended: Promise<never> | undefined }): Promise<void> {
  const { progress, signal, pid, ended } = how
  const done = new AbortController()
  const seen = new Set<ServerStep>()
  const ready = new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    const onRecord = (record: ServerRecord): void => {
      // What an earlier server wrote says nothing about this one.
      if (record.pid !== pid) return
      for (const [step, text] of steps) {
        if (seen.has(step) || order.indexOf(step) > order.indexOf(record.step)) continue
        seen.add(step)
        if (step !== 'node' || !options.disableAgent) progress.end(text)
        progress.begin(step === 'node' ? 'waiting for the cluster DNS' : 'waiting for the node')
      }
      if (record.step === 'ready') resolve()
      else if (!ended && !serverProcess(record)) reject(new UserError(`the server (process ${pid}) has ended; see ${logPathOf(options)}`))
    }
    followServerRecord(options.stateDirectory, { clock: systemClock, signal: done.signal, onRecord }).catch(reject)
  })
  try {
    await Promise.race([ready, ...(ended ? [ended] : [])])
  } finally {
    done.abort()
  }
}

/** Resolves when the cluster's DNS knows the API server. */
async function dnsAnswers(options: ClusterOptions, signal: AbortSignal): Promise<void> {
  const resolver = new Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([options.clusterDns])
  const name = `kubernetes.default.svc.${options.clusterDomain}`
  for (;;) {
    const addresses = await resolver.resolve4(name).catch(() => [])
    if (addresses.length > 0) return
    await sleep(systemClock, 50, signal)
  }
}

/** Pure: the reason first, when the log's last line gives it, then the end of the log. */
export function failureText(log: string, { logPath, how }: { logPath: string; how: string }): string {
  const lines = log.trimEnd().split('\n').filter(Boolean)
  const reason = lines.findLast((line) => line.startsWith('kinglet: '))?.slice('kinglet: '.length)
  if (reason && lines.length <= 3) return reason
  return [
    `${reason ?? `the server ${how}`}`,
    `The end of ${logPath}:`,
    ...lines.slice(-shownLogLines).map((line) => `  ${line}`),
  ].join('\n')
}

/** What was written to the log since. */
function readFrom(path: string, from: number): string {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from))
    readSync(file, bytes, 0, bytes.length, from)
    return bytes.toString('utf8')
  } finally {
    closeSync(file)
  }
}
