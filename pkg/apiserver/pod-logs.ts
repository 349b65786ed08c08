// pods/log: parameters, and the text as a stream of bytes.
import { forbiddenField, invalid, invalidObject, notSupported, type FieldError } from '../api/field-error.ts'
import { badRequest } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import type { LogOptions } from '../api/node-connection.ts'
import { truth } from './query-options.ts'
import { containerOf, nodeOf, podOf, type ConnectOptions } from './pod-target.ts'
import type { ResourcePath } from './request-path.ts'

type Parsed = Omit<LogOptions, 'signal' | 'container'>

function whole(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
  return Number(value)
}

export function parseLogOptions(query: URLSearchParams, podName: string): Parsed {
  const tailLines = whole(query, 'tailLines')
  const sinceSeconds = whole(query, 'sinceSeconds')
  const limitBytes = whole(query, 'limitBytes')
  const sinceTime = query.get('sinceTime') || undefined
  const stream = query.get('stream') || undefined
  const errors: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0) errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'))
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'))
  if (sinceSeconds !== undefined && sinceTime !== undefined) errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'))
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as RFC 3339: not a time`)
  if (stream !== undefined && !['All', 'Stdout', 'Stderr'].includes(stream)) errors.push(notSupported('stream', stream, ['All', 'Stdout', 'Stderr']))
  if (stream !== undefined && stream !== 'All' && tailLines !== undefined) errors.push(forbiddenField('', '`tailLines` and specific `stream` are mutually exclusive for now'))
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, podName, errors)
  return {
    follow: truth(query, 'follow'), previous: truth(query, 'previous'), timestamps: truth(query, 'timestamps'),
    tailLines, sinceSeconds, limitBytes, sinceTime, stream: stream as Parsed['stream'],
  }
}

export const podRefOf = ({ metadata: { namespace = '', name = '', uid = '' } }: Pod): { namespace: string; name: string; uid: string } => ({ namespace, name, uid })

/** The log of the path's pod. A pod without a node has an empty one. */
export async function openLog(path: ResourcePath, query: URLSearchParams, signal: AbortSignal, options: ConnectOptions): Promise<AsyncIterable<Uint8Array> | undefined> {
  const pod = podOf(options.registry, path)
  const parsed = parseLogOptions(query, path.name ?? '')
  const container = containerOf(pod, query.get('container') || undefined)
  return nodeOf(options.nodeConnections, pod)?.logs(podRefOf(pod), { ...parsed, container, signal })
}
