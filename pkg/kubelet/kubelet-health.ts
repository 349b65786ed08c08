// /healthz in words and /metrics/slis in figures: the kubelet's checks, by name what is wrong, '' when nothing is. Pure.
import type { Metric } from './metrics-text.ts'

export type Health = ReadonlyMap<string, string>

/** The reasons are not for everybody's eyes: they are in the log. */
export function healthReport(name: string, health: Health, verbose: boolean): Response {
  const failed = [...health.values()].some((problem) => problem !== '')
  const lines = [...health].map(([check, problem]) => (problem === '' ? `[+]${check} ok\n` : `[-]${check} failed: reason withheld\n`)).join('')
  if (failed) return new Response(`${lines}${name} check failed\n`, { status: 500 })
  return new Response(verbose ? `${lines}${name} check passed\n` : 'ok')
}

export function healthMetrics(health: Health): Metric[] {
  return [{
    name: 'kubernetes_healthcheck', type: 'gauge', help: 'Whether a check of the health finds nothing wrong',
    series: [...health].map(([check, problem]) => ({ labels: { name: check, type: 'healthz' }, value: problem === '' ? 1 : 0 })),
  }]
}
