// Values as Go prints them in messages: quoted texts, floats, and JSON as its encoder writes it. Pure.

const plain = /^[ !#-[\]-~]*$/
const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\v': '\\v' }
/** All but what Go shows as it is. */
const hidden = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

function escaped(character: string): string {
  const known = escapes[character]
  if (known !== undefined) return known
  const code = character.codePointAt(0)!
  // Half of a pair is no character.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

/** What `%q` makes of a text. */
export const goQuoted = (text: string): string => (plain.test(text) ? `"${text}"` : `"${text.replace(hidden, escaped)}"`)

/** What `%q` makes of a list of texts. */
export const goQuotedList = (texts: readonly string[]): string => `[${texts.map(goQuoted).join(' ')}]`

/** What `%v` makes of a float64. */
export function goFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const text = value.toExponential()
  const exponent = Number(text.slice(text.indexOf('e') + 1))
  return exponent < -4 || exponent >= 6 ? text.replace(/e([+-])(\d)$/, 'e$10$2') : String(value)
}

const marked = /[<>&\u2028\u2029]/
const marks = /[<>&\u2028\u2029]/g

/** What Go's encoder makes of a value: JSON that may stand in a page. Maps are to be sorted before. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return marked.test(text) ? text.replace(marks, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`) : text
}

/** A map in the order in which Go prints its keys. */
export const sortedMap = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)))
