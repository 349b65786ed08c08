// Metrics as text in Prometheus' exposition format. Pure.

export interface Series {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** When it was measured, if not now. */
  readonly atMs?: number
}

export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly series: readonly Series[]
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

/** A metric without series is left out. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics.filter(({ series }) => series.length > 0).map(({ name, type, help, series }) =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${series.map((each) => `${name}${labelText(each.labels)} ${each.value}${each.atMs === undefined ? '' : ` ${Math.round(each.atMs)}`}\n`).join('')}`).join('')
}

function labelText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels)
  return pairs.length === 0 ? '' : `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

const escaped = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
