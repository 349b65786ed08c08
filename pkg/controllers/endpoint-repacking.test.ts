import type { Endpoints } from '../api/types-service.ts'
import { repackSubsets } from './endpoint-repacking.ts'

describe('endpoints', () => {
  it('has one way to write a set of addresses', () => {
    const ports = [{ name: 'b', port: 2, protocol: 'TCP' }, { name: 'a', port: 1, protocol: 'TCP' }]
    const subsets: Endpoints['subsets'] = [
      { addresses: [{ ip: '2' }, { ip: '1' }], ports },
      { notReadyAddresses: [{ ip: '2' }, { ip: '3' }], ports: [...ports].reverse() },
      { ports: [{ port: 9 }] },
    ]
    const packed = repackSubsets(subsets)
    expect(packed).toEqual([{ addresses: [{ ip: '1' }], notReadyAddresses: [{ ip: '2' }, { ip: '3' }], ports: [ports[1], ports[0]] }])
    expect(repackSubsets(packed)).toEqual(packed)
  })
})
