// Checks that the kinds of resource.k8s.io share: names, lists with limits, expressions that select devices, settings for drivers.
import { dnsSubdomainFaults } from '../../api/names.ts'
import { checkDeviceExpression } from './device-expressions.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsLabel, duplicate, invalid, required, tooLong, tooMany } from './rules.ts'
import { checkCsiDriver } from './volume-disks.ts'

export const most = {
  requests: 32, constraints: 32, config: 32, selectors: 32, subrequests: 8, results: 32, reservedFor: 256, conditions: 8, devices: 128, properties: 32, ips: 16,
} as const

const longest = { pool: 253, identifier: 32 } as const

/** Of each item with its path, unless there are too many of them. */
export function checkItems<T>(out: Errors, path: string, items: readonly T[] | undefined, max: number, check: (at: string, item: T) => void): boolean {
  const list = items ?? []
  if (max >= 0 && list.length > max) {
    out.push(tooMany(path, list.length, max))
    return false
  }
  for (const [index, item] of list.entries()) check(`${path}[${index}]`, item)
  return true
}

/** Such a list in which no key comes twice. */
export function checkDistinct<T>(out: Errors, path: string, items: readonly T[] | undefined, max: number, keyOf: (item: T) => unknown, check: (at: string, item: T) => void): void {
  if (!checkItems(out, path, items, max, check)) return
  const seen = new Set<string>()
  for (const [index, item] of (items ?? []).entries()) {
    const key = keyOf(item)
    const text = JSON.stringify(key)
    if (seen.has(text)) out.push(duplicate(`${path}[${index}]`, key))
    seen.add(text)
  }
}

export const checkDriver = checkCsiDriver

export function checkPool(out: Errors, path: string, name: string | undefined): void {
  if (!name) return void out.push(required(path))
  if (Buffer.byteLength(name) > longest.pool) out.push(tooLong(path, longest.pool))
  for (const part of name.split('/')) addFaults(out, path, part, dnsSubdomainFaults(part))
}

const identifierPattern = '[A-Za-z_][A-Za-z0-9_]*'
const identifierText = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  + ` (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '${identifierPattern}')`

function checkIdentifier(out: Errors, path: string, value: string): void {
  if (Buffer.byteLength(value) > longest.identifier) out.push(tooLong(path, longest.identifier))
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) out.push(invalid(path, value, identifierText))
}

/** The name of an attribute or a capacity, perhaps with a domain. */
export function checkProperty(out: Errors, path: string, name: string): void {
  const parts = name.split('/')
  const [domain = '', own = ''] = parts
  if (parts.length === 1) return checkIdentifier(out, path, name)
  if (parts.length > 2) return
  if (domain === '') out.push(invalid(path, '', 'the domain must not be empty'))
  else checkDriver(out, path, domain)
  if (own === '') out.push(invalid(path, '', 'the name must not be empty'))
  else checkIdentifier(out, path, own)
}

export function checkFullProperty(out: Errors, path: string, name: string): void {
  checkProperty(out, path, name)
  if (!name.includes('/')) out.push(invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash'))
}

export interface DeviceSelector {
  cel?: { expression?: string }
}

export function checkSelectors(out: Errors, path: string, selectors: readonly DeviceSelector[] | undefined): void {
  checkItems(out, path, selectors, most.selectors, (at, { cel }) => {
    if (!cel) out.push(required(`${at}.cel`))
    else checkDeviceExpression(out, `${at}.cel.expression`, cel.expression ?? '')
  })
}

export interface DriverSettings {
  opaque?: { driver?: string; parameters?: unknown }
}

const longestSettings = 10 * 1024

/** What only the driver understands: an object, and not too much of it. */
export function checkFreeObject(out: Errors, path: string, value: unknown): void {
  if (value === undefined || value === null) out.push(required(path))
  else if (Buffer.byteLength(JSON.stringify(value)) > longestSettings) out.push(tooLong(path, longestSettings))
  else if (typeof value !== 'object' || Array.isArray(value)) out.push(invalid(path, '<value omitted>', 'must be a valid JSON object'))
}

export function checkSettings(out: Errors, path: string, { opaque }: DriverSettings): void {
  if (!opaque) return void out.push(required(`${path}.opaque`))
  checkDriver(out, `${path}.opaque.driver`, opaque.driver)
  checkFreeObject(out, `${path}.opaque.parameters`, opaque.parameters)
}

/** The names of a claim's requests, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>

const referenceText = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

export function checkRequestReference(out: Errors, path: string, name: string, names: RequestNames): void {
  const parts = name.split('/')
  if (parts.length > 2) return void out.push(invalid(path, name, referenceText))
  for (const part of parts) checkDnsLabel(out, path, part)
  const [request = '', alternative] = parts
  const known = names.get(request)
  if (!known || (alternative !== undefined && !known.has(alternative))) out.push(invalid(path, name, referenceText))
}

export function checkRequestReferences(out: Errors, path: string, list: readonly string[] | undefined, names: RequestNames): void {
  checkDistinct(out, path, list, most.requests, (name) => name, (at, name) => checkRequestReference(out, at, name, names))
}
