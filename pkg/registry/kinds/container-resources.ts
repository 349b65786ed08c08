// Checks of what containers ask for: quantities, and requests against limits.
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import type { ResourceRequirements } from '../../api/types-pod.ts'
import type { Errors } from './rules.ts'
import { checkContainerResourceName, checkResourceQuantity, duplicate, fieldNotFound, forbiddenField, invalid, required } from './rules.ts'

export function checkResourceList(out: Errors, path: string, list: Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(list ?? {})) {
    checkContainerResourceName(out, `${path}[${name}]`, name)
    checkResourceQuantity(out, `${path}[${name}]`, { name, value })
    if (name.startsWith(hugePages) && !isWholePages(name, value)) out.push(invalid(`${path}[${name}]`, value, `${value} is not positive integer multiple of ${name}`))
  }
}

const hugePages = 'hugepages-'

function isWholePages(name: string, value: string): boolean {
  const page = name.slice(hugePages.length)
  if (!isQuantity(page) || !isQuantity(value)) return true
  const size = parseQuantity(page).nanos
  const asked = parseQuantity(value).nanos
  return size > 0n && asked >= 0n && asked % size === 0n
}

// A resource that a node cannot give out twice must be limited to exactly what is requested.
function mayOvercommit(name: string): boolean {
  return !name.startsWith('hugepages-') && (!name.includes('/') || name.startsWith('kubernetes.io/'))
}

function checkPair(out: Errors, path: string, { name, request, limit }: { name: string; request: string; limit: string }): void {
  if (!isQuantity(request) || !isQuantity(limit)) return
  const asked = parseQuantity(request).nanos
  const most = parseQuantity(limit).nanos
  if (!mayOvercommit(name) && asked !== most) out.push(invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`))
  else if (asked > most) out.push(invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`))
}

/** `claims` are the names of the pod's claims. */
export function checkResources(out: Errors, path: string, resources: ResourceRequirements | undefined, claims: ReadonlySet<string> = new Set()): void {
  const { limits = {}, requests = {} } = resources ?? {}
  checkResourceList(out, `${path}.limits`, limits)
  checkResourceList(out, `${path}.requests`, requests)
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name]
    if (limit !== undefined) checkPair(out, path, { name, request, limit })
    else if (!mayOvercommit(name)) out.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some((name) => name.startsWith(hugePages)) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    out.push(forbiddenField(path, 'HugePages require cpu or memory'))
  }
  const seen = new Set<string>()
  for (const [index, claim] of (resources?.claims ?? []).entries()) {
    const at = `${path}.claims[${index}]`
    const identity = `${claim.name}/${claim.request ?? ''}`
    if (!claim.name) out.push(required(`${at}.name`))
    else if (!claims.has(claim.name)) out.push(fieldNotFound(`${at}.name`, claim.name))
    if (seen.has(identity)) out.push(duplicate(at, claim))
    seen.add(identity)
  }
}
