// Certificates as others see them: openssl, and Node's TLS.
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { systemClock } from '../util/clock.ts'
import type { KeyPair } from './certificates.ts'
import { certificateProblem, certifyRequest, createAuthority, dayMs, issueCertificate, readRequest } from './certificates.ts'

const clock = systemClock
const directory = mkdtempSync(join(tmpdir(), 'kinglet-pki-'))
afterAll(() => rmSync(directory, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}
const withOpenssl = spawnSync('openssl', ['version']).status === 0 ? it : it.skip

describe('certificates', () => {
  let authority: KeyPair
  let server: KeyPair
  let client: KeyPair
  beforeAll(async () => {
    authority = await createAuthority({ commonName: 'test', clock })
    server = await issueCertificate(authority, { commonName: 'server', usages: ['server'], names: ['localhost', 'kubernetes.default', '127.0.0.1', '::1'], clock })
    client = await issueCertificate(authority, { commonName: 'system:node:a, b=+"c"', organizations: ['system:nodes', 'x,y'], usages: ['client'], clock })
  })

  withOpenssl('satisfy openssl at its strictest', () => {
    const ca = file('ca.crt', authority.certificate)
    for (const [pair, purpose] of [[server, 'sslserver'], [client, 'sslclient']] as const) {
      const output = execFileSync('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, file('leaf.crt', pair.certificate)], { encoding: 'utf8' })
      expect(output).toContain(': OK')
    }
    const wrong = spawnSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, file('leaf.crt', client.certificate)])
    expect(wrong.status).not.toBe(0)
  })

  withOpenssl('answer a request that openssl made', async () => {
    const key = join(directory, 'csr.key')
    execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key])
    const pem = execFileSync('openssl', ['req', '-new', '-key', key, '-subj', '/O=system:nodes/CN=system:node:n1', '-addext', 'subjectAltName=DNS:n1,IP:10.0.0.1,email:a@b.c'], { encoding: 'utf8' })
    const request = await readRequest(pem)
    expect(request).toMatchObject({ commonName: 'system:node:n1', organizations: ['system:nodes'], dnsNames: ['n1'], ipAddresses: ['10.0.0.1'] })
    const certificate = new X509Certificate(await certifyRequest(authority, request, { usages: ['server', 'client'], keyUsages: ['digital signature'], lifetimeMs: dayMs, clock }))
    expect(execFileSync('openssl', ['x509', '-noout', '-ext', 'keyUsage,subjectAltName'], { encoding: 'utf8', input: certificate.toString() })).toMatch(/critical\n +Digital Signature\n[^]*email:a@b.c/)
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
    expect(certificate.checkIP('10.0.0.1')).toBe('10.0.0.1')
    expect(certificate.validToDate.getTime() - clock.now()).toBeLessThanOrEqual(dayMs)
    const other = execFileSync('openssl', ['req', '-in', file('good.csr', pem), '-outform', 'DER'])
    other[other.length - 3] = (other[other.length - 3] as number) ^ 1
    const tampered = `-----BEGIN CERTIFICATE REQUEST-----\n${other.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    await expect(readRequest(tampered)).rejects.toThrow('not signed by its own key')
  })

  it('make two peers trust each other, and tell the user and the groups', async () => {
    const listener = createServer({ cert: server.certificate, key: server.key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    const meet = async (options: { cert?: string; key?: string }): Promise<TLSSocket> => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'kubernetes.default', ca: authority.certificate, ...options })
      const [[peer]] = await Promise.all([once(listener, 'secureConnection') as Promise<[TLSSocket]>, once(socket, 'secureConnect')])
      expect(socket.authorized).toBe(true)
      socket.destroy()
      return peer
    }
    const known = await meet({ cert: client.certificate, key: client.key })
    expect(known.authorized).toBe(true)
    expect(known.getPeerCertificate().subject).toMatchObject({ CN: 'system:node:a, b=+"c"', O: ['system:nodes', 'x,y'] })
    expect((await meet({})).authorized).toBe(false)
    const stranger = await issueCertificate(await createAuthority({ commonName: 'test', clock }), { commonName: 'admin', usages: ['client'], clock })
    expect((await meet({ cert: stranger.certificate, key: stranger.key })).authorized).toBe(false)
    listener.close()
  })

  it('have their problems told', async () => {
    const other = await createAuthority({ commonName: 'test', clock })
    const now = clock.now()
    const problem = (pair: KeyPair, wanted: Partial<Parameters<typeof certificateProblem>[1]>): string | undefined =>
      certificateProblem(pair, { authority: authority.certificate, validAt: now, ...wanted })
    expect(problem(server, { names: ['localhost', 'Kubernetes.default', '::1', '127.0.0.1'] })).toBeUndefined()
    expect(problem(server, { names: ['kubernetes'] })).toBe('it is not good for kubernetes')
    expect(problem(server, { names: ['10.0.0.1'] })).toBe('it is not good for 10.0.0.1')
    expect(problem(server, { validAt: now + 366 * dayMs })).toContain('it ends at')
    expect(problem(server, { authority: other.certificate })).toBe('it is from another authority')
    expect(problem({ ...server, key: client.key }, {})).toBe('the key is another one')
    expect(problem(client, { subject: { commonName: 'system:node:a, b=+"c"', organizations: ['system:nodes', 'x,y'] } })).toBeUndefined()
    expect(problem(client, { subject: { commonName: 'system:node:a, b=+"c"' } })).toContain('it is for')
  })
})
