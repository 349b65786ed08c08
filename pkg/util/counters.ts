// Numbers that only grow, each under its labels, in Prometheus' text form.

export class Counters {
  readonly #name: string
  readonly #help: string
  readonly #counts = new Map<string, number>()

  constructor(name: string, help: string) {
    this.#name = name
    this.#help = help
  }

  /** `labels` as they are written; empty for a counter without. */
  raise(labels: string, by = 1): void {
    this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + by)
  }

  lines(): string[] {
    return family(this.#name, 'counter', this.#help, [...this.#counts])
  }
}

/** A value of a label, quoted. */
export const labelValue = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

export type Sample = readonly [labels: string, value: number]

/** No samples, no family. */
export function family(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return []
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels ? `{${labels}}` : ''} ${value}`)]
}
