import type { Affinity, PodSpec, Toleration } from '../../api/types-pod.ts'
import { scoresOf, testInfo, testNode, testPod, testSnapshot, verdicts, type NodeParts, type PodParts } from '../fixture.suite.ts'
import type { Plugin } from '../plugin.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { imageLocality } from './image-locality.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { taintToleration } from './taint-toleration.ts'

const say = (plugin: Plugin, node: NodeParts, spec: Partial<PodSpec>, others: readonly PodParts[] = []): string => {
  const snapshot = testSnapshot([testNode('a', node)], { a: others.map((parts, index) => testPod(`other${index}`, parts)) })
  return verdicts(plugin, testInfo('p', { spec }), snapshot).a ?? ''
}

describe('NodeName and NodeUnschedulable', () => {
  it('keep pods where they want to be', () => {
    const nodes = testSnapshot([testNode('a'), testNode('b')])
    expect(verdicts(nodeName, testInfo('p', { spec: { nodeName: 'b' } }), nodes)).toEqual({ a: "node(s) didn't match the requested node name", b: 'ok' })
    expect(say(nodeUnschedulable, { unschedulable: true }, {})).toBe('node(s) were unschedulable')
    expect(say(nodeUnschedulable, { unschedulable: true }, { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] })).toBe('ok')
  })
})

describe('TaintToleration', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' }
  it.each<[string, Toleration, boolean]>([
    ['equal', { key: 'k', value: 'v', effect: 'NoSchedule' }, true],
    ['equal by name', { key: 'k', operator: 'Equal', value: 'v' }, true],
    ['another value', { key: 'k', value: 'w' }, false],
    ['another key', { key: 'j', operator: 'Exists' }, false],
    ['another effect', { key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
    ['whatever the value', { key: 'k', operator: 'Exists' }, true],
    ['everything', { operator: 'Exists' }, true],
    ['no key, but a value', { value: 'v' }, false],
  ])('%s', (_what, toleration, ok) => {
    expect(say(taintToleration, { taints: [taint] }, { tolerations: [toleration] })).toBe(ok ? 'ok' : 'node(s) had untolerated taint(s)')
  })

  it('refuses NoExecute too, and only dislikes PreferNoSchedule', () => {
    expect(say(taintToleration, { taints: [{ key: 'k', effect: 'NoExecute' }] }, {})).toBe('node(s) had untolerated taint(s)')
    const soft = (key: string) => ({ key, effect: 'PreferNoSchedule' })
    const nodes = testSnapshot([testNode('a', { taints: [soft('x'), soft('y')] }), testNode('b', { taints: [soft('x')] }), testNode('c')])
    expect(verdicts(taintToleration, testInfo('p'), nodes)).toEqual({ a: 'ok', b: 'ok', c: 'ok' })
    expect(scoresOf(taintToleration, testInfo('p'), nodes)).toEqual({ a: 0, b: 50, c: 100 })
  })
})

describe('NodeAffinity', () => {
  const required = (...nodeSelectorTerms: NonNullable<NonNullable<Affinity['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']>['nodeSelectorTerms']): Partial<PodSpec> =>
    ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } })
  const expression = (operator: string, ...values: string[]) => required({ matchExpressions: [{ key: 'n', operator, values }] })
  it.each<[string, Partial<PodSpec>, Record<string, string>, boolean]>([
    ['a selector', { nodeSelector: { n: '5' } }, { n: '5' }, true],
    ['a selector that does not', { nodeSelector: { n: '5' } }, { n: '6' }, false],
    ['In', expression('In', '4', '5'), { n: '5' }, true],
    ['NotIn', expression('NotIn', '5'), { n: '5' }, false],
    ['NotIn without the label', expression('NotIn', '5'), {}, true],
    ['Exists', expression('Exists'), { n: '' }, true],
    ['DoesNotExist', expression('DoesNotExist'), { n: '' }, false],
    ['Gt', expression('Gt', '4'), { n: '5' }, true],
    ['Lt', expression('Lt', '5'), { n: '5' }, false],
    ['no terms', required(), {}, false],
    ['an empty term', required({}), {}, false],
    ['one of several terms', required({ matchExpressions: [{ key: 'x', operator: 'Exists' }] }, { matchExpressions: [{ key: 'n', operator: 'Exists' }] }), { n: '1' }, true],
    ['selector and affinity', { nodeSelector: { m: '1' }, ...expression('Exists') }, { n: '1' }, false],
  ])('%s', (_what, spec, labels, ok) => expect(say(nodeAffinity, { labels }, spec)).toBe(ok ? 'ok' : "node(s) didn't match Pod's node affinity/selector"))

  it('looks only at nodes that are asked for by name', () => {
    const nodes = testSnapshot([testNode('a'), testNode('b')])
    const named = testInfo('p', { spec: required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }) })
    expect(verdicts(nodeAffinity, named, nodes)).toEqual({ a: 'not named', b: 'ok' })
  })

  it('adds the weights of what is preferred', () => {
    const prefer = (weight: number, key: string) => ({ weight, preference: { matchExpressions: [{ key, operator: 'Exists' }] } })
    const spec = { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer(30, 'x'), prefer(10, 'y')] } } }
    const nodes = testSnapshot([testNode('a', { labels: { x: '', y: '' } }), testNode('b', { labels: { y: '' } }), testNode('c')])
    expect(scoresOf(nodeAffinity, testInfo('p', { spec }), nodes)).toEqual({ a: 100, b: 25, c: 0 })
  })
})

describe('NodePorts', () => {
  const port = (hostPort: number, hostIP?: string, protocol?: string): Partial<PodSpec> =>
    ({ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...(hostIP ? { hostIP } : {}), ...(protocol ? { protocol } : {}) }] }] })
  it.each<[string, Partial<PodSpec>, boolean]>([
    ['the same', port(80), false],
    ['another port', port(81), true],
    ['another protocol', port(80, undefined, 'UDP'), true],
    ['one address of all', port(80, '10.0.0.1'), false],
    ['no host port', port(0), true],
  ])('%s', (_what, spec, ok) => {
    expect(say(nodePorts, {}, spec, [{ spec: port(80) }])).toBe(ok ? 'ok' : "node(s) didn't have free ports for the requested pod ports")
  })
  it('lets two addresses have the same port', () => expect(say(nodePorts, {}, port(80, '10.0.0.2'), [{ spec: port(80, '10.0.0.1') }])).toBe('ok'))
})

describe('NodeResourcesFit', () => {
  const asks = (requests: Record<string, string>): Partial<PodSpec> => ({ containers: [{ name: 'c', resources: { requests } }] })
  it.each<[string, Record<string, string>, string]>([
    ['what just fits', { cpu: '3', memory: '7Gi' }, 'ok'],
    ['too much', { cpu: '3001m', memory: '8Gi' }, 'Insufficient cpu; Insufficient memory'],
    ['what the node does not have', { 'example.com/gpu': '1' }, 'Insufficient example.com/gpu'],
    ['nothing of what the node does not have', { 'example.com/gpu': '0' }, 'ok'],
  ])('%s', (_what, requests, verdict) => expect(say(nodeResourcesFit, {}, asks(requests), [{ requests: { cpu: '1', memory: '1Gi' } }])).toBe(verdict))

  it('counts pods', () => expect(say(nodeResourcesFit, { allocatable: { pods: '1' } }, {}, [{}])).toBe('Too many pods'))

  it('likes the emptier node', () => {
    const nodes = testSnapshot([testNode('a'), testNode('b')], { a: [testPod('x', { requests: { cpu: '2', memory: '2Gi' } })] })
    // a: cpu 1 of 4, memory 4 of 8 stay free; b: 3 of 4 and 6 of 8.
    expect(scoresOf(nodeResourcesFit, testInfo('p', { requests: { cpu: '1', memory: '2Gi' } }), nodes)).toEqual({ a: 37, b: 75 })
  })
})

describe('balance and images', () => {
  it('likes nodes where CPU and memory are used alike', () => {
    const nodes = testSnapshot([testNode('a'), testNode('b')], { a: [testPod('x', { requests: { cpu: '2' } })] })
    expect(scoresOf(balancedAllocation, testInfo('p', { requests: { cpu: '1', memory: '2Gi' } }), nodes)).toEqual({ a: 75, b: 100 })
    expect(scoresOf(balancedAllocation, testInfo('p'), nodes)).toEqual({})
  })

  it('likes nodes that have the image', () => {
    const megabytes = (count: number) => [{ names: ['web:latest'], sizeBytes: count * 1024 * 1024 }]
    const nodes = testSnapshot([testNode('a', { images: megabytes(1023 * 2) }), testNode('b', { images: megabytes(23 * 2) }), testNode('c'), testNode('d')])
    expect(scoresOf(imageLocality, testInfo('p'), nodes)).toEqual({ a: 100, b: 0, c: 0, d: 0 })
    expect(scoresOf(imageLocality, testInfo('p', { spec: { containers: [{ name: 'c', image: 'other' }] } }), nodes)).toEqual({})
  })
})
