// What certificate signing requests and reviews may not say, and who may change what of a request.
import { sampleRequest as pem } from '../../api/certificate-request.suite.ts'
import { Door } from './door.suite.ts'
import { changed, faults, partFaults, warnings, type Json } from './kind.suite.ts'

const kind = 'certificatesigningrequests.certificates.k8s.io/v1'
const encoded = (text: string): string => Buffer.from(text).toString('base64')
const good: Json = { metadata: { name: 'x' }, spec: { request: encoded(pem), signerName: 'example.com/a', usages: ['client auth'] } }
const allUsages = '"any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"'
const dns = (what: string, regex: string, examples: string): string => `a lowercase RFC 1123 ${what}, and must start and end with an alphanumeric character (e.g. ${examples}regex used for validation is '${regex}')`
const labelFault = dns("label must consist of lower case alphanumeric characters or '-'", '[a-z0-9]([-a-z0-9]*[a-z0-9])?', "'my-name',  or '123-abc', ")
const subdomainFault = dns("subdomain must consist of lower case alphanumeric characters, '-' or '.'", '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*', "'example.com', ")

describe('signing requests', () => {
  it.each<[string, Json, string[]]>([
    ['a good one', {}, []],
    ['any name of the system', { spec: { signerName: 'kubernetes.io/kube-apiserver-client' } }, []],
    ['no request', { spec: { request: encoded('x') } }, [`spec.request: Invalid value: "${encoded('x')}": PEM block type must be CERTIFICATE REQUEST`]],
    ['another\'s signature', { spec: { request: encoded(pem.replace('RcQI', 'RcQJ')) } }, [`spec.request: Invalid value: "${encoded(pem.replace('RcQI', 'RcQJ'))}": x509: Ed25519 verification failure`]],
    ['usages', { spec: { usages: ['walk', 'client auth', 'client auth'] } }, [`spec.usages[0]: Unsupported value: "walk": supported values: ${allUsages}`, 'spec.usages[2]: Duplicate value: "client auth"']],
    ['no usages', { spec: { usages: null } }, ['spec.usages: Required value']],
    ['a short time', { spec: { expirationSeconds: 599 } }, ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)']],
    ['no signer', { spec: { signerName: '' } }, ['spec.signerName: Required value']],
    ['the old signer', { spec: { signerName: 'kubernetes.io/legacy-unknown' } }, ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version']],
    ['a signer without a path', { spec: { signerName: 'example.com' } }, ['spec.signerName: Invalid value: "example.com": must be a fully qualified domain and path of the form \'example.com/signer-name\'']],
    ['a signer of a host', { spec: { signerName: 'host/a' } }, ['spec.signerName: Invalid value: "host": should be a domain with at least two segments separated by dots']],
    ['a signer in capitals', { spec: { signerName: 'a.B/C' } }, [`spec.signerName: Invalid value: "a.B": validating label "B": ${labelFault}`, `spec.signerName: Invalid value: "C": validating label "C": ${subdomainFault}`]],
    ['a long signer', { spec: { signerName: `${'a.'.repeat(127)}a/b` } }, ['spec.signerName: Too long: may not be more than 253 bytes']],
  ])('%s', (_, change, expected) => {
    expect(faults(kind, changed(good, change))).toEqual(expected)
  })

  const times = { lastUpdateTime: '2026-01-02T00:00:00Z', lastTransitionTime: '2026-01-02T00:00:00Z' }
  const condition = (type: string, more: Json = {}): Json => ({ type, status: 'True', ...more })
  const withStatus = (status: Json): Json => ({ ...good, status })
  const at = 'status.conditions'

  it.each<[string, Json[], string[]]>([
    ['a decision', [condition('Approved'), condition('Odd', { status: 'Unknown' })], []],
    ['no type, and no status', [condition('', { status: '' })], [`${at}[0].type: Required value`, `${at}[0].status: Required value`]],
    ['a decision that is none', [condition('Denied', { status: 'False' }), condition('Odd', { status: 'Maybe' })], [`${at}[0].status: Unsupported value: "False": supported values: "True"`, `${at}[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"`]],
    ['both decisions', [condition('Denied'), condition('Approved')], [`${at}: Invalid value: "Approved": Approved and Denied conditions are mutually exclusive`]],
    ['a condition twice', [condition('Odd'), condition('Odd')], [`${at}[1].type: Duplicate value: "Odd"`]],
  ])('conditions: %s', (_, conditions, expected) => {
    expect(partFaults(kind, 'approval', withStatus({ conditions }), good)).toEqual(expected)
  })

  const certificate = encoded('-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n')

  it.each<[part: string, title: string, now: Json, before: Json, expected: string[]]>([
    ['approval', 'decides', { conditions: [condition('Approved')] }, {}, []],
    ['approval', 'takes nothing back', {}, { conditions: [condition('Approved'), condition('Failed')] }, [`${at}: Forbidden: updates may not remove a condition of type "Approved"`, `${at}: Forbidden: updates may not remove a condition of type "Failed"`]],
    ['approval', 'signs nothing', { certificate }, {}, ['status.certificate: Invalid value: "<certificate data>": x509: malformed certificate', 'status.certificate: Forbidden: updates may not set certificate content']],
    ['status', 'decides nothing', { conditions: [condition('Denied')] }, {}, [`${at}: Forbidden: updates may not add a condition of type "Denied"`]],
    ['status', 'changes no decision', { conditions: [condition('Approved', { reason: 'B', ...times })] }, { conditions: [condition('Approved', { reason: 'A', ...times })] }, [`${at}: Forbidden: updates may not modify a condition of type "Approved"\n${[
      '@@ -2,7 +2,7 @@', '  {', '   "Type": "Approved",', '   "Status": "True",', '-  "Reason": "A",', '+  "Reason": "B",', '   "Message": "",', '   "LastUpdateTime": "2026-01-02T00:00:00Z",', '   "LastTransitionTime": "2026-01-02T00:00:00Z"', '',
    ].join('\n')}`]],
    ['status', 'may fail', { conditions: [condition('Failed')] }, {}, []],
    ['status', 'takes no decision back', {}, { conditions: [condition('Approved')] }, [`${at}: Forbidden: updates may not remove a condition of type "Approved"`]],
    ['status', 'signs with certificates', { certificate: encoded('x') }, {}, ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block']],
    ['status', 'signs once', { certificate: '' }, { certificate }, ['status.certificate: Forbidden: updates may not modify existing certificate content']],
  ])('%s %s', (part, _, now, before, expected) => {
    expect(partFaults(kind, part, withStatus(now), withStatus(before))).toEqual(expected)
  })

  it('keep their spec and their decisions, whoever writes', async () => {
    const door = new Door(kind)
    expect((await door.create(good)).lines).toEqual([])
    expect((await door.patch({ spec: { signerName: 'b.c/d' } })).object).toMatchObject({ spec: { signerName: 'example.com/a' } })
    expect((await door.patch({ status: { conditions: [condition('Approved', { reason: 'Fine' })] } }, 'approval')).lines).toEqual([])
    const answer = await door.patch({ status: { conditions: [condition('Odd'), condition('Approved', { reason: 'Other' })] } }, 'status')
    expect(answer.object).toMatchObject({ status: { conditions: [{ type: 'Odd' }, { type: 'Approved', reason: 'Fine' }] } })
    expect((await door.patch({ status: { conditions: [condition('Denied')] } }, 'status')).lines).toEqual([`${at}: Forbidden: updates may not remove a condition of type "Approved"`, `${at}: Forbidden: updates may not add a condition of type "Denied"`])
  })
})

it('a certificate and a key that do not fit are warned of', () => {
  const secret = { metadata: { name: 'x', namespace: 'n' }, type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } }
  expect(warnings('secrets.v1', secret)).toEqual(['tls: failed to find any PEM data in certificate input'])
  expect(warnings('secrets.v1', { ...secret, type: 'Opaque' })).toEqual([])
})

describe('reviews', () => {
  const group = 'authorization.k8s.io/v1'
  const at = 'spec.resourceAttributes'
  const local = (spec: Json, more: Json = {}): Json => ({ metadata: { namespace: 'n', ...more }, spec })

  it.each<[string, string, Json, string[]]>([
    ['subjectaccessreviews', 'a question', { spec: { user: 'u', resourceAttributes: { verb: 'get' } } }, []],
    ['subjectaccessreviews', 'nothing', { spec: {} }, [`${at}: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified`, 'spec.user: Invalid value: "": at least one of user or group must be specified']],
    ['selfsubjectaccessreviews', 'both', { spec: { resourceAttributes: {}, nonResourceAttributes: { path: '/x' } } }, ['spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: cannot be specified in combination with resourceAttributes']],
    ['selfsubjectaccessreviews', 'a name', { metadata: { name: 'x', labels: {} }, spec: { resourceAttributes: {} } }, ['metadata: Invalid value: {"name":"x"}: must be empty']],
    ['localsubjectaccessreviews', 'a question', local({ user: 'u', resourceAttributes: { namespace: 'n' } }), []],
    ['localsubjectaccessreviews', 'another namespace, and a path', local({ groups: ['g'], resourceAttributes: { namespace: 'm' }, nonResourceAttributes: {} }, { name: 'x' }), [
      'spec.nonResourceAttributes: Invalid value: {"Path":"","Verb":""}: cannot be specified in combination with resourceAttributes', 'metadata: Invalid value: {"name":"x"}: must be empty except for namespace',
      `${at}.namespace: Invalid value: "m": must match metadata.namespace`, 'spec.nonResourceAttributes: Invalid value: {"Path":"","Verb":""}: disallowed on this kind of request',
    ]],
    ['selfsubjectaccessreviews', 'selectors', { spec: { resourceAttributes: { fieldSelector: { rawSelector: 'a=b', requirements: [{ key: '', operator: 'In' }] }, labelSelector: {} } } }, [
      `${at}.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements`, `${at}.fieldSelector.requirements[0].key: Required value: must be specified`,
      `${at}.fieldSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`, `${at}.labelSelector.requirements: Required value: when ${at}.labelSelector is specified, requirements or rawSelector is required`,
    ]],
    ['selfsubjectaccessreviews', 'an operator to come', { spec: { resourceAttributes: { labelSelector: { requirements: [{ key: 'a', operator: 'Later', values: ['b'] }, { key: 'a', operator: 'Exists', values: ['b'] }] } } } }, [
      `${at}.labelSelector.requirements[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
    ]],
  ])('%s: %s', (plural, _, object, expected) => {
    expect(faults(`${plural}.${group}`, { metadata: {}, ...object })).toEqual(expected)
  })
})
