// A chart's life with the real helm against a real cluster.
import { join } from 'node:path'
import { eventually, root, TestCluster } from './cluster.ts'

let cluster: TestCluster
const chart = join(root, 'test/e2e/chart')
const flags = '--server-side=false --wait --timeout 90s'

beforeAll(async () => {
  cluster = await TestCluster.start(['busybox', 'nginx'])
})

afterAll(() => cluster?.remove())

const answer = async (): Promise<string> => {
  const port = await cluster.kubectl(['get', 'service', 'greeter', '-o', 'jsonpath={.spec.ports[0].nodePort}'])
  const response = await fetch(`http://${cluster.network.address}:${port}/`)
  return response.text()
}

test('install: hooks run first, NOTES are shown, the application answers', async () => {
  const shown = await cluster.helm(`install greeter ${chart} ${flags} --set greeting=hello`)
  expect(shown).toMatch(/STATUS: deployed\nREVISION: 1/)
  expect(shown).toContain('greeter says "hello" from 1 pod(s).')
  expect(await cluster.kubectl('logs greeter-prepare-1')).toBe('preparing revision 1\n')
  expect(await answer()).toBe('hello')
  expect(await cluster.helm('list')).toMatch(/^greeter\s+default\s+1\s+.*deployed\s+greeter-0\.1\.0\s+1\.22/m)
})

test('upgrade: values change, pods roll', async () => {
  const shown = await cluster.helm(`upgrade greeter ${chart} ${flags} --set greeting=good-day,replicas=2`)
  expect(shown).toMatch(/REVISION: 2/)
  expect(await cluster.kubectl('logs greeter-prepare-2')).toBe('preparing revision 2\n')
  await eventually(async () => (await answer()) === 'good-day', 'the new greeting')
  expect(await cluster.kubectl(['get', 'deployment', 'greeter', '-o', 'jsonpath={.status.readyReplicas}'])).toBe('2')
  expect(await cluster.helm('get values greeter')).toContain('greeting: good-day')
})

test('an upgrade that the server refuses fails and says why', async () => {
  await expect(cluster.helm(`upgrade greeter ${chart} ${flags} --set replicas=-1`)).rejects.toThrow(/spec\.replicas: Invalid value: -1: must be greater than or equal to 0/)
  expect(await cluster.helm('history greeter')).toMatch(/^3\s+.*failed/m)
})

test('rollback brings the first revision back', async () => {
  await cluster.helm(`rollback greeter 1 ${flags}`)
  await eventually(async () => (await answer()) === 'hello', 'the old greeting')
  await cluster.kubectl('rollout status deployment/greeter --timeout=60s')
  expect(await cluster.kubectl(['get', 'deployment', 'greeter', '-o', 'jsonpath={.spec.replicas}'])).toBe('1')
  expect(await cluster.helm('history greeter')).toMatch(/^4\s+.*deployed\s+.*Rollback to 1/m)
})

test('uninstall takes everything away', async () => {
  expect(await cluster.helm('uninstall greeter --wait --timeout 60s')).toContain('release "greeter" uninstalled')
  // Helm waits for what it made; the Deployment's pods go in the background after it.
  const none = 'No resources found in default namespace.\n'
  const left = async (): Promise<string> => (await cluster.tryKubectl('get deployments,services,configmaps,pods -l app=greeter')).stderr
  await eventually(async () => (await left()) === none || undefined, 'nothing of the release is left')
  expect(await cluster.helm('list -q')).toBe('')
  expect((await cluster.tryKubectl('get secrets -l owner=helm')).stderr).toBe('No resources found in default namespace.\n')
})
