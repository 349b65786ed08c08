// Which settings are refused, and in which words.
import { addressAt, checkOptions, type ClusterOptions, defaultClusterOptions, nodePodCidr, nodeRangeCount, OptionError } from './options.ts'

const good: ClusterOptions = { ...defaultClusterOptions, nodeName: 'one' }

describe('checkOptions', () => {
  it('takes the defaults', () => {
    expect(() => checkOptions(good)).not.toThrow()
  })

  it.each<[Partial<ClusterOptions>, string]>([
    [{ httpsPort: 70000 }, '--https-listen-port: expected a port from 1 to 65535, found 70000'],
    [{ clusterCidr: '10.42.0.0' }, '--cluster-cidr: expected an IPv4 range such as 10.42.0.0/16, found "10.42.0.0"'],
    [{ clusterCidr: '10.42.0.0/25' }, '--cluster-cidr: expected a range of at least a /24, which one node needs, found 10.42.0.0/25'],
    [{ clusterCidr: '10.0.0.0/8' }, '--service-cidr: 10.43.0.0/16 overlaps --cluster-cidr 10.0.0.0/8'],
    [{ serviceCidr: '10.43.0.0/30' }, '--service-cidr: expected a range between /12 and /28, found 10.43.0.0/30'],
    [{ clusterDns: '10.44.0.10' }, '--cluster-dns: expected an address within --service-cidr 10.43.0.0/16, found "10.44.0.10"'],
    [{ clusterDns: '10.43.0.1' }, '--cluster-dns: 10.43.0.1 is the address of the kubernetes service'],
    [{ clusterDomain: 'Cluster_Local' }, '--cluster-domain: expected a DNS name, found "Cluster_Local"'],
    [{ nodeName: 'Node 1' }, '--node-name: expected a lower-case DNS name, found "Node 1"'],
    [{ tlsSans: ['a.example.org', '-'] }, '--tls-san: expected a DNS name or an address, found "-"'],
  ])('refuses %j', (change, message) => {
    expect(() => checkOptions({ ...good, ...change })).toThrow(new OptionError(message))
  })
})

test.each([['10.43.0.0/16', 1, '10.43.0.1'], ['10.43.0.0/16', 256, '10.43.1.0'], ['10.43.7.9/16', 10, '10.43.0.10'], ['192.168.255.0/24', 255, '192.168.255.255']])('address %s + %i', (cidr, offset, address) => {
  expect(addressAt(cidr, offset)).toBe(address)
})

test('node ranges', () => {
  expect([nodePodCidr('10.42.0.0/16', 0), nodePodCidr('10.42.0.0/16', 255), nodeRangeCount('10.42.0.0/16')]).toEqual(['10.42.0.0/24', '10.42.255.0/24', 256])
})
