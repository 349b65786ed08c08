// Durations counted by bounds, each series under its labels, in Prometheus' text form.

interface Series {
  readonly buckets: Uint32Array
  count: number
  sum: number
}

export class Histograms {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()

  /** `bounds` in rising order. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
  }

  /** `labels` as they are written: `name="a",type="b"`. */
  observe(labels: string, seconds: number): void {
    let series = this.#series.get(labels)
    if (!series) this.#series.set(labels, series = { buckets: new Uint32Array(this.#bounds.length), count: 0, sum: 0 })
    series.count++
    series.sum += seconds
    const at = this.#bounds.findIndex((bound) => seconds <= bound)
    if (at >= 0) series.buckets[at]!++
  }

  lines(): string[] {
    const name = this.#name
    const lines = [`# HELP ${name} ${this.#help}`, `# TYPE ${name} histogram`]
    for (const [labels, { buckets, count, sum }] of this.#series) {
      let below = 0
      for (const [at, bound] of this.#bounds.entries()) lines.push(`${name}_bucket{${labels},le="${goNumber(bound)}"} ${below += buckets[at]!}`)
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`, `${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`)
    }
    return lines
  }
}

/** `1e-08`: exponents have two digits. */
const goNumber = (value: number): string => (value >= 1e-4 ? String(value) : value.toExponential().replace(/e-(\d)$/, 'e-0$1'))
