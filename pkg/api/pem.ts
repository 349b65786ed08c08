// PEM: the blocks of a text, and what is wrong with certificates and with a certificate and its key, in the words of Go's libraries.
import type { KeyObject } from 'node:crypto'
import { X509Certificate, createPrivateKey } from 'node:crypto'

export interface PemBlock {
  readonly type: string
  readonly bytes: Buffer
  /** Whether lines like `Proc-Type: 4,ENCRYPTED` come first. */
  readonly headers: boolean
}

const block = /^-----BEGIN ([^\n]*?)-----[ \t\r]*\n((?:[^\n:]+:[^\n]*\n)*)\s*([A-Za-z0-9+/=\s]*?)-----END \1-----[ \t\r]*(?:\n|$)/gm

/** All well-formed blocks; what stands between them is nothing. */
export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(block)].map(([, type = '', headers = '', body = '']) => ({ type, bytes: Buffer.from(body, 'base64'), headers: headers !== '' }))
}

const certificateType = 'CERTIFICATE'

function parsed(bytes: Buffer): X509Certificate | undefined {
  // Whatever OpenSSL says of the bytes, to the caller they are no certificate.
  try {
    return new X509Certificate(bytes)
  } catch {
    return undefined
  }
}

/** Why a text is not one certificate or a chain of them; '' when it is. An empty text is fine. */
export function certificatesFault(text: string): string {
  if (text === '') return ''
  const blocks = pemBlocks(text)
  for (const { type, headers, bytes } of blocks) {
    if (type !== certificateType) return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    if (headers) return 'no PEM block headers are permitted'
    if (!parsed(bytes)) return 'x509: malformed certificate'
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : ''
}

const isKeyType = (type: string): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')

/** As Go prints a list. */
const listed = (types: readonly string[]): string => `[${types.join(' ')}]`

/** Why a TLS server could not serve with this certificate and key; '' when it could. */
export function keyPairFault(certificate: string, key: string): string {
  const certificates = pemBlocks(certificate)
  const own = certificates.find(({ type }) => type === certificateType)
  if (!own) {
    if (certificates.length === 0) return 'tls: failed to find any PEM data in certificate input'
    const types = certificates.map(({ type }) => type)
    if (types.length === 1 && types[0]?.endsWith('PRIVATE KEY')) return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${listed(types)}`
  }
  const keys = pemBlocks(key)
  const secret = keys.find(({ type }) => isKeyType(type))
  if (!secret) {
    if (keys.length === 0) return 'tls: failed to find any PEM data in key input'
    const types = keys.map(({ type }) => type)
    if (types.length === 1 && types[0] === certificateType) return 'tls: found a certificate rather than a key in the PEM for the private key'
    return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${listed(types)}`
  }
  const leaf = parsed(own.bytes)
  if (!leaf) return 'x509: malformed certificate'
  const privateKey = parsedKey(key)
  if (!privateKey) return 'tls: failed to parse private key'
  if (leaf.publicKey.asymmetricKeyType !== privateKey.asymmetricKeyType) return 'tls: private key type does not match public key type'
  return leaf.checkPrivateKey(privateKey) ? '' : 'tls: private key does not match public key'
}

function parsedKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text)
  } catch {
    return undefined
  }
}
