// Where audit events are sent: a kubeconfig file that names the server and what to show it.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { load } from 'js-yaml'
import type { AuditTarget } from '../apiserver/audit-webhook.ts'

type Entry<K extends string, T> = { readonly name: string } & Partial<Record<K, T>>

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?: readonly Entry<'context', { readonly cluster?: string; readonly user?: string }>[]
  readonly clusters?: readonly Entry<'cluster', Readonly<Record<string, unknown>>>[]
  readonly users?: readonly Entry<'user', Readonly<Record<string, unknown>>>[]
}

/** Throws what is wrong with the file. Relative paths in it start at the file. */
export function readAuditTarget(file: string): AuditTarget {
  const config = (load(readFileSync(file, 'utf8')) ?? {}) as Kubeconfig
  const wanted = config['current-context']
  const context = config.contexts?.find(({ name }) => name === wanted)?.context
  if (!context) throw new Error(`expected a current-context that is there, found ${JSON.stringify(wanted ?? '')}`)
  const cluster = config.clusters?.find(({ name }) => name === context.cluster)?.cluster
  const server = cluster?.['server']
  if (!cluster || typeof server !== 'string' || !URL.canParse(server)) throw new Error(`expected a server of cluster ${JSON.stringify(context.cluster ?? '')}, found ${JSON.stringify(server ?? null)}`)
  const user = config.users?.find(({ name }) => name === context.user)?.user ?? {}
  const text = (from: Readonly<Record<string, unknown>>, key: string): string | undefined => (from[key] === undefined ? undefined : String(from[key]))
  const read = (path: string): string => readFileSync(resolve(dirname(file), path), 'utf8')
  const material = (from: Readonly<Record<string, unknown>>, key: string): string | undefined => {
    const [data, path] = [text(from, `${key}-data`), text(from, key)]
    return data ? Buffer.from(data, 'base64').toString() : path && read(path)
  }
  const tokenFile = text(user, 'tokenFile')
  const token = tokenFile ? read(tokenFile).trim() : text(user, 'token')
  const username = text(user, 'username')
  const authorization = token ? `Bearer ${token}` : username ? `Basic ${Buffer.from(`${username}:${text(user, 'password') ?? ''}`).toString('base64')}` : undefined
  const tls = Object.fromEntries(Object.entries({
    ca: material(cluster, 'certificate-authority'), cert: material(user, 'client-certificate'), key: material(user, 'client-key'), servername: text(cluster, 'tls-server-name'),
    rejectUnauthorized: cluster['insecure-skip-tls-verify'] === true ? false : undefined,
  }).filter(([, value]) => value !== undefined))
  return { url: server, ...(authorization ? { headers: { authorization } } : {}), ...(Object.keys(tls).length > 0 ? { tls } : {}) }
}
