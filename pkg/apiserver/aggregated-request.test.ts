// Headers to aggregated servers, by table: who asks is this server's word alone.
import { isForwarded, remoteHeaders } from './aggregated-request.ts'
import { withAggregated } from './aggregated-discovery.ts'

describe('isForwarded', () => {
  it.each([
    'X-Remote-User', 'x-remote-uid', 'X-REMOTE-GROUP', 'x-remote-extra-scopes', 'X_Remote_User', 'Impersonate-User', 'impersonate-extra-a', 'Authorization',
    'Proxy-Authorization', 'Transfer-Encoding', 'Content-Length', 'Connection', 'Host', ':authority',
  ])('keeps %s back', (name) => expect(isForwarded(name)).toBe(false))
  it.each(['Accept', 'content-type', 'User-Agent', 'sec-websocket-protocol', 'if-none-match', 'x-forwarded-for'])('lets %s through', (name) => expect(isForwarded(name)).toBe(true))
})

describe('remoteHeaders', () => {
  it('states user, uid, groups and extras, each byte of UTF-8 as it is, keys escaped', () => {
    expect(remoteHeaders({ username: 'zoë', uid: '7', groups: ['a', 'b'], extra: { 'Example.com/Pod (x)': ['one', 'two'], none: [] } })).toEqual({
      'X-Remote-User': 'zo\u00c3\u00ab', 'X-Remote-Uid': '7', 'X-Remote-Group': ['a', 'b'], 'X-Remote-Extra-example.com%2Fpod%20%28x%29': ['one', 'two'],
    })
  })
})

describe('withAggregated', () => {
  const remote = (group: string, version: string, groupPriority: number, versionPriority = 10) => ({ group, version, groupPriority, versionPriority, stale: false, resources: [version] })
  const own = [{ group: 'apps', versions: [{ version: 'v1', definitions: [] }] }, { group: 'metrics.k8s.io', versions: [{ version: 'v1beta1', definitions: [] }] }]
  const shown = (groups: ReturnType<typeof withAggregated>) => groups.map(({ group, versions }) => [group, ...versions.map(({ version, remote: other }) => `${version}${other ? ' elsewhere' : ''}`)])

  it('takes the place of our own version, joins our groups, and puts new groups behind by priority', () => {
    expect(shown(withAggregated(own, [
      remote('low.io', 'v1', 10), remote('metrics.k8s.io', 'v1beta1', 100), remote('metrics.k8s.io', 'v1', 100),
      remote('high.io', 'v1', 20, 5), remote('high.io', 'v1beta1', 20, 15), remote('high.io', 'v2', 20, 5),
    ]))).toEqual([['apps', 'v1'], ['metrics.k8s.io', 'v1 elsewhere', 'v1beta1 elsewhere'], ['high.io', 'v1beta1 elsewhere', 'v2 elsewhere', 'v1 elsewhere'], ['low.io', 'v1 elsewhere']])
  })

  it('puts groups where their priority does: behind what is built in and what CRDs of the same priority define', () => {
    const ours = [...own, { group: 'custom.io', versions: [{ version: 'v1', definitions: [] }] }]
    expect(shown(withAggregated(ours, [remote('a.io', 'v1', 1000), remote('ranked.io', 'v1', 2000), remote('last.io', 'v1', 999)])).map(([group]) => group))
      .toEqual(['apps', 'ranked.io', 'metrics.k8s.io', 'custom.io', 'a.io', 'last.io'])
  })

  it('leaves the same array when there is nothing', () => expect(withAggregated(own, [])).toBe(own))
})
