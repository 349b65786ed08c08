import type { Container, PodSpec } from '../api/types-pod.ts'
import { testPod } from './fixture.suite.ts'
import { comparableRequests, podRequests } from './resources.ts'

const container = (cpu: string, restartPolicy?: string): Container => ({ name: `c${cpu}`, resources: { requests: { cpu } }, ...(restartPolicy ? { restartPolicy } : {}) })
const cpuOf = (spec: Partial<PodSpec>): number | undefined => podRequests(testPod('p', { spec })).get('cpu')

describe('podRequests', () => {
  it.each<[string, Partial<PodSpec>, number]>([
    ['the sum of the containers', { containers: [container('1'), container('500m')] }, 1500],
    ['the largest init container, when it is larger', { containers: [container('1')], initContainers: [container('3'), container('2')] }, 3000],
    ['the containers, when they are larger', { containers: [container('4')], initContainers: [container('3')] }, 4000],
    ['sidecars beside the containers', { containers: [container('1')], initContainers: [container('1', 'Always')] }, 2000],
    ['an init container beside the sidecars before it only', { containers: [container('1')], initContainers: [container('2', 'Always'), container('5'), container('1', 'Always')] }, 7000],
    ['sidecars after an init container do not count with it', { containers: [container('1')], initContainers: [container('5'), container('1', 'Always')] }, 5000],
    ['overhead on top', { containers: [container('1')], initContainers: [container('2')], overhead: { cpu: '250m' } }, 2250],
    ['the pod\'s own request instead', { containers: [container('1'), container('1')], resources: { requests: { cpu: '3' } } }, 3000],
  ])('%s', (_what, spec, milli) => expect(cpuOf(spec)).toBe(milli))

  it('holds the larger while a resize is under way, and what it has when the resize can not be', () => {
    const status = { containerStatuses: [{ name: 'c1', image: '', imageID: '', ready: true, restartCount: 0, allocatedResources: { cpu: '500m' } }] }
    const spec = { containers: [container('1')] }
    expect(podRequests(testPod('p', { spec, status })).get('cpu')).toBe(1000)
    const conditions = [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }]
    expect(podRequests(testPod('p', { spec, status: { ...status, conditions } })).get('cpu')).toBe(500)
  })

  it('compares containers without requests as if they asked for a little', () => {
    const spec = { containers: [container('1'), { name: 'b' }, { name: 'z', resources: { requests: { cpu: '0', memory: '1Mi' } } }] }
    expect(comparableRequests(testPod('p', { spec }))).toEqual({ milliCpu: 1100, memory: 401 * 1024 * 1024 })
  })
})
