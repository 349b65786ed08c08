// Custom resources with a scale: sized by an autoscaler, and counted by a disruption budget. With the real kubectl, in this process.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { defaultClusterOptions } from '../../pkg/cluster/options.ts'
import { eventually } from '../e2e/cluster.ts'

const program = resolve(import.meta.dirname, '../../.cache/tools/kubectl')

let cluster: Cluster
let directory: string
const logged: string[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kinglet-scale-'))
  cluster = await Cluster.start({
    ...defaultClusterOptions, nodeName: 'scale', nodeIP: '127.0.0.1', bindAddress: '127.0.0.1', httpsPort: 0, inMemory: true, disableAgent: true,
    dataDirectory: join(directory, 'data'), stateDirectory: join(directory, 'state'), kubeconfigPath: join(directory, 'kubeconfig'),
  }, { log: (text) => void logged.push(text) })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(directory, { recursive: true })
  expect(logged).toEqual([])
})

function kubectl(args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, failed) => {
    const env = { PATH: process.env['PATH'], HOME: directory, KUBECONFIG: join(directory, 'kubeconfig') }
    const child = execFile(program, args, { env, timeout: 30_000 }, (error, out, err) => (error ? failed(new Error(err)) : done(out)))
    child.stdin?.end(input)
  })
}

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: herds.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: herds, singular: herd, kind: Herd}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size, labelSelectorPath: .status.selector}}
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}, status: {type: object, properties: {size: {type: integer}, selector: {type: string}}}}}}
`
const herd = `
apiVersion: example.com/v1
kind: Herd
metadata: {name: sheep}
spec: {size: 1}
`
const watchers = (uid: string) => `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: sheep}
spec:
  scaleTargetRef: {apiVersion: example.com/v1, kind: Herd, name: sheep}
  minReplicas: 4
  maxReplicas: 6
---
apiVersion: v1
kind: Pod
metadata:
  name: sheep-1
  labels: {app: sheep}
  ownerReferences: [{apiVersion: example.com/v1, kind: Herd, name: sheep, uid: ${uid}, controller: true}]
spec: {containers: [{name: c, image: c}]}
`
const budget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: sheep}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: sheep}}}
`

it('sizes and counts custom resources by their scale', async () => {
  await kubectl(['apply', '-f', '-'], definition)
  await kubectl(['wait', '--for=condition=Established', 'crd/herds.example.com'])
  await kubectl(['apply', '-f', '-'], herd)
  await kubectl(['patch', 'herd', 'sheep', '--subresource=status', '--type=merge', '-p', '{"status":{"size":1,"selector":"app=sheep"}}'])
  await kubectl(['apply', '-f', '-'], watchers(await kubectl(['get', 'herd', 'sheep', '-o', 'jsonpath={.metadata.uid}'])))
  await eventually(async () => await kubectl(['get', 'herd', 'sheep', '-o', 'jsonpath={.spec.size}']) === '4', 'the herd has grown')
  const hpa = JSON.parse(await kubectl(['get', 'hpa', 'sheep', '-o', 'json'])) as { status: { desiredReplicas: number; conditions: { type: string; reason: string }[] } }
  expect(hpa.status.conditions).toContainEqual(expect.objectContaining({ type: 'AbleToScale', reason: 'SucceededRescale' }))
  expect(hpa.status.desiredReplicas).toBe(4)

  await kubectl(['apply', '-f', '-'], budget)
  const counts = () => kubectl(['get', 'pdb', 'sheep', '-o', 'jsonpath={.status.expectedPods} {.status.desiredHealthy} {.status.currentHealthy}'])
  await eventually(async () => await counts() === '4 3 0', 'the budget counts the herd')
}, 60_000)

it('scales what states no replicas yet, and tells of faults as the object\'s own', async () => {
  await kubectl(['apply', '-f', '-'], herd.replace('sheep', 'goats').replace('{size: 1}', '{}'))
  await expect(kubectl(['get', 'herd', 'goats', '--subresource=scale'])).rejects.toThrow('Error from server (InternalError): Internal error occurred: the spec replicas field ".spec.size" does not exist')
  await kubectl(['scale', 'herd', 'goats', '--replicas=3'])
  expect(await kubectl(['get', 'herd', 'goats', '-o', 'jsonpath={.spec.size}'])).toBe('3')
  await expect(kubectl(['patch', 'herd', 'goats', '--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":-1}}'])).rejects.toThrow('The Herd "goats" is invalid: .spec.size: Invalid value: -1: should be a non-negative integer')
}, 60_000)
