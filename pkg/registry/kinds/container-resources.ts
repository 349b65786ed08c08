// Checks of what containers ask for: quantities, and requests against limits.
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import type { ResourceClaim, ResourceRequirements } from '../../api/types-pod.ts'
import { checkContainerResourceName, checkResourceQuantity, isHugePages, mayOvercommit } from './resource-names.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, duplicate, fieldNotFound, forbiddenField, invalid, required, withDetail } from './rules.ts'

type NameCheck = (out: Errors, path: string, name: string) => void

function checkAmount(out: Errors, path: string, { name, value }: { name: string; value: string }, checkName: NameCheck): void {
  checkName(out, path, name)
  checkResourceQuantity(out, path, { name, value })
}

function checkPages(out: Errors, path: string, name: string, value: string): void {
  if (isHugePages(name) && !isWholePages(name, value)) out.push(invalid(path, value, `${value} is not positive integer multiple of ${name}`))
}

function isWholePages(name: string, value: string): boolean {
  const page = name.slice('hugepages-'.length)
  if (!isQuantity(value)) return true
  const size = isQuantity(page) ? parseQuantity(page).nanos : 0n
  return size > 0n && size % 1_000_000_000n === 0n && parseQuantity(value).nanos % size === 0n
}

function checkAgainstLimit(out: Errors, path: string, { name, request, limit }: { name: string; request: string; limit: string | undefined }): void {
  if (limit === undefined) {
    if (!mayOvercommit(name)) out.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
    return
  }
  if (!isQuantity(request) || !isQuantity(limit)) return
  const asked = parseQuantity(request).nanos
  const most = parseQuantity(limit).nanos
  if (!mayOvercommit(name) && asked !== most) out.push(invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`))
  else if (asked > most) out.push(invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`))
}

/** `claims` are the names of the pod's claims. */
export function checkResources(
  out: Errors, path: string, resources: ResourceRequirements | undefined, claims: ReadonlySet<string> = new Set(), checkName: NameCheck = checkContainerResourceName,
): void {
  const { limits = {}, requests = {} } = resources ?? {}
  for (const [name, value] of Object.entries(limits)) {
    checkAmount(out, `${path}.limits[${name}]`, { name, value }, checkName)
    checkPages(out, `${path}.limits[${name}]`, name, value)
  }
  for (const [name, value] of Object.entries(requests)) {
    checkAmount(out, `${path}.requests[${name}]`, { name, value }, checkName)
    checkAgainstLimit(out, path, { name, request: value, limit: limits[name] })
    checkPages(out, `${path}.requests[${name}]`, name, value)
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    out.push(forbiddenField(path, 'HugePages require cpu or memory'))
  }
  checkClaims(out, `${path}.claims`, resources?.claims ?? [], claims)
}

/** A claim is named whole, or request by request, and nothing of it twice. */
function checkClaims(out: Errors, path: string, wanted: readonly ResourceClaim[], claims: ReadonlySet<string>): void {
  const seen = new Set<string>()
  for (const [index, { name, request }] of wanted.entries()) {
    const at = `${path}[${index}]`
    if (!name) {
      out.push(required(at))
      continue
    }
    if (seen.has(name)) out.push(duplicate(at, name))
    else checkClaim(out, at, { name, request: request ?? '' }, seen)
    if (!claims.has(name)) {
      const known = claims.size === 0 ? ' which is empty' : `: ${[...claims].sort().join(', ')}`
      out.push(withDetail(fieldNotFound(at, name), `must be one of the names in pod.spec.resourceClaims${known}`))
    }
  }
}

function checkClaim(out: Errors, path: string, { name, request }: { name: string; request: string }, seen: Set<string>): void {
  if (request !== '') checkDnsLabel(out, `${path}.request`, request)
  const key = request === '' ? name : `${name}/${request}`
  if (seen.has(key)) out.push(duplicate(path, key))
  else if (request === '') for (const other of seen) if (other.startsWith(`${name}/`)) out.push(duplicate(path, name))
  seen.add(key)
}
