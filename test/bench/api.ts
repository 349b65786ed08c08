// API rates and latencies over TLS, beside a bare HTTP/2 server and a bare SQLite commit of the same run.
import { createSecureServer, connect } from 'node:http2'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import Database from 'better-sqlite3'
import { createAuthority, issueCertificate } from '../../pkg/pki/certificates.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { type Rate, rate } from './measure.ts'
import type { ApiConnection } from './server.ts'

const width = 32

export const configMap = (name: string): object => ({
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'bench', labels: { app: 'bench' } },
  data: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`key-${index}`, 'x'.repeat(80)])),
})

export async function apiRates(api: ApiConnection): Promise<Record<string, Rate>> {
  const base = '/api/v1/namespaces/bench/configmaps'
  const expect = async (status: number, ...args: Parameters<ApiConnection['request']>): Promise<void> => {
    const answer = await api.request(...args)
    if (answer.status !== status) throw new Error(`${args[0]} ${args[1]}: expected ${status}, found ${answer.status}: ${answer.body.slice(0, 300)}`)
  }
  const create = (index: number): Promise<void> => expect(201, 'POST', base, configMap(`c-${index}`))
  await rate(300, width, (index) => expect(201, 'POST', base, configMap(`warm-${index}`)))
  const results: Record<string, Rate> = {}
  results['CREATE, one at a time'] = await rate(500, 1, create)
  results[`CREATE, ${width} at once`] = await rate(4000, width, (index) => create(index + 500))
  results['GET, one at a time'] = await rate(1500, 1, (index) => expect(200, 'GET', `${base}/c-${index}`))
  results[`GET, ${width} at once`] = await rate(15_000, width, (index) => expect(200, 'GET', `${base}/c-${index % 4000}`))
  results[`PATCH (merge), ${width} at once`] = await rate(4000, width, (index) => expect(200, 'PATCH', `${base}/c-${index}`, { data: { changed: `${index}` } }, 'application/merge-patch+json'))
  results['LIST of 500'] = await rate(200, 4, () => expect(200, 'GET', `${base}?limit=500`))
  return results
}

/** Milliseconds from a create being sent until the last of `watchers` watches has told of it: p50 and p99. */
export async function watchFanOut(connections: readonly ApiConnection[], api: ApiConnection, watchers: number): Promise<{ p50Ms: number; p99Ms: number }> {
  const heard = new Map<string, { count: number; done: () => void }>()
  const { body } = await api.request('GET', '/api/v1/namespaces/bench/secrets?limit=1')
  const { resourceVersion } = (JSON.parse(body) as { metadata: { resourceVersion: string } }).metadata
  const ends = Array.from({ length: watchers }, (_, index) =>
    connections[index % connections.length]!.watch(`/api/v1/namespaces/bench/secrets?watch=true&resourceVersion=${resourceVersion}`, (line) => {
      const name = /"name":"(fan-[^"]+)"/.exec(line)?.[1]
      const waiting = name ? heard.get(name) : undefined
      if (waiting && ++waiting.count === watchers) waiting.done()
    }))
  const one = async (index: number): Promise<void> => {
    const name = `fan-${index}`
    const all = new Promise<void>((resolve) => heard.set(name, { count: 0, done: resolve }))
    await api.request('POST', '/api/v1/namespaces/bench/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name } })
    await all
  }
  await rate(20, 1, (index) => one(index))
  const result = await rate(200, 1, (index) => one(index + 20))
  for (const end of ends) end()
  return result
}

/** The yardsticks: an HTTP/2 server that does nothing, and one durable SQLite commit a time. */
export async function yardsticks(): Promise<{ http: Rate; commit: Rate }> {
  const authority = await createAuthority({ commonName: 'bench', clock: systemClock })
  const pair = await issueCertificate(authority, { commonName: 'bench', usages: ['server'], names: ['127.0.0.1'], clock: systemClock })
  const server = createSecureServer({ key: pair.key, cert: pair.certificate }, (_request, response) => response.end('{"kind":"ConfigMap"}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connect(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { ca: authority.certificate })
  const get = (): Promise<void> => new Promise((resolve, reject) => {
    session.request({ ':path': '/' }).on('error', reject).on('end', resolve).resume().end()
  })
  await rate(2000, width, get)
  const http = await rate(15_000, width, get)
  session.destroy()
  server.close()
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-yardstick-'))
  const database = new Database(join(directory, 'db'))
  database.pragma('journal_mode = wal')
  database.pragma('synchronous = full')
  database.exec('create table t (k integer primary key, v text)')
  const insert = database.prepare('insert into t (v) values (?)')
  const value = 'x'.repeat(1200)
  const commit = await rate(2000, 1, async () => void insert.run(value))
  database.close()
  rmSync(directory, { recursive: true })
  return { http, commit }
}
