// The sample application on a real cluster: it works, heals, and outlives the server's death.
import { join } from 'node:path'
import { eventually, processesOfPod, root, TestCluster } from './cluster.ts'

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string }
    readonly status: {
      readonly podIP: string
      readonly containerStatuses: readonly { readonly containerID: string; readonly restartCount: number; readonly ready: boolean; readonly state: { readonly running?: { readonly startedAt: string } } }[]
    }
  }[]
}

let cluster: TestCluster
let url: string

const pods = (selector: string): Promise<PodList> => cluster.json<PodList>(`get pods -n guestbook -l ${selector}`)

beforeAll(async () => {
  cluster = await TestCluster.start(['redis', 'guestbook-web'])
  url = `http://${cluster.network.address}:30080`
  await cluster.kubectl(['apply', '-f', join(root, 'test/sample/guestbook.yaml')])
  for (const name of ['redis-leader', 'redis-follower', 'web']) await cluster.kubectl(`rollout status -n guestbook deployment/${name} --timeout=120s`)
})

afterAll(() => cluster?.remove())

const write = async (entry: string): Promise<string> => {
  const response = await fetch(`${url}/cgi-bin/entries`, { method: 'POST', body: entry })
  expect([response.status, await response.text()]).toEqual([201, expect.stringMatching(/^\d+\n$/)])
  return response.headers.get('x-pod') ?? ''
}
const read = async (): Promise<{ pod: string; entries: string[] }> => {
  const response = await fetch(`${url}/cgi-bin/entries`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`reading the guestbook: ${response.status} ${text}`)
  return { pod: response.headers.get('x-pod') ?? '', entries: text.split('\n').filter(Boolean) }
}

test('an entry written through one pod is read through another, by way of the NodePort', async () => {
  const writer = await write('written first')
  const found = await eventually(async () => {
    const answer = await read()
    return answer.pod !== writer && answer.entries.includes('written first') ? answer : undefined
  }, 'the entry in another pod')
  expect(found.pod).toMatch(/^web-/)
})

test('a follower whose process is killed is started again in its pod', async () => {
  const [follower] = (await pods('role=follower')).items
  const [pid] = processesOfPod(follower!.metadata.uid, 'redis-server')
  process.kill(pid!, 'SIGKILL')
  const after = await eventually(async () => {
    const pod = (await pods('role=follower')).items.find((item) => item.metadata.uid === follower!.metadata.uid)
    const status = pod?.status.containerStatuses[0]
    return status?.restartCount === 1 && status.ready ? status : undefined
  }, 'restartCount 1 and ready')
  expect(after.containerID).not.toBe(follower!.status.containerStatuses[0]!.containerID)
  const { entries } = await read()
  expect(entries).toContain('written first')
})

test('a pod that is deleted is replaced', async () => {
  const [gone] = (await pods('role=follower')).items
  await cluster.kubectl(`delete pod -n guestbook ${gone!.metadata.name} --wait`)
  await cluster.kubectl('rollout status -n guestbook deployment/redis-follower --timeout=60s')
  const after = await pods('role=follower')
  expect(after.items).toHaveLength(2)
  expect(after.items.map((pod) => pod.metadata.uid)).not.toContain(gone!.metadata.uid)
})

test('the server may be killed: pods run on, the next start finds the same containers and nothing is lost', async () => {
  await write('before the crash')
  const before = await pods('app')
  const containers = (list: PodList): string[] => list.items.flatMap((pod) => pod.status.containerStatuses.map((status) => `${pod.metadata.name} ${status.containerID} ${status.restartCount} ${status.state.running?.startedAt}`)).sort()
  const leader = before.items.find((pod) => pod.metadata.name.startsWith('redis-leader'))!
  const web = before.items.find((pod) => pod.metadata.name.startsWith('web'))!
  const leaderProcesses = processesOfPod(leader.metadata.uid, 'redis-server')
  expect(leaderProcesses).toHaveLength(1)

  const pid = await cluster.serverPid()
  process.kill(pid, 'SIGKILL')
  await eventually(async () => (await cluster.tryKinglet(['status'])).code === 1, 'kinglet status tells that it does not run')
  expect(processesOfPod(leader.metadata.uid, 'redis-server')).toEqual(leaderProcesses)
  expect(await cluster.inNetwork('curl', ['-sS', '--max-time', '5', `http://${web.status.podIP}:8080/healthz`])).toBe('ok\n')

  await cluster.up()
  expect(await cluster.serverPid()).not.toBe(pid)
  await eventually(async () => (await read().catch(() => undefined))?.entries.includes('before the crash'), 'the entries through the service')
  expect((await read()).entries).toEqual(['written first', 'before the crash'])
  await cluster.kubectl('wait -n guestbook pod -l app --for=condition=Ready --timeout=30s')
  expect(containers(await pods('app'))).toEqual(containers(before))
  expect(processesOfPod(leader.metadata.uid, 'redis-server')).toEqual(leaderProcesses)
})

test('after a start every part works on: new pods are made and found', async () => {
  await cluster.kubectl('scale -n guestbook deployment/web --replicas=3')
  await cluster.kubectl('rollout status -n guestbook deployment/web --timeout=60s')
  const names = (await pods('app=web')).items.map((pod) => pod.metadata.name)
  const seen = new Set<string>()
  await eventually(async () => {
    seen.add((await read()).pod)
    return seen.size === 3
  }, () => `answers of all three pods, had ${[...seen].join(' ')}`)
  expect([...seen].sort()).toEqual(names.sort())
})
