// All benchmarks in one run, on a cluster of their own. Prints a table; `--json` prints the figures alone.
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { testImage } from '../images/build.ts'
import { apiRates, watchFanOut, yardsticks } from './api.ts'
import { type Rate, usage } from './measure.ts'
import { ownershipCosts } from './ownership.ts'
import { bareBurst, barePod, bareStartup, median, podBurst, podCost, podStartup } from './pods.ts'
import { proxyFigures } from './proxy.ts'
import { BenchServer } from './server.ts'

const kinglet = join(resolve(import.meta.dirname, '../..'), 'scripts/kinglet')
const figures: Record<string, string> = {}
const asJson = process.argv.includes('--json')

function note(name: string, value: string): void {
  figures[name] = value
  if (!asJson) console.log(`${name.padEnd(46)} ${value}`)
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`
const share = (value: number, of: number): string => `${((100 * value) / of).toFixed(0)} %`
const rateText = (one: Rate): string => `${one.perSecond.toFixed(0)}/s, p50 ${ms(one.p50Ms)}, p99 ${ms(one.p99Ms)}`

const server = new BenchServer()
try {
  const first = await server.start()
  note('first start: API ready, node Ready', `${ms(first.apiMs)}, ${ms(first.nodeMs)}`)
  await server.stop()
  const second = await server.start()
  note('second start: API ready, node Ready', `${ms(second.apiMs)}, ${ms(second.nodeMs)}`)

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
  const api = server.connect()
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

  // Last: runtimes are still busy with removing pods when the API has forgotten them.
  spawnSync(kinglet, ['image', 'import', '--data-dir', server.dataDirectory, testImage('busybox')], { stdio: ['ignore', 'ignore', 'inherit'] })
  const template = await barePod(server, api)
  // By themselves: a server beside them would look after every event of theirs.
  api.close()
  await server.stop()
  const bare = await bareStartup(server, template, 30)
  const bareMs = await bareBurst(server, template, 50)
  await server.start()
  const podApi = server.connect()
  note('pod by CRI calls alone (30)', `p50 ${ms(bare.p50Ms)}, p99 ${ms(bare.p99Ms)}`)
  const pods = await podStartup(podApi, 30)
  note('pod create to Running (30)', `p50 ${ms(pods.p50Ms)}, p99 ${ms(pods.p99Ms)} (${share(pods.p50Ms, bare.p50Ms)} of CRI alone)`)
  note('50 pods at once by CRI calls alone', `${(bareMs / 1000).toFixed(1)} s`)
  const cpuMs: number[] = []
  const burstMs = await median(3, async () => {
    const burst = await podBurst(server, podApi, 50)
    cpuMs.push(burst.cpuMs)
    return burst.tookMs
  })
  note('50 pods at once, create to Running', `${(burstMs / 1000).toFixed(1)} s (${share(burstMs, bareMs)} of CRI alone)`)
  note('50 pods at once: CPU of the server itself', `${cpuMs.map((each) => (each / 50).toFixed(0)).join(', ')} ms a pod`)
  const cost = await podCost(server, podApi, 100, 60)
  note('100 running pods cost', `${cost.cpuPercent.toFixed(2)} % of a core, ${cost.memoryMb.toFixed(0)} MB`)
  note('after all this: resident memory', `${usage(server.pid).residentMb.toFixed(0)} MB`)
  podApi.close()
} finally {
  await server.remove()
}
if (asJson) console.log(JSON.stringify(figures, null, 2))
process.exit(0)
