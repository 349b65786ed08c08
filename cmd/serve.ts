// The life of a server process: one on a machine, from its record's first line to the signal that ends it.
import { Cluster } from '../pkg/cluster/cluster.ts'
import { takeMachineLock } from '../pkg/cluster/machine-lock.ts'
import type { ClusterOptions } from '../pkg/cluster/options.ts'
import { readServerRecord, type ServerStep, serverProcess, writeServerRecord } from '../pkg/cluster/server-record.ts'
import { systemClock } from '../pkg/util/clock.ts'
import { returnMemoryWhenQuiet } from '../pkg/util/memory-return.ts'
import { UserError } from './errors.ts'
import { tellSystemd } from './service-notice.ts'
import { packageFacts } from './version.ts'

/** Resolves when a signal has ended the cluster in order. */
export async function serve(options: ClusterOptions): Promise<void> {
  const log = (text: string): void => void process.stderr.write(`${new Date(systemClock.now()).toISOString()} ${text}\n`)
  const { version } = packageFacts()
  await claim(options)
  const startedAt = systemClock.monotonic()
  const reached = (step: ServerStep, port?: number): void => {
    writeServerRecord({ version, step, options, ...(port === undefined ? {} : { port }) })
    log(`${step} after ${Math.round(systemClock.monotonic() - startedAt)} ms`)
  }
  reached('starting')
  // Until there is a cluster to stop, a signal ends the process: all that is acknowledged is on disk.
  const early = (signal: NodeJS.Signals): void => {
    log(`${signal} while starting`)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGTERM', early).once('SIGINT', early)
  const cluster = await Cluster.start(options, { log, progress: (step) => reached(step) })
  reached('ready', cluster.port)
  log(`kinglet ${version} serves https://${options.bindAddress}:${cluster.port}, data in ${options.dataDirectory}`)
  await tellSystemd('ready', { log })
  process.off('SIGTERM', early).off('SIGINT', early)
  const keepMemory = returnMemoryWhenQuiet(systemClock)
  const signal = await nextSignal()
  keepMemory()
  log(`${signal}: stopping; pods go on`)
  process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1))
  await Promise.all([tellSystemd('stopping', { log }), cluster.stop()])
  log('stopped')
  process.exit(0)
}

/** Throws when another kinglet has the data directory or the machine's network. The lock ends with the process. */
async function claim(options: ClusterOptions): Promise<void> {
  const before = serverProcess(readServerRecord(options.stateDirectory))
  if (before && before.pid !== process.pid) throw new UserError(`a kinglet with the data directory ${options.dataDirectory} runs already: process ${before.pid}`)
  if (options.disableAgent) return
  const lock = await takeMachineLock({ pid: process.pid, dataDirectory: options.dataDirectory })
  if ('pid' in lock) {
    throw new UserError(`another kinglet runs on this machine: process ${lock.pid}, data directory ${lock.dataDirectory}; end it with: kinglet down --data-dir ${lock.dataDirectory}`)
  }
}

const nextSignal = (): Promise<NodeJS.Signals> => new Promise((resolve) => {
  process.once('SIGTERM', resolve).once('SIGINT', resolve)
})
