// CEL: what the steps of an expression cost, so that it can be stopped. A node of the engine's tree that can take long is told its operands' size beforehand.
import { longestStep } from '../util/allowance.ts'

/** A part of the engine's syntax tree, once it is checked. */
interface Checked {
  readonly op: string
  readonly args: unknown
  readonly meta?: { readonly alternate?: unknown; readonly macro?: unknown }
  handle?: (...values: unknown[]) => unknown
}

/** Fails when it is too much. */
export type Charge = (units: number) => void

/** What one expression may take: half a second. Sizes are counted so far that one too large is told from all others. */
export const mostTime = 4_000_000

type Cost = (operands: readonly unknown[]) => number

const native = 64
const lengthOf = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : value instanceof Map ? value.size : 1)

/** How much there is to look at: characters, items, items of items. Counts no farther than makes a difference. */
function sizeOf(value: unknown, most = Math.min(longestStep(), mostTime + 1)): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  if (value instanceof Uint8Array) return value.length
  let size = 1
  for (const item of insideOf(value)) {
    size += sizeOf(item, most - size)
    if (size >= most) return most
  }
  return size
}

function insideOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value as unknown[]
  if (value instanceof Map) return value.values()
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : []
}

const sizes: Cost = (operands) => operands.reduce<number>((sum, operand) => sum + sizeOf(operand), 0)
const natively: Cost = (operands) => operands.reduce<number>((sum, operand) => sum + (typeof operand === 'string' ? operand.length / native : sizeOf(operand)), 0)
const hasInside = (list: unknown): boolean => Array.isArray(list) && list.some((item) => typeof item === 'object' && item !== null)

/** Texts and numbers are looked up; each of the others is compared with each. */
const compared: Cost = (operands) => {
  const lists = operands.filter((operand) => Array.isArray(operand))
  const [a, b = a] = lists
  return hasInside(a) && hasInside(b) ? lengthOf(a) * sizeOf(b) : sizes(lists)
}

/** Of a list that is as long as the call says. */
const rangeLength: Cost = (operands) => Math.max(0, Number(operands.at(-1)))

const matched: Cost = ([text, pattern]) => lengthOf(text) * lengthOf(pattern) / 40
const free: Cost = () => 0

const costs: Readonly<Record<string, Cost>> = {
  '==': natively, '!=': natively, '<': natively, '<=': natively, '>': natively, '>=': natively,
  '+': (operands) => operands.reduce<number>((sum, operand) => sum + lengthOf(operand) / (Array.isArray(operand) ? 4 : native), 0),
  '-': free, '*': free, '/': free, '%': free,
  in: ([wanted, within]) => (Array.isArray(within) ? within.length * (typeof wanted === 'object' ? sizeOf(wanted) : 1) : 1),
  startsWith: natively, endsWith: natively, size: ([value]) => (typeof value === 'string' ? value.length : 0),
  contains: (operands) => (typeof operands[0] === 'string' ? natively(operands) : compared(operands)), equivalent: compared, intersects: compared, distinct: compared,
  matches__: matched, find: matched, findAll: matched,
  replace: ([text, from, to]) => lengthOf(text) * (1 + lengthOf(to) / native) + lengthOf(from),
  join: ([list, between]) => sizeOf(list) + lengthOf(list) * lengthOf(between) / native,
  sort: ([list]) => 8 * sizeOf(list), range: rangeLength,
  // Whoever judges has to look through all roles.
  check: () => 350_000,
  ...Object.fromEntries(['orValue', 'or', 'hasValue', 'value', 'of', 'none', 'optMap', 'optFlatMap', 'type', 'dyn', 'first', 'last', 'allowed', 'reason', 'path', 'group', 'resource', 'namespace', 'name', 'subresource', 'serviceAccount', 'errored', 'error'].map((name) => [name, free])),
}

const sumOf = (name: string): Cost => (Object.hasOwn(costs, name) ? costs[name] ?? sizes : sizes)
const operators = new Set(['==', '!=', '<', '<=', '>', '>=', '+', 'in'])

/** Has each node of a checked tree charge for what it does. Tells how many nodes there are. */
export function meterNodes(part: unknown, charge: Charge, seen = new Set<unknown>()): number {
  if (typeof part !== 'object' || part === null || seen.has(part)) return 0
  seen.add(part)
  if (Array.isArray(part)) return part.reduce<number>((sum, one) => sum + meterNodes(one, charge, seen), 0)
  const node = part as Checked
  if (typeof node.op !== 'string') return 0
  meterNode(node, charge)
  let count = 1
  for (const inner of [node.args, node.meta?.alternate, node.meta?.macro]) {
    if (typeof inner !== 'object' || inner === null) continue
    if (Array.isArray(inner) || typeof (inner as Partial<Checked>).op === 'string') count += meterNodes(inner, charge, seen)
    else for (const one of Object.values(inner)) count += meterNodes(one, charge, seen)
  }
  return count
}

/** Most values are: whatever is done with them takes no time. */
const isSmall = (value: unknown): boolean => (typeof value === 'string' ? value.length < 64 : typeof value !== 'object' || value === null)

function meterNode(node: Checked, charge: Charge): void {
  const { handle, op, args } = node
  if (!handle) return
  if (operators.has(op)) {
    const cost = sumOf(op)
    node.handle = (left, right, ast, evaluator) => {
      charge(isSmall(left) && isSmall(right) ? 1 : 1 + cost([left, right]))
      return handle(left, right, ast, evaluator)
    }
  } else if (op === 'call' || op === 'rcall') {
    const cost = sumOf(String((args as unknown[])[0]))
    node.handle = (operands, first, second) => {
      charge((operands as unknown[]).every(isSmall) ? 2 : 1 + cost(operands as unknown[]))
      return handle(operands, first, second)
    }
  } else if (op === 'comprehension') {
    // The keys of a map are copied.
    node.handle = (range, ...rest) => {
      if (!Array.isArray(range)) charge(1 + lengthOf(range) / 8)
      return handle(range, ...rest)
    }
  }
}
