// kubectl with pods and replication controllers. (The rest of kubectl.go is in kubectl.test.ts.)
import type { Pod } from '../../../pkg/api/types-pod.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { endpointSlices, services } from '../../../pkg/api/types-service.ts'
import { client, cluster, eventually, existing, http, podSecurity, useNamespace } from '../framework.ts'
import { images, isReady, timeouts } from '../pods.ts'

const namespace = useNamespace('kubectl', podSecurity('baseline'))
const kubectl = (args: readonly string[], input?: object | string): Promise<string> =>
  cluster.kubectl([`--namespace=${namespace.name}`, ...args], input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) })
const create = (object: object): Promise<string> => kubectl(['create', '-f', '-'], object)

const runningTimeout = '--pod-running-timeout=2m0s'
const serviceStartMs = 180_000

/** Removes at once what was made, and waits until kubectl shows nothing more. */
async function cleanUp(object: object, selector: string): Promise<void> {
  await kubectl(['delete', '--grace-period=0', '--force', '-f', '-'], object)
  const undeleted = '--template={{ range .items }}{{ if not .metadata.deletionTimestamp }}{{ .metadata.name }}{{ "\\n" }}{{ end }}{{ end }}'
  await eventually(async () => {
    if ((await kubectl(['get', 'rc,svc', '-l', selector, '--no-headers'])) !== '') return false
    return (await kubectl(['get', 'pods', '-l', selector, '-o', 'go-template', undeleted])) === ''
  }, `nothing is left of ${selector}`, 120_000)
}

const demo = 'name=update-demo'
const controller = {
  apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'update-demo-nautilus' },
  spec: {
    replicas: 2, selector: { name: 'update-demo', version: 'nautilus' },
    template: {
      metadata: { labels: { name: 'update-demo', version: 'nautilus' } },
      spec: { containers: [{ name: 'update-demo', image: images.toolbox, args: ['nautilus'], ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
    },
  },
}
const stateTemplate = '--template={{if (exists . "status" "containerStatuses")}}{{range .status.containerStatuses}}{{if (and (eq .name "update-demo") (exists . "state" "running"))}}true{{end}}{{end}}{{end}}'
const imageTemplate = '--template={{if (exists . "spec" "containers")}}{{range .spec.containers}}{{if eq .name "update-demo"}}{{.image}}{{end}}{{end}}{{end}}'

const valid = async (pod: string): Promise<boolean> => {
  if ((await kubectl(['get', 'pods', pod, '-o', 'template', stateTemplate])) !== 'true') return false
  if ((await kubectl(['get', 'pods', pod, '-o', 'template', imageTemplate])) !== images.toolbox) return false
  const { status, text } = await http('GET', `/api/v1/namespaces/${namespace.name}/pods/${pod}/proxy/data.json`)
  return status === 200 && (JSON.parse(text) as { image: string }).image.includes('nautilus.jpg')
}
const validate = (replicas: number) => eventually(async () => {
  const names = (await kubectl(['get', 'pods', '-o', 'template', '--template={{range.items}}{{.metadata.name}} {{end}}', '-l', demo])).split(' ').filter(Boolean)
  if (names.length !== replicas) return false
  for (const name of names) if (!(await valid(name))) return false
  return true
}, `${replicas} pods serve the nautilus`, timeouts.podStart)

test('[sig-cli] Kubectl client Update Demo should create and stop a replication controller [Conformance]', async () => {
  await create(controller)
  await validate(2)
  await cleanUp(controller, demo)
})

test('[sig-cli] Kubectl client Update Demo should scale a replication controller [Conformance]', async () => {
  await create(controller)
  await validate(2)
  await kubectl(['scale', 'rc', 'update-demo-nautilus', '--replicas=1', '--timeout=5m'])
  await validate(1)
  await kubectl(['scale', 'rc', 'update-demo-nautilus', '--replicas=2', '--timeout=5m'])
  await validate(2)
  await cleanUp(controller, demo)
})

const labels = { app: 'agnhost', role: 'primary' }
const primary = {
  apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'agnhost-primary', labels },
  spec: {
    replicas: 1, selector: labels,
    template: { metadata: { labels }, spec: { containers: [{ name: 'agnhost-primary', image: images.toolbox, ports: [{ name: 'agnhost-server', containerPort: 6379 }] }] } },
  },
}
const primaryService = {
  apiVersion: 'v1', kind: 'Service', metadata: { name: 'agnhost-primary', labels },
  spec: { ports: [{ port: 6379, targetPort: 'agnhost-server' }], selector: labels },
}
const primaryPods = () => client.list(pods, { namespace: namespace.name, labelSelector: 'app=agnhost' })
const waitPrimary = (): Promise<readonly Pod[]> => eventually(async () => {
  const running = (await primaryPods()).items.filter(({ status }) => status?.phase === 'Running')
  return running.length >= 1 ? running : undefined
}, 'the controller\'s pod runs', timeouts.podStart)

/** Each row's words are on one line, in this order: the first line that has the first word. */
const missing = (output: string, rows: readonly (readonly string[])[]): readonly string[] | undefined => {
  const lines = output.split('\n')
  let at = 0
  return rows.find((row) => {
    while (at < lines.length && !lines[at]?.includes(row[0] ?? '')) at++
    const fits = row.every((word) => lines[at]?.includes(word))
    return !fits
  })
}
const expectRows = (output: string, rows: readonly (readonly string[])[]): void => expect({ missing: missing(output, rows), output }).toEqual({ missing: undefined, output })

test('[sig-cli] Kubectl client Kubectl describe should check if kubectl describe prints relevant information for rc and pods [Conformance]', async () => {
  await create(primary)
  await create(primaryService)
  const ns = namespace.name
  for (const pod of await waitPrimary()) {
    expectRows(await kubectl(['describe', 'pod', pod.metadata.name ?? '']), [
      ['Name:', 'agnhost-primary-'], ['Namespace:', ns], ['Node:'], ['Labels:', 'app=agnhost'], ['role=primary'], ['Annotations:'], ['Status:', 'Running'], ['IP:'],
      ['Controlled By:', 'ReplicationController/agnhost-primary'], ['Image:', images.toolbox], ['State:', 'Running'], ['QoS Class:', 'BestEffort'],
    ])
  }
  const rcRows = [
    ['Name:', 'agnhost-primary'], ['Namespace:', ns], ['Selector:', 'app=agnhost,role=primary'], ['Labels:', 'app=agnhost'], ['role=primary'], ['Annotations:'],
    ['Replicas:', '1 current', '1 desired'], ['Pods Status:', '1 Running', '0 Waiting', '0 Succeeded', '0 Failed'], ['Pod Template:'], ['Image:', images.toolbox], ['Events:'],
  ]
  let described = ''
  await eventually(async () => {
    described = await kubectl(['describe', 'rc', 'agnhost-primary'])
    return missing(described, rcRows) === undefined
  }, () => `the controller's description has ${missing(described, rcRows)}:\n${described}`, 60_000)
  expectRows(await kubectl(['describe', 'service', 'agnhost-primary']), [
    ['Name:', 'agnhost-primary'], ['Namespace:', ns], ['Labels:', 'app=agnhost'], ['role=primary'], ['Annotations:'], ['Selector:', 'app=agnhost', 'role=primary'],
    ['Type:', 'ClusterIP'], ['IP:'], ['Port:', '<unset>', '6379/TCP'], ['Endpoints:'], ['Session Affinity:', 'None'],
  ])
  const node = (await waitPrimary())[0]?.spec.nodeName ?? ''
  expectRows(await kubectl(['describe', 'node', node]), [
    ['Name:', node], ['Labels:'], ['Annotations:'], ['CreationTimestamp:'], ['Conditions:'],
    ['Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message'], ['Addresses:'], ['Capacity:'],
    ['Version:'], ['Kernel Version:'], ['OS Image:'], ['Container Runtime Version:'], ['Kubelet Version:'], ['Kube-Proxy Version:'], ['Pods:'],
  ])
  expectRows(await kubectl(['describe', 'namespace', ns]), [['Name:', ns], ['Labels:'], ['Annotations:'], ['Status:', 'Active']])
})

test('[sig-cli] Kubectl client Kubectl expose should create services for rc [Conformance]', async () => {
  await create(primary)
  for (const pod of await waitPrimary()) {
    await eventually(async () => (await kubectl(['logs', pod.metadata.name ?? '', 'agnhost-primary'])).includes('Paused'), 'the program has begun', timeouts.podStart)
  }
  const expectService = async (name: string, port: number): Promise<void> => {
    await eventually(async () => await existing(client.get(services, { namespace: namespace.name, name })), `service ${name}`, serviceStartMs)
    const endpoints = await eventually(async () => {
      const { items } = await client.list(endpointSlices, { namespace: namespace.name, labelSelector: `kubernetes.io/service-name=${name}` })
      const found = items.flatMap((slice) => (slice.endpoints ?? []).map((endpoint) => ({ uid: endpoint.targetRef?.uid, port: slice.ports?.[0]?.port })))
      return found.length > 0 ? found : undefined
    }, `the endpoints of ${name}`, serviceStartMs)
    expect(endpoints).toEqual([{ uid: expect.any(String) as unknown, port: 6379 }])
    const { spec } = await client.get(services, { namespace: namespace.name, name })
    expect(spec?.ports).toHaveLength(1)
    expect(spec?.ports?.[0]).toMatchObject({ port, targetPort: 6379 })
  }
  await kubectl(['expose', 'rc', 'agnhost-primary', '--name=rm2', '--port=1234', '--target-port=6379'])
  await expectService('rm2', 1234)
  await kubectl(['expose', 'service', 'rm2', '--name=rm3', '--port=2345', '--target-port=6379'])
  await expectService('rm3', 2345)
})

test('[sig-cli] Kubectl client Kubectl label should update the label on a resource [Conformance]', async () => {
  const pausePod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pause', labels: { name: 'pause' } }, spec: { containers: [{ name: 'pause', image: images.toolbox }] } }
  await create(pausePod)
  await eventually(async () => isReady(await client.get(pods, { namespace: namespace.name, name: 'pause' })), 'the pod is ready', timeouts.podStart)
  await kubectl(['label', 'pods', 'pause', 'testing-label=testing-label-value'])
  expect(await kubectl(['get', 'pod', 'pause', '-L', 'testing-label'])).toContain('testing-label-value')
  await kubectl(['label', 'pods', 'pause', 'testing-label-'])
  expect(await kubectl(['get', 'pod', 'pause', '-L', 'testing-label'])).not.toContain('testing-label-value')
  await cleanUp(pausePod, 'name=pause')
})

test('[sig-cli] Kubectl client Kubectl patch should add annotations for pods in rc [Conformance]', async () => {
  await create(primary)
  for (const pod of await waitPrimary()) await kubectl(['patch', 'pod', pod.metadata.name ?? '', '-p', '{"metadata":{"annotations":{"x":"y"}}}'])
  for (const pod of await waitPrimary()) expect(pod.metadata.annotations?.['x']).toBe('y')
})

const name = 'e2e-test-httpd-pod'
const testPod = () => client.get(pods, { namespace: namespace.name, name })

test('[sig-cli] Kubectl client Kubectl run pod should create a pod from an image when restart is Never [Conformance]', async () => {
  await kubectl(['run', name, '--restart=Never', runningTimeout, `--image=${images.nginx}`])
  const { spec } = await testPod()
  expect(spec.containers.map(({ image }) => image)).toEqual([images.nginx])
  expect(spec.restartPolicy).toBe('Never')
  await kubectl(['delete', 'pods', name])
})

test('[sig-cli] Kubectl client Kubectl replace should update a single-container pod\'s image [Conformance]', async () => {
  await kubectl(['run', name, `--image=${images.nginx}`, runningTimeout, `--labels=run=${name}`])
  await eventually(async () => {
    const { items } = await client.list(pods, { namespace: namespace.name, labelSelector: `run=${name}` })
    return items.length > 0 && items.every(({ status }) => status?.phase === 'Running')
  }, 'the pod runs', timeouts.podStart)
  const json = await kubectl(['get', 'pod', name, '-o', 'json'])
  expect(json).toContain(name)
  await kubectl(['replace', '-f', '-'], json.replace(images.nginx, images.busybox))
  expect((await testPod()).spec.containers.map(({ image }) => image)).toEqual([images.busybox])
  await kubectl(['delete', 'pods', name])
})

test('[sig-cli] Kubectl client Kubectl server-side dry-run should check if kubectl can dry-run update Pods [Conformance]', async () => {
  await kubectl(['run', name, `--image=${images.nginx}`, runningTimeout, `--labels=run=${name}`])
  await kubectl(['patch', 'pod', name, '-p', JSON.stringify({ spec: { containers: [{ name, image: images.busybox }] } }), '--dry-run=server'])
  expect((await testPod()).spec.containers.map(({ image }) => image)).toEqual([images.nginx])
  await kubectl(['delete', 'pods', name])
})
