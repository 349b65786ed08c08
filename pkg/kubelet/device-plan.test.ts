import { checkpointText, parseCheckpoint } from './device-checkpoint.ts'
import { deviceChoice, isExtendedResource, pickDevices } from './device-plan.ts'

const wish = (count: number, parts: { healthy?: string[]; inUse?: string[]; reusable?: string[] } = {}) =>
  ({ resource: 'x.io/d', count, healthy: new Set(parts.healthy ?? ['a', 'b', 'c']), inUse: new Set(parts.inUse), reusable: new Set(parts.reusable) })

describe('the choice of devices', () => {
  it.each([
    ['free ones by name', wish(2), [], ['a', 'b']],
    ['not what others have', wish(2, { inUse: ['a'] }), [], ['b', 'c']],
    ['first what init containers are done with', wish(2, { inUse: ['c'], reusable: ['c'] }), [], ['c', 'a']],
    ['not when it is ill by now', wish(1, { healthy: ['a'], reusable: ['c'] }), [], ['a']],
    ['what the plugin prefers', wish(2), ['c', 'b'], ['c', 'b']],
    ['of what is free', wish(2, { inUse: ['c'] }), ['c', 'b'], ['b', 'a']],
    ['filled up where it prefers too few', wish(3), ['c'], ['c', 'a', 'b']],
  ])('%s', (_name, wanted, preferred, expected) => expect(pickDevices(deviceChoice(wanted), wanted.count, preferred)).toEqual(expected))

  it.each([
    ['requested number of devices unavailable for x.io/d. Requested: 2, Available: 1', wish(2, { inUse: ['a', 'b'] })],
    ['requested number of devices unavailable for x.io/d. Requested: 2, Available: 1', wish(3, { inUse: ['a', 'b'], reusable: ['a'] })],
    ['no healthy devices present; cannot allocate unhealthy devices x.io/d', wish(1, { healthy: [] })],
    ['cannot allocate unregistered device x.io/d', { ...wish(1), healthy: undefined }],
  ])('%s', (message, wanted) => expect(() => deviceChoice(wanted)).toThrow(message))
})

it.each([['x.io/d', true], ['nvidia.com/gpu', true], ['cpu', false], ['hugepages-2Mi', false], ['kubernetes.io/x', false], ['requests.x/y', false], ['/x', false]])('%s is extended: %s', (name, expected) => {
  expect(isExtendedResource(name)).toBe(expected)
})

it('keeps what was given through the file', () => {
  const allocation = {
    envs: { A: 'b' }, mounts: [{ containerPath: '/c', hostPath: '/h', readOnly: true }], devices: [{ containerPath: '/dev/x', hostPath: '/dev/y', permissions: 'rw' }],
    annotations: { n: 'v' }, cdiDevices: [{ name: 'v.com/c=d' }],
  }
  const grant = { uid: 'u', container: 'c', resource: 'x.io/d', ids: ['a', 'b'], allocation }
  expect(parseCheckpoint(checkpointText([grant], new Map([['x.io/d', ['a', 'b', 'c']]])))).toEqual({ grants: [grant], resources: ['x.io/d'] })
})
