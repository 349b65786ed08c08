// The path parser: which resource, if any, a URL path names.

export interface ResourcePath {
  readonly kind: 'resource'
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
  /** What follows `/proxy`, with its leading slash; '' when nothing follows. */
  readonly rest?: string
  /** The old `/watch/` form: a GET of it is a watch. */
  readonly watch: boolean
}

export interface OtherPath {
  readonly kind: 'other'
  readonly path: string
}

export type RequestPath = ResourcePath | OtherPath

/** Subresources of the namespace object itself; every other word there is a resource in the namespace. */
const namespaceSubresources = new Set(['status', 'finalize'])

/** Splits a decoded path as Kubernetes does: `/api/v1/…` and `/apis/GROUP/VERSION/…` with at least a resource behind it. */
export function parsePath(path: string): RequestPath {
  const other: OtherPath = { kind: 'other', path }
  const parts = splitPath(path)
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return other
  const head = core ? 2 : 3
  if (parts.length <= head) return other
  const group = core ? '' : parts[1]!
  const version = parts[head - 1]!
  let rest = parts.slice(head)
  const watch = rest[0] === 'watch'
  if (watch) rest = rest.slice(1)
  if (rest.length === 0) return other

  let namespace: string | undefined
  if (rest[0] === 'namespaces' && rest.length > 2 && !namespaceSubresources.has(rest[2]!)) {
    namespace = rest[1]!
    rest = rest.slice(2)
  }
  const [plural, name, subresource] = rest as [string, string | undefined, string | undefined]
  const proxied = subresource === 'proxy'
  if (!proxied && rest.length > 3) return other
  return {
    kind: 'resource', group, version, plural, watch,
    ...(namespace !== undefined ? { namespace } : {}),
    ...(name !== undefined ? { name } : {}),
    ...(subresource !== undefined ? { subresource } : {}),
    ...(proxied ? { rest: proxyRest(path, parts.length - rest.length + 3) } : {}),
  }
}

const splitPath = (path: string): string[] => path.split('/').filter((part) => part !== '')

/** The text of `path` after `skip` segments, kept as it is: a trailing or double slash means something to the one behind the proxy. */
function proxyRest(path: string, skip: number): string {
  let at = 0
  for (let passed = 0; passed < skip; passed++) {
    while (path[at] === '/') at++
    const next = path.indexOf('/', at)
    if (next < 0) return ''
    at = next
  }
  return path.slice(at)
}

/** The `%xx` of a path undone; undefined when they are not well-formed. */
export function decodePath(rawPath: string): string | undefined {
  if (!rawPath.includes('%')) return rawPath
  try {
    return decodeURIComponent(rawPath)
  } catch {
    return undefined
  }
}
