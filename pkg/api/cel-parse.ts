// Expressions in CEL as syntax trees, with macros expanded; the faults are those that cel-go's parser tells of.
import { expanded } from './cel-expand.ts'
import type { Call, CelFault, Expr, ListExpr, MapEntry, StructField } from './cel-syntax.ts'
import type { Token } from './cel-tokens.ts'
import { shown, tokensOf, unquoted } from './cel-tokens.ts'

const longest = 100_000
const deepest = 250

export interface Parsed {
  readonly expr?: Expr
  readonly faults: readonly CelFault[]
}

/** `binding`: whether there is `cel.bind`. */
export function parseCel(source: string, { binding = false } = {}): Parsed {
  const size = [...source].length
  if (size > longest) return { faults: [{ at: undefined, text: `expression code point size exceeds limit: size: ${size}, limit ${longest}` }] }
  const { tokens, faults } = tokensOf(source)
  const parser = new Parser(tokens, faults, binding)
  try {
    const expr = parser.whole()
    return faults.length > 0 ? { faults } : { expr, faults }
  } catch (error) {
    if (error instanceof TooDeep) return { faults: [{ at: undefined, text: error.message }] }
    throw error
  }
}

class TooDeep extends Error {
  override name = 'TooDeep'
}

const operandTypes = ["'['", "'{'", "'('", "'.'", "'-'", "'!'", "'true'", "'false'", "'null'", 'NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER']
/** The order in which sets of tokens are told. */
const tokenOrder = ["'['", "']'", "'{'", "'}'", "'('", "')'", "'.'", "','", "'-'", "'!'", "'?'", "':'", ...operandTypes.slice(6), 'ESC_IDENTIFIER']
const setOf = (types: readonly string[]): string => `{${[...types].sort((a, b) => tokenOrder.indexOf(a) - tokenOrder.indexOf(b)).join(', ')}}`
const operandSet = setOf(operandTypes)
const listTypes = [...operandTypes, "']'", "','", "'?'"]
const mapTypes = [...operandTypes, "'}'", "','", "'?'"]
const messageTypes = ["'}'", "','", "'?'", 'IDENTIFIER', 'ESC_IDENTIFIER']
const argumentTypes = [...operandTypes, "')'"]
/** After `!` or `-` neither of them stands. */
const memberTypes = operandTypes.filter((type) => type !== "'!'")
const operators = new Set(["'?'", "'||'", "'&&'", "'<'", "'<='", "'>='", "'>'", "'=='", "'!='", "'in'", "'*'", "'/'", "'%'", "'+'", "'-'", '<EOF>'])

const reserved = new Set([
  'as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import', 'in', 'let', 'loop', 'package', 'namespace', 'null', 'return', 'true', 'var', 'void', 'while',
])

const nothing = (at: number): Expr => ({ kind: 'literal', at, type: 'null', value: null })

class Parser {
  readonly #tokens: readonly Token[]
  readonly #faults: CelFault[]
  readonly #binding: boolean
  #at = 0
  /** After a fault no other is told before a token has been understood. */
  #recovering = false
  /** What closes the brackets that are open. */
  readonly #closers: string[] = []
  #depth = 0
  #broken = false

  constructor(tokens: readonly Token[], faults: CelFault[], binding: boolean) {
    this.#tokens = tokens
    this.#faults = faults
    this.#binding = binding
    this.#broken = faults.length > 0
  }

  whole(): Expr {
    const expr = this.#expr()
    if (this.#type() !== '<EOF>') this.#unexpected('<EOF>', ['<EOF>'])
    return expr
  }

  #token(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  #type(ahead = 0): string {
    return this.#token(ahead).type
  }

  #take(): Token {
    this.#recovering = false
    return this.#tokens[this.#type() === '<EOF>' ? this.#at : this.#at++]!
  }

  #syntax(text: string): void {
    this.#broken = true
    if (!this.#recovering) this.#faults.push({ at: this.#token().at, text: `Syntax error: ${text}` })
    this.#recovering = true
  }

  #fault(at: number, text: string): Expr {
    // What a tree with wrong syntax means is nobody's concern.
    if (!this.#broken) this.#faults.push({ at, text })
    return nothing(at)
  }

  /** A token that does not belong here: skipped when the next one would do, and otherwise all up to where it goes on. */
  #unexpected(expected: string, types: readonly string[]): boolean {
    const text = shown(this.#token().text)
    if (this.#type() !== '<EOF>' && types.includes(this.#type(1))) {
      this.#syntax(`extraneous input '${text}' expecting ${expected}`)
      this.#at++
      return true
    }
    this.#syntax(`mismatched input '${text}' expecting ${expected}`)
    while (!operators.has(this.#type()) && !this.#closers.includes(this.#type())) this.#at++
    return false
  }

  /** After a bracket: whether something that can stand there does. */
  #opens(types: readonly string[]): boolean {
    return types.includes(this.#type()) || this.#unexpected(setOf(types), types)
  }

  /** The token that must stand here, which is made up when what follows it is here instead. */
  #expect(type: string, others = type): boolean {
    if (this.#type() === type) return Boolean(this.#take())
    const text = shown(this.#token().text)
    if (this.#type(1) === type && this.#type() !== '<EOF>') {
      this.#syntax(`extraneous input '${text}' expecting ${others}`)
      this.#at++
      this.#take()
      return true
    }
    this.#syntax(others === type && operators.has(this.#type()) ? `missing ${type} at '${text}'` : `mismatched input '${text}' expecting ${others}`)
    return false
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > deepest) throw new TooDeep(`expression recursion limit exceeded: ${deepest}`)
    try {
      return parse()
    } finally {
      this.#depth--
    }
  }

  #within<T>(closers: readonly string[], parse: () => T): T {
    const before = this.#closers.length
    this.#closers.push(...closers)
    try {
      return parse()
    } finally {
      this.#closers.length = before
    }
  }

  #expr(): Expr {
    return this.#deeper(() => {
      const condition = this.#logical("'||'", '_||_', () => this.#and())
      if (this.#type() !== "'?'") return condition
      const { at } = this.#take()
      const then = this.#within(["':'"], () => this.#logical("'||'", '_||_', () => this.#and()))
      this.#expect("':'")
      return this.#call(at, '_?_:_', [condition, then, this.#expr()])
    })
  }

  #and(): Expr {
    return this.#logical("'&&'", '_&&_', () => this.#relation())
  }

  /** A chain of one operator becomes a tree that is as low as can be. */
  #logical(type: string, name: string, parse: () => Expr): Expr {
    const terms = [parse()]
    const places: number[] = []
    while (this.#type() === type) {
      places.push(this.#take().at)
      terms.push(parse())
    }
    const balanced = (low: number, high: number): Expr => {
      const middle = Math.floor((low + high + 1) / 2)
      const left = middle === low ? terms[middle]! : balanced(low, middle - 1)
      const right = middle === high ? terms[middle + 1]! : balanced(middle + 1, high)
      return { kind: 'call', at: places[middle]!, name, args: [left, right] }
    }
    return places.length === 0 ? terms[0]! : balanced(0, places.length - 1)
  }

  #chain(names: ReadonlyMap<string, string>, parse: () => Expr): Expr {
    let left = parse()
    for (let length = 1; names.has(this.#type()); length++) {
      if (length > deepest) throw new TooDeep(`expression recursion limit exceeded: ${deepest}`)
      const { type, at } = this.#take()
      left = this.#call(at, names.get(type)!, [left, parse()])
    }
    return left
  }

  #relation(): Expr {
    return this.#chain(relations, () => this.#chain(sums, () => this.#chain(products, () => this.#unary())))
  }

  #unary(): Expr {
    const type = this.#type()
    if (!operandTypes.includes(type)) {
      if (!this.#unexpected(operandSet, operandTypes)) return nothing(this.#token().at)
      return this.#unary()
    }
    const literal = type === "'-'" && /^NUM_(INT|FLOAT)$/.test(this.#type(1))
    if (literal || (type !== "'-'" && type !== "'!'")) return this.#member()
    const { at } = this.#take()
    let count = 1
    for (; this.#type() === type; count++) this.#take()
    const operand = this.#member()
    return count % 2 === 0 ? operand : this.#call(at, type === "'!'" ? '!_' : '-_', [operand])
  }

  #member(): Expr {
    let left = this.#primary()
    for (let length = 1; this.#type() === "'.'" || this.#type() === "'['"; length++) {
      if (length > deepest) throw new TooDeep(`expression recursion limit exceeded: ${deepest}`)
      left = this.#type() === "'['" ? this.#index(left) : this.#selection(left)
    }
    return left
  }

  #index(operand: Expr): Expr {
    const { at } = this.#take()
    const optional = this.#type() === "'?'" && Boolean(this.#take())
    const index = this.#within(["']'"], () => this.#expr())
    this.#expect("']'")
    return this.#call(at, optional ? '_[?_]' : '_[_]', [operand, index])
  }

  #selection(operand: Expr): Expr {
    const { at } = this.#take()
    const optional = this.#type() === "'?'" && Boolean(this.#take())
    const name = this.#token()
    if (name.type === 'ESC_IDENTIFIER') {
      this.#take()
      this.#fault(name.at, "unsupported syntax: '`'")
      return operand
    }
    if (name.type !== 'IDENTIFIER') {
      const word = /^'(true|false|null)'$/.exec(name.type)?.[1]
      const expected = optional ? '{IDENTIFIER, ESC_IDENTIFIER}' : "{'?', IDENTIFIER, ESC_IDENTIFIER}"
      if (word !== undefined || this.#type() !== '<EOF>') this.#syntax(word === undefined ? `no viable alternative at input '.${shown(name.text)}'` : `mismatched input '${word}' expecting IDENTIFIER`)
      else this.#syntax(`mismatched input '<EOF>' expecting ${expected}`)
      while (!operators.has(this.#type()) && !this.#closers.includes(this.#type())) this.#at++
      return operand
    }
    this.#take()
    if (optional) return this.#call(at, '_?._', [operand, { kind: 'literal', at: name.at, type: 'string', value: name.text }])
    if (this.#type() !== "'('") return { kind: 'select', at, operand, field: name.text, test: false }
    const open = this.#take().at
    return this.#macro({ kind: 'call', at: open, name: name.text, target: operand, args: this.#arguments() })
  }

  #call(at: number, name: string, args: readonly Expr[]): Expr {
    return { kind: 'call', at, name, args }
  }

  #macro(call: Call): Expr {
    if (this.#broken) return call
    const made = expanded(call, this.#binding)
    return 'kind' in made ? made : this.#fault(made.at ?? call.at, made.text)
  }

  #arguments(): Expr[] {
    return this.#within(["')'", "','"], () => {
      const args: Expr[] = []
      if (!this.#opens(argumentTypes)) return args
      if (this.#type() === "')'") {
        this.#take()
        return args
      }
      args.push(this.#expr())
      while (this.#type() === "','") {
        this.#take()
        args.push(this.#expr())
      }
      this.#expect("')'", this.#type() === '<EOF>' || operators.has(this.#type()) ? "')'" : "{',', ')'}")
      return args
    })
  }

  #primary(): Expr {
    const token = this.#token()
    const { type, at } = token
    switch (type) {
      case "'('": return this.#nested()
      case "'['": return this.#list()
      case "'{'": return this.#map()
      case "'.'": case 'IDENTIFIER': return this.#named()
      case "'-'": case 'NUM_INT': case 'NUM_FLOAT': case 'NUM_UINT': return this.#number()
      case 'STRING': case 'BYTES': return this.#text(this.#take())
      case "'true'": case "'false'": return { kind: 'literal', at: this.#take().at, type: 'bool', value: type === "'true'" }
      case "'null'": return { kind: 'literal', at: this.#take().at, type: 'null', value: null }
      default: return this.#unexpected(`{${memberTypes.join(', ')}}`, memberTypes) ? this.#primary() : nothing(at)
    }
  }

  #nested(): Expr {
    this.#take()
    const expr = this.#within(["')'"], () => this.#expr())
    this.#expect("')'")
    return expr
  }

  #named(): Expr {
    const dot = this.#type() === "'.'" ? '.' : ''
    const start = this.#token().at
    if (dot) this.#take()
    if (this.#type() !== 'IDENTIFIER') {
      this.#syntax(`no viable alternative at input '.${this.#type() === '<EOF>' ? '' : shown(this.#token().text)}'`)
      while (!operators.has(this.#type()) && !this.#closers.includes(this.#type())) this.#at++
      return nothing(start)
    }
    const message = this.#messageName()
    if (message !== undefined) return this.#message(dot + message)
    const { text, at } = this.#take()
    if (reserved.has(text)) {
      if (this.#type() === "'('") {
        this.#take()
        this.#arguments()
      }
      return this.#fault(start, `reserved identifier: ${text}`)
    }
    if (this.#type() !== "'('") return { kind: 'ident', at, name: dot + text }
    const open = this.#take().at
    return this.#macro({ kind: 'call', at: open, name: dot + text, args: this.#arguments() })
  }

  /** The name of a message that begins here: names, dots and then a brace. */
  #messageName(): string | undefined {
    let ahead = 1
    let name = this.#token().text
    while (this.#type(ahead) === "'.'" && this.#type(ahead + 1) === 'IDENTIFIER') {
      name += `.${this.#token(ahead + 1).text}`
      ahead += 2
    }
    if (this.#type(ahead) !== "'{'") return undefined
    this.#at += ahead
    return name
  }

  #message(name: string): Expr {
    const { at } = this.#take()
    return this.#within(["'}'", "','"], () => {
      const fields: StructField[] = []
      if (!this.#opens(messageTypes)) return { kind: 'struct', at, name, fields }
      const first = this.#token().at
      while (this.#type() !== "'}'" && this.#type() !== "','") {
        const optional = this.#type() === "'?'" && Boolean(this.#take())
        if (!this.#opens(['IDENTIFIER', 'ESC_IDENTIFIER'])) break
        const field = this.#take()
        if (field.type === 'ESC_IDENTIFIER') this.#fault(first, "unsupported syntax: '`'")
        const colon = this.#token().at
        if (!this.#expect("':'")) break
        fields.push({ at: colon, name: field.text, value: this.#expr(), optional })
        if (this.#type() !== "','") break
        this.#take()
      }
      if (this.#type() === "','") this.#take()
      this.#expect("'}'", this.#type() === '<EOF>' ? "'}'" : "{'}', ','}")
      return { kind: 'struct', at, name, fields }
    })
  }

  #list(): ListExpr {
    const { at } = this.#take()
    return this.#within(["']'", "','"], () => {
      const items: Expr[] = []
      const optionals = new Set<number>()
      if (!this.#opens(listTypes)) return { kind: 'list', at, items, optionals }
      this.#elements("']'", () => {
        if (this.#type() === "'?'") {
          this.#take()
          optionals.add(items.length)
        }
        items.push(this.#expr())
        return true
      })
      return { kind: 'list', at, items, optionals }
    })
  }

  #map(): Expr {
    const { at } = this.#take()
    return this.#within(["'}'", "','"], () => {
      const entries: MapEntry[] = []
      if (!this.#opens(mapTypes)) return { kind: 'map', at, entries }
      this.#elements("'}'", () => {
        const optional = this.#type() === "'?'" && Boolean(this.#take())
        const key = this.#within(["':'"], () => this.#expr())
        const colon = this.#token().at
        if (!this.#expect("':'")) return false
        entries.push({ at: colon, key, value: this.#expr(), optional })
        return true
      })
      return { kind: 'map', at, entries }
    })
  }

  /** What stands between commas up to this bracket; nothing but a comma is fine, too. `read` tells whether it goes on. */
  #elements(close: string, read: () => boolean): void {
    for (let isFirst = true; this.#type() !== close && this.#type() !== '<EOF>'; isFirst = false) {
      if (this.#type() === "','" && isFirst) {
        this.#take()
        break
      }
      if (!read() || this.#type() !== "','") break
      this.#take()
    }
    this.#expect(close, this.#type() === '<EOF>' ? close : `{${close}, ','}`)
  }

  #number(): Expr {
    const { at } = this.#token()
    const sign = this.#type() === "'-'" ? this.#take().text : ''
    const { type, text } = this.#take()
    if (type === 'NUM_FLOAT') {
      const value = Number(sign + text)
      return Number.isFinite(value) ? { kind: 'literal', at, type: 'double', value } : this.#fault(at, 'invalid double literal')
    }
    if (type === 'NUM_UINT') {
      const value = BigInt(text.slice(0, -1))
      return value < 2n ** 64n ? { kind: 'literal', at, type: 'uint', value } : this.#fault(at, 'invalid uint literal')
    }
    const value = sign ? -BigInt(text) : BigInt(text)
    return value >= -(2n ** 63n) && value < 2n ** 63n ? { kind: 'literal', at, type: 'int', value } : this.#fault(at, 'invalid int literal')
  }

  #text({ type, text, at }: Token): Expr {
    const isBytes = type === 'BYTES'
    const value = unquoted(isBytes ? text.slice(1) : text, isBytes)
    if (value === undefined) this.#fault(at, isBytes ? 'unable to unescape string' : 'invalid unicode code point')
    return { kind: 'literal', at, type: isBytes ? 'bytes' : 'string', value: value ?? '' }
  }
}

const relations = new Map([["'<'", '_<_'], ["'<='", '_<=_'], ["'>='", '_>=_'], ["'>'", '_>_'], ["'=='", '_==_'], ["'!='", '_!=_'], ["'in'", '@in']])
const sums = new Map([["'+'", '_+_'], ["'-'", '_-_']])
const products = new Map([["'*'", '_*_'], ["'/'", '_/_'], ["'%'", '_%_']])
