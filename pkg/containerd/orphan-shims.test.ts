// Which shims are left over from a containerd that was killed.
import { decodeEvent } from './events.ts'
import { orphanShims } from './orphan-shims.ts'
import type { ProcessFacts } from './processes.ts'

const socketPath = '/run/k/containerd.sock'
const shim = (pid: number, id: string, startTicks = 100, address = socketPath): ProcessFacts =>
  ({ pid, parentPid: 1, startTicks, command: ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'k8s.io', '-id', id, '-address', address] })
const child = (pid: number, parentPid: number): ProcessFacts => ({ pid, parentPid, startTicks: 110, command: ['sleep', '1'] })
const task = (id: string, pid: number): { containerId: string; id: string; pid: number } => ({ containerId: '', id, pid })

it.each<[string, ProcessFacts[], ReturnType<typeof task>[], number[]]>([
  ['a sandbox that is known', [shim(10, 'a'), child(11, 10)], [task('a', 11)], []],
  ['one that is not', [shim(10, 'a'), child(11, 10)], [], [10]],
  ['one that never had a process', [shim(10, 'a')], [task('b', 12)], [10]],
  ['its sandbox has ended, a container has not', [shim(10, 'a'), child(12, 10)], [task('c', 12)], []],
  ['deeper down', [shim(10, 'a'), child(12, 10), child(13, 12)], [task('c', 13)], []],
  ['one that this containerd makes just now', [shim(10, 'a', 300)], [], []],
  ['one of another containerd', [shim(10, 'a', 100, '/run/other.sock')], [], []],
])('%s', (_name, all, tasks, expected) => {
  expect(orphanShims({ socketPath, containerd: { startTicks: 200 }, all, tasks }).map(({ pid }) => pid)).toEqual(expected)
})

it('a container that is forgotten is told by its id alone', () => {
  const forgotten = { namespace: 'k8s.io', topic: '/containers/delete', event: { typeUrl: 'containerd.events.ContainerDelete', value: Buffer.from('\n\x03abc') } }
  expect(decodeEvent(forgotten)).toMatchObject({ topic: '/containers/delete', containerId: 'abc', processId: '' })
})
