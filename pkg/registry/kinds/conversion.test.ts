import type { AnyObject } from '../../api/object.ts'
import { context, definitionOf } from './kind.suite.ts'

const views = (name: string) => {
  const { convert } = definitionOf(name)
  if (!convert) throw new Error(`${name} has no conversion`)
  return convert
}

describe('two versions of one kind', () => {
  it('shows a core event as events.k8s.io and stores it back unchanged', () => {
    const stored: AnyObject = {
      apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'n' }, involvedObject: { kind: 'Pod', name: 'p' }, message: 'up', reason: 'Started', type: 'Normal',
      count: 2, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:01:00Z', source: { component: 'kubelet' }, reportingComponent: 'kubelet', reportingInstance: 'n1', eventTime: null,
    }
    const { fromStored, toStored } = views('events.events.k8s.io/v1')
    const shown = fromStored(stored)
    expect(shown).toEqual({
      apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e', namespace: 'n' }, regarding: { kind: 'Pod', name: 'p' }, note: 'up', reason: 'Started', type: 'Normal',
      deprecatedCount: 2, deprecatedFirstTimestamp: '2026-01-01T00:00:00Z', deprecatedLastTimestamp: '2026-01-01T00:01:00Z', deprecatedSource: { component: 'kubelet' },
      reportingController: 'kubelet', reportingInstance: 'n1', eventTime: null,
    })
    expect(toStored(shown)).toEqual(stored)
  })

  it('keeps what autoscaling/v1 cannot say in annotations', () => {
    const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } }
    const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }
    const stored: AnyObject = {
      apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h', annotations: { mine: 'x' } },
      spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, metrics: [memory, cpu], behavior: { scaleUp: { selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }] } } },
      status: { desiredReplicas: 2, currentReplicas: 1, conditions: [{ type: 'AbleToScale', status: 'True' }], currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40 } } }] },
    }
    const { fromStored, toStored } = views('horizontalpodautoscalers.autoscaling/v1')
    const shown = fromStored(stored)
    expect(shown).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 50 }, status: { currentCPUUtilizationPercentage: 40 } })
    expect(shown['spec']).not.toHaveProperty('metrics')
    expect(JSON.parse(shown.metadata.annotations?.['autoscaling.alpha.kubernetes.io/behavior'] ?? '')).toEqual({
      ScaleUp: { StabilizationWindowSeconds: null, SelectPolicy: 'Max', Policies: [{ Type: 'Pods', Value: 4, PeriodSeconds: 15 }], Tolerance: null }, ScaleDown: null,
    })
    const annotated = { name: 'h', annotations: { 'autoscaling.alpha.kubernetes.io/behavior': '{"scaleDown":{"selectPolicy":"Disabled"}}' } }
    expect(toStored({ metadata: annotated, spec: { maxReplicas: 3 } })).toMatchObject({ metadata: { name: 'h' }, spec: { behavior: { scaleDown: { selectPolicy: 'Disabled' } } } })
    expect(toStored(shown)).toEqual(stored)
    expect(toStored({ metadata: { name: 'h' }, spec: { maxReplicas: 3 } })).toMatchObject({ spec: { metrics: [{ resource: { target: { averageUtilization: 80 } } }] } })
  })
})

describe('subresources', () => {
  it('scale shows and writes replicas alone', () => {
    const scale = definitionOf('deployments.apps/v1').subresources.find(({ name }) => name === 'scale')
    const deployment = { metadata: { name: 'd', namespace: 'n', resourceVersion: '7', labels: { a: 'b' } }, spec: { replicas: 3, selector: { matchLabels: { b: '2', a: '1' } } }, status: { replicas: 2 } } as unknown as AnyObject
    expect(scale?.view?.(deployment)).toEqual({
      apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd', namespace: 'n', resourceVersion: '7' }, spec: { replicas: 3 }, status: { replicas: 2, selector: 'a=1,b=2' },
    })
    const merged = scale?.merge?.(deployment, { metadata: { name: 'd', labels: { x: 'y' } }, spec: { replicas: 0 } } as unknown as AnyObject)
    expect(merged).toEqual({ ...deployment, spec: { replicas: 0, selector: { matchLabels: { b: '2', a: '1' } } } })
    expect(scale?.validate?.({ metadata: {}, spec: { replicas: -1 } } as AnyObject, deployment)).toHaveLength(1)
  })

  it('approval writes conditions of a certificate request, status its certificate', () => {
    const { subresources } = definitionOf('certificatesigningrequests.certificates.k8s.io/v1')
    const merge = (name: string, stored: object, body: object): AnyObject => {
      const { merge, prepareUpdate } = subresources.find((one) => one.name === name) ?? {}
      const draft = merge?.(stored as AnyObject, body as AnyObject) ?? { metadata: {} }
      prepareUpdate?.(draft, stored as AnyObject, context)
      return draft
    }
    const failed = { type: 'Failed', status: 'True', lastUpdateTime: '2025-01-01T00:00:00Z', lastTransitionTime: '2025-01-01T00:00:00Z' }
    const stored = { metadata: { name: 'c' }, spec: {}, status: { conditions: [failed] } }
    const body = { metadata: { name: 'c' }, status: { certificate: 'x', conditions: [{ type: 'Failed', status: 'True' }, { type: 'Mine', status: 'True' }, { type: 'Approved', status: 'True' }] } }
    const approved = merge('approval', stored, body)
    expect(approved).toMatchObject({ status: { conditions: [{ type: 'Failed', lastTransitionTime: failed.lastTransitionTime }, { type: 'Mine', lastTransitionTime: expect.any(String) }, { type: 'Approved' }] } })
    expect(approved).not.toHaveProperty('status.certificate')
    // What status adds or takes away is refused by the checks behind; what it has as well, stays as it stands.
    expect(merge('status', stored, body)).toMatchObject({ status: { certificate: 'x', conditions: [{ type: 'Failed' }, { type: 'Mine' }, { type: 'Approved' }] } })
    const standing = (approved['status'] as { conditions: object[] }).conditions[2]
    expect(merge('status', approved, { ...body, status: { conditions: [{ type: 'Other', status: 'True' }, { type: 'Approved', status: 'Odd' }] } })).toMatchObject({ status: { conditions: [{ type: 'Other' }, standing] } })
  })

  it('finalizers of a namespace go by finalize alone', () => {
    const definition = definitionOf('namespaces.v1')
    const old = { metadata: { name: 'n' }, spec: { finalizers: ['kubernetes'] } } as AnyObject
    const draft = { metadata: { name: 'n' }, spec: {} } as AnyObject
    definition.prepareUpdate?.(draft, old, context)
    expect(draft).toEqual(old)
    const finalize = definition.subresources.find(({ name }) => name === 'finalize')
    expect(finalize?.merge?.(old, { metadata: { name: 'n' }, spec: { finalizers: [] } } as AnyObject)).toMatchObject({ spec: { finalizers: [] } })
  })

  it('resize changes cpu and memory of containers and keeps the quality of service', () => {
    const resize = definitionOf('pods.v1').subresources.find(({ name }) => name === 'resize')
    const pod = (resources: object, image = 'i') => ({
      metadata: { name: 'p' }, status: { qosClass: 'Burstable' },
      spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', containers: [{ name: 'c', image, imagePullPolicy: 'Always', terminationMessagePolicy: 'File', resources }] },
    }) as unknown as AnyObject
    const old = pod({ requests: { cpu: '1' } })
    const next = resize?.merge?.(old, pod({ requests: { cpu: '2' } }, 'other')) as AnyObject
    expect(next).toEqual(pod({ requests: { cpu: '2' } }))
    expect(resize?.validate?.(next, old)).toEqual([])
    expect(resize?.validate?.(pod({ requests: { cpu: '1', 'ephemeral-storage': '1Gi' } }), old)).toMatchObject([{ field: 'spec', reason: 'FieldValueForbidden', text: 'Forbidden: only cpu and memory resources are mutable' }])
    expect(resize?.validate?.(pod({}), old)).toMatchObject([{ field: 'spec' }, { field: 'spec.containers[0].resources.requests', text: expect.stringContaining('resource requests cannot be removed') }])
  })

  const resizeErrors = (before: object, asked: object): string[] => {
    const resize = definitionOf('pods.v1').subresources.find(({ name }) => name === 'resize')
    const pod = (spec: object): AnyObject => ({ metadata: { name: 'p' }, status: { qosClass: 'Burstable' }, spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', ...spec } }) as unknown as AnyObject
    const next = resize?.merge?.(pod(before), pod(asked)) as AnyObject
    return (resize?.validate?.(next, pod(before)) ?? []).map(({ field, text }) => `${field}: ${text}`)
  }
  const named = (name: string, resources: object = { requests: { cpu: '1' } }): object => ({ name, image: 'i', imagePullPolicy: 'Always', terminationMessagePolicy: 'File', resources })
  const limited = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } }
  it.each([
    ['limits stay', { containers: [named('a', limited)] }, { containers: [named('a', { requests: limited.requests })] }, ['spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed']],
    ['names stay', { containers: [named('a'), named('b')] }, { containers: [named('b'), named('a')] }, [
      'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize', 'spec.containers[1].name: Forbidden: containers may not be renamed or reordered on resize',
    ]],
    ['none is added', { containers: [named('a')] }, { containers: [named('a'), named('b')] }, ['spec.containers: Forbidden: containers may not be added or removed on resize']],
    ['init containers stay', { containers: [named('a')], initContainers: [named('i')] }, { containers: [named('a')], initContainers: [named('i', { requests: { cpu: '2' } })] }, [
      'spec: Forbidden: resources for non-sidecar init containers are immutable',
    ]],
    ['sidecars change', { containers: [named('a')], initContainers: [{ ...named('i'), restartPolicy: 'Always' }] }, { containers: [named('a')], initContainers: [{ ...named('i', { requests: { cpu: '2' } }), restartPolicy: 'Always' }] }, []],
    ['equal to the limits', { containers: [named('a', limited)] }, { containers: [named('a', { requests: limited.limits, limits: limited.limits })] }, ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing']],
  ])('resize: %s', (_name, before, asked, errors) => expect(resizeErrors(before, asked)).toEqual(errors))
})

describe('pods in deletion', () => {
  it.each([
    ['unscheduled', {}, 'Pending', undefined, 0], ['own period', { nodeName: 'n', terminationGracePeriodSeconds: 7 }, 'Running', undefined, 7], ['default', { nodeName: 'n' }, 'Running', undefined, 30],
    ['asked', { nodeName: 'n' }, 'Running', 3, 3], ['at once', { nodeName: 'n' }, 'Running', 0, 0], ['negative', { nodeName: 'n' }, 'Running', -1, 1], ['finished', { nodeName: 'n' }, 'Succeeded', 9, 0],
  ])('%s', (_, spec, phase, asked, seconds) => {
    expect(definitionOf('pods.v1').gracePeriodSeconds?.({ metadata: {}, spec, status: { phase } } as AnyObject, asked)).toBe(seconds)
  })
})

describe('warnings', () => {
  it('tells of hidden variables and doubled ports, when they are new', () => {
    const container = { name: 'c', image: 'i', env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }, { name: 'A', value: '$(A):3' }], ports: [{ containerPort: 1, protocol: 'TCP' }, { containerPort: 1, protocol: 'TCP' }] }
    const deployment = { metadata: { name: 'd', generation: 1 }, spec: { template: { spec: { containers: [container] } } } } as unknown as AnyObject
    const { warnings } = definitionOf('deployments.apps/v1')
    expect(warnings?.(deployment)).toEqual([
      'spec.template.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
      'spec.template.spec.containers[0].ports[1]: duplicate port definition with spec.template.spec.containers[0].ports[0]',
    ])
    expect(warnings?.(deployment, deployment)).toEqual([])
  })
})
