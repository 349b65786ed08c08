// CEL: what an expression costs as it runs, counted as kube-apiserver counts it. What steps take in time is metered apart.
import { CelFormat } from './cel-formats.ts'
import { isOptional } from './cel-optional.ts'

/** A part of the engine's syntax tree, once it is checked. */
interface Node {
  readonly op: string
  readonly args: unknown
  readonly meta: { readonly alternate?: Node; readonly macro?: Macro; readonly evaluate: Evaluate }
  handle?: (...values: unknown[]) => unknown
  evaluate: Evaluate
}

interface Macro {
  readonly evaluate: Evaluate
  /** Of loops: the body has been evaluated; no other item decides. */
  onFound?: (found: unknown) => void
  onStop?: () => void
}

type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown

interface Loop {
  readonly init: Node
  condition?: (accumulated: unknown) => boolean
  readonly result?: unknown
}

/** Fails when it is too much. */
export type AddCost = (units: number) => void

const ofText = 0.1
const ofPattern = 0.25

/** As `size()` has it; of what has no size, 1. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return lengthOf(value)
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length
  if (value instanceof Map) return value.size
  if (isOptional(value)) return value.hasValue() ? sizeOf(value.value()) : 1
  return 1
}

/** In characters. */
function lengthOf(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length - 1; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) length--
  return length
}

/** What there is in it. */
function traversal(value: unknown): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * ofText)
  if (value instanceof Uint8Array) return Math.floor(value.length * ofText)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + traversal(item), 0)
  if (value instanceof Map) return [...value as Map<unknown, unknown>].reduce((sum, [key, item]) => sum + traversal(key) + traversal(item), 0)
  return 1
}

type Cost = (operands: readonly unknown[], result: unknown) => number

const read = (times = 1): Cost => ([value]) => Math.ceil(sizeOf(value) * times * ofText)
const through: Cost = ([value]) => traversal(value)
const lesser: Cost = ([a, b]) => Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * ofText)
const matched: Cost = ([text, pattern]) => Math.ceil((1 + sizeOf(text)) * ofText) * Math.ceil(sizeOf(pattern) * ofPattern)
const listed: Cost = (_operands, result) => 11 + sizeOf(result)
const crossed = (factor: number): Cost => ([, a, b]) => 1 + Math.floor(sizeOf(a) * sizeOf(b) * factor)
const isText = (value: unknown): boolean => typeof value === 'string' || value instanceof Uint8Array
const compared = (count: number, texts: boolean): number => 11 + Math.floor(count ** 2 * (texts ? 2 + ofText : 2))
const squared: Cost = ([list]) => compared(sizeOf(list), Array.isArray(list) && isText(list[0]))
const ordered: Cost = (operands, result) => (operands.every(isText) ? lesser(operands, result) : 1)

const costs: Readonly<Record<string, Cost>> = {
  '==': lesser, '!=': lesser, '<': ordered, '<=': ordered, '>': ordered, '>=': ordered,
  '+': (operands) => (operands.every(isText) ? Math.ceil((sizeOf(operands[0]) + sizeOf(operands[1])) * ofText) : 1),
  in: ([, within]) => (Array.isArray(within) ? within.length : 1),
  startsWith: read(), endsWith: read(), format: read(),
  bytes: (operands, result) => (typeof operands[0] === 'string' ? read()(operands, result) : 1),
  string: (operands, result) => (operands[0] instanceof Uint8Array ? read()(operands, result) : 1),
  contains: ([text, part, ...more]) => (more.length > 0 ? crossed(1)([text, part, ...more], undefined) : Math.ceil(sizeOf(text) * ofText) * Math.ceil(sizeOf(part) * ofText)),
  intersects: crossed(1), equivalent: crossed(2), matches__: matched, find: matched, findAll: matched,
  isSorted: through, sum: through, max: through, min: through, indexOf__: through, lastIndexOf__: through,
  url: read(), lowerAscii__: read(), upperAscii__: read(), substring__: read(), trim__: read(), escapeKey: read(), replace: read(2), split__: read(2),
  // Quoting is done by the namespace `strings`.
  quote: ([, text]) => Math.ceil(sizeOf(text) * ofText),
  validate: ([format, text]) => Math.ceil((1 + sizeOf(text)) * ofText) * (format instanceof CelFormat ? Math.ceil(format.patternLength * ofPattern) : 1),
  join: (_operands, result) => Math.ceil(sizeOf(result) * 2 * ofText),
  cidr: read(), isIP: read(), isCIDR: read(), quantity: read(), isQuantity: read(), semver: read(), isSemver: read(), isCanonical: ([, text]) => Math.ceil(sizeOf(text) * 2 * ofText),
  ip: ([value]) => (typeof value === 'string' ? Math.ceil(sizeOf(value) * ofText) : 1),
  check: () => 350_000,
  slice: listed, reverse: listed, range: listed, flatten: ([list, depth = 1n]) => 11 + sizeOf(list) * Number(depth), distinct: squared, sort: squared,
}

const operators = new Set(['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', 'in'])
const conversions = new Set(['bool', 'bytes', 'double', 'duration', 'duration__', 'dyn', 'int', 'string', 'timestamp', 'type', 'uint'])

interface LoopCost {
  /** Of each step beside its body; of those where the body holds; of the question that ends it; of the result. */
  readonly step: number
  readonly found: number
  readonly stop: number
  readonly result: number
}

const collects = (step: number): LoopCost => ({ step, found: 0, stop: 0, result: 1 })
const sorts: LoopCost = collects(12)
const counts: LoopCost = { step: 0, found: 2, stop: 0, result: 2 }
/** Loops over two variables. */
const loopCosts: Readonly<Record<string, LoopCost>> = {
  all: { step: 3, found: 0, stop: 2, result: 1 }, exists: { step: 4, found: 0, stop: 3, result: 1 }, existsOne: counts, exists_one: counts,
  transformList: collects(12), transformMap: collects(3), transformMapEntry: collects(2), sortBy: sorts,
}

const isNode = (part: unknown): part is Node => typeof part === 'object' && part !== null && typeof (part as Partial<Node>).op === 'string'

/** What is known before it runs costs nothing. */
function isConstant(part: unknown): boolean {
  if (Array.isArray(part)) return part.every(isConstant)
  if (!isNode(part) || part.meta.macro) return false
  if (part.op === 'value') return true
  if (part.op === '-_') return isNode(part.args) && part.args.op === 'value'
  if (part.op === 'list' || part.op === 'map') return isConstant(part.args)
  if (part.op !== 'call') return false
  const [name, operands] = part.args as [unknown, unknown]
  return conversions.has(String(name)) && isConstant(operands)
}

const isPath = ({ op }: Node): boolean => op === 'id' || op === '.' || op === '[]' || op === 'accuValue'

/** `google.protobuf.Duration` and the like. */
function isTypeName(node: Node): boolean {
  let at: unknown = node
  while (isNode(at) && at.op === '.') at = (at.args as unknown[])[0]
  return at !== node && isNode(at) && at.op === 'id' && (at.args === 'google' || at.args === 'net')
}

/** Has each node of a checked tree tell what it costs. */
export function costNodes(part: unknown, add: AddCost, seen = new Set<unknown>()): void {
  if (typeof part !== 'object' || part === null || seen.has(part)) return
  seen.add(part)
  if (Array.isArray(part)) {
    for (const one of part) costNodes(one, add, seen)
    return
  }
  if (!isNode(part)) return
  const { alternate, macro } = part.meta
  if (alternate) costNodes(alternate, add, seen)
  else if (macro) {
    const cost = loopCosts[String((part.args as unknown[])[0])]
    if (cost && macro.onFound) {
      let texts = false
      macro.onFound = (found) => {
        texts = isText(found)
        add(cost.step + (found === true ? cost.found : 0))
      }
      macro.onStop = () => add(cost.stop)
      costAfter(part, cost === sorts ? (result) => 3 + compared(sizeOf(result), texts) : cost.result, add)
    }
    for (const inner of Object.values(macro)) costNodes(inner, add, seen)
  } else if (part.op === '?:') {
    const [condition, ...branches] = part.args as Node[]
    costNodes(condition, add, seen)
    // What a branch only names is read along with it.
    for (const branch of branches) if (!isPath(branch)) costNodes(branch, add, seen)
  } else if (part.op === '[]' || part.op === '[?]') {
    const [list, index] = part.args as [Node, Node]
    costAfter(part, 1, add, 1)
    costNodes(list, add, seen)
    if (!isPath(index)) costNodes(index, add, seen)
  } else if (!isConstant(part) && !isTypeName(part)) {
    costNode(part, add)
    costNodes(part.op === 'comprehension' ? Object.values(part.args as object) : part.args, add, seen)
  }
}

function costNode(node: Node, add: AddCost): void {
  const { op, args, handle } = node
  switch (op) {
    case 'id': case '.': case '.?': return costAfter(node, 1, add, 1)
    case '!_': case '-_': return costAfter(node, 1, add)
    case 'accuInc': return costAfter(node, 2, add)
    case 'accuPush': return costAfter(node, 12, add)
    case 'list': return costAfter(node, 10, add)
    case 'map': return costAfter(node, 30, add)
    case 'comprehension': return costLoop(node, args as Loop, add)
    default: if (!handle) return
  }
  if (op === 'in' && isConstant((args as unknown[])[1])) return
  const cost = costs[operators.has(op) ? op : op === 'call' || op === 'rcall' ? String((args as unknown[])[0]) : '']
  if (operators.has(op)) {
    costAfter(node, 0, add, 1)
    node.handle = (left, right, ...rest) => {
      const result = handle(left, right, ...rest)
      add(cost ? cost([left, right], result) : 1)
      return result
    }
  } else if (op === 'call' || op === 'rcall') {
    costAfter(node, 0, add, 1)
    node.handle = (operands, ...rest) => {
      const result = handle(operands, ...rest)
      add(cost ? cost(operands as unknown[], result) : 1)
      return result
    }
  }
}

/** `failed`: what it costs to fail. */
function costAfter(node: Node, cost: number | ((result: unknown) => number), add: AddCost, failed = 0): void {
  const { meta } = node
  node.evaluate = (evaluator, own, context) => {
    let result: unknown
    try {
      result = meta.macro ? meta.macro.evaluate(evaluator, meta.macro, context) : meta.evaluate(evaluator, own, context)
    } catch (error) {
      add(failed)
      throw error
    }
    add(typeof cost === 'number' ? cost : cost(result))
    return result
  }
}

/** `all` asks `@not_strictly_false(result)` before each item, `exists` the same of the opposite; then the result is read. */
function costLoop(node: Node, loop: Loop, add: AddCost): void {
  const { condition, init } = loop
  const { handle } = node
  const start: unknown = init.args
  const isAll = init.op === 'value' && start === true
  const isExists = init.op === 'value' && start === false
  const before = isAll ? 2 : isExists ? 3 : 0
  const each = isAll || isExists ? 1 : 0
  /** Items of which nothing has been asked; of loops within loops each has its own. */
  const left: number[] = []
  if (handle) {
    node.handle = (range, ...rest) => {
      left.push(sizeOf(range))
      try {
        return handle(range, ...rest)
      } finally {
        left.pop()
      }
    }
  }
  loop.condition = (accumulated) => {
    const goesOn = condition ? condition(accumulated) : true
    const depth = left.length - 1
    // After the last item the engine asks once more.
    if (left[depth] === undefined || left[depth] === 0) return goesOn
    left[depth]--
    add(goesOn ? before + each : before)
    return goesOn
  }
  costAfter(node, init.op === 'value' && !isAll && !isExists ? 2 : 1, add)
}
