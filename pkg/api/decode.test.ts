// Request bodies: media types, protobuf as kubectl 1.35 sends it, strict validation, errors in Kubernetes' words.
import { decodeBody, decodeDeleteOptions, decodeObject, fieldValidationOf } from './decode.ts'
import type { DecodeOptions } from './decode.ts'
import { schemaOf } from './schema-table.ts'
import { StatusError } from './status-error.ts'
import { cpuMs } from '../util/cpu-time.suite.ts'
import { atOnce } from '../util/slices.ts'

const target = (group: string, version: string, kind: string): Parameters<typeof decodeObject>[1] => {
  const schema = schemaOf(group, version, kind)
  if (!schema) throw new Error(`no schema for ${kind}`)
  return { group, version, kind, schema }
}
const deployment = target('apps', 'v1', 'Deployment')
const decode = (text: string, options: DecodeOptions = {}, type = 'application/json', of = deployment): unknown =>
  decodeObject(decodeBody(Buffer.from(text), type, { target: of }), of, options)

const deleteOptions = (bytes: Uint8Array, type: string | undefined): unknown => atOnce(decodeDeleteOptions(bytes, type))

const failure = (run: () => unknown): { code: number | undefined; message: string | undefined } => {
  try {
    run()
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, message: error.message }
    throw error
  }
  return { code: undefined, message: undefined }
}

// Recorded from `kubectl create deployment web --image nginx --replicas 0 --port 80`, v1.35.2.
const recorded = 'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAASDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA='

/** A length-delimited field. */
function field(number: number, bytes: Buffer): Buffer {
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80)
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length, rest]), bytes])
}

describe('protobuf', () => {
  const protobuf = 'application/vnd.kubernetes.protobuf'

  it('decodes what kubectl sends', () => {
    expect(decodeObject(decodeBody(Buffer.from(recorded, 'base64'), protobuf), deployment)).toEqual({
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { app: 'web' } }, status: {},
      spec: {
        replicas: 0, selector: { matchLabels: { app: 'web' } }, strategy: {},
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }] } },
      },
    })
  })

  it('refuses cut bodies', () => {
    const bytes = Buffer.from(recorded, 'base64')
    for (let length = 0; length < bytes.length; length += 7) {
      expect(failure(() => decodeBody(bytes.subarray(0, length), protobuf)).code).toBe(400)
    }
  })
})

describe('little that stands for much', () => {
  const pod = target('', 'v1', 'Pod')
  const message = (kind: string, raw: Buffer): Buffer => Buffer.concat([Buffer.from('k8s\0'), field(1, Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from(kind))])), field(2, raw)])
  const tooMuch = { code: 413, message: 'Request entity too large: limit is 1572864' }

  it('is refused in every form', () => {
    const containers = message('Pod', field(2, Buffer.alloc(1_000_000, Buffer.from([0x12, 0]))))
    expect(failure(() => decodeBody(containers, 'application/vnd.kubernetes.protobuf'))).toEqual(tooMuch)
    const items = '{},'.repeat(150_000)
    for (const [spec, type] of [[`{"containers":[${items}{}]}`, 'application/json'], [`{containers: [${items}{}]}`, 'application/yaml'], [`{"containers":[{"env":[${items}{}]},{"env":[${items}{}]}]}`, 'application/json']] as const) {
      expect(failure(() => decode(type === 'application/json' ? `{"spec":${spec}}` : `spec: ${spec}`, {}, type, pod))).toEqual(tooMuch)
    }
  })

  it('is not what may be stored', () => {
    const spec = { containers: [{ name: 'c', env: Array.from({ length: 100_000 }, (_, index) => ({ name: `e${index}` })) }] }
    expect(decode(JSON.stringify({ spec }), {}, 'application/json', pod)).toMatchObject({ spec })
  })

  it('objects of more members than anybody has', () => {
    const entries = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, (_, index) => field(2, field(1, Buffer.from(`k${index}`)))))
    const refused = { code: 413, message: 'Request entity too large: limit is 65536 members of one object' }
    const text = (count: number): string => `{"data":{${Array.from({ length: count }, (_, index) => `"k${index}":""`).join(',')}}}`
    for (const [body, type] of [[(count: number) => message('ConfigMap', entries(count)), 'application/vnd.kubernetes.protobuf'], [(count: number) => Buffer.from(text(count)), 'application/json']] as const) {
      expect(failure(() => decodeBody(body(65_537), type))).toEqual(refused)
      expect(failure(() => decodeBody(body(65_536), type))).toEqual({})
    }
  })
})

describe('strict validation', () => {
  it('tells the beginning of paths without end', () => {
    const key = 'x'.repeat(1_000_000)
    const warnings: string[] = []
    decode(`{"${key}":{${'"a":{"b":1},'.repeat(50_000)}"a":1},"metadata":{"annotations":{"${key}":"","${key}":""}},"kind":"Deployment","kind":""}`, { warn: (text) => void warnings.push(text) })
    expect(warnings.map((text) => `${text.slice(0, 18)} ${text.length}`)).toEqual(['unknown field "xxx 1040', 'duplicate field "m 1042', 'duplicate field "k 22'])
  })

  it('of hostile bodies takes time by their length, and tells a hundred faults', () => {
    const many = (text: (index: number) => string): string => Array.from({ length: 40_000 }, (_, index) => text(index)).join('')
    const head = '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}'
    const bodies: [string, string][] = [
      [`${head}${many((index) => `,"u${index}":{"a":1,"a":2}`)}}`, 'application/json'],
      [`apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n${many((index) => `u${index}: {a: 1, a: 2}\n`)}`, 'application/yaml'],
    ]
    for (const [body, type] of bodies) {
      const warnings: string[] = []
      expect(cpuMs(() => void decode(body, { warn: (warning) => void warnings.push(warning) }, type))).toBeLessThan(4000)
      expect(warnings).toHaveLength(100)
      expect(warnings.join('').length).toBeLessThan(10_000)
    }
  })

  const text = '{"apiVersion":"apps/v1","kind":"Deployment","spec":{"unknownField":{"a":1,"a":2},"replicas":1,"replicas":2,"selector":{},"template":{}}}'

  it('names unknown and duplicate fields in the order of the body', () => {
    expect(failure(() => decode(text, { fieldValidation: 'Strict' }))).toEqual({
      code: 400, message: 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"',
    })
  })

  it('warns by default and is silent when told', () => {
    const warnings: string[] = []
    decode(text, { warn: (warning) => warnings.push(warning) })
    expect(warnings).toEqual(['unknown field "spec.unknownField"', 'duplicate field "spec.replicas"'])
    decode(text, { fieldValidation: 'Ignore', warn: () => { throw new Error('warned') } })
  })

  it('names the lines of duplicate keys in YAML', () => {
    const yaml = 'apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 1\n  replicas: 2\n  foo: 1\n'
    expect(failure(() => decode(yaml, { fieldValidation: 'Strict' }, 'application/yaml')).message)
      .toBe('Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: yaml: unmarshal errors:\n  line 5: key "replicas" already set in map, unknown field "spec.foo"')
  })
})

it.each([
  ['empty', '', "the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"],
  ['cut', '{"a":', "the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: unexpected end of JSON input ({\"a\":)"],
  ['wrong type', '{"spec":{"replicas":"x"}}', 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['other kind', '{"apiVersion":"v1","kind":"Pod"}', 'Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): unknown conversion'],
  ['list', '[]', `the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`],
  ['truth', 'true', `the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: json: cannot unmarshal bool into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (74727565)`],
  ['marked as UTF-8', '\ufeff{}', "the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: invalid character 'ï' looking for beginning of value (efbbbf7b7d)"],
  ['of a kind that is no text', '{"kind":5}', `the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`],
  ['of a version that is none', '{"apiVersion":"a/b/c"}', 'the object provided is unrecognized (must be of type Deployment): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})'],
  ['of no kind', '{"kind":"Foo"}', 'Foo in version "v1" cannot be handled as a Deployment: no kind "Foo" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
  ['of no version', '{"apiVersion":"apps/v9","kind":"Deployment"}', 'Deployment in version "v9" cannot be handled as a Deployment: no kind "Deployment" is registered for version "apps/v9" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
  ['of many', '{"apiVersion":"v1","kind":"List"}', 'List in version "v1" cannot be handled as a Deployment: converting (v1.List) to (apps.Deployment): unknown conversion'],
  ['other version', '{"apiVersion":"apps/v1beta1","kind":"Deployment"}', 'the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)'],
  ['other group\'s', '{"apiVersion":"extensions/v1beta1","kind":"Deployment"}', 'the API version in the data (extensions/v1beta1) does not match the expected API version (apps/v1)'],
  ['never was', '{"apiVersion":"batch/v1beta1","kind":"Deployment"}', 'Deployment in version "v1beta1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "batch/v1beta1" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
  ['other and old', '{"apiVersion":"networking.k8s.io/v1beta1","kind":"IngressList"}', 'IngressList in version "v1beta1" cannot be handled as a Deployment: converting (v1beta1.IngressList) to (apps.Deployment): unknown conversion'],
])('refuses a body that is %s', (_what, text, message) => {
  expect(failure(() => decode(text))).toEqual({ code: 400, message })
})

it.each([
  ['', 'the object provided is unrecognized (must be of type Deployment): empty data (<empty>)'],
  ['{}', 'the object provided is unrecognized (must be of type Deployment): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})'],
  ['k8s\0', 'the object provided is unrecognized (must be of type Deployment): empty body (6b387300)'],
  ['k8s\0\n\x09\n\x02v1\x12\x03Foo', 'Foo in version "v1" cannot be handled as a Deployment: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
])('refuses %j as protobuf', (text, message) => {
  expect(failure(() => decode(text, {}, 'application/vnd.kubernetes.protobuf'))).toEqual({ code: 400, message })
})

it('null is an object that says nothing', () => {
  expect(decode('null')).toEqual(decode('{}'))
})

it('takes the kind from the URL when the body has none', () => {
  expect(decode('{"metadata":{"name":"a"}}')).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } })
})

it('refuses other media types', () => {
  expect(failure(() => decode('{}', {}, 'text/plain'))).toEqual({
    code: 415, message: 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  })
})

it('refuses depth that would exhaust the stack', () => {
  expect(failure(() => decode('{"metadata":'.repeat(5000) + '1' + '}'.repeat(5000))).code).toBe(400)
})

describe('DeleteOptions', () => {
  it('reads JSON, and nothing at all', () => {
    expect(deleteOptions(Buffer.from('{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Background","preconditions":{"uid":"u"}}'), undefined))
      .toEqual({ gracePeriodSeconds: 0, propagationPolicy: 'Background', preconditions: { uid: 'u' } })
    expect(deleteOptions(Buffer.alloc(0), 'application/json')).toEqual({})
  })

  it('reads protobuf', () => {
    // k8s\0, TypeMeta{v1, DeleteOptions}, {gracePeriodSeconds: 0, propagationPolicy: "Foreground"}
    const message = Buffer.from([0x08, 0x00, 0x22, 10, ...Buffer.from('Foreground')])
    const type = Buffer.from([0x0a, 2, ...Buffer.from('v1'), 0x12, 13, ...Buffer.from('DeleteOptions')])
    const body = Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, type.length, ...type, 0x12, message.length, ...message])
    expect(deleteOptions(body, 'application/vnd.kubernetes.protobuf')).toEqual({ gracePeriodSeconds: 0, propagationPolicy: 'Foreground' })
  })
})

it('checks the fieldValidation parameter', () => {
  expect(fieldValidationOf(undefined, 'CreateOptions')).toBe('Warn')
  expect(failure(() => fieldValidationOf('x', 'CreateOptions'))).toEqual({
    code: 422, message: 'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
  })
})
