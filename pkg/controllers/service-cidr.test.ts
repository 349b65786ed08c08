// Which addresses would be without a range.
import type { ServiceCIDR } from '../api/types-service.ts'
import { stranded } from './service-cidr.ts'

const range = (name: string, cidrs: string[], deletionTimestamp?: string): ServiceCIDR =>
  ({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name, ...(deletionTimestamp ? { deletionTimestamp } : {}) }, spec: { cidrs } })

const ending = range('ending', ['10.1.0.0/16', 'fd00:1::/64'], '2026-01-01T00:00:00Z')

it.each<[string, ServiceCIDR[], string[], string[]]>([
  ['addresses outside do not matter', [ending], ['10.2.0.1', 'fd00:2::1'], []],
  ['addresses inside do', [ending], ['10.1.0.1', 'fd00:1::1', '10.2.0.1'], ['10.1.0.1', 'fd00:1::1']],
  ['another range takes over what it has', [ending, range('part', ['10.1.1.0/24'])], ['10.1.0.1', '10.1.1.1'], ['10.1.0.1']],
  ['one that ends itself does not', [ending, range('whole', ['10.0.0.0/8'], '2026-01-01T00:00:00Z')], ['10.1.0.1'], ['10.1.0.1']],
])('%s', (_, all, addresses, left) => {
  expect(stranded(ending, all, addresses)).toEqual(left)
})
