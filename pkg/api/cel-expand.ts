// CEL's macros: what `has`, `all`, `map` and their like stand for.
import type { Call, CelFault, Expr, Literal, LiteralType } from './cel-syntax.ts'
import { accumulator } from './cel-syntax.ts'

/** A fault in the arguments of a macro. */
class MacroFault extends Error implements CelFault {
  override name = 'MacroFault'
  readonly at: number
  readonly text: string
  constructor(at: number, text: string) {
    super(text)
    this.at = at
    this.text = text
  }
}

interface Making {
  literal(type: LiteralType, value: unknown): Literal
  ident(name: string): Expr
  call(name: string, ...args: readonly Expr[]): Expr
  member(name: string, target: Expr): Expr
  list(...items: readonly Expr[]): Expr
  loop(parts: Omit<Extract<Expr, { kind: 'loop' }>, 'kind' | 'at'>): Expr
}

/** All that a macro makes has the place of its call. */
const makingAt = (at: number): Making => ({
  literal: (type, value) => ({ kind: 'literal', at, type, value }),
  ident: (name) => ({ kind: 'ident', at, name }),
  call: (name, ...args) => ({ kind: 'call', at, name, args }),
  member: (name, target) => ({ kind: 'call', at, name, target, args: [] }),
  list: (...items) => ({ kind: 'list', at, items, optionals: new Set() }),
  loop: (parts) => ({ kind: 'loop', at, ...parts }),
})

type Macro = (make: Making, target: Expr, args: readonly Expr[]) => Expr | undefined

function nameOf(expr: Expr | undefined, fault: string): string {
  if (expr?.kind !== 'ident') throw new MacroFault(expr?.at ?? 0, fault)
  return expr.name
}

function loopVariable(expr: Expr | undefined, fault: string): string {
  const name = nameOf(expr, fault)
  if (name === accumulator || name === '__result__') throw new MacroFault(expr?.at ?? 0, 'iteration variable overwrites accumulator variable')
  return name
}

/** The two variables of a loop over keys and values. */
function loopVariables([first, second]: readonly Expr[]): { variable: string; second: string } {
  const names = { variable: nameOf(first, 'argument must be a simple name'), second: nameOf(second, 'argument must be a simple name') }
  if (names.variable === names.second) throw new MacroFault(second?.at ?? 0, `duplicate variable name: ${names.variable}`)
  for (const [name, expr] of [[names.variable, first], [names.second, second]] as const) {
    if (name === accumulator || name === '__result__') throw new MacroFault(expr?.at ?? 0, 'iteration variable overwrites accumulator variable')
  }
  return names
}

type Variables = Pick<Extract<Expr, { kind: 'loop' }>, 'variable' | 'second'>

function quantifier(kind: string, make: Making, range: Expr, variables: Variables, predicate: Expr): Expr {
  const accu = (): Expr => make.ident(accumulator)
  const holds = (expr: Expr): Expr => make.call('@not_strictly_false', expr)
  const common = { range, ...variables, accu: accumulator }
  const one = (): Expr => make.literal('int', 1n)
  switch (kind) {
    case 'all': return make.loop({ ...common, init: make.literal('bool', true), condition: holds(accu()), step: make.call('_&&_', accu(), predicate), result: accu() })
    case 'exists': return make.loop({ ...common, init: make.literal('bool', false), condition: holds(make.call('!_', accu())), step: make.call('_||_', accu(), predicate), result: accu() })
    default: return make.loop({
      ...common, init: make.literal('int', 0n), condition: make.literal('bool', true),
      step: make.call('_?_:_', predicate, make.call('_+_', accu(), one()), accu()), result: make.call('_==_', accu(), one()),
    })
  }
}

function collecting(make: Making, range: Expr, variables: Variables, { filter, init, step }: { filter?: Expr | undefined; init: Expr; step: Expr }): Expr {
  const accu = (): Expr => make.ident(accumulator)
  return make.loop({
    range, ...variables, accu: accumulator, init, condition: make.literal('bool', true),
    step: filter ? make.call('_?_:_', filter, step, accu()) : step, result: accu(),
  })
}

const quantify = (kind: string): Macro => (make, target, args) =>
  (args.length === 2
    ? quantifier(kind, make, target, { variable: loopVariable(args[0], 'argument must be a simple name') }, args[1]!)
    : quantifier(kind, make, target, loopVariables(args), args[2]!))

const mapped: Macro = (make, target, args) => {
  const variable = loopVariable(args[0], 'argument is not an identifier')
  const step = make.call('_+_', make.ident(accumulator), make.list(args.at(-1)!))
  return collecting(make, target, { variable }, { filter: args.length === 3 ? args[1] : undefined, init: make.list(), step })
}

const filtered: Macro = (make, target, args) => {
  const variable = loopVariable(args[0], 'argument is not an identifier')
  return collecting(make, target, { variable }, { filter: args[1], init: make.list(), step: make.call('_+_', make.ident(accumulator), make.list(args[0]!)) })
}

const transform = (kind: 'list' | 'map' | 'entry'): Macro => (make, target, args) => {
  const variables = loopVariables(args)
  const body = args.at(-1)!
  const accu = make.ident(accumulator)
  const filter = args.length === 4 ? args[2] : undefined
  if (kind === 'list') return collecting(make, target, variables, { filter, init: make.list(), step: make.call('_+_', accu, make.list(body)) })
  const step = kind === 'map' ? make.call('cel.@mapInsert', accu, make.ident(variables.variable), body) : make.call('cel.@mapInsert', accu, body)
  return collecting(make, target, variables, { filter, init: { kind: 'map', at: accu.at, entries: [] }, step })
}

const unused = '#unused'

const bound = (make: Making, name: string, init: Expr, result: Expr): Expr =>
  make.loop({ range: make.list(), variable: unused, accu: name, init, condition: make.literal('bool', false), step: make.ident(name), result })

/** The receiver stands in the tree twice, in the same scope: whoever walks the tree looks at it once, or a chain of these would take for ever. */
const optional = (macro: 'optMap' | 'optFlatMap'): Macro => (make, target, [variable, body]) => {
  const name = nameOf(variable, `${macro}() variable name must be a simple identifier`)
  const found = bound(make, name, make.member('value', target), body!)
  return make.call('_?_:_', make.member('hasValue', target), macro === 'optMap' ? make.call('optional.of', found) : found, make.call('optional.none'))
}

const sortedBy: Macro = (make, target, args) => {
  if (!['list', 'select', 'ident', 'loop', 'call'].includes(target.kind)) {
    throw new MacroFault(target.at, 'sortBy can only be applied to a list, identifier, comprehension, call or select expression')
  }
  const input = '@__sortBy_input__'
  const keys = mapped(make, make.ident(input), args)!
  return bound(make, input, target, { kind: 'call', at: keys.at, name: '@sortByAssociatedKeys', target: make.ident(input), args: [keys] })
}

const named: Macro = (make, target, [variable, init, result]) =>
  (target.kind === 'ident' && target.name === 'cel' ? bound(make, nameOf(variable, 'cel.bind() variable names must be simple identifiers'), init!, result!) : undefined)

/** By name and number of arguments. */
const macros: Readonly<Record<string, Macro>> = {
  'all:2': quantify('all'), 'exists:2': quantify('exists'), 'exists_one:2': quantify('one'), 'existsOne:2': quantify('one'),
  'all:3': quantify('all'), 'exists:3': quantify('exists'), 'exists_one:3': quantify('one'), 'existsOne:3': quantify('one'),
  'map:2': mapped, 'map:3': mapped, 'filter:2': filtered,
  'transformList:3': transform('list'), 'transformList:4': transform('list'), 'transformMap:3': transform('map'), 'transformMap:4': transform('map'),
  'transformMapEntry:3': transform('entry'), 'transformMapEntry:4': transform('entry'),
  'optMap:2': optional('optMap'), 'optFlatMap:2': optional('optFlatMap'), 'sortBy:2': sortedBy,
}

/** The call, or what it stands for; of a macro that is not well-formed, the fault. `binding`: whether there is `cel.bind`. */
export function expanded(call: Call, binding: boolean): Expr | CelFault {
  try {
    const { name, target, args, at } = call
    if (!target) return name === 'has' && args.length === 1 ? presence(call) : call
    const key = `${name}:${args.length}`
    const macro = Object.hasOwn(macros, key) ? macros[key] : binding && key === 'bind:3' ? named : undefined
    return macro?.(makingAt(at), target, args) ?? call
  } catch (error) {
    if (error instanceof MacroFault) return error
    throw error
  }
}

function presence({ args: [argument], at }: Call): Expr {
  if (argument?.kind !== 'select') throw new MacroFault(argument?.at ?? at, 'invalid argument to has() macro')
  return { kind: 'select', at, operand: argument.operand, field: argument.field, test: true }
}
