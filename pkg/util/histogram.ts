// Durations counted by bounds, each series under its labels, in Prometheus' text form.

/** As Go's client has them where nothing else is said. */
export const commonBounds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Each is so many times the one before. */
export function exponentialBounds(start: number, factor: number, count: number): number[] {
  const bounds: number[] = []
  for (let bound = start; bounds.length < count; bound *= factor) bounds.push(bound)
  return bounds
}

/** One series: a value costs a walk over the bounds and three additions. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly buckets: Uint32Array
  count = 0
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.buckets = new Uint32Array(bounds.length)
  }

  observe(value: number): void {
    this.count++
    this.sum += value
    let at = 0
    while (at < this.#bounds.length && value > this.#bounds[at]!) at++
    if (at < this.#bounds.length) this.buckets[at]!++
  }
}

export class Histograms {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Histogram>()

  /** `bounds` in rising order. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
  }

  /** `labels` as they are written: `name="a",type="b"`. */
  observe(labels: string, value: number): void {
    this.of(labels).observe(value)
  }

  /** For who observes the same series again and again. */
  of(labels: string): Histogram {
    let series = this.#series.get(labels)
    if (!series) this.#series.set(labels, series = new Histogram(this.#bounds))
    return series
  }

  /** Adds what was observed elsewhere, by the same bounds. */
  add(labels: string, { buckets, count, sum }: Histogram): void {
    const series = this.of(labels)
    for (const [at, number] of buckets.entries()) series.buckets[at]! += number
    series.count += count
    series.sum += sum
  }

  lines(): string[] {
    const name = this.#name
    if (this.#series.size === 0) return []
    const lines = [`# HELP ${name} ${this.#help}`, `# TYPE ${name} histogram`]
    for (const [labels, { buckets, count, sum }] of this.#series) {
      const own = labels === '' ? '' : `${labels},`
      const all = labels === '' ? '' : `{${labels}}`
      let below = 0
      for (const [at, bound] of this.#bounds.entries()) lines.push(`${name}_bucket{${own}le="${goNumber(bound)}"} ${below += buckets[at]!}`)
      lines.push(`${name}_bucket{${own}le="+Inf"} ${count}`, `${name}_sum${all} ${sum}`, `${name}_count${all} ${count}`)
    }
    return lines
  }
}

/** `1e-08`, `1e+06`: as Go writes floats. */
const goNumber = (value: number): string => ((value >= 1e-4 && value < 1e6) || value === 0 ? String(value) : value >= 1e6 ? value.toExponential().replace(/e\+(\d)$/, 'e+0$1') : value.toExponential().replace(/e-(\d)$/, 'e-0$1'))
