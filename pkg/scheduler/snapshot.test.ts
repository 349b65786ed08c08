import { testInfo, testNode, testPod, testSnapshot } from './fixture.suite.ts'

describe('ClusterSnapshot', () => {
  const web = testPod('web', { requests: { cpu: '1' }, spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z' }] } } } })
  const onA = { ...web, spec: { ...web.spec, nodeName: 'a' } }

  it('counts an assumed pod until it is forgotten', () => {
    const snapshot = testSnapshot([testNode('a')])
    const info = testInfo('web', { requests: { cpu: '1' } })
    snapshot.assume(info, 'a')
    expect(snapshot.node('a')?.requested.get('cpu')).toBe(1000)
    expect(snapshot.forget(info.uid)).toBe(true)
    expect(snapshot.node('a')?.requested.get('cpu')).toBe(0)
    expect(snapshot.forget(info.uid)).toBe(false)
  })

  it('believes the informer, wherever it shows the pod', () => {
    const snapshot = testSnapshot([testNode('a'), testNode('b')])
    snapshot.assume(testInfo('web', { requests: { cpu: '1' } }), 'b')
    snapshot.setPod(onA)
    expect([snapshot.node('a')?.pods.size, snapshot.node('b')?.pods.size, snapshot.forget(onA.metadata.uid ?? '')]).toEqual([1, 0, false])
    expect(snapshot.antiAffinityPods).toBe(1)
  })

  it('lets ended pods and gone pods go', () => {
    const snapshot = testSnapshot([testNode('a')])
    snapshot.setPod(onA)
    snapshot.setPod({ ...onA, status: { phase: 'Succeeded' } })
    expect([snapshot.node('a')?.pods.size, snapshot.antiAffinityPods]).toEqual([0, 0])
    snapshot.setPod(onA)
    expect(snapshot.release(onA.metadata.uid ?? '')).toBe(true)
    expect(snapshot.release(onA.metadata.uid ?? '')).toBe(false)
    expect(snapshot.node('a')?.pods.size).toBe(0)
  })

  it('keeps the pods of a node that is gone, or not seen yet', () => {
    const snapshot = testSnapshot([])
    snapshot.setPod(onA)
    expect(snapshot.nodes).toEqual([])
    snapshot.setNode(testNode('a'))
    expect(snapshot.node('a')?.requested.get('cpu')).toBe(1000)
    snapshot.removeNode('a')
    expect([snapshot.nodes, snapshot.node('a')]).toEqual([[], undefined])
    snapshot.setNode(testNode('a'))
    expect(snapshot.node('a')?.pods.size).toBe(1)
  })

  it('counts on how many nodes an image is', () => {
    const images = [{ names: ['x:1'], sizeBytes: 5 }]
    const snapshot = testSnapshot([testNode('a', { images }), testNode('b', { images }), testNode('c')])
    expect(snapshot.imageSpread('x:1')).toBe(2)
    snapshot.removeNode('a')
    snapshot.setNode(testNode('b'))
    expect(snapshot.imageSpread('x:1')).toBe(0)
  })
})
