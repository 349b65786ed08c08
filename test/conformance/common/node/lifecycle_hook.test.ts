// Hooks after the start and before the end of a container, by command and by HTTP; a pod of its own tells that they were run.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { client, eventually, inNamespace, podSecurity } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { createRunning, images, logsOf, podOf, waitGone } from '../../pods.ts'

type Lifecycle = NonNullable<PodSpec['containers'][number]['lifecycle']>
type Handler = NonNullable<Lifecycle['preStop']>

/** Receives a hook at the pod's own address, and passes it on. Its startup probe lets each test wait, so they wait together. */
const relay = {
  name: 'container-redirect', image: images.toolbox, args: ['netexec', '--udp-port', '-1'], restartPolicy: 'Always',
  startupProbe: { httpGet: { path: '/echo?msg=startup', port: 8080 } },
}

const byCommand = (text: string) => (address: string): Handler => ({ exec: { command: ['sh', '-c', `curl http://${address}:8080/echo?msg=${text}`] } })
const byHttp = (text: string) => (address: string): Handler =>
  ({ httpGet: { path: `/dial?host=${address}&port=8080&request=${encodeURIComponent(`echo?msg=${text}`)}`, port: 8080 } })

const received = (target: Pod, text: string, timeoutMs: number) =>
  eventually(async () => (await logsOf(target)).includes(`GET /echo?msg=${text}`), `the ${text} hook was run`, timeoutMs)

const hookTest = (name: string, kind: keyof Lifecycle & ('postStart' | 'preStop'), handler: (address: string) => Handler) => () =>
  inNamespace('container-lifecycle-hook', podSecurity('baseline'), async (namespace) => {
    // Answers requests, and its log tells which.
    const target = await createRunning(podOf(namespace, 'pod-handle-http-request', {
      containers: [{ name: 'container-handle-http-request', image: images.toolbox, args: ['netexec'] }],
    }))
    const pod = await createRunning(podOf(namespace, name, {
      initContainers: [relay], containers: [{ name, image: images.toolbox, lifecycle: { [kind]: handler(target.status?.podIP ?? '') } }],
    }))
    if (kind === 'postStart') await received(target, 'poststart', 120_000)
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 15 })
    await waitGone(pod)
    if (kind === 'preStop') await received(target, 'prestop', 30_000)
  })

test.concurrent('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute poststart exec hook properly [NodeConformance] [Conformance]',
  hookTest('pod-with-poststart-exec-hook', 'postStart', byCommand('poststart')))

test.concurrent('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute prestop exec hook properly [NodeConformance] [Conformance]',
  hookTest('pod-with-prestop-exec-hook', 'preStop', byCommand('prestop')))

test.concurrent('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute poststart http hook properly [NodeConformance] [Conformance]',
  hookTest('pod-with-poststart-http-hook', 'postStart', byHttp('poststart')))

test.concurrent('[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute prestop http hook properly [NodeConformance] [Conformance]',
  hookTest('pod-with-prestop-http-hook', 'preStop', byHttp('prestop')))
