// A chart with CRDs, a dependency, hooks and a test, by server-side apply, with each helm that people use.
import { join } from 'node:path'
import { eventually, root, TestCluster } from './cluster.ts'

let cluster: TestCluster
const chart = join(root, 'test/e2e/library-chart')
const patience = '--wait --timeout 90s'

beforeAll(async () => {
  cluster = await TestCluster.start(['busybox'])
})

afterAll(() => cluster?.remove())

const hooks = async (): Promise<string[]> => (await cluster.kubectl('get jobs -o jsonpath={.items[*].metadata.name}')).split(' ').filter(Boolean).map((name) => name.replace('lib-', '')).sort()

describe.each([['helm', 'v4.1.'], ['helm-4.2', 'v4.2.']])('%s', (name, version) => {
  const helm = (args: string): Promise<string> => cluster.tool(name, args)

  test('is what it says', async () => {
    expect(await helm('version --short')).toContain(version)
  })

  test('install: definitions come first, hooks run, everything is waited for', async () => {
    expect(await helm(`install lib ${chart} ${patience}`)).toMatch(/STATUS: deployed\nREVISION: 1/)
    expect(await hooks()).toEqual(['post-install', 'pre-install'])
    expect(await cluster.kubectl('logs job/lib-post-install')).toBe('post-install\n')
    expect(await cluster.kubectl('get book lib --no-headers')).toMatch(/^lib\s+first\s*$/)
    expect(await cluster.kubectl('get configmap lib-store -o jsonpath={.data.size}')).toBe('small')
    expect(await cluster.kubectl('get deployment lib-shelf -o jsonpath={.status.readyReplicas}')).toBe('1')
    expect(await cluster.kubectl("get deployment lib-shelf -o jsonpath={.metadata.managedFields[?(@.operation==\"Apply\")].manager}")).toBe('helm')
  })

  test('test', async () => {
    expect(await helm('test lib --logs --timeout 60s')).toMatch(/Phase:\s+Succeeded[^]*first is there/)
  })

  test('upgrade: fields of others stay, its own go', async () => {
    await cluster.kubectl('label book lib of=others')
    expect(await helm(`upgrade lib ${chart} ${patience} --set title=second,replicas=2,store.enabled=false`)).toMatch(/REVISION: 2/)
    expect(await cluster.kubectl('get book lib -o jsonpath={.spec.title}/{.spec.tags}/{.metadata.labels.of}')).toBe('second/["chart","r2"]/others')
    expect((await cluster.tryKubectl('get configmap lib-store')).stderr).toContain('configmaps "lib-store" not found')
    expect(await cluster.kubectl('get deployment lib-shelf -o jsonpath={.status.readyReplicas}')).toBe('2')
    expect(await hooks()).toEqual(['post-install', 'post-upgrade', 'pre-install', 'pre-upgrade'])
  })

  test('a field that somebody else owns is a conflict, and can be forced', async () => {
    await cluster.kubectl(['patch', 'book', 'lib', '--type=merge', '--field-manager=editor', '-p', '{"spec":{"title":"edited"}}'])
    const refused = await cluster.tryTool(name, `upgrade lib ${chart} ${patience} --set title=third,replicas=2`)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/conflict with "editor"[^]*\.spec\.title/)])
    await helm(`upgrade lib ${chart} ${patience} --set title=third,replicas=2 --force-conflicts`)
    expect(await cluster.kubectl('get book lib -o jsonpath={.spec.title}')).toBe('third')
    expect(await helm('history lib')).toMatch(/^3\s+.*failed[^]*^4\s+.*deployed/m)
  })

  test('rollback', async () => {
    await helm(`rollback lib 1 ${patience}`)
    expect(await cluster.kubectl('get book lib -o jsonpath={.spec.title}')).toBe('first')
    expect(await cluster.kubectl('get configmap lib-store -o jsonpath={.data.size}')).toBe('small')
    await eventually(async () => (await cluster.kubectl('get deployment lib-shelf -o jsonpath={.spec.replicas}/{.status.replicas}')) === '1/1', 'one replica is left')
    expect(await helm('list')).toMatch(/^lib\s+default\s+5\s+.*deployed\s+library-0\.1\.0/m)
  })

  test('uninstall: all but the definitions goes', async () => {
    expect(await helm(`uninstall lib ${patience}`)).toContain('release "lib" uninstalled')
    expect(await hooks()).toEqual(expect.arrayContaining(['post-delete', 'pre-delete']))
    expect(await cluster.kubectl('get books,configmaps -l app.kubernetes.io/managed-by=Helm -o name')).toBe('')
    expect(await cluster.kubectl('get crd books.library.example.com -o name')).toBe('customresourcedefinition.apiextensions.k8s.io/books.library.example.com\n')
    await cluster.kubectl('delete jobs --all')
    await cluster.kubectl('delete pod lib-test --ignore-not-found --grace-period=0 --force')
    expect(await helm('list -q')).toBe('')
  })
})
