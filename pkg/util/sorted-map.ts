// A map from string keys to values that can also be read in key order, from anywhere, and counted by range.

const longestChunk = 512
const shortestChunk = 64

/** The first string after all strings that start with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1)
    if (last < 0xffff) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1)
  }
  return undefined
}

/** So many empty folders are remembered. */
const mostBare = 10_000
const nothing: readonly never[] = Object.freeze([])

/**
 * Keys are in the order of `<` (UTF-16 code units). `#chunks` cut that order into runs of at most `longestChunk` keys, none empty,
 * so that an insert moves a few hundred keys at most, however many there are.
 * A range must not be iterated across a change of the key set.
 */
export class SortedMap<V> {
  readonly #values: Map<string, V>
  readonly #chunks: string[][] = []
  /** Prefixes up to a slash that were asked for and under which there was nothing; there still is not. */
  readonly #bare = new Set<string>()

  /** Takes the map over; it must not be used elsewhere afterwards. */
  constructor(values = new Map<string, V>()) {
    this.#values = values
    const keys = [...values.keys()].sort()
    const fill = longestChunk / 2
    for (let start = 0; start < keys.length; start += fill) this.#chunks.push(keys.slice(start, start + fill))
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  set(key: string, value: V): void {
    const known = this.#values.has(key)
    this.#values.set(key, value)
    if (!known) this.#insertKey(key)
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false
    const index = this.#chunkFor(key)
    const chunk = this.#chunks[index] as string[]
    chunk.splice(lowerBound(chunk, key), 1)
    if (chunk.length < shortestChunk) this.#mergeChunk(index)
    return true
  }

  /** Keys and values from `start` (inclusive) to `end` (exclusive; the end of the map when left out). */
  *range(start: string, end?: string): Generator<[string, V], void, undefined> {
    if (this.#chunks.length === 0) return
    let index = this.#chunkFor(start)
    let position = lowerBound(this.#chunks[index] as string[], start)
    for (; index < this.#chunks.length; index++, position = 0) {
      const chunk = this.#chunks[index] as string[]
      for (; position < chunk.length; position++) {
        const key = chunk[position] as string
        if (end !== undefined && key >= end) return
        yield [key, this.#values.get(key) as V]
      }
    }
  }

  /** The first `limit` values of a range, as fast as it goes. */
  values(start: string, end: string | undefined, limit: number): V[] {
    const values: V[] = []
    if (this.#chunks.length === 0) return values
    let index = this.#chunkFor(start)
    let position = lowerBound(this.#chunks[index] as string[], start)
    for (; index < this.#chunks.length; index++, position = 0) {
      const chunk = this.#chunks[index] as string[]
      const within = end === undefined || (chunk[chunk.length - 1] as string) < end ? chunk.length : lowerBound(chunk, end)
      const stop = Math.min(within, position + limit - values.length)
      for (; position < stop; position++) values.push(this.#values.get(chunk[position] as string) as V)
      if (stop < chunk.length) break
    }
    return values
  }

  /** All values whose keys start with `prefix`. That there are none is known at once when it was asked before. */
  under(prefix: string): readonly V[] {
    if (this.#bare.has(prefix)) return nothing
    const values = this.values(prefix, prefixEnd(prefix), Infinity)
    if (values.length === 0 && prefix.endsWith('/')) {
      if (this.#bare.size === mostBare) this.#bare.clear()
      this.#bare.add(prefix)
    }
    return values
  }

  /** How many keys are in `start` (inclusive) to `end` (exclusive). */
  count(start: string, end?: string): number {
    return Math.max(0, (end === undefined ? this.size : this.#rank(end)) - this.#rank(start))
  }

  /** How many keys are before `key`. */
  #rank(key: string): number {
    if (this.#chunks.length === 0) return 0
    const index = this.#chunkFor(key)
    let rank = lowerBound(this.#chunks[index] as string[], key)
    for (let before = 0; before < index; before++) rank += (this.#chunks[before] as string[]).length
    return rank
  }

  /** The last chunk whose first key is at or before `key`; the first chunk when all are after it. */
  #chunkFor(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.#chunks[middle]?.[0] as string) <= key) low = middle
      else high = middle
    }
    return low
  }

  #insertKey(key: string): void {
    if (this.#chunks.length === 0) this.#chunks.push([])
    const index = this.#chunkFor(key)
    const chunk = this.#chunks[index] as string[]
    const position = chunk.length === 0 || key > (chunk[chunk.length - 1] as string) ? chunk.length : lowerBound(chunk, key)
    const folder = key.slice(0, key.lastIndexOf('/') + 1)
    // Where its neighbour is in the same folder, none of its folders was empty.
    if (!chunk[position - 1]?.startsWith(folder)) for (let at = folder.length; at > 0; at = at < 2 ? 0 : key.lastIndexOf('/', at - 2) + 1) this.#bare.delete(key.slice(0, at))
    if (position === chunk.length) chunk.push(key)
    else chunk.splice(position, 0, key)
    if (chunk.length > longestChunk) this.#chunks.splice(index + 1, 0, chunk.splice(longestChunk >>> 1))
  }

  #mergeChunk(index: number): void {
    const chunk = this.#chunks[index] as string[]
    const next = this.#chunks[index + 1]
    if (chunk.length === 0) this.#chunks.splice(index, 1)
    else if (next && chunk.length + next.length <= longestChunk / 2) this.#chunks.splice(index, 2, chunk.concat(next))
  }
}

/** The position of the first key that is not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
