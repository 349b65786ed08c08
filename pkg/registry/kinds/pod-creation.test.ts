import { Door } from './door.suite.ts'
import type { Json } from './kind.suite.ts'

const container = { name: 'c', image: 'i:1' }

async function made(spec: Json, metadata: Json = {}): Promise<{ spec: Json; status: Json; warnings: string[] }> {
  const { object, warnings, lines } = await new Door('pods.v1').create({ metadata, spec: { containers: [container], ...spec } })
  expect(lines).toEqual([])
  return { ...object as unknown as { spec: Json; status: Json }, warnings }
}

describe('a new pod', () => {
  it('has its own labels in selectors that ask for them', async () => {
    const term = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } }
    const keyed = { ...term, matchLabelKeys: ['v', 'gone'], mismatchLabelKeys: ['tenant'] }
    const spread = { ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['v'] }
    const { spec } = await made({
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [keyed, term] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: keyed }] },
      },
      topologySpreadConstraints: [spread],
    }, { labels: { v: '1', tenant: 'a' } })
    const [v, tenant] = [{ key: 'v', operator: 'In', values: ['1'] }, { key: 'tenant', operator: 'NotIn', values: ['a'] }]
    const narrowed = { ...keyed, labelSelector: { ...term.labelSelector, matchExpressions: [v, tenant] } }
    expect(spec).toMatchObject({
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [narrowed, term] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: narrowed }] },
      },
      topologySpreadConstraints: [{ ...spread, labelSelector: { ...term.labelSelector, matchExpressions: [v] } }],
    })
  })

  it('says that it is held', async () => {
    const { status } = await made({ schedulingGates: [{ name: 'a' }] })
    expect(status.conditions).toEqual([{
      type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates', lastTransitionTime: expect.any(String) as unknown,
    }])
    expect((await made({})).status).not.toHaveProperty('conditions')
  })

  const key = 'container.apparmor.security.beta.kubernetes.io/c'
  const advice = [`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`]

  it.each<[string, string, Json, Json | undefined, string[]]>([
    ['its own', 'localhost/p', {}, { type: 'Localhost', localhostProfile: 'p' }, advice],
    ["the pod's", 'runtime/default', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }, undefined, []],
    ["another than the pod's", 'unconfined', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }, { type: 'Unconfined' }, advice],
    ['none that a field can say', 'localhost/ p', {}, undefined, advice],
    ['what the field says', 'unconfined', { containers: [{ ...container, securityContext: { appArmorProfile: { type: 'Unconfined' } } }] }, { type: 'Unconfined' }, []],
    ['of Windows', 'unconfined', { os: { name: 'windows' } }, undefined, []],
  ])('has the AppArmor profile of its annotation: %s', async (_, annotation, more, expected, told) => {
    const { spec, warnings } = await made(more, { annotations: { [key]: annotation } })
    const [first] = spec.containers as { securityContext?: { appArmorProfile?: Json } }[]
    expect(first?.securityContext?.appArmorProfile).toEqual(expected)
    expect(warnings).toEqual(told)
  })
})
