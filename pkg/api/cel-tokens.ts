// Expressions in CEL as tokens, with the faults that the lexer of cel-go finds.
import type { CelFault } from './cel-syntax.ts'

export interface Token {
  /** As error texts name it: `'('`, `IDENTIFIER`, `<EOF>`. */
  readonly type: string
  readonly text: string
  readonly at: number
}

const escape = String.raw`\\(?:[abfnrtv"'\\?${'`'}]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7][0-7])`
const strings = [
  `"""(?:${escape}|[^\\\\])*?"""`, `'''(?:${escape}|[^\\\\])*?'''`, `"(?:${escape}|[^\\\\"\\n\\r])*"`, `'(?:${escape}|[^\\\\'\\n\\r])*'`,
  `[rR]"""[^]*?"""`, `[rR]'''[^]*?'''`, `[rR]"[^"\\n\\r]*"`, `[rR]'[^'\\n\\r]*'`,
].join('|')

const sticky = (pattern: string): RegExp => new RegExp(pattern, 'y')

const hidden = sticky('(?:[\\t \\r\\n\\f]+|//[^\\n]*)+')

/** The longest match wins; of equal ones the first. */
const kinds: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['NUM_FLOAT', sticky('\\d+\\.\\d+(?:[eE][+-]?\\d+)?|\\d+[eE][+-]?\\d+|\\.\\d+(?:[eE][+-]?\\d+)?')],
  ['NUM_UINT', sticky('(?:0x[0-9a-fA-F]+|\\d+)[uU]')],
  ['NUM_INT', sticky('0x[0-9a-fA-F]+|\\d+')],
  ['STRING', sticky(strings)],
  ['BYTES', sticky(`[bB](?:${strings})`)],
  ['IDENTIFIER', sticky('[A-Za-z_][A-Za-z0-9_]*')],
  ['ESC_IDENTIFIER', sticky('`[A-Za-z0-9_./ -]+`')],
  ['', sticky('==|!=|<=|>=|&&|\\|\\||[<>[\\]{}().,\\-!?:+*/%]')],
]

const words = new Set(['in', 'true', 'false', 'null'])

export function tokensOf(source: string): { readonly tokens: Token[]; readonly faults: CelFault[] } {
  const tokens: Token[] = []
  const faults: CelFault[] = []
  let at = 0
  while (true) {
    hidden.lastIndex = at
    at += hidden.exec(source)?.[0].length ?? 0
    if (at >= source.length) break
    const token = tokenAt(source, at)
    if (token) {
      tokens.push(token)
      at += token.text.length
    } else {
      const text = unknownAt(source, at)
      faults.push({ at, text: `Syntax error: token recognition error at: '${shown(text)}'` })
      at += text.length
    }
  }
  tokens.push({ type: '<EOF>', text: '<EOF>', at: source.length })
  return { tokens, faults }
}

function tokenAt(source: string, at: number): Token | undefined {
  let best: Token | undefined
  for (const [type, pattern] of kinds) {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0]
    if (text === undefined || (best && text.length <= best.text.length)) continue
    best = { type: type === '' || words.has(text) ? `'${text}'` : type, text, at }
  }
  return best
}

/** An escape, in a group of its own when it is whole, or how it begins. */
const partial = new RegExp(`(${escape})|\\\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?`, 'y')

/** As far as the lexer had come when it gave up, with the character that it could not take. */
function unknownAt(source: string, at: number): string {
  const first = String.fromCodePoint(source.codePointAt(at) ?? 0)
  if (first === '|' || first === '&' || first === '=') return first + next(source, at + 1)
  if (first === '`') {
    const [body = ''] = /^[A-Za-z0-9_./ -]*/.exec(source.slice(at + 1)) ?? []
    return first + body + next(source, at + 1 + body.length)
  }
  if (first !== '"' && first !== "'") return first
  let end = at + 1
  while (end < source.length) {
    const character = source[end]
    if (character === '\n' || character === '\r') return source.slice(at, end + 1)
    if (character !== '\\') {
      end++
      continue
    }
    partial.lastIndex = end
    const [sequence = '', whole] = partial.exec(source) ?? []
    if (whole === undefined) return source.slice(at, end + sequence.length) + next(source, end + sequence.length)
    end += sequence.length
  }
  return source.slice(at)
}

const next = (source: string, at: number): string => (at < source.length ? String.fromCodePoint(source.codePointAt(at) ?? 0) : '')

export const shown = (text: string): string => text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')

/** What a literal's text means; undefined where an escape does not belong there. */
export function unquoted(literal: string, isBytes: boolean): string | Uint8Array | undefined {
  const raw = /^[rR]/.test(literal)
  const quoted = raw ? literal.slice(1) : literal
  const width = /^("""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1
  const body = quoted.slice(width, -width).replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  if (raw || !body.includes('\\')) return isBytes ? new Uint8Array(Buffer.from(body)) : body
  return isBytes ? unescapedBytes(body) : unescapedText(body)
}

const simple: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
const sequence = /\\(?:([xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-3][0-7][0-7])|(.))/g

function unescapedText(body: string): string | undefined {
  let wrong = false
  const text = body.replace(sequence, (_whole, hex: string | undefined, octal: string | undefined, plain: string) => {
    if (hex === undefined) return octal === undefined ? simple[plain] ?? plain : String.fromCodePoint(parseInt(octal, 8))
    const code = parseInt(hex.slice(1), 16)
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) wrong = true
    return wrong ? '' : String.fromCodePoint(code)
  })
  return wrong ? undefined : text
}

function unescapedBytes(body: string): Uint8Array | undefined {
  const parts: Buffer[] = []
  let at = 0
  for (const match of body.matchAll(sequence)) {
    const [whole, hex, octal, plain = ''] = match
    if (hex !== undefined && !/^x/i.test(hex)) return undefined
    parts.push(Buffer.from(body.slice(at, match.index)))
    parts.push(hex !== undefined ? Buffer.of(parseInt(hex.slice(1), 16)) : octal !== undefined ? Buffer.of(parseInt(octal, 8)) : Buffer.from(simple[plain] ?? plain))
    at = match.index + whole.length
  }
  parts.push(Buffer.from(body.slice(at)))
  return new Uint8Array(Buffer.concat(parts))
}
