// A certificate signing request (PKCS#10): whether a text is one that is signed by the key it asks for.
import type { KeyObject } from 'node:crypto'
import { constants, createPublicKey, verify } from 'node:crypto'
import { pemBlocks } from './pem.ts'

/** One element of DER: its tag, all its bytes, and its content. */
interface Element {
  readonly tag: number
  readonly whole: Buffer
  readonly content: Buffer
}

class DerError extends Error {
  override name = 'DerError'
}

const sequence = 0x30
const bitString = 0x03
const objectIdentifier = 0x06

function elementAt(bytes: Buffer, at: number): Element {
  const truncated = new DerError('asn1: syntax error: data truncated')
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) throw truncated
  const more = first < 0x80 ? 0 : first & 0x7f
  if (more > 4 || at + 2 + more > bytes.length) throw truncated
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more)
  const start = at + 2 + more
  if (start + length > bytes.length) throw truncated
  return { tag, whole: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) }
}

function elementsOf(bytes: Buffer): Element[] {
  const out: Element[] = []
  for (let at = 0; at < bytes.length; at += out.at(-1)?.whole.length ?? bytes.length) out.push(elementAt(bytes, at))
  return out
}

function tagged(element: Element | undefined, tag: number): Element {
  if (!element) throw new DerError('asn1: syntax error: sequence truncated')
  if (element.tag !== tag) throw new DerError('asn1: structure error: tags don\'t match')
  return element
}

interface Algorithm {
  readonly hash: string | undefined
  readonly key: string
  readonly padding?: number
}

/** By the bytes of the identifier, in hexadecimal. */
const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['2a864886f70d01010b', { hash: 'sha256', key: 'rsa' }],
  ['2a864886f70d01010c', { hash: 'sha384', key: 'rsa' }],
  ['2a864886f70d01010d', { hash: 'sha512', key: 'rsa' }],
  ['2a8648ce3d040302', { hash: 'sha256', key: 'ec' }],
  ['2a8648ce3d040303', { hash: 'sha384', key: 'ec' }],
  ['2a8648ce3d040304', { hash: 'sha512', key: 'ec' }],
  ['2b6570', { hash: undefined, key: 'ed25519' }],
])
const pss = '2a864886f70d01010a'
const hashes: ReadonlyMap<string, string> = new Map([['608648016503040201', 'sha256'], ['608648016503040202', 'sha384'], ['608648016503040203', 'sha512']])
const weak: ReadonlyMap<string, string> = new Map([['2a864886f70d010105', 'SHA1-RSA'], ['2a8648ce3d0401', 'ECDSA-SHA1'], ['2a864886f70d010104', 'MD5-RSA']])

function algorithmOf(stated: Element): Algorithm | undefined {
  const [identifier, parameters] = elementsOf(tagged(stated, sequence).content)
  const name = tagged(identifier, objectIdentifier).content.toString('hex')
  const insecure = weak.get(name)
  if (insecure) throw new DerError(`x509: cannot verify signature: insecure algorithm ${insecure}`)
  if (name !== pss) return algorithms.get(name)
  const text = parameters?.whole.toString('hex') ?? ''
  const hash = [...hashes].find(([bytes]) => text.includes(bytes))?.[1]
  return hash === undefined ? undefined : { hash, key: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING }
}

const failures: Readonly<Record<string, string>> = { rsa: 'crypto/rsa: verification error', ec: 'x509: ECDSA verification failure', ed25519: 'x509: Ed25519 verification failure' }

function publicKeyOf(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch (error) {
    throw new DerError('x509: malformed public key', { cause: error })
  }
}

function check(bytes: Buffer): string {
  const root = elementAt(bytes, 0)
  if (root.whole.length < bytes.length) return 'asn1: syntax error: trailing data'
  const [info, stated, signature] = elementsOf(tagged(root, sequence).content)
  const [, , spki] = elementsOf(tagged(info, sequence).content)
  const algorithm = algorithmOf(tagged(stated, sequence))
  const key = publicKeyOf(tagged(spki, sequence).whole)
  if (!algorithm) return 'x509: cannot verify signature: algorithm unimplemented'
  if (key.asymmetricKeyType !== algorithm.key) return `x509: signature algorithm specifies an ${algorithm.key.toUpperCase()} public key, but have public key of another type`
  // The first byte of a bit string counts the bits that are left over.
  const signed = tagged(signature, bitString).content.subarray(1)
  const options = { key, ...(algorithm.padding === undefined ? {} : { padding: algorithm.padding }) }
  return verify(algorithm.hash, info?.whole ?? Buffer.alloc(0), options, signed) ? '' : failures[algorithm.key] ?? ''
}

/** Why a text (PEM) is not a certificate request with a good signature; '' when it is. */
export function requestFault(pem: string): string {
  const [first] = pemBlocks(pem)
  if (first?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST'
  try {
    return check(first.bytes)
  } catch (error) {
    if (error instanceof DerError) return error.message
    throw error
  }
}
