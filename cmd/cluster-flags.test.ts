// From flags to options and back to a command line.
import { checkOptions } from '../pkg/cluster/options.ts'
import { commandLineOf, mergeOptions, stateDirectoryOf, withTruths } from './cluster-flags.ts'

test('defaults are those that users know', () => {
  const options = mergeOptions({}, 'Host-1')
  expect(options).toMatchObject({
    dataDirectory: '/var/lib/kinglet', stateDirectory: '/run/kinglet', httpsPort: 6443, clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16',
    clusterDns: '10.43.0.10', clusterDomain: 'cluster.local', nodeName: 'host-1', kubeconfigPath: '/etc/kinglet/kubeconfig.yaml', disableAgent: false,
  })
  expect(options.podLogDirectory).toBeUndefined()
  expect(() => checkOptions(options)).not.toThrow()
})

test('another data directory keeps everything of its cluster apart', () => {
  const options = mergeOptions({ 'data-dir': '/srv/k' }, 'h')
  expect(options.kubeconfigPath).toBe('/srv/k/kubeconfig.yaml')
  expect(options.podLogDirectory).toBe('/srv/k/agent/pod-logs')
  expect(options.stateDirectory).toMatch(/^\/run\/kinglet-[0-9a-f]{8}$/)
  expect(stateDirectoryOf('/srv/other')).not.toBe(options.stateDirectory)
})

describe('the DNS address follows the service range', () => {
  const cases: [Parameters<typeof mergeOptions>[0], string][] = [
    [{ 'service-cidr': '10.96.0.0/12' }, '10.96.0.10'],
    [{ 'service-cidr': '10.96.0.0/12', 'cluster-dns': '10.96.0.53' }, '10.96.0.53'],
    [{ 'service-cidr': '192.168.7.16/28' }, '192.168.7.26'],
  ]
  test.each(cases)('%j', (flags, expected) => expect(mergeOptions(flags, 'h').clusterDns).toBe(expected))
})

test('a command line gives the same options again', () => {
  const flags = {
    'data-dir': '/srv/k', 'https-listen-port': 7443, 'tls-san': ['a.example.com', '10.0.0.1'], 'node-name': 'n1', 'node-ip': '10.1.1.1',
    'container-runtime-endpoint': 'unix:///run/c.sock', 'disable-agent': true, 'hollow-nodes': 3, 'audit-policy-file': '/etc/audit.yaml', 'audit-log-path': '-', 'audit-log-maxsize': 5, 'kubelet-arg': ['max-pods=5', 'eviction-hard=memory.available<1Gi,nodefs.available<5%'],
  }
  const line = commandLineOf(mergeOptions(flags, 'h'))
  expect(line).toContain('--disable-agent')
  expect(line.filter((word) => word.startsWith('--tls-san='))).toEqual(['--tls-san=a.example.com', '--tls-san=10.0.0.1'])
  const again: Record<string, unknown> = {}
  for (const word of line) {
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/.exec(word) ?? []
    if (name === 'tls-san' || name === 'kubelet-arg') again[name] = [...((again[name] as string[] | undefined) ?? []), value]
    else again[name] = value === undefined ? true : name.endsWith('port') || name === 'hollow-nodes' || name === 'audit-log-maxsize' ? Number(value) : value
  }
  expect(mergeOptions(again, 'other')).toEqual(mergeOptions(flags, 'h'))
})

test.each([
  [['server', '--audit-log-compress', '--audit-webhook-truncate-enabled'], ['server', '--audit-log-compress=true', '--audit-webhook-truncate-enabled=true']],
  [['--audit-log-compress=false', '--audit-webhook-batch-throttle-enable', 'false', '--audit-log-mode', 'batch'], ['--audit-log-compress=false', '--audit-webhook-batch-throttle-enable', 'false', '--audit-log-mode', 'batch']],
])('flags of yes or no may stand alone: %j', (words, expected) => expect(withTruths(words)).toEqual(expected))
