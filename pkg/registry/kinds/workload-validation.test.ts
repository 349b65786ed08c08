import { changeLines, createLines, Door } from './door.suite.ts'
import { changed, type Json } from './kind.suite.ts'

const container = { name: 'c', image: 'i:1' }
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } }
const selector = { matchLabels: { app: 'web' } }
const set: Json = { spec: { selector, template } }
const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }

const bases: Readonly<Record<string, Json>> = {
  'deployments.apps/v1': set,
  'replicasets.apps/v1': set,
  'daemonsets.apps/v1': set,
  'statefulsets.apps/v1': { spec: { selector, template, serviceName: 'web', volumeClaimTemplates: [claim] } },
  'replicationcontrollers.v1': { spec: { selector: { app: 'web' }, template } },
  'podtemplates.v1': { template },
  'controllerrevisions.apps/v1': { revision: 1, data: { spec: {} } },
}

const label = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const dnsLabel = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const percent = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
const negative = 'must be greater than or equal to 0'

describe('creating', () => {
  it.each(Object.entries(bases))('%s: the least', async (kind, base) => {
    expect(await createLines(kind, base)).toEqual([])
  })

  it.each<[string, string, Json, string[]]>([
    ['deployments.apps/v1', 'no selector', { selector: null }, ['spec.selector: Required value', 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']],
    ['deployments.apps/v1', 'everything', { selector: { matchLabels: null } }, ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    ['deployments.apps/v1', 'a selector that cannot be read', { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } }, [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
      'spec.selector: Invalid value: {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"a","operator":"Is"}]}: invalid label selector',
    ]],
    ['deployments.apps/v1', 'labels of the template', { template: { metadata: { labels: { 'a b': '-' } } } }, [
      "spec.template.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      `spec.template.labels: Invalid value: "-": ${label}`,
    ]],
    ['deployments.apps/v1', 'strategy', { strategy: { type: 'Slow' } }, ['spec.strategy: Unsupported value: {"Type":"Slow","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"']],
    ['deployments.apps/v1', 'steps', { strategy: { rollingUpdate: { maxUnavailable: '101%', maxSurge: '5' } } }, [
      `spec.strategy.rollingUpdate.maxSurge: Invalid value: "5": ${percent}`, 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ]],
    ['deployments.apps/v1', 'everything at once, in order', {
      replicas: -1, selector: { matchLabels: { app: 'x' } }, template: { spec: { restartPolicy: 'Never', activeDeadlineSeconds: 1 } }, strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } },
      minReadySeconds: -1, revisionHistoryLimit: -1, progressDeadlineSeconds: -2,
    }, [
      `spec.replicas: Invalid value: -1: ${negative}`, 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"', 'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'", `spec.minReadySeconds: Invalid value: -1: ${negative}`,
      `spec.revisionHistoryLimit: Invalid value: -1: ${negative}`, `spec.progressDeadlineSeconds: Invalid value: -2: ${negative}`, 'spec.progressDeadlineSeconds: Invalid value: -2: must be greater than minReadySeconds',
    ]],
    ['replicasets.apps/v1', 'in order', { replicas: -1, minReadySeconds: -1, selector: { matchLabels: null } }, [
      `spec.replicas: Invalid value: -1: ${negative}`, `spec.minReadySeconds: Invalid value: -1: ${negative}`, 'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ]],
    ['daemonsets.apps/v1', 'no selector', { selector: null }, ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']],
    ['daemonsets.apps/v1', 'everything', { selector: { matchLabels: null } }, ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset']],
    ['daemonsets.apps/v1', 'strategy', { updateStrategy: { type: 'Slow' } }, ['spec.updateStrategy: Unsupported value: {"Type":"Slow","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"']],
    ['daemonsets.apps/v1', 'no step', { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }, ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0']],
    ['daemonsets.apps/v1', 'two steps', { updateStrategy: { rollingUpdate: { maxSurge: '101%', maxUnavailable: 1 } } }, [
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "101%": must not be greater than 100%', 'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "101%": may not be set when maxUnavailable is non-zero',
    ]],
    ['daemonsets.apps/v1', 'in order', { template: { spec: { restartPolicy: 'OnFailure', activeDeadlineSeconds: 1 } }, minReadySeconds: -1, updateStrategy: { type: 'OnDelete' }, revisionHistoryLimit: -1 }, [
      'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"', 'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
      `spec.minReadySeconds: Invalid value: -1: ${negative}`, `spec.revisionHistoryLimit: Invalid value: -1: ${negative}`,
    ]],
    ['statefulsets.apps/v1', 'words', { podManagementPolicy: 'X', updateStrategy: { type: 'Y' }, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Z' } }, [
      "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'", 'spec.updateStrategy: Invalid value: {"Type":"Y","RollingUpdate":null}: must be \'RollingUpdate\' or \'OnDelete\'',
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Z": supported values: "Retain", "Delete"',
    ]],
    ['statefulsets.apps/v1', 'steps of what does not roll', { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }, [
      'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
    ]],
    ['statefulsets.apps/v1', 'steps', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: -1, maxUnavailable: 0 } } }, [`spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: ${negative}`]],
    ['statefulsets.apps/v1', 'numbers, service and claims', { replicas: -1, minReadySeconds: -1, ordinals: { start: -1 }, serviceName: 'A', volumeClaimTemplates: [{ metadata: { name: 'a' }, spec: {} }] }, [
      'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required', 'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
      `spec.replicas: Invalid value: -1: ${negative}`, `spec.minReadySeconds: Invalid value: -1: ${negative}`, `spec.ordinals.start: Invalid value: -1: ${negative}`, `spec.serviceName: Invalid value: "A": ${dnsLabel}`,
    ]],
    ['statefulsets.apps/v1', 'a selector that cannot be read', { selector: { matchLabels: { app: '-' } }, template: { spec: { restartPolicy: 'Never' } } }, [
      `spec.selector.matchLabels: Invalid value: "-": ${label}`, 'spec.selector: Invalid value: {"matchLabels":{"app":"-"}}', 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ]],
    ['replicationcontrollers.v1', 'in order', { replicas: -1, minReadySeconds: -1, template: { spec: { activeDeadlineSeconds: 1 } } }, [
      `spec.minReadySeconds: Invalid value: -1: ${negative}`, `spec.replicas: Invalid value: -1: ${negative}`,
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ]],
    ['replicationcontrollers.v1', 'other pods', { selector: { app: 'x' } }, ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']],
    ['replicationcontrollers.v1', 'no template', { template: null }, ['spec.template: Required value']],
  ])('%s: %s', async (kind, _, spec, expected) => {
    expect(await createLines(kind, changed(bases[kind] ?? {}, { spec }))).toEqual(expected)
  })

  it.each<[string, string, Json, string[]]>([
    ['podtemplates.v1', 'spec', { template: { spec: { containers: [] } } }, ['template.spec.containers: Required value']],
    ['podtemplates.v1', 'annotations', { template: { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+1' } } } }, [
      'template.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
    ]],
    ['controllerrevisions.apps/v1', 'nothing', { revision: -1, data: null }, [`revision: Invalid value: -1: ${negative}`, 'data: Required value: data is mandatory']],
    ['controllerrevisions.apps/v1', 'data', { data: [1] }, ['data: Required value: data must be a valid JSON object']],
    ['statefulsets.apps/v1', 'name', { metadata: { name: 'a.b' } }, ['metadata.name: Invalid value: "a.b": must not contain dots']],
  ])('%s: %s', async (kind, _, change, expected) => {
    expect(await createLines(kind, changed(bases[kind] ?? {}, change))).toEqual(expected)
  })

  it('answers one Status with all of it', async () => {
    const { status } = await new Door('deployments.apps/v1').create(changed(set, { spec: { replicas: -1, minReadySeconds: -1 } }))
    expect(status).toMatchObject({
      code: 422, reason: 'Invalid',
      message: `Deployment.apps "x" is invalid: [spec.replicas: Invalid value: -1: ${negative}, spec.minReadySeconds: Invalid value: -1: ${negative}]`,
      details: { name: 'x', group: 'apps', kind: 'Deployment', causes: [
        { reason: 'FieldValueInvalid', field: 'spec.replicas', message: `Invalid value: -1: ${negative}` }, { reason: 'FieldValueInvalid', field: 'spec.minReadySeconds', message: `Invalid value: -1: ${negative}` },
      ] },
    })
  })
})

const other = { selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } } } }
const fixedText = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

describe('changing', () => {
  it.each<[string, string, Json, string[]]>([
    ['deployments.apps/v1', 'size', { replicas: 3 }, []],
    ['deployments.apps/v1', 'selector', other, ['spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable']],
    ['replicasets.apps/v1', 'selector', other, ['spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable']],
    ['daemonsets.apps/v1', 'selector', other, ['spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable']],
    ['replicationcontrollers.v1', 'selector', { selector: { app: 'x' }, template: other.template }, []],
    ['statefulsets.apps/v1', 'what may change', { replicas: 2, ordinals: { start: 1 }, minReadySeconds: 1, revisionHistoryLimit: 1, updateStrategy: { type: 'OnDelete', rollingUpdate: null } }, []],
    ['statefulsets.apps/v1', 'service', { serviceName: 'B' }, [`spec: Forbidden: ${fixedText}`]],
    ['statefulsets.apps/v1', 'claims and a fault', { volumeClaimTemplates: null, replicas: -1 }, [`spec.replicas: Invalid value: -1: ${negative}`, `spec: Forbidden: ${fixedText}`]],
  ])('%s: %s', async (kind, _, spec, expected) => {
    expect(await changeLines(kind, bases[kind] ?? {}, { spec })).toEqual(expected)
  })

  it('keeps data of revisions', async () => {
    const base = bases['controllerrevisions.apps/v1'] ?? {}
    expect(await changeLines('controllerrevisions.apps/v1', base, { revision: 2 })).toEqual([])
    expect(await changeLines('controllerrevisions.apps/v1', base, { revision: -2, data: { spec: { a: 1 } } })).toEqual([`revision: Invalid value: -2: ${negative}`, 'data: Invalid value: {"spec":{"a":1}}: field is immutable'])
  })

  it('does not hold an old fault of a template against a StatefulSet', async () => {
    const { definitionOf, faults } = await import('./kind.suite.ts')
    const stored = { metadata: { name: 'w' }, ...changed(bases['statefulsets.apps/v1'] ?? {}, { spec: { template: { spec: { containers: [{ name: 'C', image: 'i' }] } } } }) }
    definitionOf('statefulsets.apps/v1').defaults?.(stored as never)
    expect(faults('statefulsets.apps/v1', changed(stored, { spec: { replicas: 2 } }), stored)).toEqual([])
    expect(faults('statefulsets.apps/v1', changed(stored, { spec: { replicas: -2 } }), stored)).toEqual([`spec.replicas: Invalid value: -2: ${negative}`])
  })
})

describe('status', () => {
  const than = 'cannot be greater than status.replicas'

  it.each<[string, string, Json, Json, string[]]>([
    ['deployments.apps/v1', 'fits', {}, { replicas: 2, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 1, unavailableReplicas: 1, collisionCount: 1 }, []],
    ['deployments.apps/v1', 'negative, in order', {}, { observedGeneration: -1, replicas: -2, updatedReplicas: -2, readyReplicas: -2, availableReplicas: -2, unavailableReplicas: -1, terminatingReplicas: -1, collisionCount: -1 }, [
      `status.observedGeneration: Invalid value: -1: ${negative}`, ...['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'].map((field) => `status.${field}: Invalid value: -2: ${negative}`),
      ...['unavailableReplicas', 'terminatingReplicas', 'collisionCount'].map((field) => `status.${field}: Invalid value: -1: ${negative}`),
    ]],
    ['deployments.apps/v1', 'more than there are', {}, { replicas: 1, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 3 }, [
      `status.updatedReplicas: Invalid value: 2: ${than}`, `status.readyReplicas: Invalid value: 2: ${than}`, `status.availableReplicas: Invalid value: 3: ${than}`,
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ]],
    ['deployments.apps/v1', 'fewer collisions', { collisionCount: 2 }, { collisionCount: 1 }, ['status.collisionCount: Invalid value: 1: cannot be decremented']],
    ['deployments.apps/v1', 'no collisions', { collisionCount: 2 }, { collisionCount: null }, ['status.collisionCount: Invalid value: 0: cannot be decremented']],
    ['replicasets.apps/v1', 'more than there are', {}, { replicas: 1, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 3, terminatingReplicas: -1 }, [
      `status.terminatingReplicas: Invalid value: -1: ${negative}`,
      `status.fullyLabeledReplicas: Invalid value: 2: ${than}`, `status.readyReplicas: Invalid value: 2: ${than}`, `status.availableReplicas: Invalid value: 3: ${than}`,
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ]],
    ['replicationcontrollers.v1', 'more than there are', {}, { replicas: 1, readyReplicas: 2 }, [`status.readyReplicas: Invalid value: 2: ${than}`]],
    ['statefulsets.apps/v1', 'more than there are', {}, { replicas: 1, readyReplicas: 0, currentReplicas: 2, updatedReplicas: 2, availableReplicas: 1 }, [
      `status.currentReplicas: Invalid value: 2: ${than}`, `status.updatedReplicas: Invalid value: 2: ${than}`, 'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
    ]],
    ['statefulsets.apps/v1', 'fewer collisions', { collisionCount: 2 }, { collisionCount: 0 }, ['status.collisionCount: Invalid value: 0: cannot be decremented']],
    ['daemonsets.apps/v1', 'negative, in order', {}, { currentNumberScheduled: -1, numberMisscheduled: -1, desiredNumberScheduled: -1, numberReady: -1, observedGeneration: -1, numberUnavailable: -1 },
      ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'numberUnavailable'].map((field) => `status.${field}: Invalid value: -1: ${negative}`)],
    ['daemonsets.apps/v1', 'fewer collisions', { collisionCount: 2 }, { collisionCount: 1 }, ['status.collisionCount: Invalid value: 1: cannot be decremented']],
  ])('%s: %s', async (kind, _, before, status, expected) => {
    expect(await changeLines(kind, bases[kind] ?? {}, { status }, { subresource: 'status', status: before })).toEqual(expected)
  })
})

describe('scale', () => {
  it.each(['deployments.apps/v1', 'replicasets.apps/v1', 'statefulsets.apps/v1', 'replicationcontrollers.v1'])('of %s is refused as what it is', async (kind) => {
    const door = new Door(kind)
    await door.create(bases[kind] ?? {})
    const { status } = await door.patch({ spec: { replicas: -1 } }, 'scale')
    expect(status).toMatchObject({
      code: 422, message: `Scale.autoscaling "x" is invalid: spec.replicas: Invalid value: -1: ${negative}`,
      details: { name: 'x', group: 'autoscaling', kind: 'Scale', causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas' }] },
    })
    expect((await door.patch({ spec: { replicas: 2 } }, 'scale')).lines).toEqual([])
  })
})
