// A cluster's keys over several starts: kept, renewed, and never replaced behind one's back.
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../util/clock.ts'
import { dayMs } from './certificates.ts'
import type { ClusterPkiOptions } from './cluster-pki.ts'
import { loadOrCreatePki } from './cluster-pki.ts'
import { kubeconfigYaml } from './kubeconfig.ts'

describe('loadOrCreatePki', () => {
  const root = mkdtempSync(join(tmpdir(), 'kinglet-pki-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const directory = join(root, 'server', 'tls')
  const startMs = Date.UTC(2026, 0, 1)
  const options = (changes: Partial<ClusterPkiOptions> = {}): ClusterPkiOptions => ({
    directory,
    clock: new ManualClock(startMs),
    serviceIps: ['10.43.0.1'],
    clusterDomain: 'cluster.local',
    nodeName: 'n1',
    nodeIps: ['192.0.2.1', '2001:db8::1'],
    ...changes,
  })

  it('makes everything, privately', async () => {
    const pki = await loadOrCreatePki(options())
    const serving = new X509Certificate(pki.apiServing.certificate)
    for (const name of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost', 'n1']) expect(serving.checkHost(name)).toBe(name)
    for (const ip of ['127.0.0.1', '::1', '10.43.0.1', '192.0.2.1', '2001:db8::1']) expect(serving.checkIP(ip)).toBe(ip)
    expect(new X509Certificate(pki.admin.certificate).subject).toBe('O=system:masters\nCN=kubernetes-admin')
    expect(readdirSync(directory).sort()).toEqual(
      ['client-admin', 'client-ca', 'client-front-proxy', 'client-kube-apiserver', 'client-kubelet', 'request-header-ca', 'server-ca', 'serving-kube-apiserver', 'serving-kubelet']
        .flatMap((name) => [`${name}.crt`, `${name}.key`])
        .concat('service-account.key')
        .sort(),
    )
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
    expect(kubeconfigYaml({ server: 'https://127.0.0.1:6443', serverAuthority: pki.serverAuthority.certificate, user: pki.admin })).toContain('current-context: kinglet\n')
  })

  it('keeps all of it, without loading the library', async () => {
    const before = await loadOrCreatePki(options())
    expect(await loadOrCreatePki(options())).toEqual(before)
    const script = `
      const { loadOrCreatePki } = await import(${JSON.stringify(new URL('./cluster-pki.ts', import.meta.url).href)})
      const clock = { now: () => ${startMs} }
      await loadOrCreatePki({ ...${JSON.stringify({ ...options(), clock: undefined })}, clock })
      process.stdout.write(String('decorate' in Reflect))`
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })).toBe('false')
  })

  it('renews what ends soon or misses a name, and keeps the authorities', async () => {
    const before = await loadOrCreatePki(options())
    const named = await loadOrCreatePki(options({ extraNames: ['k8s.example.org', '203.0.113.9'] }))
    expect(new X509Certificate(named.apiServing.certificate).checkHost('k8s.example.org')).toBeDefined()
    expect({ ...named, apiServing: undefined }).toEqual({ ...before, apiServing: undefined })
    // With a name more than is needed it is kept.
    expect(await loadOrCreatePki(options())).toEqual(named)

    const soon = await loadOrCreatePki(options({ clock: new ManualClock(startMs + 276 * dayMs) }))
    for (const name of ['serverAuthority', 'clientAuthority', 'requestHeaderAuthority', 'serviceAccountKey'] as const) expect(soon[name]).toEqual(named[name])
    for (const name of ['apiServing', 'kubeletServing', 'admin', 'apiClient', 'kubeletClient', 'frontProxyClient'] as const) expect(soon[name]).not.toEqual(named[name])

    const renamed = await loadOrCreatePki(options({ nodeName: 'n2', clock: new ManualClock(startMs + 276 * dayMs) }))
    expect(new X509Certificate(renamed.kubeletClient.certificate).subject).toBe('O=system:nodes\nCN=system:node:n2')
  })

  it('replaces a broken certificate, but no broken or expired authority', async () => {
    await loadOrCreatePki(options())
    writeFileSync(join(directory, 'client-admin.crt'), 'garbage')
    rmSync(join(directory, 'client-kubelet.key'))
    const pki = await loadOrCreatePki(options())
    expect(new X509Certificate(pki.admin.certificate).subject).toContain('kubernetes-admin')
    await expect(loadOrCreatePki(options({ clock: new ManualClock(startMs + 3651 * dayMs) }))).rejects.toThrow("server-ca.crt can't be used: it ends at")
    const key = readFileSync(join(directory, 'client-ca.key'))
    rmSync(join(directory, 'client-ca.key'))
    await expect(loadOrCreatePki(options())).rejects.toThrow('client-ca.crt is there, but its key client-ca.key is not')
    writeFileSync(join(directory, 'client-ca.key'), readFileSync(join(directory, 'server-ca.key')))
    await expect(loadOrCreatePki(options())).rejects.toThrow('the key is another one')
    writeFileSync(join(directory, 'client-ca.key'), key)
    expect(await loadOrCreatePki(options())).toEqual(pki)
  })
})
