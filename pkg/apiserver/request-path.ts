// The path parser: which resource, if any, a URL path names.

export interface ResourcePath {
  readonly kind: 'resource'
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
  /** What follows the subresource, with its leading slash; of `/proxy` '' when nothing follows. */
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

/**
 * Splits a decoded path as Kubernetes does: `/api/v1/…` and `/apis/GROUP/VERSION/…` with at least a resource behind it.
 * Between two slashes there is a segment, an empty one too: what is authorized is what every reader of the path sees.
 */
export function parsePath(path: string): RequestPath {
  const other: OtherPath = { kind: 'other', path }
  const parts = splitPath(path)
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return other
  const head = core ? 2 : 3
  const watch = parts[head] === 'watch'
  let at = watch ? head + 1 : head
  if (parts.length <= at) return other
  const namespaced = parts[at] === 'namespaces' && parts.length > at + 2 && !namespaceSubresources.has(parts[at + 2]!)
  const namespace = namespaced ? parts[at + 1] : undefined
  if (namespaced) at += 2
  const subresource = parts[at + 2]
  const proxied = subresource === 'proxy'
  return {
    kind: 'resource', group: core ? '' : parts[1]!, version: parts[head - 1]!, plural: parts[at]!, watch, namespace, name: parts[at + 1], subresource,
    rest: proxied || parts.length > at + 3 ? restAfter(path, at + 3) : undefined,
  }
}

/** What stands between slashes; those at the end don't count. */
function splitPath(path: string): string[] {
  let end = path.length
  while (end > 1 && path[end - 1] === '/') end--
  return path.slice(1, end).split('/')
}

/** The text of `path` after `skip` segments, kept as it is: a trailing or double slash means something to the one behind the proxy. */
function restAfter(path: string, skip: number): string {
  let at = 0
  for (let passed = 0; passed < skip; passed++) {
    const next = path.indexOf('/', at + 1)
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
