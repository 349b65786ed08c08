import { isSandboxNews, statusPatch } from './status-patch.ts'

const ready = { type: 'Ready', status: 'True', lastTransitionTime: 't' }

describe('statusPatch', () => {
  it.each([
    ['nothing', { phase: 'Running' }, { phase: 'Running' }, undefined],
    ['order of keys is nothing', { containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0 }] }, { containerStatuses: [{ restartCount: 0, ready: true, imageID: '', image: 'i', name: 'c' }] }, undefined],
    ['a field', { phase: 'Pending', podIP: '1' }, { phase: 'Running', podIP: '1' }, { phase: 'Running' }],
    ['a field that goes', { message: 'x' }, {}, { message: null }],
    ['only conditions that change', { conditions: [ready, { type: 'A', status: 'True' }] }, { conditions: [{ ...ready, status: 'False', reason: 'r' }, { type: 'A', status: 'True' }] }, { conditions: [{ ...ready, status: 'False', reason: 'r' }] }],
    ['a reason that goes', { conditions: [{ ...ready, reason: 'r' }] }, { conditions: [ready] }, { conditions: [{ ...ready, reason: null }] }],
    ['conditions of others stay', { conditions: [ready, { type: 'theirs', status: 'True' }] }, { conditions: [ready] }, undefined],
    ['a condition of our own that goes', { conditions: [ready, { type: 'theirs', status: 'True' }] }, { conditions: [] }, { conditions: [{ type: 'Ready', $patch: 'delete' }] }],
    ['another address', { podIPs: [{ ip: '1' }] }, { podIPs: [{ ip: '2' }] }, { podIPs: [{ ip: '2' }, { $patch: 'replace' }] }],
  ])('%s', (_name, before, after, expected) => expect(statusPatch(before, after)).toEqual(expected))
})

it.each([
  [{ podIP: '1', podIPs: [{ ip: '1' }], conditions: [{ type: 'PodReadyToStartContainers' }] }, true],
  [{ conditions: [{ type: 'PodReadyToStartContainers' }] }, true],
  [{ podIP: '1', startTime: 't' }, false],
  [{ podIP: '1', conditions: [{ type: 'PodReadyToStartContainers' }, { type: 'Initialized' }] }, false],
  [{ podIP: '1', containerStatuses: [] }, false],
])('of a patch %j, that it can wait for the container is %s', (patch, expected) => expect(isSandboxNews(patch)).toBe(expected))
