// All benchmarks in one run, on a cluster of their own; those of pods alone with `--pods`, those of the event loop alone with `--holds`. Prints a table; `--json` prints the figures alone.
// The API against an earlier commit alone: `node test/bench/against.ts [REV] [ROUNDS]`.
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { testImage } from '../images/build.ts'
import { compareWith, NotComparable, plainRevision, ratioText } from './against.ts'
import { apiRates, watchFanOut, yardsticks } from './api.ts'
import { parseMs, probeHolds } from './holds.ts'
import { type Rate, usage } from './measure.ts'
import { ownershipCosts } from './ownership.ts'
import { barePod, compareBursts, compareStarts, podCost } from './pods.ts'
import { proxyFigures } from './proxy.ts'
import { BenchServer } from './server.ts'

const kinglet = join(resolve(import.meta.dirname, '../..'), 'scripts/kinglet')
const figures: Record<string, string> = {}
const asJson = process.argv.includes('--json')
const podsOnly = process.argv.includes('--pods')
const holdsOnly = process.argv.includes('--holds')

function note(name: string, value: string): void {
  figures[name] = value
  if (!asJson) console.log(`${name.padEnd(46)} ${value}`)
}

/** What the API costs beside that of an earlier commit. */
async function noteAgainst(revision: string): Promise<void> {
  try {
    for (const [name, ratio] of Object.entries(await compareWith(revision))) note(`against ${revision}: ${name}`, ratioText(ratio))
  } catch (error) {
    if (!(error instanceof NotComparable)) throw error
    note(`against ${revision}`, `not measured: ${error.message}`)
  }
}

/** How long the event loop is held by what is dear to serve. */
async function noteHolds(): Promise<void> {
  const holds = (await probeHolds()).toSorted((a, b) => b.longestMs - a.longestMs)
  const parse = parseMs()
  for (const { name, longestMs } of holds.slice(0, holdsOnly ? undefined : 5)) note(`event loop: ${name}`, `${ms(longestMs)} at most (${percent(longestMs / parse)} of parsing 3 MB)`)
  note('event loop: inputs that hold it for 50 ms', `${holds.filter(({ longestMs }) => longestMs > 50).length} of ${holds.length}`)
  for (const { name, failed } of holds) if (failed !== undefined) note(`event loop: ${name}`, `not measured: ${failed}`)
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`
const percent = (ratio: number): string => `${(100 * ratio).toFixed(0)} %`
const share = (value: number, of: number): string => percent(value / of)
const rateText = (one: Rate): string => `${one.perSecond.toFixed(0)}/s, p50 ${ms(one.p50Ms)}, p99 ${ms(one.p99Ms)}`

if (holdsOnly) {
  await noteHolds()
  process.exit(0)
}
const server = new BenchServer()
try {
  const first = await server.start()
  note('first start: API ready, node Ready', `${ms(first.apiMs)}, ${ms(first.nodeMs)}`)
  await server.stop()
  const second = await server.start()
  note('second start: API ready, node Ready', `${ms(second.apiMs)}, ${ms(second.nodeMs)}`)

  const api = server.connect()
  await api.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } })
  if (!podsOnly) {
    // What starting left to do is done well before a minute is over.
    await new Promise((resolve) => setTimeout(resolve, 30_000))
    const before = usage(server.pid)
    await new Promise((resolve) => setTimeout(resolve, 60_000))
    const after = usage(server.pid)
    note('idle: resident memory', `${after.residentMb.toFixed(0)} MB`)
    note('idle: CPU', `${((100 * (after.cpuSeconds - before.cpuSeconds)) / 60).toFixed(2)} % of a core`)
    note('idle: written to disk', `${((after.writtenBytes - before.writtenBytes) / 1024).toFixed(0)} KiB a minute`)

    const { http, commit } = await yardsticks()
    note('yardstick: bare HTTP/2 server, 32 at once', rateText(http))
    note('yardstick: one durable SQLite commit', rateText(commit))
    for (const [name, one] of Object.entries(await apiRates(api))) {
      const yardstick = name.startsWith('CREATE, one') ? `${share(one.perSecond, commit.perSecond)} of bare commits` : name.startsWith('GET, 32') ? `${share(one.perSecond, http.perSecond)} of bare HTTP/2` : ''
      note(`API: ${name}`, rateText(one) + (yardstick ? ` (${yardstick})` : ''))
    }
    const { costs, applyMs } = await ownershipCosts()
    for (const [name, { withMs, withoutMs, ratio }] of Object.entries(costs)) {
      note(`owners of fields: ${name}`, `${(100 * (ratio - 1)).toFixed(0)} % more (in process, ${(1000 * withMs).toFixed(0)} µs of CPU, ${(1000 * withoutMs).toFixed(0)} µs without)`)
    }
    note('apply: Deployment with 50 fields in a container', `${ms(applyMs)} of CPU in process, p50`)
    const fans = Array.from({ length: 10 }, () => server.connect())
    const fan = await watchFanOut(fans, api, 100)
    note('watch: create until 100 watchers know', `p50 ${ms(fan.p50Ms)}, p99 ${ms(fan.p99Ms)}`)
    for (const connection of fans) connection.close()

    const nodes = JSON.parse((await api.request('GET', '/api/v1/nodes')).body) as { items: { status: { addresses: { type: string; address: string }[] } }[] }
    const nodeIP = nodes.items[0]?.status.addresses.find((address) => address.type === 'InternalIP')?.address ?? ''
    const proxy = await proxyFigures(api, nodeIP)
    note('proxy: throughput', `${proxy.proxyMbPerSecond.toFixed(0)} MB/s (direct ${proxy.directMbPerSecond.toFixed(0)}: ${share(proxy.proxyMbPerSecond, proxy.directMbPerSecond)})`)
    note('proxy: connections', `${proxy.proxyConnectionsPerSecond.toFixed(0)}/s (direct ${proxy.directConnectionsPerSecond.toFixed(0)}: ${share(proxy.proxyConnectionsPerSecond, proxy.directConnectionsPerSecond)})`)
  }

  // Last: runtimes are still busy with removing pods when the API has forgotten them.
  spawnSync(kinglet, ['image', 'import', '--data-dir', server.dataDirectory, testImage('busybox')], { stdio: ['ignore', 'ignore', 'inherit'] })
  const template = await barePod(server, api)
  const starts = await compareStarts(server, api, template, { rounds: 3, count: 10 })
  note('pod by CRI calls alone (30)', `p50 ${ms(starts.bare.p50Ms)}, p99 ${ms(starts.bare.p99Ms)}`)
  note('pod create to Running (30)', `p50 ${ms(starts.pods.p50Ms)}, p99 ${ms(starts.pods.p99Ms)} (${percent(starts.ratio)} of CRI alone)`)
  const bursts = await compareBursts(server, api, template, { rounds: 5, count: 50 })
  note('50 pods at once by CRI calls alone', `${(bursts.bare / 1000).toFixed(1)} s`)
  note('50 pods at once, create to Running', `${(bursts.pods / 1000).toFixed(1)} s (${percent(bursts.ratio)} of CRI alone)`)
  note('50 pods at once: CPU of the server itself', `${bursts.cpuMs.map((each) => (each / 50).toFixed(0)).join(', ')} ms a pod`)
  const cost = await podCost(server, api, 100, 60)
  note('100 running pods cost', `${cost.cpuPercent.toFixed(2)} % of a core, ${cost.memoryMb.toFixed(0)} MB`)
  note('after all this: resident memory', `${usage(server.pid).residentMb.toFixed(0)} MB`)
  api.close()
} finally {
  await server.remove()
}
if (!podsOnly) {
  await noteHolds()
  await noteAgainst(plainRevision)
}
if (asJson) console.log(JSON.stringify(figures, null, 2))
process.exit(0)
