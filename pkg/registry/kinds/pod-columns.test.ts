import type { ContainerState, Pod, PodStatus } from '../../api/types-pod.ts'
import { cells, definitionOf } from './kind.suite.ts'

const container = (name: string, restartPolicy?: string) => ({ name, image: 'i', ...(restartPolicy ? { restartPolicy } : {}) })
const state = (name: string, current: ContainerState, more: object = {}) => ({ name, image: 'i', imageID: '', ready: false, restartCount: 0, state: current, ...more })
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }
const completed = { terminated: { exitCode: 0, reason: 'Completed' } }

interface Given {
  readonly init?: Pod['spec']['initContainers']
  readonly containers?: string[]
  readonly status?: PodStatus
  readonly deleted?: boolean
}

function pod({ init, containers = ['c'], status = {}, deleted = false }: Given): Pod {
  return {
    metadata: { name: 'web', namespace: 'n', creationTimestamp: '2026-01-01T23:55:00Z', ...(deleted ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}) },
    spec: { containers: containers.map((name) => container(name)), ...(init ? { initContainers: init } : {}) },
    status,
  }
}

const shown = (given: Given): string => {
  const { Ready, Status, Restarts } = cells('pods.v1', pod(given))
  return `${Ready} ${Status} ${Restarts}`
}

describe('columns of pods', () => {
  it.each<[string, Given, string]>([
    ['nothing known', {}, '0/1 Unknown 0'],
    ['pending', { status: { phase: 'Pending' } }, '0/1 Pending 0'],
    ['gated', { status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } }, '0/1 SchedulingGated 0'],
    ['running', { status: { phase: 'Running', containerStatuses: [state('c', running, { ready: true })] } }, '1/1 Running 0'],
    ['waiting', { status: { phase: 'Pending', containerStatuses: [state('c', { waiting: { reason: 'ImagePullBackOff' } })] } }, '0/1 ImagePullBackOff 0'],
    ['first container wins', {
      containers: ['a', 'b'],
      status: { phase: 'Running', containerStatuses: [state('a', { waiting: { reason: 'CrashLoopBackOff' } }), state('b', completed)] },
    }, '0/2 CrashLoopBackOff 0'],
    ['signal', { status: { phase: 'Failed', containerStatuses: [state('c', { terminated: { exitCode: 137, signal: 9 } })] } }, '0/1 Signal:9 0'],
    ['exit code', { status: { phase: 'Failed', containerStatuses: [state('c', { terminated: { exitCode: 3 } })] } }, '0/1 ExitCode:3 0'],
    ['evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, '0/1 Evicted 0'],
    ['one done, one running, not ready', {
      containers: ['a', 'b'], status: { phase: 'Running', containerStatuses: [state('a', completed), state('b', running, { ready: true })] },
    }, '1/2 NotReady 0'],
    ['one done, one running, ready', {
      containers: ['a', 'b'],
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [state('a', completed), state('b', running, { ready: true })] },
    }, '1/2 Running 0'],
    ['first done, second failed', {
      containers: ['a', 'b'],
      status: { phase: 'Failed', containerStatuses: [state('a', completed), state('b', { terminated: { exitCode: 1, reason: 'Error' } })] },
    }, '0/2 Error 0'],
    ['one done, one failed, one running', {
      containers: ['a', 'b', 'c'],
      status: { phase: 'Running', containerStatuses: [state('a', completed), state('b', { terminated: { exitCode: 1, reason: 'Error' } }), state('c', running, { ready: true })] },
    }, '1/3 Error 0'],
    ['restarts with age', {
      status: { phase: 'Running', containerStatuses: [state('c', running, { ready: true, restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T23:55:00Z' } } })] },
    }, '1/1 Running 3 (5m ago)'],
    ['restarts of unknown age', { status: { phase: 'Running', containerStatuses: [state('c', running, { ready: true, restartCount: 3 })] } }, '1/1 Running 3'],
    ['first init runs', { init: [container('i'), container('j')], status: { phase: 'Pending', initContainerStatuses: [state('i', running), state('j', { waiting: { reason: 'PodInitializing' } })] } }, '0/1 Init:0/2 0'],
    ['second init fails', {
      init: [container('i'), container('j')],
      status: { phase: 'Pending', initContainerStatuses: [state('i', completed), state('j', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 2 })] },
    }, '0/1 Init:CrashLoopBackOff 2'],
    ['init exits', { init: [container('i')], status: { phase: 'Failed', initContainerStatuses: [state('i', { terminated: { exitCode: 2 } })] } }, '0/1 Init:ExitCode:2 0'],
    ['sidecar counts as a container', {
      init: [container('s', 'Always')],
      status: { phase: 'Running', initContainerStatuses: [state('s', running, { ready: true, started: true })], containerStatuses: [state('c', running, { ready: true })] },
    }, '2/2 Running 0'],
    ['sidecar is not started', { init: [container('s', 'Always')], status: { phase: 'Pending', initContainerStatuses: [state('s', running, { started: false })] } }, '0/2 Init:0/1 0'],
    ['terminating', { deleted: true, status: { phase: 'Running', containerStatuses: [state('c', running, { ready: true })] } }, '1/1 Terminating 0'],
    ['terminating after its end', { deleted: true, status: { phase: 'Succeeded', containerStatuses: [state('c', completed)] } }, '0/1 Completed 0'],
    ['on a lost node', { deleted: true, status: { phase: 'Running', reason: 'NodeLost' } }, '0/1 Unknown 0'],
  ])('%s', (_, given, expected) => {
    expect(shown(given)).toBe(expected)
  })

  it('shows places in wide columns', () => {
    const bare = pod({})
    expect(cells('pods.v1', bare)).toMatchObject({ Name: 'web', Age: '5m', IP: '<none>', Node: '<none>', 'Nominated Node': '<none>', 'Readiness Gates': '<none>' })
    const placed: Pod = {
      ...bare, spec: { ...bare.spec, nodeName: 'n1', readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] },
      status: { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }], conditions: [{ type: 'b', status: 'True' }] },
    }
    expect(cells('pods.v1', placed)).toMatchObject({ IP: '10.0.0.9', Node: 'n1', 'Readiness Gates': '1/2' })
  })

  it('marks rows of finished pods', () => {
    const rows = (phase: string) => definitionOf('pods.v1').rowConditions?.(pod({ status: { phase } }) as never)
    expect(rows('Running')).toEqual([])
    expect(rows('Succeeded')).toEqual([{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }])
    expect(rows('Failed')).toEqual([{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }])
  })
})
