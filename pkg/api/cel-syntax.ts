// The syntax tree of an expression in CEL after its macros are expanded, as cel-go has it: what is type checked, and whose cost is estimated.

export type LiteralType = 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'null'

interface Part {
  /** Where in the text errors of this part are shown, in UTF-16 units. */
  readonly at: number
}

export interface Literal extends Part {
  readonly kind: 'literal'
  readonly type: LiteralType
  readonly value: unknown
}

export interface Ident extends Part {
  readonly kind: 'ident'
  readonly name: string
}

export interface Select extends Part {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** Only asks whether the field is there. */
  readonly test: boolean
}

export interface Call extends Part {
  readonly kind: 'call'
  readonly name: string
  readonly target?: Expr
  readonly args: readonly Expr[]
}

export interface ListExpr extends Part {
  readonly kind: 'list'
  readonly items: readonly Expr[]
  readonly optionals: ReadonlySet<number>
}

export interface MapEntry extends Part {
  readonly key: Expr
  readonly value: Expr
  readonly optional: boolean
}

export interface MapExpr extends Part {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}

export interface StructField extends Part {
  readonly name: string
  readonly value: Expr
  readonly optional: boolean
}

export interface Struct extends Part {
  readonly kind: 'struct'
  readonly name: string
  readonly fields: readonly StructField[]
}

/** What all macros that iterate become: a fold of the range into `accu`. */
export interface Comprehension extends Part {
  readonly kind: 'loop'
  readonly range: Expr
  readonly variable: string
  readonly second?: string
  readonly accu: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

export type Expr = Literal | Ident | Select | Call | ListExpr | MapExpr | Struct | Comprehension

export const accumulator = '@result'

export interface CelFault {
  /** undefined: nowhere in particular. */
  readonly at: number | undefined
  readonly text: string
}

const longestLine = 16_384

/** All faults as cel-go prints them: place, text, line and mark. */
export function faultsText(faults: readonly CelFault[], source: string): string {
  const shown = faults.slice(0, 100).map((fault) => ({ ...placeOf(fault.at, source), text: fault.text }))
  shown.sort((a, b) => a.line - b.line || a.column - b.column)
  const texts = shown.map(({ line, column, snippet, text }) => `ERROR: <input>:${line}:${column + 1}: ${text}${snippet === undefined ? '' : markedText(snippet, column)}`)
  if (faults.length > 100) texts.push(`${faults.length - 100} more errors were truncated`)
  return texts.join('\n')
}

function placeOf(at: number | undefined, source: string): { line: number; column: number; snippet?: string } {
  if (at === undefined) return { line: -1, column: -1 }
  const before = source.slice(0, at)
  const start = before.lastIndexOf('\n') + 1
  const end = source.indexOf('\n', start)
  return { line: before.split('\n').length, column: [...before.slice(start)].length, snippet: source.slice(start, end < 0 ? source.length : end) }
}

function markedText(line: string, column: number): string {
  const snippet = line.replaceAll('\t', ' ')
  if (Buffer.byteLength(snippet) > longestLine) return ''
  const characters = [...snippet]
  const isWide = (character: string | undefined): boolean => character !== undefined && (character.codePointAt(0) ?? 0) > 0x7f
  const dots = characters.slice(0, column).map((character) => (isWide(character) ? '．' : '.')).join('')
  return `\n | ${snippet}\n | ${dots}${isWide(characters[column]) ? '＾' : '^'}`
}
