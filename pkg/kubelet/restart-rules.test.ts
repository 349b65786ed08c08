// Which containers are started again: by the pod's policy, by their own, and by rules about exit codes.
import type { Container } from '../api/types-pod.ts'
import { makePod } from './fixture.suite.ts'
import { HollowTestNode } from './hollow-node.suite.ts'
import { restarts } from './pod-plan.ts'

const rule = (operator: 'In' | 'NotIn', ...values: number[]): Partial<Container> => ({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values } }] })

it.each<[string, string, Partial<Container>, number, boolean]>([
  ['the pod\'s policy', 'OnFailure', {}, 1, true],
  ['the pod\'s policy', 'OnFailure', {}, 0, false],
  ['its own goes before', 'Never', { restartPolicy: 'Always' }, 0, true],
  ['its own goes before', 'Always', { restartPolicy: 'Never' }, 1, false],
  ['its own, on failure', 'Never', { restartPolicy: 'OnFailure' }, 1, true],
  ['a rule that fits', 'Never', { restartPolicy: 'Never', ...rule('In', 42, 43) }, 42, true],
  ['a rule that does not', 'Never', { restartPolicy: 'Never', ...rule('In', 42) }, 1, false],
  ['a rule by what it is not', 'Never', { restartPolicy: 'Never', ...rule('NotIn', 0, 1) }, 7, true],
  ['without a rule that fits, the policy', 'Never', { restartPolicy: 'OnFailure', ...rule('In', 0) }, 1, true],
  ['a rule for success', 'Never', { restartPolicy: 'OnFailure', ...rule('In', 0) }, 0, true],
])('%s: %s, %j ends with %d', (_name, restartPolicy, container, exitCode, expected) =>
  expect(restarts(makePod({ restartPolicy }), { name: 'c', ...container }, { id: 'x', exitCode }, new Set())).toBe(expected))

describe('on a node', () => {
  const node = new HollowTestNode()
  beforeAll(() => node.start())
  afterAll(() => node.stop())
  const restartsOf = async (name: string): Promise<number[]> => (await node.pod(name))?.status?.containerStatuses?.map(({ restartCount }) => restartCount) ?? []

  it('a rule restarts one container of a pod that never restarts, the other ends for good', async () => {
    await node.create('ruled', { command: ['exit', '42'], restartPolicy: 'Never', ...rule('In', 42) }, { restartPolicy: 'Never' })
    await node.untilPod('ruled', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1)
    expect((await node.pod('ruled'))?.status?.phase).toBe('Running')
    await node.create('plain', { command: ['exit', '41'], restartPolicy: 'Never', ...rule('In', 42) }, { restartPolicy: 'Never' })
    expect((await node.untilPod('plain', (pod) => pod?.status?.phase === 'Failed')).status?.containerStatuses?.[0]?.restartCount).toBe(0)
    expect(await restartsOf('plain')).toEqual([0])
  })

  it('an init container may be tried again in a pod that never restarts', async () => {
    await node.create('init', { command: ['sleep', '1000'] }, { restartPolicy: 'Never', initContainers: [{ name: 'i', image: 'i', command: ['exit', '1'], restartPolicy: 'OnFailure' }] })
    await node.untilPod('init', (pod) => pod?.status?.initContainerStatuses?.[0]?.restartCount === 1)
    expect((await node.pod('init'))?.status?.phase).toBe('Pending')
  })
})
