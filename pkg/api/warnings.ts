// Texts for a Warning header: no more of them than clients take in one.

/** Characters in all, and of each text once there are too many. */
const mostCharacters = 4096
const mostOfOne = 256

/** Each text once, in order. What comes when there are surely too many is not kept: it would not be sent. */
export class Warnings {
  readonly #texts = new Set<string>()
  #left = mostCharacters

  get isFull(): boolean {
    return this.#left <= 0
  }

  add(text: string): void {
    if (this.isFull || this.#texts.has(text)) return
    this.#texts.add(text)
    this.#left -= Math.min(text.length, mostOfOne)
  }

  clear(): void {
    this.#texts.clear()
    this.#left = mostCharacters
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#texts.values()
  }
}

/** Those of which something is sent. */
export function sentWarnings(texts: Iterable<string>): string[] {
  const kept = new Warnings()
  for (const text of texts) kept.add(text)
  return [...kept]
}

/** What is sent of the texts. */
export function fittingWarnings(texts: Iterable<string>): string[] {
  const all = sentWarnings(texts)
  if (all.reduce((sum, text) => sum + text.length, 0) <= mostCharacters) return all
  return all.map((text) => text.slice(0, mostOfOne).toWellFormed())
}
