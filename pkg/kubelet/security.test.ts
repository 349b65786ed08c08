// SELinux labels, from a pod to the runtime's messages.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Container, PodSpec } from '../api/types-pod.ts'
import { containerMounts } from './container-mounts.ts'
import { containerConfig, resourcesOf, sandboxConfig } from './cri-config.ts'
import { makePod } from './fixture.suite.ts'
import { sandboxSpec } from './sandbox-spec.ts'
import { containerSecurity, podNamespaces } from './security.ts'

const directory = mkdtempSync(join(tmpdir(), 'kinglet-selinux-'))
afterAll(() => rmSync(directory, { recursive: true }))
const paths = { pods: join(directory, 'pods'), logs: join(directory, 'logs'), seccomp: '/s' }
const container = (more: Partial<Container> = {}): Container => ({ name: 'c', image: 'i', ...more })
const labelled = (spec: Partial<PodSpec>): ReturnType<typeof makePod> => {
  const pod = makePod({})
  return { ...pod, spec: { ...pod.spec, ...spec } }
}

it('a container has its own label, or the pod\'s as a whole', () => {
  const pod = labelled({ securityContext: { seLinuxOptions: { level: 's0:c1', type: 'shared_t' } } })
  const of = (more: Partial<Container> = {}): unknown => containerSecurity(pod, container(more), { seccompRoot: '/s', seccompDefault: false }).seLinux
  expect(of()).toEqual({ level: 's0:c1', type: 'shared_t' })
  expect(of({ securityContext: { seLinuxOptions: { level: 's0:c2' } } })).toEqual({ level: 's0:c2' })
  const node = { dns: { clusterDns: [], clusterDomain: 'd', host: { servers: ['192.0.2.1'], searches: [], options: [] } }, paths, cgroupDriver: 'cgroupfs' as const, cgroupRoot: '' }
  expect(sandboxConfig(sandboxSpec(pod, 0, node, { handler: '' }), 'n').linux?.securityContext?.selinuxOptions).toEqual({ level: 's0:c1', type: 'shared_t' })
})

it.each([[true, ['/etc/hosts', '/own', '/dev/termination-log']], [false, []]])('with SELinux %s, the files of the pod alone are relabelled: %j', async (seLinux, expected) => {
  const pod = labelled({ volumes: [{ name: 'own', emptyDir: {} }, { name: 'host', hostPath: { path: '/h' } }] })
  const volumes = new Map([['own', { hostPath: '/v/own', readOnly: false }], ['host', { hostPath: '/h', readOnly: false }]])
  const { mounts } = await containerMounts({
    pod, container: container({ volumeMounts: [{ name: 'own', mountPath: '/own' }, { name: 'host', mountPath: '/host' }] }), attempt: 0, volumes, env: new Map(), podIPs: [], clusterDomain: 'd',
    paths, mounter: {} as never, images: new Map(), recursiveReadOnly: false, seLinux,
  })
  expect(mounts.filter(({ relabel }) => relabel).map(({ containerPath }) => containerPath).sort()).toEqual([...expected].sort())
})

it('a pod\'s own users, and groups of its own alone, are told of its sandbox, its containers and their mounts', () => {
  const pod = labelled({ hostUsers: false, securityContext: { supplementalGroupsPolicy: 'Strict', supplementalGroups: [7] } })
  const node = { dns: { clusterDns: [], clusterDomain: 'd', host: { servers: ['192.0.2.1'], searches: [], options: [] } }, paths, cgroupDriver: 'cgroupfs' as const, cgroupRoot: '' }
  const sandbox = sandboxSpec(pod, 0, node, { handler: '', users: { first: 131_072, length: 65_536 } })
  const mapping = [{ hostId: 131_072, containerId: 0, length: 65_536 }]
  const usernsOptions = { mode: 'POD', uids: mapping, gids: mapping }
  expect(sandboxConfig(sandbox, 'n').linux?.securityContext).toMatchObject({ namespaceOptions: { usernsOptions }, supplementalGroups: [7], supplementalGroupsPolicy: 'Strict' })
  const config = containerConfig(sandbox, {
    name: 'c', attempt: 0, image: 'i', userImage: 'i', command: [], args: [], workingDir: '', env: [], devices: [], annotations: {}, stdin: false, stdinOnce: false, tty: false, logPath: '',
    limits: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 0, memoryBytes: 0, oomScoreAdjust: 0 }, namespaces: podNamespaces(pod, sandbox.namespaces.users),
    security: containerSecurity(pod, container(), { seccompRoot: '/s', seccompDefault: false }),
    mounts: [
      { containerPath: '/a', hostPath: '/v/a', readOnly: true, propagation: 'None', recursiveReadOnly: true },
      { containerPath: '/b', hostPath: '', readOnly: true, propagation: 'None', image: { id: 'sha256:1', name: 'box:1', subPath: 'bin' } },
    ],
  }, 'n')
  expect(config.linux?.securityContext).toMatchObject({ namespaceOptions: { usernsOptions }, supplementalGroupsPolicy: 'Strict' })
  expect(config.linux?.resources?.unified).toBeUndefined()
  expect(resourcesOf({ cpuShares: 2, cpuQuota: 0, cpuPeriod: 0, memoryBytes: 0, oomScoreAdjust: 0 }, { 'memory.oom.group': '1' }).unified).toEqual({ 'memory.oom.group': '1' })
  expect(config.mounts).toMatchObject([
    { containerPath: '/a', recursiveReadOnly: true, uidMappings: mapping, gidMappings: mapping },
    { containerPath: '/b', image: { image: 'sha256:1', userSpecifiedImage: 'box:1' }, imageSubPath: 'bin', uidMappings: mapping, gidMappings: mapping },
  ])
  const plain = sandboxConfig(sandboxSpec(labelled({}), 0, node, { handler: '' }), 'n').linux?.securityContext
  expect([plain?.namespaceOptions?.usernsOptions, plain?.supplementalGroupsPolicy]).toEqual([undefined, undefined])
})
