// Certificates, keys and requests: what is wrong with a text that should hold one, in Go's words.
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import 'reflect-metadata'
import { BasicConstraintsExtension, Pkcs10CertificateRequestGenerator, X509CertificateGenerator } from '@peculiar/x509'
import { sampleRequest as ed25519 } from './certificate-request.suite.ts'
import { requestFault } from './certificate-request.ts'
import { certificatesFault, keyPairFault, pemBlocks } from './pem.ts'

type Signing = (webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams) & { hash: string }

const ec: Signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const p384: Signing = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
const rsa = (name: string, hash: string): Signing => ({ name, hash, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) })

const newKeys = (signing: Signing): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])

async function request(signing: Signing): Promise<string> {
  return (await Pkcs10CertificateRequestGenerator.create({ name: 'CN=ann', keys: await newKeys(signing), signingAlgorithm: { ...signing, ...(signing.name === 'RSA-PSS' ? { saltLength: 32 } : {}) } })).toString('pem')
}

async function selfSigned(): Promise<{ certificate: string; key: string }> {
  const keys = await newKeys(ec)
  const certificate = await X509CertificateGenerator.createSelfSigned({ serialNumber: '01', name: 'CN=ann', keys, signingAlgorithm: ec, extensions: [new BasicConstraintsExtension(true)] })
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { certificate: `${certificate.toString('pem')}\n`, key: block('PRIVATE KEY', bytes.toString('base64')) }
}

const block = (type: string, body: string): string => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`

describe('blocks', () => {
  it('are told with their headers, and what is between them is nothing', () => {
    const text = `hello\n${block('A B', 'YWFh\nYWFh')}-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nYg==\n-----END X-----\n-----BEGIN Y-----\nnothing`
    expect(pemBlocks(text).map(({ type, headers, bytes }) => [type, headers, bytes.toString()])).toEqual([['A B', false, 'aaaaaa'], ['X', true, 'b']])
  })
})

describe('requests', () => {
  it.each<[string, Signing]>([['ECDSA', ec], ['ECDSA with a longer key', p384], ['RSA', rsa('RSASSA-PKCS1-v1_5', 'SHA-512')], ['RSA-PSS', rsa('RSA-PSS', 'SHA-256')]])('signed with %s', async (_, signing) => {
    expect(requestFault(await request(signing))).toBe('')
  })

  it.each<[string, string, string]>([
    ['Ed25519', ed25519, ''],
    ['another signature', ed25519.replace('RcQI', 'RcQJ'), 'x509: Ed25519 verification failure'],
    ['nothing', '', 'PEM block type must be CERTIFICATE REQUEST'],
    ['another block', block('CERTIFICATE', 'YQ=='), 'PEM block type must be CERTIFICATE REQUEST'],
    ['half of it', block('CERTIFICATE REQUEST', 'MIGNMEECAQAwDjEM'), 'asn1: syntax error: data truncated'],
    ['something else', block('CERTIFICATE REQUEST', 'BAFh'), "asn1: structure error: tags don't match"],
    ['more than it', block('CERTIFICATE REQUEST', 'MAAA'), 'asn1: syntax error: trailing data'],
    ['an empty one', block('CERTIFICATE REQUEST', 'MAA='), 'asn1: syntax error: sequence truncated'],
  ])('%s', (_, text, fault) => {
    expect(requestFault(text)).toBe(fault)
  })

  it('with a changed subject', async () => {
    const text = await request(ec)
    const bytes = pemBlocks(text)[0]?.bytes ?? Buffer.alloc(0)
    bytes.write('bob', bytes.indexOf('ann'))
    expect(requestFault(block('CERTIFICATE REQUEST', bytes.toString('base64')))).toBe('x509: ECDSA verification failure')
  })
})

describe('certificates', () => {
  it('fit their key', async () => {
    const { certificate, key } = await selfSigned()
    const of = (type: 'ed25519' | 'x25519'): string => generateKeyPairSync(type as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const other = (await selfSigned()).key
    expect([certificatesFault(certificate + certificate), keyPairFault(certificate, key)]).toEqual(['', ''])
    expect([
      keyPairFault(certificate, other), keyPairFault(certificate, of('ed25519')), keyPairFault(certificate, certificate), keyPairFault(key, certificate), keyPairFault(certificate, ''), keyPairFault('', key),
      keyPairFault(block('A', 'YQ=='), key), keyPairFault(certificate, block('A', 'YQ==') + block('B', 'YQ==')), keyPairFault(block('CERTIFICATE', 'YQ=='), key), keyPairFault(certificate, block('PRIVATE KEY', 'YQ==')),
    ]).toEqual([
      'tls: private key does not match public key', 'tls: private key type does not match public key type', 'tls: found a certificate rather than a key in the PEM for the private key',
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
      'tls: failed to find any PEM data in key input', 'tls: failed to find any PEM data in certificate input',
      'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [A]',
      'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [A B]',
      'x509: malformed certificate', 'tls: failed to parse private key',
    ])
  })

  it.each<[string, string]>([
    ['', ''],
    ['nothing', 'must contain at least one CERTIFICATE PEM block'],
    [block('CERTIFICATE REQUEST', 'YQ=='), 'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'],
    [block('CERTIFICATE', 'a: b\n\nYQ=='), 'no PEM block headers are permitted'],
    [block('CERTIFICATE', 'YQ=='), 'x509: malformed certificate'],
  ])('%j', (text, fault) => {
    expect(certificatesFault(text)).toBe(fault)
  })
})
