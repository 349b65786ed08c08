// CEL: the macros that the engine lacks. Loops over two variables (`map.all(key, value, …)`, `transformList` …) and `optMap`.
import type { Environment } from '@marcbachmann/cel-js'
import { celOptional } from './cel-optional.ts'
import { compareCel } from './cel-values.ts'

/** The engine's types and contexts, as far as macros touch them. */
interface Type {
  readonly kind: string
  readonly name: string
  readonly keyType?: Type
  readonly valueType?: Type
}

interface Context {
  forkWithVariable(name: string, type: Type): LoopContext
}

interface LoopContext extends Context {
  reuse(parent: Context): LoopContext
  setIterValue(value: unknown, evaluator: Evaluator): LoopContext
}

interface Node {
  readonly op: string
  readonly args: unknown
}

interface Checker {
  check(node: Node, context: Context): Type
  getType(name: string): Type
  createError(code: string, text: string, node: Node): Error
}

interface Evaluator {
  run(node: Node, context: Context): unknown
}

interface MacroCall {
  readonly args: readonly Node[]
  readonly receiver: Node
}

interface Optional {
  hasValue(): boolean
  value(): unknown
}

/** What a loop does with the value of its body: `stop` ends it. */
interface Loop {
  readonly start: () => unknown
  readonly type: (checker: Checker, key: Type, body: Type, range: Type) => Type
  /** `value` is the body's. */
  readonly step: (accumulated: unknown, key: unknown, value: unknown, item: unknown) => { readonly next: unknown; readonly stop?: boolean }
  readonly end?: (accumulated: unknown) => unknown
  /** An item that fails only counts when no other decides: so `||` and `&&` have it. */
  readonly absorbs?: boolean
}

const bool = (checker: Checker): Type => checker.getType('bool')

const loops: Readonly<Record<string, Loop>> = {
  all: { absorbs: true, start: () => true, type: bool, step: (_all, _key, holds) => ({ next: holds, stop: holds !== true }) },
  exists: { absorbs: true, start: () => false, type: bool, step: (_some, _key, holds) => ({ next: holds, stop: holds === true }) },
  existsOne: { start: () => 0, type: bool, step: (count, _key, holds) => ({ next: (count as number) + (holds === true ? 1 : 0) }), end: (count) => count === 1 },
  transformList: {
    start: () => [], type: (checker, _key, body) => checker.getType(`list<${body.name}>`),
    step: (list, _key, value) => {
      (list as unknown[]).push(value)
      return { next: list }
    },
  },
  transformMap: {
    start: () => new Map(), type: (checker, key, body) => checker.getType(`map<${key.name}, ${body.name}>`),
    step: (map, key, value) => ({ next: (map as Map<unknown, unknown>).set(key, value) }),
  },
  sortBy: {
    start: () => [], type: (_checker, _key, _body, range) => range,
    step: (pairs, _key, sortKey, item) => {
      (pairs as [unknown, unknown][]).push([sortKey, item])
      return { next: pairs }
    },
    end: (pairs) => (pairs as [unknown, unknown][]).sort(([a], [b]) => compareCel(a, b)).map(([, item]) => item),
  },
  transformMapEntry: {
    start: () => new Map(), type: (checker) => checker.getType('map<dyn, dyn>'),
    step: (map, _key, entry) => ({ next: merged(map as Map<unknown, unknown>, entry) }),
  },
}

function merged(map: Map<unknown, unknown>, entry: unknown): Map<unknown, unknown> {
  const pairs = entry instanceof Map ? [...entry as Map<unknown, unknown>] : Object.entries(entry as object)
  for (const [key, value] of pairs) {
    if (map.has(key)) throw new Error(`insert failed: key '${String(key)}' already exists`)
    map.set(key, value)
  }
  return map
}

export function registerCelMacros(environment: Environment): void {
  const macro = (signature: string, make: (call: MacroCall) => object): void => void environment.registerFunction(signature, make as never)
  for (const [name, loop] of Object.entries(loops)) {
    if (name === 'existsOne' || name === 'sortBy') macro(`list.${name}(ast, ast): dyn`, ({ args, receiver }) => loopMacro(loop, receiver, args))
    if (name === 'sortBy') continue
    macro(`list.${name}(ast, ast, ast): dyn`, ({ args, receiver }) => loopMacro(loop, receiver, args))
    if (name.startsWith('transform')) macro(`list.${name}(ast, ast, ast, ast): dyn`, ({ args, receiver }) => loopMacro(loop, receiver, args))
  }
  macro('list.exists_one(ast, ast, ast): dyn', ({ args, receiver }) => loopMacro(loops['existsOne']!, receiver, args))
  macro('optional.optMap(ast, ast): optional<dyn>', ({ args, receiver }) => optionalMacro(receiver, args, (type, checker) => checker.getType(`optional<${type.name}>`), (value) => celOptional(value)))
  macro('optional.optFlatMap(ast, ast): optional<dyn>', ({ args, receiver }) => optionalMacro(receiver, args, (type) => type, (value) => value))
}

function nameOf(checker: Checker, node: Node | undefined): string {
  if (node?.op === 'id' && typeof node.args === 'string') return node.args
  throw checker.createError('invalid_macro_argument', 'argument must be a simple name', node ?? { op: '', args: [] })
}

function loopMacro(loop: Loop, receiver: Node, args: readonly Node[]): object {
  // One variable stands for the items of a list and for the keys of a map.
  const single = args.length === 2
  const [keyName, valueName] = single ? [undefined, args[0]] : args
  const filter = args.length === 4 ? args[2] : undefined
  const body = args.at(-1) as Node
  let outer: LoopContext | undefined
  let inner: LoopContext | undefined
  return {
    // The parts are found by name when steps are counted.
    receiver, filter, body, async: false, onStep: (): void => undefined, onFound: (_found: unknown): void => undefined, onStop: (): void => undefined,
    typeCheck(checker: Checker, _macro: unknown, context: Context): Type {
      const range = checker.check(receiver, context)
      const dyn = checker.getType('dyn')
      const key = range.kind === 'list' ? checker.getType('int') : range.kind === 'map' ? range.keyType ?? dyn : dyn
      outer = context.forkWithVariable(single ? '' : nameOf(checker, keyName), key)
      inner = outer.forkWithVariable(nameOf(checker, valueName), single && range.kind === 'map' ? key : range.valueType ?? dyn)
      if (filter) checker.check(filter, inner)
      return loop.type(checker, key, checker.check(body, inner), range)
    },
    evaluate(evaluator: Evaluator, macro: { onStep(): void; onFound(found: unknown): void; onStop(): void }, context: Context): unknown {
      let accumulated = loop.start()
      let failed: { readonly error: unknown } | undefined
      const range = evaluator.run(receiver, context)
      let left = countOf(range)
      for (const [key, value] of entriesOf(range)) {
        macro.onStep()
        left--
        const within = inner!.reuse(outer!.reuse(context).setIterValue(key, evaluator)).setIterValue(single && !Array.isArray(range) ? key : value, evaluator)
        if (filter && evaluator.run(filter, within) !== true) continue
        let found: unknown
        try {
          found = evaluator.run(body, within)
        } catch (error) {
          // The budget of all loops is no fault of an item.
          if (!loop.absorbs || (error as Error).name === 'CelRunError') throw error
          failed ??= { error }
          continue
        }
        macro.onFound(found)
        const { next, stop } = loop.step(accumulated, key, found, value)
        accumulated = next
        if (!stop) continue
        if (left > 0) macro.onStop()
        failed = undefined
        break
      }
      if (failed) throw failed.error
      return loop.end ? loop.end(accumulated) : accumulated
    },
  }
}

function countOf(range: unknown): number {
  if (Array.isArray(range)) return range.length
  return range instanceof Map ? range.size : Object.keys(range as object).length
}

/** One after the other: most loops end early. */
function entriesOf(range: unknown): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(range)) return indexed(range)
  if (range instanceof Map) return range as Map<unknown, unknown>
  if (typeof range === 'object' && range !== null) return Object.entries(range)
  throw new Error('no such overload')
}

function* indexed(list: readonly unknown[]): Generator<readonly [unknown, unknown]> {
  for (const [index, value] of list.entries()) yield [BigInt(index), value]
}

function optionalMacro(receiver: Node, args: readonly Node[], typeOf: (type: Type, checker: Checker) => Type, wrap: (value: unknown) => unknown): object {
  const [name, body] = args
  let inner: LoopContext | undefined
  return {
    receiver, body, async: false,
    typeCheck(checker: Checker, _macro: unknown, context: Context): Type {
      const type = checker.check(receiver, context)
      inner = context.forkWithVariable(nameOf(checker, name), type.valueType ?? checker.getType('dyn'))
      return typeOf(checker.check(body as Node, inner), checker)
    },
    evaluate(evaluator: Evaluator, _macro: unknown, context: Context): unknown {
      const optional = evaluator.run(receiver, context) as Optional
      if (!optional.hasValue()) return celOptional(undefined)
      return wrap(evaluator.run(body as Node, inner!.reuse(context).setIterValue(optional.value(), evaluator)))
    },
  }
}
