// kubectl debug in all its forms, and what is told of containers that can't run, never ran, or are gone.
import { TestCluster, eventually } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => { cluster = await TestCluster.start(['busybox', 'nginx']) })
afterAll(() => cluster.remove())

const k = (args: string | readonly string[]) => cluster.kubectl(args)
const image = '--image=busybox:1.36'
const ready = (pod: string) => k(`wait --for=condition=Ready pod/${pod} --timeout=60s`)

/** The output of a debugger that runs a script to its end. */
async function debug(args: string, script: string): Promise<string> {
  // kubectl attaches when the container runs; what it wrote before is only in its log.
  return k([...`debug ${args} ${image} --attach -- sh -c`.split(' '), `sleep 1; ${script}`])
}

describe('debugging a pod', () => {
  beforeAll(async () => {
    await k(['run', 'target', image, '--', 'sh', '-c', 'echo ready > /tmp/state; sleep 1000'])
    await ready('target')
  })

  const effective = 'grep CapEff /proc/self/status'
  const capability = { netAdmin: 12n, sysPtrace: 19n, sysAdmin: 21n }
  const has = (output: string, bit: bigint): boolean => ((BigInt(`0x${/CapEff:\s*(\w+)/.exec(output)?.[1] ?? '0'}`) >> bit) & 1n) === 1n

  test.each([
    { profile: 'general', may: ['sysPtrace'] as const },
    { profile: 'baseline', may: [] as const },
    { profile: 'netadmin', may: ['netAdmin'] as const },
    { profile: 'sysadmin', may: ['netAdmin', 'sysPtrace', 'sysAdmin'] as const },
  ])('an ephemeral container beside the target, with the profile $profile', async ({ profile, may }) => {
    const output = await debug(`target --target=target --profile=${profile} -c debug-${profile}`, `ps; ${effective}`)
    expect(output).toMatch(/^\s*1 root\s+sleep 1000/m)
    for (const [name, bit] of Object.entries(capability)) expect({ name, granted: has(output, bit) }).toEqual({ name, granted: (may as readonly string[]).includes(name) })
  })

  test('the restricted profile does not run as root', async () => {
    const { code } = await cluster.tryKubectl(['debug', 'target', image, '--profile=restricted', '-c', 'restricted', '--', 'true'])
    expect(code).toBe(0)
    await eventually(async () => /runAsNonRoot and image will run as root/.test(await k('get pod target -o jsonpath={.status.ephemeralContainerStatuses}')), 'it is refused')
    await eventually(async () => (await k('get events --field-selector=involvedObject.fieldPath=spec.ephemeralContainers{restricted} -o jsonpath={.items[*].message}')).includes('runAsNonRoot'), 'an event')
  })

  test('a copy with a debugger that sees all its processes', async () => {
    const output = await debug('target --copy-to=copy --share-processes -c debugger --profile=general', 'ps')
    expect(output).toContain('/pause')
    expect(output).toContain('sleep 1000')
    expect(await k('get pod target copy --no-headers -o custom-columns=N:.metadata.name')).toBe('target\ncopy\n')
  })

  test('a copy with other images, a copy with another command, a copy that replaces the pod', async () => {
    await k(['debug', 'target', '--copy-to=other', '--set-image=*=busybox:1.35', '--profile=general'])
    await ready('other')
    expect(await k('get pod other -o jsonpath={.spec.containers[*].image}')).toBe('busybox:1.35')
    await k(['debug', 'target', '--copy-to=another', '--container=target', '--profile=general', '--', 'sh', '-c', 'echo changed; sleep 1000'])
    await ready('another')
    expect(await k('logs another')).toBe('changed\n')
    await k('debug other --copy-to=third --replace --same-node --profile=general --set-image=*=busybox:1.36')
    await ready('third')
    await eventually(async () => (await cluster.tryKubectl('get pod other')).code !== 0, 'the replaced pod is gone')
  })
})

describe('debugging a node', () => {
  test.each([
    { profile: 'general', privileged: false },
    { profile: 'sysadmin', privileged: true },
  ])('with the profile $profile', async ({ profile, privileged }) => {
    const output = await debug(`node/node-1 --profile=${profile}`, 'chroot /host readlink /proc/1/exe >/dev/null; echo chroot $?; ls -d /host/etc/hostname; ps | grep -c containerd; grep CapEff /proc/self/status')
    expect(output).toMatch(/chroot [01]\n\/host\/etc\/hostname\n[1-9]/)
    expect(/CapEff:\s*000001ff/.test(output)).toBe(privileged)
  })

  test('on its network only', async () => {
    const output = await debug('node/node-1 --profile=netadmin', 'ip -o -4 addr show')
    expect(output).toContain(cluster.network.address)
  })
})

describe('containers that do not run', () => {
  const pod = (name: string, container: object, spec: object = {}) => JSON.stringify({
    apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...spec, containers: [{ name: 'c', image: 'busybox:1.36', ...container }] },
  })
  const create = (text: string) => cluster.kubectl(['create', '-f', '-'], { input: text })
  const state = async (name: string): Promise<string> => (await k(`get pod ${name} --no-headers`)).split(/\s+/)[2] ?? ''

  test.each([
    { name: 'no-image', container: { image: 'missing:1', imagePullPolicy: 'Never' }, reason: 'ErrImageNeverPull', told: 'is waiting to start: ErrImageNeverPull' },
    { name: 'bad-image', container: { image: 'Not/An:Image:' }, reason: 'InvalidImageName', told: 'is waiting to start: InvalidImageName' },
    { name: 'no-config', container: { envFrom: [{ configMapRef: { name: 'missing' } }] }, reason: 'CreateContainerConfigError', told: 'is waiting to start: CreateContainerConfigError' },
  ])('$name: the reason is in the status, in an event, and in the answer to logs', async ({ name, container, reason, told }) => {
    await create(pod(name, container))
    await eventually(async () => (await state(name)) === reason, reason)
    const { code, stderr } = await cluster.tryKubectl(`logs ${name}`)
    expect([code, stderr]).toEqual([1, `Error from server (BadRequest): container "c" in pod "${name}" ${told}\n`])
    await eventually(async () => /Error: /.test(await k(`get events --field-selector=involvedObject.name=${name},reason=Failed -o jsonpath={.items[*].message}`)), 'an event')
    expect((await cluster.tryKubectl(`exec ${name} -- true`)).stderr).toContain('unable to upgrade connection: container not found ("c")')
  })

  test('a command that is not there is tried again at once, then after the back-off', async () => {
    await create(pod('no-command', { command: ['no-such-program'] }))
    await eventually(async () => (await state('no-command')) === 'CrashLoopBackOff', 'the back-off', 8000)
    const status = JSON.parse(await k('get pod no-command -o jsonpath={.status.containerStatuses[0]}')) as { restartCount: number; lastState: { terminated: object } }
    expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: { reason: 'StartError', exitCode: 128, message: expect.stringContaining('"no-such-program": executable file not found in $PATH') as string } } })
  })

  test('one that is out of memory says so', async () => {
    await create(pod('greedy', { command: ['sh', '-c', 'x=$(head -c 200m /dev/zero | tr "\\0" x); echo ${#x}'], resources: { limits: { memory: '16Mi' } } }, { restartPolicy: 'Never' }))
    await eventually(async () => (await state('greedy')) === 'OOMKilled', 'OOMKilled')
    expect(await k('get pod greedy -o jsonpath={.status.phase}')).toBe('Failed')
  })

  test('logs of the one before, and of none before', async () => {
    await create(pod('twice', { command: ['sh', '-c', 'if [ -e /keep/once ]; then echo second; sleep 1000; fi; touch /keep/once; echo first; exit 1'], volumeMounts: [{ name: 'keep', mountPath: '/keep' }] }, { volumes: [{ name: 'keep', emptyDir: {} }] }))
    await eventually(async () => (await k('get pod twice -o jsonpath={.status.containerStatuses[0].restartCount}')) === '1', 'a restart')
    await ready('twice')
    expect(await k('logs twice')).toBe('second\n')
    expect(await k('logs twice --previous')).toBe('first\n')
    expect((await cluster.tryKubectl('logs target -c target --previous')).stderr).toBe('Error from server (BadRequest): previous terminated container "target" in pod "target" not found\n')
  })

  test('a pod that has ended keeps its log, and takes no command', async () => {
    await create(pod('ended', { command: ['sh', '-c', 'echo last words'] }, { restartPolicy: 'Never' }))
    await eventually(async () => (await state('ended')) === 'Completed', 'Completed')
    expect(await k('logs ended -f')).toBe('last words\n')
    const { code, stderr } = await cluster.tryKubectl('exec ended -- true')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot exec into a container in a completed pod|container not found/)])
  })
})
