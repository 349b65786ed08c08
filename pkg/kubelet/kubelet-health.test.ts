import { healthMetrics, healthReport } from './kubelet-health.ts'
import { metricsText } from './metrics-text.ts'

const well = new Map([['ping', ''], ['syncloop', '']])
const ill = new Map([['ping', ''], ['syncloop', 'took too long']])
const told = async (response: Response): Promise<[number, string]> => [response.status, await response.text()]

it('is told shortly, in full, and in figures', async () => {
  expect(await told(healthReport('healthz', well, false))).toEqual([200, 'ok'])
  expect(await told(healthReport('healthz', well, true))).toEqual([200, '[+]ping ok\n[+]syncloop ok\nhealthz check passed\n'])
  for (const verbose of [false, true]) expect(await told(healthReport('healthz', ill, verbose))).toEqual([500, '[+]ping ok\n[-]syncloop failed: reason withheld\nhealthz check failed\n'])
  expect(metricsText(healthMetrics(ill))).toContain('\nkubernetes_healthcheck{name="ping",type="healthz"} 1\nkubernetes_healthcheck{name="syncloop",type="healthz"} 0\n')
})
