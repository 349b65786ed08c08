// emptyDir: modes and owners on disk and in memory, and sharing between containers.
import { uniqueName, useNamespace } from '../../framework.ts'
import { createPod, execIn, expectOutput, images, podOf, waitForPod } from '../../pods.ts'
import { mounttest } from './payload-volumes.ts'

const namespace = useNamespace('emptydir')
const path = '/test-volume'
const file = `${path}/test-file`

interface Look {
  readonly user: 'root' | 'non-root'
  readonly medium: 'tmpfs' | 'default'
  /** Of a new file; without it the volume itself is looked at. */
  readonly mode?: '0644' | '0666' | '0777'
}

const letters = { '0644': '-rw-r--r--', '0666': '-rw-rw-rw-', '0777': '-rwxrwxrwx' } as const

const looks: Record<string, Look> = {
  '[sig-storage] EmptyDir volumes volume on tmpfs should have the correct mode [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'tmpfs' },
  '[sig-storage] EmptyDir volumes should support (root,0644,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'tmpfs', mode: '0644' },
  '[sig-storage] EmptyDir volumes should support (root,0666,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'tmpfs', mode: '0666' },
  '[sig-storage] EmptyDir volumes should support (root,0777,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'tmpfs', mode: '0777' },
  '[sig-storage] EmptyDir volumes should support (non-root,0644,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'non-root', medium: 'tmpfs', mode: '0644' },
  '[sig-storage] EmptyDir volumes should support (non-root,0666,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'non-root', medium: 'tmpfs', mode: '0666' },
  '[sig-storage] EmptyDir volumes should support (non-root,0777,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'non-root', medium: 'tmpfs', mode: '0777' },
  '[sig-storage] EmptyDir volumes volume on default medium should have the correct mode [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'default' },
  '[sig-storage] EmptyDir volumes should support (root,0644,default) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'default', mode: '0644' },
  '[sig-storage] EmptyDir volumes should support (root,0666,default) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'default', mode: '0666' },
  '[sig-storage] EmptyDir volumes should support (root,0777,default) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'root', medium: 'default', mode: '0777' },
  '[sig-storage] EmptyDir volumes should support (non-root,0644,default) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'non-root', medium: 'default', mode: '0644' },
  '[sig-storage] EmptyDir volumes should support (non-root,0666,default) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'non-root', medium: 'default', mode: '0666' },
  '[sig-storage] EmptyDir volumes should support (non-root,0777,default) [LinuxOnly] [NodeConformance] [Conformance]': { user: 'non-root', medium: 'default', mode: '0777' },
}

for (const [name, { user, medium, mode }] of Object.entries(looks)) {
  test(name, () => expectOutput(podOf(namespace.name, uniqueName('pod'), {
    containers: [mounttest('test-container', [`--fs_type=${path}`, ...(mode ? [`--new_file_${mode}=${file}`, `--file_perm=${file}`] : [`--file_perm=${path}`])], [{ name: 'test-volume', mountPath: path }])],
    volumes: [{ name: 'test-volume', emptyDir: { medium: medium === 'tmpfs' ? 'Memory' : '' } }],
    securityContext: { seLinuxOptions: { level: 's0' }, ...(user === 'non-root' ? { runAsUser: 1001 } : {}) },
    restartPolicy: 'Never',
  }), [
    ...(mode ? [`perms of file "${file}": ${letters[mode]}`, `content of file "${file}": mount-tester new file`] : [`perms of file "${path}": -rwxrwxrwx`]),
    ...(medium === 'tmpfs' ? [`mount type of "${path}": tmpfs`] : []),
  ]))
}

test('[sig-storage] EmptyDir volumes pod should support shared volumes between containers [Conformance]', async () => {
  const message = 'Hello from the busy-box sub-container'
  const pod = await createPod(podOf(namespace.name, uniqueName('pod-sharedvolume'), {
    containers: [
      {
        name: 'busybox-main-container', image: images.busybox, command: ['/bin/sh'], args: ['-c', 'trap exit TERM; while true; do sleep 1; done'],
        volumeMounts: [{ name: 'shared-data', mountPath: '/usr/share/volumeshare' }],
      },
      {
        name: 'busybox-sub-container', image: images.busybox, command: ['/bin/sh'], args: ['-c', `echo ${message} > /pod-data/shareddata.txt`],
        volumeMounts: [{ name: 'shared-data', mountPath: '/pod-data' }],
      },
    ],
    volumes: [{ name: 'shared-data', emptyDir: {} }],
    terminationGracePeriodSeconds: 0, restartPolicy: 'Never',
  }))
  await waitForPod(pod, ({ status }) => status?.phase === 'Running', 'is running')
  expect((await execIn(pod, ['/bin/sh', '-c', 'cat /usr/share/volumeshare/shareddata.txt'], 'busybox-main-container')).trim()).toBe(message)
})
