import { makePod } from './fixture.suite.ts'
import { usedVolumes } from './pod-volumes.ts'

it('only what a container uses is set up', () => {
  const mount = (name: string) => ({ volumeMounts: [{ name, mountPath: '/v' }] })
  const pod = makePod({
    volumes: ['init', 'main', 'block', 'debug', 'unused'].map((name) => ({ name, secret: { secretName: 'missing' } })),
    initContainers: [{ name: 'i', ...mount('init') }], ephemeralContainers: [{ name: 'e', ...mount('debug') }],
    containers: [{ name: 'a', ...mount('main') }, { name: 'b', volumeDevices: [{ name: 'block', devicePath: '/dev/b' }] }],
  })
  expect(usedVolumes(pod).map(({ name }) => name)).toEqual(['init', 'main', 'block', 'debug'])
})
