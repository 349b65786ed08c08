// What the cluster makes for those who show who they are: tokens in secrets, certificates; and the addresses of services.
import { X509Certificate, webcrypto } from 'node:crypto'
import { certificateSigningRequests, type CertificateSigningRequest } from '../../pkg/api/types-certificates.ts'
import { configMaps, secrets, serviceAccounts, type Secret } from '../../pkg/api/types-config.ts'
import { ipAddresses, serviceCIDRs, services } from '../../pkg/api/types-service.ts'
import { certificateSigner } from '../../pkg/cluster/certificate-signer.ts'
import { certificateSigningController } from '../../pkg/controllers/certificate-signing.ts'
import bootstrapSigner, { detachedSignature } from '../../pkg/controllers/bootstrap-signer.ts'
import tokenCleaner from '../../pkg/controllers/token-cleaner.ts'
import ipAddress from '../../pkg/controllers/ip-address.ts'
import { nodeLifecycleController } from '../../pkg/controllers/node-lifecycle.ts'
import { tokenSecretController } from '../../pkg/controllers/service-account-token-secret.ts'
import serviceAccount from '../../pkg/controllers/service-account.ts'
import serviceCidr from '../../pkg/controllers/service-cidr.ts'
import { createAuthority, type KeyPair } from '../../pkg/pki/certificates.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { Harness } from './harness.ts'

async function requestFor(commonName: string, organization: string): Promise<string> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.Pkcs10CertificateRequestGenerator.create({ name: `CN=${commonName}, O=${organization}`, keys, signingAlgorithm: algorithm })
  return Buffer.from(made.toString('pem')).toString('base64')
}

describe('identities', () => {
  let harness: Harness
  let authorities: { clientAuthority: KeyPair; serverAuthority: KeyPair }
  const signed: string[] = []

  beforeAll(async () => {
    const authority = (commonName: string): Promise<KeyPair> => createAuthority({ commonName, clock: systemClock })
    authorities = { clientAuthority: await authority('clients'), serverAuthority: await authority('servers') }
    harness = await Harness.start({
      controllers: [
        nodeLifecycleController(), serviceAccount, bootstrapSigner, tokenCleaner, ipAddress, serviceCidr, certificateSigningController(certificateSigner(authorities, systemClock)),
        tokenSecretController({ certificate: 'PEM', sign: ({ namespace, serviceAccount: { name }, secretName }) => {
          signed.push(secretName)
          return `token of ${namespace}/${name}`
        } }),
      ],
    })
  })
  afterAll(async () => {
    await harness.stop()
    expect(harness.logged).toEqual([])
  })

  it('fills token secrets once, and removes them with their account', async () => {
    const namespace = await harness.namespace('tokens')
    await harness.client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'robot' } })
    const metadata = { namespace, name: 'robot-token', annotations: { 'kubernetes.io/service-account.name': 'robot' } }
    await harness.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata })
    const secret = () => harness.informers.for(secrets).get({ namespace, name: 'robot-token' })
    await harness.until(secrets, 'filled', () => secret()?.data?.['token'] !== undefined)
    const decoded = Object.fromEntries(Object.entries(secret()?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
    expect(decoded).toEqual({ 'ca.crt': 'PEM', namespace, token: 'token of tokens/robot' })
    await harness.client.patch(secrets, { namespace, name: 'robot-token' }, { type: 'merge', body: { data: { more: 'eA==', 'ca.crt': null } } })
    await harness.until(secrets, 'the certificate is back', () => secret()?.data?.['ca.crt'] !== undefined && secret()?.data?.['more'] !== undefined)
    expect(signed).toEqual(['robot-token'])
    await harness.client.delete(serviceAccounts, { namespace, name: 'robot' })
    await harness.until(secrets, 'gone with its account', () => secret() === undefined)
  })

  it('signs what is approved, and nothing else', async () => {
    const ask = async (name: string, commonName: string, organization: string): Promise<CertificateSigningRequest> => harness.client.create(certificateSigningRequests, {
      apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name },
      spec: { request: await requestFor(commonName, organization), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], expirationSeconds: 3600 },
    })
    const decide = (request: CertificateSigningRequest, type: string): Promise<CertificateSigningRequest> =>
      harness.client.update(certificateSigningRequests, { ...request, status: { conditions: [{ type, status: 'True', reason: 'Asked' }] } }, { subresource: 'approval' })
    const state = (name: string) => harness.informers.for(certificateSigningRequests).get({ name })?.status
    const [jane, root, denied] = await Promise.all([ask('jane', 'jane', 'dev'), ask('root', 'root', 'system:masters'), ask('denied', 'joe', 'dev')])
    await decide(denied, 'Denied')
    await decide(root, 'Approved')
    await harness.until(certificateSigningRequests, 'the dangerous one fails', () => state('root')?.conditions?.some(({ type }) => type === 'Failed') ?? false)
    expect(state('jane')?.certificate).toBeUndefined()
    await decide(jane, 'Approved')
    await harness.until(certificateSigningRequests, 'signed', () => state('jane')?.certificate !== undefined)
    const certificate = new X509Certificate(Buffer.from(state('jane')?.certificate ?? '', 'base64'))
    expect(certificate.verify(new X509Certificate(authorities.clientAuthority.certificate).publicKey)).toBe(true)
    expect(certificate.subject).toBe('O=dev\nCN=jane')
    expect(certificate.validToDate.getTime()).toBeLessThan(systemClock.now() + 3_700_000)
    expect([state('root')?.certificate, state('denied')?.certificate]).toEqual([undefined, undefined])
  })

  it('signs cluster-info with each bootstrap token, as long as there is one', async () => {
    const namespace = 'kube-public'
    const place = { namespace, name: 'cluster-info' }
    await harness.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: place, data: { kubeconfig: 'how to get here' } })
    const signature = (): string | undefined => harness.informers.for(configMaps).get(place)?.data?.['jws-kubeconfig-abcdef']
    const stringData = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', expiration: new Date(systemClock.now() + 2000).toISOString() }
    const token = { namespace: 'kube-system', name: 'bootstrap-token-abcdef' }
    await harness.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: token, type: 'bootstrap.kubernetes.io/token', stringData } as Secret)
    await harness.until(configMaps, 'signed', () => signature() === detachedSignature('how to get here', 'abcdef', '0123456789abcdef'))
    await harness.client.patch(configMaps, place, { type: 'merge', body: { data: { kubeconfig: 'another way' } } })
    await harness.until(configMaps, 'signed again', () => signature() === detachedSignature('another way', 'abcdef', '0123456789abcdef'))
    await harness.until(configMaps, 'unsigned when the token is over', () => signature() === undefined)
    await harness.until(secrets, 'the token is gone', (informer) => informer.get(token) === undefined)
  })

  it('shows the address of each service as an object', async () => {
    const namespace = await harness.namespace('addresses')
    const service = await harness.client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'web' }, spec: { ports: [{ port: 80 }] } })
    const name = service.spec.clusterIP ?? ''
    await harness.until(ipAddresses, 'made', (informer) => informer.get({ name })?.spec.parentRef?.name === 'web')
    await harness.client.delete(ipAddresses, { name })
    await harness.until(ipAddresses, 'made again', (informer) => informer.get({ name }) !== undefined)
    await harness.client.create(ipAddresses, { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name: '192.0.2.9' }, spec: { parentRef: { resource: 'services', name: 'other', namespace } } })
    await harness.client.delete(services, { namespace, name: 'web' })
    await harness.until(ipAddresses, 'gone', (informer) => informer.get({ name }) === undefined)
    expect(harness.informers.for(ipAddresses).get({ name: '192.0.2.9' })).toBeDefined()
    await harness.client.create(serviceCIDRs, { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } })
    await harness.until(serviceCIDRs, 'ready', (informer) => informer.get({ name: 'kubernetes' })?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false)
  })
})
