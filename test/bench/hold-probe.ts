// Measures how long inputs hold a server's event loop: `node test/bench/hold-probe.ts [NAME… | lists…]` prints a line of JSON for each.
//
// With PROFILE=1 what took the time of the longest turn is printed, too; with AUDIT=1 all requests and answers are written to an audit log.
//
// A hold is the processor time that the server's thread uses between two turns of its event loop: a busy machine does not stretch it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { load } from 'js-yaml'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { type ClusterOptions, defaultClusterOptions } from '../../pkg/cluster/options.ts'
import { holdInputs, type HoldInput } from './hold-inputs.ts'
import { listInputs } from './hold-inputs-lists.ts'
import { TurnProfile } from './turn-profile.ts'

export interface Hold {
  readonly name: string
  /** Milliseconds of the longest turn. */
  readonly longestMs: number
  /** The longest of all, those of the collector among them. */
  readonly collectorMs: number
  readonly turnsAbove: number
  /** All the processor time that the input took. */
  readonly totalMs: number
  readonly shown: string
  /** Why there is nothing to tell. */
  readonly failed?: string
}

const inputs: Readonly<Record<string, HoldInput>> = { ...holdInputs, ...(process.argv.some((name) => /^lists\b/.test(name)) ? listInputs() : {}) }

const usedMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Follows the turns of the event loop between `start` and `stop`. */
class Turns {
  #running = false
  #longest = 0
  #above = 0
  #from = 0
  #last = 0
  #collector = 0
  #lastAt = 0n
  longestFrom = 0n
  longestTo = 0n
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if ((entry as { detail?: { kind?: number } }).detail?.kind !== constants.NODE_PERFORMANCE_GC_INCREMENTAL) this.#collector = Math.max(this.#collector, entry.duration)
    }
  })

  start(): void {
    this.#longest = this.#above = this.#collector = 0
    this.#running = true
    this.#from = this.#last = usedMs()
    this.#lastAt = process.hrtime.bigint()
    this.#observer.observe({ entryTypes: ['gc'] })
    setImmediate(this.#turn)
  }

  stop(): Pick<Hold, 'longestMs' | 'collectorMs' | 'turnsAbove' | 'totalMs'> {
    this.#running = false
    this.#observer.disconnect()
    return { longestMs: round(this.#longest), collectorMs: round(this.#collector), turnsAbove: this.#above, totalMs: round(this.#last - this.#from) }
  }

  readonly #turn = (): void => {
    const now = usedMs()
    const held = now - this.#last
    this.#last = now
    const at = process.hrtime.bigint()
    if (held > this.#longest) {
      this.#longest = held
      this.longestFrom = this.#lastAt
      this.longestTo = at
    }
    this.#lastAt = at
    if (held > 50) this.#above++
    if (this.#running) setImmediate(this.#turn)
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10

type FromClient = 'begin' | { shown: string } | { done: true } | { failed: string }

/** A cluster that is measured, and its client. */
class Probed {
  readonly #directory = mkdtempSync(join(tmpdir(), 'kinglet-holds-'))
  #cluster: Cluster | undefined
  #client: Worker | undefined

  async start(): Promise<void> {
    const directory = this.#directory
    writeFileSync(join(directory, 'policy.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: RequestResponse }]\n')
    const options: ClusterOptions = {
      ...defaultClusterOptions, dataDirectory: directory, stateDirectory: join(directory, 'run'), bindAddress: '127.0.0.1', httpsPort: 0,
      nodeName: 'test', nodeIP: '192.0.2.7', kubeconfigPath: join(directory, 'kubeconfig.yaml'), disableAgent: true,
      ...(process.env['AUDIT'] ? { audit: { policyFile: join(directory, 'policy.yaml'), logPath: join(directory, 'audit.log') } } : {}),
    }
    this.#cluster = await Cluster.start(options)
    this.#client = newClient(this.#cluster)
  }

  async stop(): Promise<void> {
    this.#client?.postMessage('end')
    await this.#cluster?.stop()
  }

  /** Whatever goes on in it, it ends, and what it kept is gone. */
  async remove(): Promise<void> {
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, 10_000)
    await this.#client?.terminate()
    await Promise.race([this.#cluster?.stop(), patience])
    clearTimeout(timer)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  get client(): Worker {
    return this.#client!
  }
}

async function probe(names: readonly string[]): Promise<void> {
  let probed = new Probed()
  try {
    await probed.start()
    for (const name of names) {
      const turns = new Turns()
      const profile = process.env['PROFILE'] ? new TurnProfile() : undefined
      try {
        let shown = await said(probed.client, { run: name }, () => {
          if (inputs[name]?.restart) return true
          profile?.start()
          turns.start()
          probed.client.postMessage('go')
          return false
        })
        if (inputs[name]?.restart) {
          await probed.stop()
          profile?.start()
          turns.start()
          await probed.start()
          shown = await said(probed.client, { run: `${name} (after)` }, () => {
            probed.client.postMessage('go')
            return false
          })
        }
        // What the server has left for later belongs to it.
        await new Promise((resolve) => setTimeout(resolve, inputs[name]?.settleMs ?? 300))
        tell({ name, ...turns.stop(), shown })
        if (profile) process.stdout.write(await profile.stop(turns.longestFrom, turns.longestTo))
        if (!inputs[name]?.restart) await said(probed.client, 'go')
      } catch (error) {
        tell({ name, ...turns.stop(), shown: '', failed: (error as Error).message })
        // What it left must not be measured with what comes next.
        await probed.remove()
        probed = new Probed()
        await probed.start()
      }
    }
  } finally {
    await probed.remove()
  }
}

const tell = (hold: Hold): void => void process.stdout.write(`${JSON.stringify(hold)}\n`)

/** For the preparation of an input, and for the input. */
const patienceMs = 120_000
/** Ends the process when the event loop stands still: nothing on it could. The parent goes on with what is left. */
const watchdog = new Worker(`
  const { parentPort } = require('node:worker_threads')
  let timer
  parentPort.on('message', (name) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      require('node:fs').writeSync(1, JSON.stringify({ name, longestMs: ${patienceMs}, collectorMs: 0, turnsAbove: 1, totalMs: ${patienceMs}, shown: '', failed: 'it holds the event loop for ever' }) + '\\n')
      process.kill(process.pid, 'SIGKILL')
    }, ${2 * patienceMs})
  })
`, { eval: true })

/** What the client says in the end. It waits to begin until `begun` has told it; or that is all, where it says so. Each of the two is waited for so long and no longer. */
function said(client: Worker, order: 'go' | { run: string }, begun: () => boolean = () => false): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const name = order === 'go' ? 'cleaning' : order.run
    const limit = (): NodeJS.Timeout => {
      watchdog.postMessage(name)
      return setTimeout(() => reject(new Error(`${name}: not done within ${patienceMs / 1000} s`)), patienceMs)
    }
    let timer = limit()
    client.removeAllListeners('message').on('message', (message: FromClient) => {
      clearTimeout(timer)
      if (message === 'begin') {
        if (begun()) resolve('')
        else timer = limit()
      } else if ('failed' in message) reject(new Error(message.failed))
      else resolve('shown' in message ? message.shown : '')
    })
    client.postMessage(order)
  })
}

function newClient(cluster: Cluster): Worker {
  const config = load(cluster.kubeconfig) as { clusters: [{ cluster: Record<string, string> }]; users: [{ user: Record<string, string> }] }
  const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString()
  const [{ cluster: { server, 'certificate-authority-data': ca } }] = config.clusters
  const [{ user: { 'client-certificate-data': cert, 'client-key-data': key } }] = config.users
  return new Worker(new URL('./hold-client.ts', import.meta.url), { workerData: { url: server, ca: text(ca), cert: text(cert), key: text(key) } })
}

/** `lists` stands for all long lists, `lists TEXT` for those with the text in their names. */
const wanted = process.argv.slice(2).flatMap((name) => (!(name in inputs) && /^lists\b/.test(name) ? Object.keys(inputs).filter((one) => !(one in holdInputs) && one.includes(name.slice(6))) : [name]))
await probe(wanted.length > 0 ? wanted : Object.keys(holdInputs).filter((name) => !name.endsWith('(after)')))
process.exit(0)
