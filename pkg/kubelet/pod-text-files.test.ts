import { parseResolvConf, podDns } from './dns-config.ts'
import { makePod } from './fixture.suite.ts'
import { goDuration } from './go-duration.ts'
import { hostNetworkHostsFile, podHostsFile } from './hosts-file.ts'
import { imageNameFault, withDefaultTag } from './image-names.ts'
import { podHostname } from './pod-names.ts'
import { registryLogins } from './registry-login.ts'

describe('hosts file', () => {
  const base = '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n'

  it('names the pod and its aliases', () => {
    expect(podHostsFile({ ips: ['10.0.0.1'], hostname: 'web-0', fqdn: 'web-0.web.ns.svc.cluster.local', aliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] }))
      .toBe(`${base}10.0.0.1\tweb-0.web.ns.svc.cluster.local\tweb-0\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n`)
    expect(podHostsFile({ ips: ['10.0.0.1', 'fd00::1'], hostname: 'p', aliases: [] })).toBe(`${base}10.0.0.1\tp\nfd00::1\tp\n`)
  })

  it('is the host\'s own with the host\'s network', () => {
    expect(hostNetworkHostsFile('127.0.0.1 localhost\n', [])).toBe('# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n')
  })
})

describe('hostname', () => {
  it.each([
    ['a name', {}, { hostname: 'p' }], ['its own', { hostname: 'h' }, { hostname: 'h' }],
    ['a subdomain', { hostname: 'h', subdomain: 's' }, { hostname: 'h', fqdn: 'h.s.ns.svc.cluster.local' }],
    ['all of it', { subdomain: 's', setHostnameAsFQDN: true }, { hostname: 'p.s.ns.svc.cluster.local', fqdn: 'p.s.ns.svc.cluster.local' }],
  ])('%s', (_name, spec, expected) => expect(podHostname(makePod(spec), 'cluster.local')).toEqual(expected))

  it('is cut where a name may end', () => {
    expect(podHostname(makePod({}, { name: `${'a'.repeat(60)}-.-bcdef` }), 'd').hostname).toBe('a'.repeat(60))
  })
})

describe('podDns', () => {
  const host = parseResolvConf('# comment\nnameserver 8.8.8.8\nnameserver 1.1.1.1\nsearch corp.example. lan\noptions timeout:2 rotate\n')
  const node = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', host }
  const cluster = { servers: ['10.96.0.10'], searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example', 'lan'], options: ['ndots:5'] }
  it.each([
    ['ClusterFirst', {}, cluster], ['host network', { hostNetwork: true }, host], ['ClusterFirstWithHostNet', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, cluster],
    ['Default', { dnsPolicy: 'Default' }, host], ['None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['9.9.9.9'] } }, { servers: ['9.9.9.9'], searches: [], options: [] }],
    ['merged', { dnsConfig: { nameservers: ['1', '2', '3'], searches: ['x', 'lan'], options: [{ name: 'ndots', value: '2' }, { name: 'debug' }] } }, { servers: ['10.96.0.10', '1', '2'], searches: [...cluster.searches, 'x'], options: ['ndots:2', 'debug'] }],
  ])('%s', (_name, spec, expected) => expect(podDns(makePod(spec), node)).toEqual(expected))
})

describe('goDuration', () => {
  it.each([[0, '0s'], [250, '250ms'], [1500, '1.5s'], [10_000, '10s'], [80_000, '1m20s'], [300_000, '5m0s'], [3_600_000, '1h0m0s']])('%d', (ms, text) => expect(goDuration(ms)).toBe(text))
})

describe('image names', () => {
  it.each([
    ['busybox', 'busybox:latest'], ['busybox:1', 'busybox:1'], ['localhost:5000/a/b', 'localhost:5000/a/b:latest'], ['r.io/a@sha256:' + 'a'.repeat(64), 'r.io/a@sha256:' + 'a'.repeat(64)],
    ['Upper', undefined], ['a//b', undefined], ['', undefined], ['a:tag with space', undefined],
    ['a'.repeat(64), undefined],
  ])('%s', (image, expected) => expect(withDefaultTag(image)).toBe(expected))

  it.each([
    ['BUSYBOX:1', 'invalid reference format: repository name (library/BUSYBOX) must be lowercase'], ['r.io/Team/app:1', 'invalid reference format: repository name (Team/app) must be lowercase'],
    ['team/App', 'invalid reference format: repository name (team/App) must be lowercase'], ['a//b', 'invalid reference format'], ['a:TAG with space', 'invalid reference format'],
    ['a'.repeat(64), `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
  ])('tells what is wrong with %s', (image, fault) => expect(imageNameFault(image)).toBe(fault))

  it('finds the logins of a registry', () => {
    const auths = { 'https://index.docker.io/v1/': { auth: Buffer.from('u:p:w').toString('base64') }, '*.example.com': { username: 'a', password: 'b' } }
    const secret = { metadata: {}, data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') } }
    expect(registryLogins(secret, 'busybox:1')).toEqual([{ username: 'u', password: 'p:w' }])
    expect(registryLogins(secret, 'r.example.com/x:1')).toEqual([{ username: 'a', password: 'b' }])
    expect(registryLogins(secret, 'quay.io/x:1')).toEqual([])
  })
})
