// What metrics call a request: verb, resource and scope, in kube-apiserver's words.
import { isConnect } from './connect.ts'
import type { RequestPath } from './request-path.ts'
import { verbOf } from './resource-door.ts'

export interface RequestLabels {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: string
  /** `All`, or nothing. */
  readonly dryRun: string
}

const verbs: Readonly<Record<string, string>> = {
  get: 'GET', list: 'LIST', watch: 'WATCH', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE', deletecollection: 'DELETECOLLECTION',
}
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const readOnly = new Set(['GET', 'LIST', 'WATCH', 'HEAD', 'CONNECT'])

/** Without a resource: of paths that are none, and of what nobody serves. Any word might stand there. */
export const otherLabels = (method: string): RequestLabels =>
  ({ verb: methods.has(method) ? method : 'other', group: '', version: '', resource: '', subresource: '', scope: '', dryRun: '' })

export function labelsOf(path: RequestPath, method: string, query: URLSearchParams, contentType = ''): RequestLabels {
  if (path.kind !== 'resource') return otherLabels(method)
  const { group, version, plural, subresource = '', namespace, name } = path
  const verb = verbOf(method, path, query) ?? ''
  return {
    verb: isConnect(path) && subresource !== 'log' ? 'CONNECT' : verb === 'patch' && contentType.startsWith('application/apply-patch') ? 'APPLY' : verbs[verb] ?? 'other',
    group, version, resource: plural, subresource, scope: name !== undefined || verb === 'create' ? 'resource' : namespace !== undefined ? 'namespace' : 'cluster',
    dryRun: query.size > 0 && query.has('dryRun') ? [...new Set(query.getAll('dryRun'))].filter((value) => value === 'All').join(',') : '',
  }
}

export const isReadOnly = ({ verb }: RequestLabels): boolean => readOnly.has(verb)

export const sameLabels = (a: RequestLabels, b: RequestLabels): boolean => a.verb === b.verb && a.scope === b.scope && a.dryRun === b.dryRun
  && a.subresource === b.subresource && a.resource === b.resource && a.group === b.group && a.version === b.version
