// Ranges of services beside the cluster's own.
import type { ServiceCIDR } from '../api/types-service.ts'
import { furtherRanges } from './service-ranges.ts'

const range = (...cidrs: string[]): ServiceCIDR => ({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'a' }, spec: { cidrs } })

it.each<[string, ServiceCIDR[], string[]]>([
  ['the own range alone is none', [range('10.43.0.0/16')], []],
  ['others are in order', [range('10.50.0.0/24'), range('10.49.0.0/24', 'fd00::/112')], ['10.49.0.0/24', '10.50.0.0/24']],
  ['parts of others count once', [range('10.50.1.0/24'), range('10.50.0.0/16'), range('10.50.0.0/16'), range('10.43.7.0/24')], ['10.50.0.0/16']],
])('%s', (_, stated, wanted) => {
  expect(furtherRanges('10.43.0.0/16', stated)).toEqual(wanted)
})
