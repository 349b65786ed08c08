// kubectl logs, and what it filters by.
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, cluster, eventually, podSecurity, useNamespace } from '../framework.ts'
import { images, isReady, timeouts } from '../pods.ts'

const namespace = useNamespace('kubectl-logs', podSecurity('baseline'))
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl([`--namespace=${namespace.name}`, ...args])
const linesOf = (output: string): string[] => output.replace(/\n+$/, '').split('\n')

test('[sig-cli] Kubectl logs logs should be able to retrieve and filter logs [Conformance]', async () => {
  const name = 'logs-generator'
  await kubectl('run', name, `--image=${images.toolbox}`, '--restart=Never', '--pod-running-timeout=2m0s', '--', 'logs-generator', '--log-lines-total', '100', '--run-duration', '20s')
  const logs = (...args: string[]) => kubectl('logs', name, name, ...args)
  await eventually(async () => {
    const pod = await client.get(pods, { namespace: namespace.name, name })
    return isReady(pod) || pod.status?.phase === 'Succeeded'
  }, 'the pod runs', timeouts.podStart)
  await eventually(async () => (await logs()).includes('/api/v1/namespaces/kube-system'), 'the log has lines', timeouts.podStart)

  const one = await logs('--tail=1')
  expect(one).not.toBe('')
  expect(linesOf(one)).toHaveLength(1)

  expect(await logs('--limit-bytes=1')).toHaveLength(1)

  const stamped = linesOf(await logs('--tail=1', '--timestamps'))
  expect(stamped).toHaveLength(1)
  const words = stamped[0]?.split(' ') ?? []
  expect(words.length).toBeGreaterThan(1)
  expect(words[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)

  // --since counts in whole seconds; what is to be left out must be older than two.
  await new Promise((resolve) => setTimeout(resolve, 2500))
  const recent = (await logs('--since=1s')).split('\n').length
  const older = (await logs('--since=24h')).split('\n').length
  expect(recent).toBeLessThan(older)
  await kubectl('delete', 'pod', name)
})
