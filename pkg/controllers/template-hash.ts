// A short name for a pod template: equal templates give equal texts.
import type { JsonObject } from '../api/json.ts'
import type { PodTemplateSpec } from '../api/types-pod.ts'
import { inParts, type Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'

// No vowels and no digits that look like letters: a hash never spells a word.
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

const stride = 64
const hashedAtOnce = 256 * 1024

/** At most 10 characters. `collisions` makes another hash for the same template. A large one takes more than a turn. */
export async function templateHash(template: unknown, collisions?: number): Promise<string> {
  return safeText(String(await inParts(hashParts(template, collisions))))
}

function* hashParts(template: unknown, collisions: number | undefined): Parts<number> {
  const bytes = Buffer.from(`${yield* canonicalParts(template)}${collisions ?? ''}`)
  let hash = fnv32Start
  for (let at = 0; at < bytes.length; at += hashedAtOnce) {
    hash = fnv32On(hash, bytes.subarray(at, at + hashedAtOnce))
    if (bytes.length > hashedAtOnce) yield
  }
  return hash
}

/** Characters that are safe in names, in place of any. */
export function safeText(text: string): string {
  return [...text].map((character) => alphabet[character.charCodeAt(0) % alphabet.length]).join('')
}

const fnv32Start = 0x811c9dc5

function fnv32On(start: number, bytes: Uint8Array): number {
  let hash = start
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash >>> 0
}

export const fnv32 = (text: string): number => fnv32On(fnv32Start, Buffer.from(text))

/** JSON with sorted keys and without undefined fields. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`).join(',')}}`
}

/** What `canonicalText` says. */
export function* canonicalParts(value: unknown): Parts<string> {
  if (typeof value !== 'object' || value === null || !isHeavy(value)) return canonicalText(value)
  const texts = new JoinedTexts()
  if (Array.isArray(value)) {
    for (const item of value) if (texts.add(yield* canonicalParts(item))) yield
    return `[${texts.whole()}]`
  }
  for (const key of yield* sortedKeys(value)) {
    const field = (value as JsonObject)[key]
    if (field !== undefined && texts.add(`${JSON.stringify(key)}:${yield* canonicalParts(field)}`)) yield
  }
  return `{${texts.whole()}}`
}

/** By strides, for to join very many takes long. */
class JoinedTexts {
  readonly #joined: string[] = []
  #texts: string[] = []

  /** True when a stride is full. */
  add(text: string): boolean {
    if (this.#texts.push(text) < stride) return false
    this.#flush()
    return true
  }

  whole(): string {
    if (this.#texts.length > 0) this.#flush()
    return this.#joined.join(',')
  }

  #flush(): void {
    this.#joined.push(this.#texts.join(','))
    this.#texts = []
  }
}

const sortedAtOnce = 2000

/** Runs are sorted, then merged by twos. */
function* sortedKeys(object: object): Parts<readonly string[]> {
  const keys = Object.keys(object)
  yield
  let runs: (readonly string[])[] = []
  for (let at = 0; at < keys.length; at += sortedAtOnce) {
    runs.push(keys.slice(at, at + sortedAtOnce).sort())
    yield
  }
  while (runs.length > 1) {
    const longer: (readonly string[])[] = []
    for (let at = 0; at < runs.length; at += 2) longer.push(runs[at + 1] ? yield* merged(runs[at]!, runs[at + 1]!) : runs[at]!)
    runs = longer
  }
  return runs[0] ?? []
}

function* merged(one: readonly string[], two: readonly string[]): Parts<readonly string[]> {
  const all: string[] = []
  for (let first = 0, second = 0; first < one.length || second < two.length;) {
    const takesFirst = second === two.length || (first < one.length && one[first]! < two[second]!)
    if (all.push(takesFirst ? one[first++]! : two[second++]!) % sortedAtOnce === 0) yield
  }
  return all
}

export const hashLabel = 'pod-template-hash'

/** The template as the deployment wrote it: the hash label is the controller's own. */
export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  if (!template?.metadata?.labels || !(hashLabel in template.metadata.labels)) return template ?? {}
  const { [hashLabel]: _, ...labels } = template.metadata.labels
  return { ...template, metadata: { ...template.metadata, labels } }
}
