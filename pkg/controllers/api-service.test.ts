// What a Service and its slices say of an APIService, by table.
import type { ApiService } from '../api/types-api-service.ts'
import type { EndpointSlice, Service } from '../api/types-service.ts'
import { missingService } from './api-service.ts'

const apiService = (port?: number): ApiService => ({
  metadata: { name: 'v1.a.io' }, spec: { group: 'a.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, service: { name: 's', namespace: 'n', ...(port ? { port } : {}) } },
})
const service = (spec: Service['spec'] = { ports: [{ name: 'web', port: 443 }] }): Service => ({ metadata: { name: 's' }, spec })
const slice = (portName: string, ready?: boolean, addresses = ['192.0.2.1']): EndpointSlice =>
  ({ metadata: {}, addressType: 'IPv4', ports: [{ name: portName, port: 8443 }], endpoints: [{ addresses, conditions: ready === undefined ? {} : { ready } }] })

describe('missingService', () => {
  it.each<[string, ApiService, Service | undefined, EndpointSlice[], string | undefined, string]>([
    ['no Service', apiService(), undefined, [], 'ServiceNotFound', 'service/s in "n" is not present'],
    ['another port', apiService(8443), service(), [slice('web')], 'ServicePortError', 'service/s in "n" is not listening on port 8443'],
    ['no slices', apiService(), service(), [], 'EndpointsNotFound', 'cannot find endpointslices for service/s in "n"'],
    ['slices of another port', apiService(), service(), [slice('other')], 'MissingEndpoints', 'endpointslices for service/s in "n" have no addresses with port name "web"'],
    ['nobody ready', apiService(), service(), [slice('web', false)], 'MissingEndpoints', ''],
    ['no address', apiService(), service(), [slice('web', true, [])], 'MissingEndpoints', ''],
    ['one ready', apiService(443), service(), [slice('web', false), slice('web', true)], undefined, ''],
    ['readiness unknown', apiService(), service(), [slice('web')], undefined, ''],
    ['an external name', apiService(), service({ type: 'ExternalName', externalName: 'a.example' }), [], undefined, ''],
  ])('%s', (_name, object, found, slices, reason, message) => {
    const verdict = missingService(object, found, slices)
    expect(verdict?.reason).toBe(reason)
    if (message) expect(verdict).toEqual({ status: 'False', reason, message })
  })
})
