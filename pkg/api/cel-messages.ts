// Messages in expressions of mutation: `Object.spec{replicas: 3}` and `JSONPatch{op: "test", …}`, which the engine's grammar lacks.
import { Duration } from '@marcbachmann/cel-js/evaluator'
import type { CelEnvironment, CelProgram } from './cel.ts'
import { CelCompileError, CelRunError, compileCel } from './cel.ts'
import { isOptional } from './cel-optional.ts'
import { functionsOf } from './cel-register.ts'
import { durationText } from './cel-values.ts'
import { setKey, type JsonObject } from './json.ts'
import { exactInteger } from '../util/lossless-json.ts'

/** A message that an expression has made. */
export class CelMessage {
  readonly type: string
  readonly fields: ReadonlyMap<string, unknown>
  constructor(type: string, fields: ReadonlyMap<string, unknown>) {
    this.type = type
    this.fields = fields
  }
}

// A class of its own for each type is how the engine tells values apart.
class ObjectMessage extends CelMessage {}
class PartMessage extends CelMessage {}
class PatchMessage extends CelMessage {}

const patchFields = new Set(['op', 'path', 'from', 'value'])

/** Adds what expressions of mutation may use. */
export function registerCelMessages(environment: CelEnvironment): void {
  environment.registerType('Object', { ctor: ObjectMessage, fields: {} } as never)
  environment.registerType('ObjectPart', { ctor: PartMessage, fields: {} } as never)
  environment.registerType('JSONPatch', { ctor: PatchMessage, fields: {} } as never)
  const add = functionsOf(environment)
  add('__object__(map): Object', (fields: unknown) => new ObjectMessage('Object', membersOf(fields)))
  add('__part__(string, map): dyn', (type: string, fields: unknown) => new PartMessage(type, membersOf(fields)))
  add('__patch__(map): JSONPatch', (fields: unknown) => new PatchMessage('JSONPatch', membersOf(fields)))
  add('__escapeKey__(string): string', (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'))
}

function membersOf(value: unknown): Map<string, unknown> {
  const entries = value instanceof Map ? [...value as Map<string, unknown>] : Object.entries(value as object)
  const members = new Map<string, unknown>()
  for (const [name, given] of entries) {
    if (!name.startsWith('?')) members.set(name, given)
    else if (!isOptional(given)) throw new CelRunError('no such overload')
    else if (given.hasValue()) members.set(name.slice(1), given.value())
  }
  return members
}

/** Like compileCel, with messages. Fails with CelCompileError. */
export function compileWithMessages(environment: CelEnvironment, expression: string): CelProgram {
  return compileCel(environment, withoutMessages(expression))
}

interface Frame {
  readonly closing: string
  readonly message?: string
  /** The next token names a field. */
  naming: boolean
  /** A `?` stands before that name. */
  optional?: boolean
}

const token = /\/\/[^\n]*|(?:[rbRB]{1,2})?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*')|[A-Za-z_][A-Za-z0-9_]*|`[^`\n]*`|\s+|[^]/g

/** Messages as calls: `Object.spec{a: 1}` becomes `__part__("Object.spec", {"a": 1})`. */
export function withoutMessages(expression: string): string {
  const out: string[] = []
  const frames: Frame[] = []
  /** Where the path of names before this place starts in `out`. */
  let pathAt: number | undefined
  for (const [text] of expression.matchAll(token)) {
    const top = frames.at(-1)
    if (/^(\s|\/\/)/.test(text)) {
      out.push(text)
      continue
    }
    if (top?.message !== undefined && top.naming && text !== '}') {
      if (text !== '?') out.push(fieldName(top, text))
      top.naming = text === '?'
      top.optional = text === '?'
      continue
    }
    if (/^[A-Za-z_]/.test(text)) {
      const inPath = out.findLast((part) => part.trim() !== '') === '.'
      if (!inPath) pathAt = out.length
      out.push(text)
      continue
    }
    if (text === '{') {
      const message = pathAt === undefined ? undefined : messageType(out.slice(pathAt))
      if (message === undefined) {
        frames.push({ closing: '}', naming: false })
        out.push(text)
      } else {
        out.length = pathAt ?? 0
        frames.push({ closing: '})', message, naming: true })
        out.push(message === 'Object' ? '__object__({' : message === 'JSONPatch' ? '__patch__({' : `__part__(${JSON.stringify(message)}, {`)
      }
    } else if (text === '[' || text === '(') {
      frames.push({ closing: text === '[' ? ']' : ')', naming: false })
      const escapes = text === '(' && pathAt !== undefined && out.slice(pathAt).join('').replace(/\s/g, '') === 'jsonpatch.escapeKey'
      if (escapes) out.splice(pathAt ?? 0, out.length, '__escapeKey__')
      out.push(text)
    } else if (text === '}' || text === ']' || text === ')') {
      out.push(frames.pop()?.closing ?? text)
    } else {
      if (text === ',' && top?.message !== undefined) top.naming = true
      out.push(text)
    }
    if (text !== '.') pathAt = undefined
  }
  return out.join('')
}

function messageType(path: readonly string[]): string | undefined {
  const name = path.filter((part) => !/^(\s|\/\/)/.test(part)).join('')
  return name === 'JSONPatch' || name === 'Object' || /^Object(\.[A-Za-z_][A-Za-z0-9_]*)+$/.test(name) ? name : undefined
}

function fieldName({ message, optional }: Frame, text: string): string {
  const name = text.startsWith('`') ? text.slice(1, -1) : unescaped(text)
  if (message === 'JSONPatch' && !patchFields.has(name)) throw new CelCompileError(`compilation failed: undefined field '${name}'`)
  return JSON.stringify(optional ? `?${name}` : name)
}

/** What a field is called, of how expressions must write it. */
function unescaped(name: string): string {
  const reserved = /^__([a-z]+)__$/.exec(name)?.[1]
  if (reserved !== undefined && !['dot', 'dash', 'slash', 'underscores'].includes(reserved)) return reserved
  return name.replace(/__(underscores|dot|dash|slash)__/g, (_whole, word: string) => ({ underscores: '__', dot: '.', dash: '-', slash: '/' })[word] ?? '')
}

/** A value as JSON. Fails with CelRunError when a message stands where its type does not belong. */
export function jsonOf(value: unknown): unknown {
  if (value instanceof CelMessage) return messageJson(value, value.type)
  return plainJson(value, undefined)
}

function messageJson(message: CelMessage, path: string): JsonObject {
  if (message.type !== path) throw new CelRunError(`type mismatch: unexpected type name ${JSON.stringify(message.type)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`)
  const result: JsonObject = {}
  for (const [name, value] of message.fields) setKey(result, name, plainJson(value, message instanceof PatchMessage ? undefined : `${path}.${name}`))
  return result
}

function plainJson(value: unknown, path: string | undefined): unknown {
  if (value instanceof CelMessage) return messageJson(value, path ?? value.type)
  if (typeof value === 'bigint') return exactInteger(String(value), Number(value))
  if (Array.isArray(value)) return value.map((one) => plainJson(one, path))
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (value instanceof Duration) return durationText(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (isOptional(value)) return value.hasValue() ? plainJson(value.value(), path) : null
  if (typeof value !== 'object' || value === null) return value
  const entries = value instanceof Map ? [...value as Map<string, unknown>] : Object.entries(value)
  const result: JsonObject = {}
  for (const [key, one] of entries) setKey(result, String(key), plainJson(one, path))
  return result
}
