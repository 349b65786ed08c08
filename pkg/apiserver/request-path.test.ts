// Table test of the path parser.
import { decodePath, parsePath } from './request-path.ts'

const resource = (fields: object) => ({ kind: 'resource', watch: false, ...fields })
const core = { group: '', version: 'v1' }

describe('parsePath', () => {
  it.each([
    ['/api/v1/pods', resource({ ...core, plural: 'pods' })],
    ['/api/v1/pods/', resource({ ...core, plural: 'pods' })],
    ['/api/v1/nodes/n1', resource({ ...core, plural: 'nodes', name: 'n1' })],
    ['/api/v1/nodes/n1/status', resource({ ...core, plural: 'nodes', name: 'n1', subresource: 'status' })],
    ['/api/v1/namespaces', resource({ ...core, plural: 'namespaces' })],
    ['/api/v1/namespaces/a', resource({ ...core, plural: 'namespaces', name: 'a' })],
    ['/api/v1/namespaces/a/status', resource({ ...core, plural: 'namespaces', name: 'a', subresource: 'status' })],
    ['/api/v1/namespaces/a/finalize', resource({ ...core, plural: 'namespaces', name: 'a', subresource: 'finalize' })],
    ['/api/v1/namespaces/a/pods', resource({ ...core, plural: 'pods', namespace: 'a' })],
    ['/api/v1/namespaces/a/pods/p', resource({ ...core, plural: 'pods', namespace: 'a', name: 'p' })],
    ['/api/v1/namespaces/a/pods/p/log', resource({ ...core, plural: 'pods', namespace: 'a', name: 'p', subresource: 'log' })],
    ['/apis/apps/v1/namespaces/a/deployments/d/scale', resource({ group: 'apps', version: 'v1', plural: 'deployments', namespace: 'a', name: 'd', subresource: 'scale' })],
    ['/apis/apps/v1/deployments', resource({ group: 'apps', version: 'v1', plural: 'deployments' })],
    ['/api/v1/watch/pods', resource({ ...core, plural: 'pods', watch: true })],
    ['/api/v1/watch/namespaces/a/pods/p', resource({ ...core, plural: 'pods', namespace: 'a', name: 'p', watch: true })],
    ['/api/v1/namespaces/a/pods/http:p:80/proxy', resource({ ...core, plural: 'pods', namespace: 'a', name: 'http:p:80', subresource: 'proxy', rest: '' })],
    ['/api/v1/namespaces/a/pods/p/proxy/', resource({ ...core, plural: 'pods', namespace: 'a', name: 'p', subresource: 'proxy', rest: '/' })],
    ['/api/v1/namespaces/a/services/s/proxy/x//y/', resource({ ...core, plural: 'services', namespace: 'a', name: 's', subresource: 'proxy', rest: '/x//y/' })],
    ['/api/v1/nodes/n/proxy/metrics', resource({ ...core, plural: 'nodes', name: 'n', subresource: 'proxy', rest: '/metrics' })],
    ['/api/v1/namespaces/a/pods/p/log/more/of/it', resource({ ...core, plural: 'pods', namespace: 'a', name: 'p', subresource: 'log', rest: '/more/of/it' })],
    ['/api/v1/namespaces//pods/p', resource({ ...core, plural: 'pods', namespace: '', name: 'p' })],
    ['/api/v1//pods//log', resource({ ...core, plural: '', name: 'pods', subresource: '', rest: '/log' })],
    ['/apis//v1/pods', resource({ group: '', version: 'v1', plural: 'pods' })],
  ])('%s is a resource', (path, expected) => {
    expect(parsePath(path)).toEqual(expected)
  })

  it.each(['/', '/api', '/api/v1', '/api/v1/', '/apis', '/apis/apps', '/apis/apps/v1', '/version', '/api/v1/watch', '//api/v1/pods'])('%s is not', (path) => {
    expect(parsePath(path)).toEqual({ kind: 'other', path })
  })
})

describe('decodePath', () => {
  it.each([['/a%20b', '/a b'], ['/a', '/a'], ['/a%2', undefined]])('%s', (raw, decoded) => {
    expect(decodePath(raw)).toBe(decoded)
  })
})
