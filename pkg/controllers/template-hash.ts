// A short name for a pod template: equal templates give equal texts.
import type { PodTemplateSpec } from '../api/types-pod.ts'

// No vowels and no digits that look like letters: a hash never spells a word.
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** At most 10 characters. `collisions` makes another hash for the same template. */
export function templateHash(template: unknown, collisions?: number): string {
  const text = `${canonicalText(template)}${collisions ?? ''}`
  return safeText(String(fnv32(text)))
}

/** Characters that are safe in names, in place of any. */
export function safeText(text: string): string {
  return [...text].map((character) => alphabet[character.charCodeAt(0) % alphabet.length]).join('')
}

export function fnv32(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** JSON with sorted keys and without undefined fields. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`).join(',')}}`
}

export const hashLabel = 'pod-template-hash'

/** The template as the deployment wrote it: the hash label is the controller's own. */
export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  if (!template?.metadata?.labels || !(hashLabel in template.metadata.labels)) return template ?? {}
  const { [hashLabel]: _, ...labels } = template.metadata.labels
  return { ...template, metadata: { ...template.metadata, labels } }
}
