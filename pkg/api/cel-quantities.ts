// CEL: quantities and semantic versions.
import type { Environment } from '@marcbachmann/cel-js'
import { functionsOf, registerEquality } from './cel-register.ts'
import { addQuantities, compareQuantities, formatQuantity, isQuantity, parseQuantity, quantityOf, subtractQuantities, type Quantity } from './quantity.ts'

const billion = 1_000_000_000n

class CelQuantity {
  readonly quantity: Quantity
  constructor(quantity: Quantity) {
    this.quantity = quantity
  }
}

class CelSemver {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly pre: readonly string[]
  constructor(text: string) {
    const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.exec(text)
    if (!match) throw new Error(`invalid semantic version: ${text}`)
    this.major = BigInt(match[1] ?? 0)
    this.minor = BigInt(match[2] ?? 0)
    this.patch = BigInt(match[3] ?? 0)
    this.pre = match[4]?.split('.') ?? []
  }
}

/** `v1.2` means 1.2.0. */
function normalized(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?$/.exec(text)
  if (!match) return text
  const part = (value: string | undefined): string => (value ?? '0').replace(/^0+(?=\d)/, '')
  return `${part(match[1])}.${part(match[2])}.${part(match[3])}${match[4] ?? ''}`
}

function compareSemver(a: CelSemver, b: CelSemver): number {
  for (const part of ['major', 'minor', 'patch'] as const) if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1
  // A version before the release is the smaller one.
  if (a.pre.length === 0 || b.pre.length === 0) return (a.pre.length === 0 ? 1 : 0) - (b.pre.length === 0 ? 1 : 0)
  for (let index = 0; index < Math.min(a.pre.length, b.pre.length); index++) {
    const order = compareIdentifiers(a.pre[index] ?? '', b.pre[index] ?? '')
    if (order !== 0) return order
  }
  return Math.sign(a.pre.length - b.pre.length)
}

function compareIdentifiers(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (x && y) return Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b))
  if (x !== y) return x ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

const succeeds = (make: () => unknown): boolean => {
  try {
    make()
    return true
  } catch {
    return false
  }
}

export function registerCelQuantities(environment: Environment): void {
  const add = functionsOf(environment)
  const type = 'kubernetes.Quantity'
  environment.registerType(type, CelQuantity)
  const compare = (a: CelQuantity, b: CelQuantity): number => compareQuantities(a.quantity, b.quantity)
  const whole = ({ quantity }: CelQuantity): boolean => quantity.nanos % billion === 0n
  registerEquality(environment, type, (a: CelQuantity, b: CelQuantity) => compare(a, b) === 0)
  add(`quantity(string): ${type}`, (text: string) => new CelQuantity(parseQuantity(text)))
  add('isQuantity(string): bool', (text: string) => isQuantity(text))
  const sign = ({ quantity }: CelQuantity): bigint => (quantity.nanos > 0n ? 1n : quantity.nanos < 0n ? -1n : 0n)
  add(`sign(${type}): int`, sign)
  // Kubernetes only has the other; old rules may have this.
  add(`${type}.sign(): int`, sign)
  add(`${type}.isInteger(): bool`, whole)
  add(`${type}.asInteger(): int`, (value: CelQuantity) => {
    if (!whole(value)) throw new Error('cannot convert value to integer')
    return value.quantity.nanos / billion
  })
  add(`${type}.asApproximateFloat(): double`, ({ quantity }: CelQuantity) => Number(quantity.nanos) / 1e9)
  const plus = (a: CelQuantity, b: Quantity): CelQuantity => new CelQuantity(addQuantities(a.quantity, b))
  const minus = (a: CelQuantity, b: Quantity): CelQuantity => new CelQuantity(subtractQuantities(a.quantity, b))
  add(`${type}.add(${type}): ${type}`, (a: CelQuantity, b: CelQuantity) => plus(a, b.quantity))
  add(`${type}.add(int): ${type}`, (a: CelQuantity, b: bigint) => plus(a, quantityOf(b)))
  add(`${type}.sub(${type}): ${type}`, (a: CelQuantity, b: CelQuantity) => minus(a, b.quantity))
  add(`${type}.sub(int): ${type}`, (a: CelQuantity, b: bigint) => minus(a, quantityOf(b)))
  add(`${type}.isLessThan(${type}): bool`, (a: CelQuantity, b: CelQuantity) => compare(a, b) < 0)
  add(`${type}.isGreaterThan(${type}): bool`, (a: CelQuantity, b: CelQuantity) => compare(a, b) > 0)
  add(`${type}.compareTo(${type}): int`, (a: CelQuantity, b: CelQuantity) => BigInt(compare(a, b)))
  add(`string(${type}): string`, ({ quantity }: CelQuantity) => formatQuantity(quantity))

  const version = 'kubernetes.Semver'
  environment.registerType(version, CelSemver)
  registerEquality(environment, version, (a: CelSemver, b: CelSemver) => compareSemver(a, b) === 0)
  add(`semver(string): ${version}`, (text: string) => new CelSemver(text))
  add(`semver(string, bool): ${version}`, (text: string, normalize: boolean) => new CelSemver(normalize ? normalized(text) : text))
  add('isSemver(string): bool', (text: string) => succeeds(() => new CelSemver(text)))
  add('isSemver(string, bool): bool', (text: string, normalize: boolean) => succeeds(() => new CelSemver(normalize ? normalized(text) : text)))
  for (const part of ['major', 'minor', 'patch'] as const) add(`${version}.${part}(): int`, (value: CelSemver) => value[part])
  add(`${version}.isLessThan(${version}): bool`, (a: CelSemver, b: CelSemver) => compareSemver(a, b) < 0)
  add(`${version}.isGreaterThan(${version}): bool`, (a: CelSemver, b: CelSemver) => compareSemver(a, b) > 0)
  add(`${version}.compareTo(${version}): int`, (a: CelSemver, b: CelSemver) => BigInt(compareSemver(a, b)))
}
