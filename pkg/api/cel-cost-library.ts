// What the functions that Kubernetes adds to CEL can cost, and how large values of a declared type can be.
import type { CallEstimate, CostEstimator, Sized } from './cel-cost.ts'
import type { Declared } from './cel-declared.ts'
import type { Range } from './cel-estimates.ts'
import { by, fixed, largest, listCost, nothing, ofPattern, ofText, one, plus, times, unknownSize } from './cel-estimates.ts'
import { sameType } from './cel-type.ts'

/** Sizes are those of `root`: what the variable is, or what every variable counts for where none is named. Maps of anything are then read by fields, too. */
export function libraryEstimator(root: Declared, variable?: string): CostEstimator {
  const fieldOf = ({ fields, items }: Declared, name: string): Declared | undefined => fields?.get(name) ?? (variable !== undefined && items?.type.kind === 'any' ? items : undefined)
  const sizeOf = ({ path }: Sized): Range | undefined => {
    if (!path || path.length === 0 || (variable !== undefined && path[0] !== variable)) return undefined
    let at: Declared | undefined = root
    for (const part of path.slice(1)) at = at && (part === '@items' || part === '@values' ? at.items : part === '@keys' ? at.keys : fieldOf(at, part))
    return at && { min: 0n, max: BigInt(at.most) }
  }
  const size = (value: Sized | undefined): Range => (value && (value.size ?? sizeOf(value))) ?? unknownSize
  return {
    sizeOf,
    callCost: (name, overload, target, args) => estimators.get(name)?.({ overload, target, args, size, first: args[0] }),
  }
}

interface CallFacts {
  readonly overload: string
  readonly target: Sized | undefined
  readonly args: readonly Sized[]
  readonly first: Sized | undefined
  readonly size: (value: Sized | undefined) => Range
}

type Estimator = (call: CallFacts) => CallEstimate | undefined

const constant = (cost: number): Estimator => () => ({ cost: fixed(cost) })

/** The whole text of the first argument, so many times. */
const readsArgument = (times: number, withResult = false): Estimator => ({ first, size }) => {
  if (!first) return undefined
  const length = size(first)
  return { cost: by(length, times * ofText), ...(withResult ? { result: length } : {}) }
}

const readsTarget: Estimator = ({ target, size }) => {
  if (!target) return undefined
  const length = size(target)
  return { cost: by(length, ofText), result: length }
}

/** The items of a list. */
function itemOf({ path, type }: Sized): Sized | undefined {
  const item = type.params[0]
  return item && { type: item, ...(path ? { path: [...path, '@items'] } : {}) }
}

const looksThrough: Estimator = ({ target, size }) => {
  if (!target) return undefined
  const item = itemOf(target)
  if (!item) return { cost: by(size(target), ofText) }
  const each = item.type.kind === 'string' || item.type.kind === 'bytes' ? plus(one, by(size(item), ofText)) : one
  return { cost: times(size(target), each) }
}

const replaces: Estimator = ({ target, args, size }) => {
  if (!target || args.length < 2) return undefined
  const text = size(target)
  return { cost: by(text, 2 * ofText), result: replacedSize(text, size(args[0]), size(args[1])) }
}

/** The longest and the shortest that can come of replacing `old` by `fresh`. */
function replacedSize(text: Range, old: Range, fresh: Range): Range {
  const more = (length: bigint): bigint => (length < largest ? length + 1n : length)
  const count = (length: bigint, part: bigint): bigint => {
    const quotient = Math.ceil(Number(length) / Number(part))
    return quotient >= 2 ** 64 ? largest : BigInt(quotient)
  }
  const max = old.min === 0n ? { count: more(text.max), kept: text.max } : fresh.max <= old.min ? { count: 0n, kept: text.max } : { count: count(text.max, old.min), kept: 0n }
  const min = old.max === 0n ? { count: more(text.min), kept: text.min } : old.max <= fresh.min ? { count: 0n, kept: text.min } : { count: count(text.min, old.max), kept: 0n }
  return plus(times({ min: min.count, max: max.count }, fresh), { min: min.kept, max: max.kept })
}

const splits: Estimator = ({ target, args, size }) => {
  if (!target) return undefined
  const text = size(target)
  const limit = args[1]?.expr
  const max = limit?.kind === 'literal' && limit.type === 'int' ? BigInt.asUintN(64, limit.value as bigint) : text.max
  return { cost: by(text, 2 * ofText), result: { min: 0n, max } }
}

const joins: Estimator = ({ target, first, size }) => {
  if (!target) return undefined
  const count = size(target)
  const item = itemOf(target)
  const texts = item ? times(count, size(item)) : nothing
  const less = (length: bigint): bigint => (length > 0n ? length - 1n : 0n)
  const all = first ? plus(texts, times(size(first), { min: less(count.min), max: less(count.max) })) : texts
  return { cost: by(all, ofText), result: all }
}

const finds: Estimator = ({ target, first, size }) => {
  if (!target || !first) return undefined
  const text = size(target)
  return { cost: times(by(plus(text, one), ofText), by(size(first), ofPattern)), result: { min: 0n, max: text.max } }
}

/** An address has 4 or 16 bytes. */
const address: Range = { min: 4n, max: 16n }

const contains = (textual: string, more: Range): Estimator => ({ overload, first, size }) => {
  if (!first) return undefined
  const compared = plus(by(plus(address, address), ofText), more)
  return { cost: overload === textual ? plus(compared, by(size(first), ofText)) : compared }
}

const equals: Estimator = ({ args: [a, b] }) => {
  if (!a || !b || !sameType(a.type, b.type)) return undefined
  const { kind, name } = a.type
  if (kind === 'opaque') return name === 'net.IP' || name === 'net.CIDR' ? { cost: one } : undefined
  if (kind !== 'struct') return undefined
  if (name === 'kubernetes.NamedFormat') return { cost: by({ min: 1n, max: 64n }, ofText) }
  if (name === 'kubernetes.URL') return { cost: by({ min: 1n, max: b.size?.max ?? 1n }, ofText) }
  return name === 'kubernetes.Quantity' || name === 'kubernetes.Semver' || name.startsWith('kubernetes.authorization.') ? { cost: one } : undefined
}

const allocating = (factor: number, items: Range): CallEstimate => ({ cost: plus(by(items, factor), one, listCost), result: items })

/** Of a number that the expression states. */
function stated(value: Sized | undefined, otherwise: bigint): bigint {
  const expr = value?.expr
  return expr?.kind === 'literal' && expr.type === 'int' ? BigInt.asUintN(64, expr.value as bigint) : otherwise
}

const sorts = (byKeys: boolean): Estimator => ({ overload, target, first, size }) => {
  const list = byKeys ? first : target
  if (!target || !list) return undefined
  const items = size(list)
  return allocating(/^list_(string|bytes)_/.test(overload) ? 2 + ofText : 2, times(items, items))
}

const slices: Estimator = ({ target, args, size }) => target && args.length === 2
  ? allocating(1, fixed(BigInt.asUintN(64, stated(args[1], size(target).max) - stated(args[0], 0n))))
  : undefined

const flattens: Estimator = ({ target, args, size }) => target && allocating(args.length === 1 ? Number(stated(args[0], largest)) : 1, size(target))

const distincts: Estimator = ({ target, size }) => {
  if (!target) return undefined
  const items = size(target)
  return allocating(2, times(items, items))
}

const compares = (factor: number): Estimator => ({ args, size }) => args.length === 2 ? { cost: plus(by(times(size(args[0]), size(args[1])), factor), one) } : undefined

const validates: Estimator = ({ first, size }) => first && { cost: by(by(size(first), ofText), 128 * ofPattern) }

const named = (names: string, estimator: Estimator): (readonly [string, Estimator])[] => names.split(' ').map((name) => [name, estimator])

const estimators: ReadonlyMap<string, Estimator> = new Map([
  ...named('check', constant(350_000)),
  ...named('serviceAccount path group resource subresource namespace name allowed reason error errored format.named', constant(1)),
  ...named('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast', constant(1)),
  ...named('sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch', constant(1)),
  ...named('getScheme getHostname getHost getPort getEscapedPath getQuery', constant(1)),
  ...named('fieldSelector labelSelector', ({ args, first, size }) => args.length === 1 ? { cost: plus(listCost, by(size(first), ofText), by(by(size(first), 0.5), 50)) } : undefined),
  ...named('isSorted sum max min indexOf lastIndexOf', looksThrough),
  ...named('url jsonpatch.escapeKey', readsArgument(1, true)),
  ...named('lowerAscii upperAscii substring trim', readsTarget),
  ...named('replace', replaces), ...named('split', splits), ...named('join', joins), ...named('find findAll', finds),
  ...named('cidr isIP isCIDR quantity isQuantity semver isSemver', readsArgument(1)),
  ...named('ip', (call) => call.overload === 'cidr_ip' ? { cost: one } : readsArgument(1)(call)),
  ...named('ip.isCanonical', readsArgument(2)),
  ...named('containsIP', contains('cidr_contains_ip_string', nothing)),
  ...named('containsCIDR', contains('cidr_contains_cidr_string', plus(by(address, ofText), one))),
  ...named('validate', validates), ...named('_==_', equals),
  ...named('slice', slices), ...named('flatten', flattens), ...named('reverse', ({ target, size }) => target && allocating(1, size(target))),
  ...named('lists.range', ({ first }) => allocating(1, fixed(stated(first, largest)))),
  ...named('distinct', distincts), ...named('sort', sorts(false)), ...named('@sortByAssociatedKeys', sorts(true)),
  ...named('sets.contains sets.intersects', compares(1)), ...named('sets.equivalent', compares(2)),
])

