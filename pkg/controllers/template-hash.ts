// A short name for a pod template: equal templates give equal texts.
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
  const texts: string[] = []
  if (Array.isArray(value)) {
    for (const item of value) {
      texts.push(yield* canonicalParts(item))
      if (texts.length % stride === 0) yield
    }
    return `[${texts.join(',')}]`
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  yield
  for (const [key, field] of fields) {
    texts.push(`${JSON.stringify(key)}:${yield* canonicalParts(field)}`)
    if (texts.length % stride === 0) yield
  }
  return `{${texts.join(',')}}`
}

export const hashLabel = 'pod-template-hash'

/** The template as the deployment wrote it: the hash label is the controller's own. */
export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  if (!template?.metadata?.labels || !(hashLabel in template.metadata.labels)) return template ?? {}
  const { [hashLabel]: _, ...labels } = template.metadata.labels
  return { ...template, metadata: { ...template.metadata, labels } }
}
