// The API of this checkout beside that of an earlier commit: both servers run, and take turns at short bursts of requests.
//
// `node test/bench/against.ts [REV] [ROUNDS]`; REV is the commit before managedFields, validation and admission unless said.
// It needs REV in the history and no root; a loaded machine changes rates, and hardly the CPU a request.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { configMap } from './api.ts'
import { median, rate, threadSeconds } from './measure.ts'
import { BenchServer, type ApiConnection } from './server.ts'

const root = resolve(import.meta.dirname, '../..')
/** Before managedFields, validation and admission: creates and gets are held to what they cost then. */
export const plainRevision = '538fb64'

/** This checkout's by the other's: above 1 is more. Medians over the rounds. */
export interface Ratio {
  readonly perSecond: number
  /** Of the whole process, a request. */
  readonly cpu: number
  /** Of the thread that serves requests. */
  readonly mainCpu: number
  /** This checkout's, a request. */
  readonly cpuMicros: number
}

/** It can't be compared here. */
export class NotComparable extends Error {
  override name = 'NotComparable'
}

interface Burst {
  readonly count: number
  readonly width: number
  readonly send: (side: Side, index: number) => Promise<void>
}

const base = '/api/v1/namespaces/bench/configmaps'
const pods = '/api/v1/namespaces/bench/pods'
const mergePatch = 'application/merge-patch+json'
const width = 32
/** Objects that gets and patches go round. */
const standing = 500
const standingPods = 100

const pod = (name: string): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'bench', labels: { app: 'bench' } },
  spec: { containers: [{ name: 'c', image: 'busybox:1', command: ['sh', '-c', 'sleep 1'] }] },
})
const running = (index: number): object => ({
  status: {
    phase: 'Running', podIP: `10.42.0.${index % 250}`, startTime: '2026-01-01T00:00:00Z',
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', message: String(index) })),
    containerStatuses: [{ name: 'c', image: 'busybox:1', imageID: 'i', ready: true, restartCount: index, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
  },
})

const create = (side: Side): Promise<void> => side.expect(201, 'POST', base, configMap(`n-${side.next++}`))
const get = (side: Side, index: number): Promise<void> => side.expect(200, 'GET', `${base}/c-${index % standing}`)

const bursts: Readonly<Record<string, Burst>> = {
  'CREATE, one at a time': { count: 150, width: 1, send: create },
  [`CREATE, ${width} at once`]: { count: 600, width, send: create },
  'GET, one at a time': { count: 400, width: 1, send: get },
  [`GET, ${width} at once`]: { count: 2000, width, send: get },
  [`PATCH (merge), ${width} at once`]: { count: 600, width, send: (side, index) => side.expect(200, 'PATCH', `${base}/c-${index % standing}`, { data: { changed: `${side.next++}` } }, mergePatch) },
  [`PATCH of a pod's status, ${width} at once`]: { count: 400, width, send: (side, index) => side.expect(200, 'PATCH', `${pods}/p-${index % standingPods}/status`, running(side.next++), mergePatch) },
  [`LIST of ${standing}, 4 at once`]: { count: 20, width: 4, send: (side) => side.expect(200, 'GET', `${base}?limit=${standing}`) },
}

/** One of the two servers. */
class Side {
  readonly server: BenchServer
  #api: ApiConnection | undefined
  /** Makes names and values that were not there before. */
  next = 0

  constructor(checkout: string, port: number) {
    this.server = new BenchServer({ root: checkout, flags: ['--disable-agent', '--bind-address', '127.0.0.1', '--https-listen-port', String(port)] })
  }

  async start(): Promise<void> {
    await this.server.startApi()
    this.#api = this.server.connect()
    await this.expect(201, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } })
    await this.#until(200, '/api/v1/namespaces/bench/serviceaccounts/default')
    await rate(standing, width, (index) => this.expect(201, 'POST', base, configMap(`c-${index}`)))
    await rate(standingPods, width, (index) => this.expect(201, 'POST', pods, pod(`p-${index}`)))
  }

  async expect(status: number, ...args: Parameters<ApiConnection['request']>): Promise<void> {
    const answer = await this.#api!.request(...args)
    if (answer.status !== status) throw new Error(`${args[0]} ${args[1]}: expected ${status}, found ${answer.status}: ${answer.body.slice(0, 300)}`)
  }

  async remove(): Promise<void> {
    this.#api?.close()
    await this.server.remove()
  }

  async #until(status: number, path: string): Promise<void> {
    while ((await this.#api!.request('GET', path)).status !== status) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A request's costs in one burst. */
interface Cost {
  readonly perSecond: number
  readonly cpu: number
  readonly mainCpu: number
}

async function costOf(side: Side, { count, width, send }: Burst): Promise<Cost> {
  const before = threadSeconds(side.server.pid)
  const { perSecond } = await rate(count, width, (index) => send(side, index))
  const after = threadSeconds(side.server.pid)
  return { perSecond, cpu: (after.all - before.all) / count, mainCpu: (after.main - before.main) / count }
}

/** Throws NotComparable where the revision can't be had or built. */
export async function compareWith(revision: string, rounds = 15): Promise<Record<string, Ratio>> {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-against-'))
  const sides: Side[] = []
  try {
    checkOut(revision, directory)
    const [port, otherPort] = await freePorts()
    sides.push(new Side(root, port), new Side(directory, otherPort))
    const [mine, other] = sides as [Side, Side]
    for (const side of sides) await side.start()
    const costs: Record<string, { mine: Cost; other: Cost }[]> = {}
    // What was hardly run yet is not compiled yet.
    for (let round = -4; round < rounds; round++) {
      for (const [name, burst] of Object.entries(bursts)) {
        const first = await costOf(round % 2 === 0 ? mine : other, burst)
        const second = await costOf(round % 2 === 0 ? other : mine, burst)
        if (round >= 0) (costs[name] ??= []).push(round % 2 === 0 ? { mine: first, other: second } : { mine: second, other: first })
      }
    }
    return Object.fromEntries(Object.entries(costs).map(([name, pairs]): [string, Ratio] => {
      const ratio = (pick: (cost: Cost) => number): number => median(pairs.map(({ mine, other }) => pick(mine) / pick(other)))
      return [name, {
        perSecond: ratio(({ perSecond }) => perSecond), cpu: ratio(({ cpu }) => cpu), mainCpu: ratio(({ mainCpu }) => mainCpu),
        cpuMicros: median(pairs.map(({ mine }) => 1e6 * mine.cpu)),
      }]
    }))
  } finally {
    for (const side of sides) await side.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The files of the revision, ready to be run; what it is made of is this checkout's. */
function checkOut(revision: string, directory: string): void {
  const archive = spawnSync('git', ['archive', '--format=tar', revision], { cwd: root, maxBuffer: 1 << 30 })
  if (archive.status !== 0) throw new NotComparable(`${revision} is not in the history here (git fetch --unshallow?)`)
  const unpacked = spawnSync('tar', ['-x', '-C', directory], { input: archive.stdout, stdio: ['pipe', 'inherit', 'inherit'] })
  if (unpacked.status !== 0) throw new NotComparable(`${revision} could not be unpacked`)
  linkPackages(directory)
  const built = spawnSync(join(directory, 'scripts/kinglet'), ['--version'], { encoding: 'utf8' })
  if (built.status !== 0) throw new NotComparable(`${revision} could not be built: ${built.stderr.slice(0, 500)}`)
}

function linkPackages(directory: string): void {
  const packages = join(directory, 'node_modules')
  mkdirSync(packages)
  for (const name of readdirSync(join(root, 'node_modules'))) symlinkSync(join(root, 'node_modules', name), join(packages, name))
  const { dependencies } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  // Needed then, and not any more.
  const missing = Object.entries(dependencies).filter(([name]) => !existsSync(join(packages, name)))
  if (missing.length === 0) return
  const extra = join(directory, 'extra')
  mkdirSync(extra)
  const installed = spawnSync('npm', ['install', '--prefix', extra, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...missing.map(([name, version]) => `${name}@${version}`)], { encoding: 'utf8' })
  if (installed.status !== 0) throw new NotComparable(`packages of then could not be installed: ${installed.stderr.slice(0, 500)}`)
  for (const [name] of missing) if (!name.startsWith('@')) symlinkSync(join(extra, 'node_modules', name), join(packages, name))
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(servers.map((server) => new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports as [number, number]
}

/** `4 % slower, 7 % less CPU`. */
export function ratioText({ perSecond, cpu, mainCpu, cpuMicros }: Ratio): string {
  const percent = (ratio: number, more: string, less: string): string => `${Math.abs(100 * (ratio - 1)).toFixed(0)} % ${ratio >= 1 ? more : less}`
  return `${percent(perSecond, 'faster', 'slower')}; CPU ${percent(cpu, 'more', 'less')} (${cpuMicros.toFixed(0)} µs), of the main thread ${percent(mainCpu, 'more', 'less')}`
}

if (import.meta.main) {
  const { positionals: [revision = plainRevision, rounds = '15'] } = parseArgs({ allowPositionals: true })
  const named = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim()
  console.log(`${named} against ${revision}, medians of ${rounds} rounds`)
  try {
    for (const [name, ratio] of Object.entries(await compareWith(revision, Number(rounds)))) console.log(`${name.padEnd(38)} ${ratioText(ratio)}`)
  } catch (error) {
    if (!(error instanceof NotComparable)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
