// The keys and certificates of one cluster, in one directory: made at the first start, checked and renewed at each.
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../util/clock.ts'
import type { KeyPair, Subject, Usage } from './certificates.ts'
import { certificateProblem, createAuthority, dayMs, issueCertificate } from './certificates.ts'
import { readPair, readText, writePair, writePrivate } from './key-files.ts'

/** Certificates that end earlier than this from now are renewed. */
export const renewBeforeMs = 90 * dayMs

export interface ClusterPkiOptions {
  /** `<data>/server/tls`. */
  readonly directory: string
  readonly clock: Clock
  /** The addresses of the `kubernetes` service, one a family. */
  readonly serviceIps: readonly string[]
  readonly clusterDomain: string
  readonly nodeName: string
  readonly nodeIps: readonly string[]
  /** More names and addresses that clients use for the API server. */
  readonly extraNames?: readonly string[]
}

export interface ClusterPki {
  /** Signs what servers show. */
  readonly serverAuthority: KeyPair
  /** Signs what users and nodes show to the API server. */
  readonly clientAuthority: KeyPair
  /** Signs what the aggregator shows to extension API servers. */
  readonly requestHeaderAuthority: KeyPair
  readonly apiServing: KeyPair
  readonly kubeletServing: KeyPair
  /** User kubernetes-admin, group system:masters. */
  readonly admin: KeyPair
  /** The API server as a client of kubelets and webhooks. */
  readonly apiClient: KeyPair
  /** This machine's kubelet as a client of the API server. */
  readonly kubeletClient: KeyPair
  /** The aggregator as a client of extension API servers. */
  readonly frontProxyClient: KeyPair
  /** RSA private key, PEM, that signs service account tokens. */
  readonly serviceAccountKey: string
}

interface Wanted extends Subject {
  readonly file: string
  readonly usages: readonly Usage[]
  readonly names?: readonly string[]
}

/** Authorities and the service account key are never replaced; a broken or missing half of one is an error. */
export async function loadOrCreatePki(options: ClusterPkiOptions): Promise<ClusterPki> {
  // All at once: making the keys of a first start takes longest, and happens off this thread.
  const serviceAccountKey = loadServiceAccountKey(options.directory)
  const authority = (file: string): Promise<KeyPair> => loadAuthority(options, file)
  const [serverAuthority, clientAuthority, requestHeaderAuthority] = await Promise.all([authority('server-ca'), authority('client-ca'), authority('request-header-ca')])
  const certificate = (from: KeyPair, wanted: Wanted): Promise<KeyPair> => loadCertificate(options, from, wanted)
  const [apiServing, kubeletServing, admin, apiClient, kubeletClient, frontProxyClient] = await Promise.all([
    certificate(serverAuthority, { file: 'serving-kube-apiserver', commonName: 'kube-apiserver', usages: ['server'], names: apiServerNames(options) }),
    certificate(serverAuthority, {
      file: 'serving-kubelet',
      commonName: `system:node:${options.nodeName}`,
      organizations: ['system:nodes'],
      usages: ['server'],
      names: unique([options.nodeName, 'localhost', '127.0.0.1', '::1', ...options.nodeIps]),
    }),
    certificate(clientAuthority, { file: 'client-admin', commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client'] }),
    certificate(clientAuthority, { file: 'client-kube-apiserver', commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'], usages: ['client'] }),
    certificate(clientAuthority, { file: 'client-kubelet', commonName: `system:node:${options.nodeName}`, organizations: ['system:nodes'], usages: ['client'] }),
    certificate(requestHeaderAuthority, { file: 'client-front-proxy', commonName: 'front-proxy-client', usages: ['client'] }),
  ])
  return {
    serverAuthority, clientAuthority, requestHeaderAuthority,
    apiServing, kubeletServing, admin, apiClient, kubeletClient, frontProxyClient,
    serviceAccountKey: await serviceAccountKey,
  }
}

/** What clients may call the API server. */
export function apiServerNames(options: Omit<ClusterPkiOptions, 'directory' | 'clock'>): string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${options.clusterDomain}`]
  return unique([...service, 'localhost', '127.0.0.1', '::1', hostname(), options.nodeName, ...options.serviceIps, ...options.nodeIps, ...(options.extraNames ?? [])])
}

async function loadAuthority({ directory, clock }: ClusterPkiOptions, file: string): Promise<KeyPair> {
  const known = readPair(directory, file)
  if (known) {
    const problem = check(() => certificateProblem(known, { authority: known.certificate, validAt: clock.now() }))
    if (problem) throw new Error(`the certificate authority ${join(directory, `${file}.crt`)} can't be used: ${problem}`)
    return known
  }
  const made = await createAuthority({ commonName: `kinglet-${file}@${Math.floor(clock.now() / 1000)}`, clock })
  writePair(directory, file, made)
  return made
}

async function loadCertificate({ directory, clock }: ClusterPkiOptions, authority: KeyPair, wanted: Wanted): Promise<KeyPair> {
  const known = check(() => readPair(directory, wanted.file))
  if (typeof known === 'object') {
    const requirements = { authority: authority.certificate, names: wanted.names, validAt: clock.now() + renewBeforeMs, subject: wanted }
    if (!check(() => certificateProblem(known, requirements))) return known
  }
  const made = await issueCertificate(authority, { ...wanted, clock })
  writePair(directory, wanted.file, made)
  return made
}

async function loadServiceAccountKey(directory: string): Promise<string> {
  const path = join(directory, 'service-account.key')
  const known = readText(path)
  if (known !== undefined) return known
  const made = await promisify(generateKeyPair)('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  writePrivate(path, made.privateKey)
  return made.privateKey
}

/** A file that can't even be read is a problem like any other. */
function check<T>(look: () => T): T | string {
  try {
    return look()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== '')
}
