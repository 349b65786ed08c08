// The configuration file: a YAML mapping from flag names to values, checked key by key.
import { loadAll } from 'js-yaml'
import { OptionError } from '../pkg/cluster/options.ts'

/** `truth` is handed on as text. */
export type FlagKind = 'string' | 'integer' | 'boolean' | 'truth' | 'list'

/** Pure. Throws OptionError for anything but known keys with values of their kind; the message names file and key. */
export function parseConfigFile(text: string, file: string, kinds: Readonly<Record<string, FlagKind>>): Record<string, unknown> {
  const [document = null, ...more] = parseYaml(text, file)
  if (more.length > 0) throw new OptionError(`${file}: expected one document, found ${more.length + 1}`)
  if (document === null) return {}
  if (typeof document !== 'object' || Array.isArray(document)) throw new OptionError(`${file}: expected a mapping of flag names to values`)
  return Object.fromEntries(Object.entries(document).map(([key, value]) => {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (!kind) throw new OptionError(`${file}: unknown key ${JSON.stringify(key)}; known are ${Object.keys(kinds).join(', ')}`)
    return [key, convert[kind](value, `${file}: ${key}`)]
  }))
}

function parseYaml(text: string, file: string): unknown[] {
  try {
    return loadAll(text) as unknown[]
  } catch (error) {
    const { reason, mark, message } = error as Error & { reason?: string; mark?: { line: number; column: number } }
    throw new OptionError(`${file}: ${mark ? `line ${mark.line + 1}, column ${mark.column + 1}: ` : ''}${reason ?? message}`)
  }
}

const refuse = (where: string, expected: string, value: unknown): never => {
  throw new OptionError(`${where}: expected ${expected}, found ${JSON.stringify(value)}`)
}

const convert: Readonly<Record<FlagKind, (value: unknown, where: string) => unknown>> = {
  string: (value, where) => (typeof value === 'string' || typeof value === 'number' ? String(value) : refuse(where, 'text', value)),
  integer: (value, where) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    return Number.isInteger(number) ? number : refuse(where, 'a whole number', value)
  },
  boolean: (value, where) => (typeof value === 'boolean' ? value : refuse(where, 'true or false', value)),
  truth: (value, where) => (typeof value === 'boolean' || value === 'true' || value === 'false' ? String(value) : refuse(where, 'true or false', value)),
  list: (value, where) => (Array.isArray(value) ? value.map((item) => convert.string(item, where)) : (convert.string(value, where) as string).split(',')),
}
