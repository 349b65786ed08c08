// Asks webhooks about a request to connect to a pod, service or node, with the options as the object.
import { unknownPath } from '../api/status-error.ts'
import type { Asker, ConnectOptions } from './pod-target.ts'
import type { ResourcePath } from './request-path.ts'
import { truth } from './query-options.ts'

const kinds: Readonly<Record<string, string>> = {
  'pods/exec': 'PodExecOptions', 'pods/attach': 'PodAttachOptions', 'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions', 'services/proxy': 'ServiceProxyOptions', 'nodes/proxy': 'NodeProxyOptions',
}

/** Fails with StatusError when a policy or a webhook refuses. `warn` takes what they have to say otherwise. */
export async function admitConnect({ user, audit }: Asker, path: ResourcePath, query: URLSearchParams, { webhooks, registry }: ConnectOptions, warn: (text: string) => void): Promise<void> {
  const { group, version, plural, subresource = '', namespace = '', name = '' } = path
  const definition = registry.definition(group, version, plural)
  if (!definition) throw unknownPath()
  const annotated = audit ? { annotate: audit.annotate } : {}
  const kind = kinds[`${plural}/${subresource}`] ?? ''
  const options = { kind, apiVersion: 'v1', metadata: {}, ...fieldsOf(subresource, path, query) }
  await webhooks?.connect({ definition, subresource, namespace, name, user, options }, { warn, ...annotated })
  await registry.connect(definition, { user, options: {}, warn, ...annotated, name, subresource, connection: options, ...(namespace === '' ? {} : { namespace }) })
}

function fieldsOf(subresource: string, path: ResourcePath, query: URLSearchParams): Record<string, unknown> {
  if (subresource === 'proxy') return path.rest ? { path: path.rest } : {}
  if (subresource === 'portforward') return { ports: query.getAll('ports').flatMap((text) => text.split(',')).map(Number) }
  const flags = Object.fromEntries(['stdin', 'stdout', 'stderr', 'tty'].filter((flag) => truth(query, flag)).map((flag) => [flag, true]))
  const container = query.get('container')
  return { ...flags, ...(container ? { container } : {}), ...(subresource === 'exec' ? { command: query.getAll('command') } : {}) }
}
