// Compiles expressions in CEL, with the functions that Kubernetes adds, and runs them within a budget.
import type { Environment } from '@marcbachmann/cel-js'
import { Environment as CelEnvironment } from '@marcbachmann/cel-js'
import { registerCelFormats } from './cel-formats.ts'
import { registerCelLists } from './cel-lists.ts'
import { withoutOptionalMembers } from './cel-literals.ts'
import { registerCelMacros } from './cel-macros.ts'
import { meterNodes, mostTime } from './cel-meter.ts'
import { registerCelNetwork } from './cel-network.ts'
import { registerCelOptionals } from './cel-optional.ts'
import { registerCelQuantities } from './cel-quantities.ts'
import { registerNullable } from './cel-register.ts'
import { costNodes } from './cel-run-cost.ts'
import { registerCelStrings } from './cel-strings.ts'
import { TooDear, spend } from '../util/allowance.ts'

export type { Environment as CelEnvironment } from '@marcbachmann/cel-js'

/** What may still be spent; shared by the expressions of one request. Negative when one has cost too much. */
export interface CelBudget {
  steps: number
  /** What no cost tells of, such as comparing large objects: so many units of time. */
  time: number
}

/** As Kubernetes limits it. */
export const celBudget = (): CelBudget => ({ steps: 10_000_000, time: 20_000_000 })

/** Of the conditions of a webhook or policy. */
export const conditionBudget = (): CelBudget => ({ steps: 2_500_000, time: 5_000_000 })

const mostOfOne = 1_000_000
/** An expression alone has cost too much. */
export const tooDear = 'operation cancelled: actual cost limit exceeded'
/** All of a request together have. */
export const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run'
const perIteration = 4

/** The expression is not well-formed, or its types do not fit. */
export class CelCompileError extends Error {
  override name = 'CelCompileError'
}

/** The expression failed on these values. */
export class CelRunError extends Error {
  override name = 'CelRunError'
}

export interface CelProgram {
  /** The type of the result, in CEL's words: `bool`, `list<string>`, `dyn`. */
  readonly type: string
  /** Fails with CelRunError. Values are as CEL wants them: whole numbers as bigint, objects as Map. */
  run(variables: Readonly<Record<string, unknown>>, budget: CelBudget): unknown
  /** Whether the expression names the variable. */
  uses(variable: string): boolean
}

let base: Environment | undefined

const compileFloor = 500
const compilePerCharacter = 8
/** What is deep takes longer than its text tells. */
const preparePerPart = 10

/** A new environment with all functions of Kubernetes and no variable. */
export function celEnvironment(): CelEnvironment {
  if (!base) {
    base = new CelEnvironment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits: { maxDepth: 100, maxAstNodes: 20_000 } })
    registerCelStrings(base)
    registerCelLists(base)
    registerCelNetwork(base)
    registerCelQuantities(base)
    registerCelFormats(base)
    registerCelMacros(base)
    registerCelOptionals(base)
    for (const type of ['google.protobuf.Timestamp', 'google.protobuf.Duration', 'optional<dyn>']) registerNullable(base, type)
  }
  return base.clone()
}

/** Fails with CelCompileError. */
export function compileCel(environment: CelEnvironment, expression: string): CelProgram {
  spend(compileFloor + expression.length * compilePerCharacter)
  const meter = { left: 0, time: 0 }
  const names = new Set<string>()
  const stop = (): never => {
    meter.left = -1
    throw new CelRunError(tooDear)
  }
  const addCost = (units: number): void => {
    meter.left -= units
    if (meter.left < 0) stop()
  }
  const charge = (units: number): void => {
    spend(units)
    meter.time -= units
    if (meter.time < 0) stop()
  }
  try {
    const parsed = environment.parse(withoutOptionalMembers(expression))
    let nodes = 0
    prepare(parsed.ast, names, () => {
      spend(nodes)
      charge(perIteration)
    })
    const checked = parsed.check()
    if (!checked.valid) throw checked.error ?? new Error('unknown error')
    nodes = meterNodes(parsed.ast, charge)
    costNodes(parsed.ast, addCost)
    return {
      type: checked.type ?? 'dyn',
      uses: (variable) => names.has(variable),
      run(variables, budget) {
        spend(nodes)
        const most = Math.min(budget.steps, mostOfOne)
        meter.left = most
        const longest = Math.min(budget.time, mostTime)
        meter.time = longest
        let outcome: unknown
        try {
          outcome = parsed(variables)
        } catch (error) {
          if (meter.left >= 0) throw new CelRunError(runText(error))
        } finally {
          budget.steps = meter.left < 0 ? -1 : budget.steps - (most - meter.left)
          budget.time -= longest - Math.max(0, meter.time)
        }
        // Whatever else went wrong, or was settled without what cost too much.
        if (meter.left < 0) throw new CelRunError(most < mostOfOne ? outOfBudget : tooDear)
        return outcome
      },
    }
  } catch (error) {
    if (error instanceof TooDear) throw error
    throw new CelCompileError(compileText(error, expression))
  }
}

/** A part of the engine's syntax tree, as far as it is looked at here. */
interface Node {
  readonly op: string
  args: unknown
  /** What a macro stands for: another tree, or an object that holds the trees of its arguments. */
  readonly meta?: { readonly alternate?: unknown; readonly macro?: unknown }
}

interface Loop {
  condition?: (accumulated: unknown) => boolean
}

/** What the engine does otherwise than cel-go (units of UTF-16, patterns that take for ever), and is done by functions of ours. */
const replacedCalls: ReadonlySet<string> = new Set(['matches', 'substring', 'indexOf', 'lastIndexOf', 'lowerAscii', 'upperAscii', 'trim', 'split', 'duration'])

/** Counts the steps of loops, takes note of the names, and has some calls done by functions of ours. */
function prepare(part: unknown, names: Set<string>, tick: () => void, seen = new Set<unknown>()): void {
  if (typeof part !== 'object' || part === null || seen.has(part)) return
  seen.add(part)
  spend(preparePerPart)
  if (Array.isArray(part)) {
    for (const one of part) prepare(one, names, tick, seen)
    return
  }
  const { op, args, meta } = part as Node
  if (op === 'id' && typeof args === 'string') names.add(args)
  if ((op === 'rcall' || op === 'call') && Array.isArray(args) && replacedCalls.has(args[0] as string)) args[0] = `${args[0] as string}__`
  if (op === 'rcall' && Array.isArray(args)) signZone(args)
  if (op === 'comprehension') countSteps(args as Loop, tick)
  if (op === 'call' && Array.isArray(args) && args[0] === 'has') widenHas(meta?.macro as Has | undefined)
  const macro = meta?.macro as { onStep?: () => void } | undefined
  if (macro?.onStep) macro.onStep = tick
  for (const inner of [args, meta?.alternate, macro]) prepareMembers(inner, names, tick, seen)
}

function prepareMembers(inner: unknown, names: Set<string>, tick: () => void, seen: Set<unknown>): void {
  if (typeof inner !== 'object' || inner === null) return
  if (Array.isArray(inner) || typeof (inner as Partial<Node>).op === 'string') prepare(inner, names, tick, seen)
  else for (const one of Object.values(inner)) prepare(one, names, tick, seen)
}

/** The engine's macro `has`, as far as it is looked at here. */
interface Has {
  readonly args: readonly Node[]
  typeCheck(checker: Checker, macro: unknown, context: unknown): unknown
  evaluate(evaluator: Evaluator, macro: unknown, context: unknown): unknown
}

interface Checker {
  check(node: unknown, context: unknown): unknown
  getType(name: string): unknown
}

interface Evaluator {
  run(node: unknown, context: unknown): unknown
  debugType(value: unknown): { fieldLazy(value: unknown, field: unknown, node: unknown, evaluator: Evaluator): unknown }
}

/** `has(self.list[0].name)`: the engine only knows plain paths of names. */
function widenHas(macro: Has | undefined): void {
  const node = macro?.args[0]
  if (!macro || node?.op !== '.' || !Array.isArray(node.args)) return
  const [receiver, field] = node.args as [unknown, unknown]
  macro.typeCheck = (checker, _macro, context) => {
    checker.check(node, context)
    return checker.getType('bool')
  }
  macro.evaluate = (evaluator, _macro, context) => {
    const value = evaluator.run(receiver, context)
    return evaluator.debugType(value).fieldLazy(value, field, node, evaluator) !== undefined
  }
}

/** `getHours("01:00")` is east of Greenwich, too. */
function signZone([name, , parameters]: readonly unknown[]): void {
  const [zone] = Array.isArray(parameters) ? parameters as (Node | undefined)[] : []
  if (/^get[A-Z]/.test(String(name)) && zone?.op === 'value' && typeof zone.args === 'string' && /^\d\d:\d\d$/.test(zone.args)) zone.args = `+${zone.args}`
}

function countSteps(loop: Loop, tick: () => void): void {
  const { condition } = loop
  loop.condition = (accumulated) => {
    tick()
    return condition ? condition(accumulated) : true
  }
}

interface LibraryError {
  readonly summary?: string
  readonly message?: string
  readonly range?: { readonly start?: number }
}

/** The engine's sentences begin with a capital; those of names like IP and URL are kept. */
const lowerFirst = (text: string): string => (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text)

/** The engine's words for what cel-go says otherwise. */
const ownWords: readonly (readonly [RegExp, string])[] = [
  [/^modulo by zero$/, 'modulus by zero'], [/^integer overflow: -?\d+$/, 'integer overflow'],
  [/^int\(\) type error: cannot convert to int$/, "type conversion error from 'string' to 'int'"],
  [/^uint\(\) type error: cannot convert to uint$/, 'unsigned integer overflow'],
  [/^double\(\) type error: cannot convert to double$/, "type conversion error from 'string' to 'double'"],
]

function runText(error: unknown): string {
  const { summary, message } = error as LibraryError
  const text = summary ?? message ?? String(error)
  const index = /index out of bounds, index (-?\d+)/.exec(text)
  if (index) return `index out of bounds: ${index[1] ?? ''}`
  const said = lowerFirst(text.split('\n')[0] ?? '')
  const own = ownWords.find(([pattern]) => pattern.test(said))
  return own ? own[1] : said
}

/** As cel-go tells it: what, where, and a mark below the place. */
function compileText(error: unknown, expression: string): string {
  const { summary, message, range } = error as LibraryError
  const text = ((summary ?? message ?? String(error)).split('\n')[0] ?? '').replaceAll('__(', '(')
  const unknownField = /^No such key: (.*)$/.exec(text)
  const unknownName = /^Unknown variable: (.*)$/.exec(text)
  const said = unknownField ? `undefined field '${unknownField[1] ?? ''}'`
    : unknownName ? `undeclared reference to '${unknownName[1] ?? ''}' (in container '')` : lowerFirst(text)
  // cel-go's place of a field is the dot before it.
  const place = range?.start ?? 0
  const dot = unknownField ? /\.\??\s*$/.exec(expression.slice(0, place)) : null
  const start = dot ? dot.index : place
  const before = expression.slice(0, start)
  const line = before.split('\n').length
  const column = start - (before.lastIndexOf('\n') + 1)
  return `compilation failed: ERROR: <input>:${line}:${column + 1}: ${said}\n | ${expression.split('\n')[line - 1] ?? ''}\n | ${'.'.repeat(column)}^`
}
