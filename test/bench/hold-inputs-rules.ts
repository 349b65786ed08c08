// Inputs that are dear by what schemas, patterns, expressions and paths say of them.
import type { Api, HoldInput, Reply } from './hold-inputs.ts'

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const admission = '/apis/admissionregistration.k8s.io/v1'
const group = 'rules.example.com'
const configMaps = '/api/v1/namespaces/default/configmaps'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const keyed = <T>(count: number, make: (index: number) => T, prefix = 'k'): Record<string, T> => Object.fromEntries(times(count, (index) => [`${prefix}${index}`, make(index)]))
const shown = ({ code, text }: Reply): string => (code >= 400 ? `${code} ${(JSON.parse(text) as { message?: string }).message?.slice(0, 100)}` : String(code))

async function each(...calls: (() => Promise<Reply>)[]): Promise<string> {
  const told: string[] = []
  for (const call of calls) told.push(shown(await call()))
  return told.join('; ')
}

const text = (more: object): object => ({ type: 'string', ...more })
const list = (items: object, more: object = {}): object => ({ type: 'array', items, ...more })
const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more })
const rules = (...stated: string[]): object => ({ 'x-kubernetes-validations': stated.map((rule) => ({ rule })) })

function crd(plural: string, spec: object, more: object = {}): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, singular: plural, kind: plural, listKind: `${plural}List` }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: object({ spec }) }, ...more }] },
  }
}

const path = (plural: string): string => `/apis/${group}/v1/namespaces/default/${plural}`
const custom = (plural: string, spec: unknown, name = 'one'): object => ({ apiVersion: `${group}/v1`, kind: plural, metadata: { name }, spec })

async function define(api: Api, plural: string, spec: object, more: object = {}): Promise<Reply> {
  const reply = await api.call('POST', crds, crd(plural, spec, more))
  if (reply.code !== 201) throw new Error(reply.text)
  while ((await api.call('GET', path(plural))).code !== 200) await new Promise((next) => setTimeout(next, 20))
  return reply
}

const removed = (plural: string) => (api: Api): Promise<Reply> => api.call('DELETE', `${crds}/${plural}.${group}`)

/** A kind is made and an object of it is written; both are measured. */
function kind(plural: string, schema: object, ...specs: unknown[]): HoldInput {
  return {
    act: (api) => each(() => define(api, plural, schema), ...specs.flatMap((spec, index) => [
      () => api.call('POST', path(plural), custom(plural, spec, `o${index}`)),
      () => api.call('PATCH', `${path(plural)}/o${index}`, { metadata: { labels: { a: 'b' } } }, { 'content-type': 'application/merge-patch+json' }),
    ])),
    clean: removed(plural),
  }
}

/** An object is written, then its kind's schema is made another, and something else of the object is changed. */
function tightened(plural: string, before: object, after: object, spec: object): HoldInput {
  const merge = { 'content-type': 'application/merge-patch+json' }
  return {
    act: (api) => each(
      () => define(api, plural, object({ b: text({}), ...before })), () => api.call('POST', path(plural), custom(plural, spec)),
      () => api.call('PATCH', `${crds}/${plural}.${group}`, { spec: (crd(plural, object({ b: text({}), ...after })) as { spec: object }).spec }, merge),
      () => api.call('PATCH', `${path(plural)}/one`, { spec: { b: 'b' } }, merge), () => api.call('PATCH', `${path(plural)}/one`, { spec: { b: 'c' } }, merge),
    ),
    clean: removed(plural),
  }
}

const byName = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'], maxItems: 100_000 }
const item = (more: object): object => object({ n: { type: 'integer' }, v: { type: 'integer', ...more } }, { required: ['n'] })

const match = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }] }

/** A policy and its binding are made, and a ConfigMap that they are about. */
function policy(data: object, spec: object): HoldInput {
  return admitted('ValidatingAdmissionPolicy', 'validatingadmissionpolic', data, spec, { validationActions: ['Deny'] })
}

function admitted(kind: string, plural: string, data: object, spec: object, binding: object = {}, version = 'v1'): HoldInput {
  const served = `/apis/admissionregistration.k8s.io/${version}`
  const meta = { apiVersion: `admissionregistration.k8s.io/${version}`, metadata: { name: 'dear' } }
  return {
    act: (api) => each(
      () => api.call('POST', `${served}/${plural}ies`, { ...meta, kind, spec: { matchConstraints: match, ...spec } }),
      () => api.call('POST', `${served}/${plural}ybindings`, { ...meta, kind: `${kind}Binding`, spec: { policyName: 'dear', ...binding } }),
      () => api.call('POST', configMaps, { metadata: { name: 'judged' }, data }),
      () => api.call('POST', `${configMaps}?dryRun=All`, { metadata: { generateName: 'judged-' }, data }),
    ),
    async clean(api) {
      await api.call('DELETE', `${served}/${plural}ybindings/dear`)
      await api.call('DELETE', `${served}/${plural}ies/dear`)
      await api.call('DELETE', `${configMaps}/judged`)
    },
  }
}

const validations = (...expressions: string[]): object => ({ validations: expressions.map((expression) => ({ expression })) })
const long = (count: number): string[] => times(count, (index) => `item-${index}`)
const deep = (depth: number): string => `${'['.repeat(depth)}object.data.k0${']'.repeat(depth)}`

const mutations = (expressions: readonly string[]): object => ({
  failurePolicy: 'Fail', reinvocationPolicy: 'Never',
  mutations: expressions.map((expression) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })),
})
const dearPatch = 'object.data.all(a, object.data.all(b, a + b != "x")) ? [JSONPatch{op: "add", path: "/data/added", value: "v"}] : []'

function webhook(plural: string, kind: string): HoldInput {
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'dear' },
    webhooks: [{
      name: 'dear.example.com', clientConfig: { url: 'https://127.0.0.1:1/' }, failurePolicy: 'Ignore', sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 1,
      rules: match.resourceRules, matchConditions: times(60, (index) => ({ name: `c${index}`, expression: `object.data.all(a, object.data.all(b, a + b != "x${index}"))` })),
    }],
  }
  return {
    act: (api) => each(() => api.call('POST', `${admission}/${plural}`, configuration), () => api.call('POST', configMaps, { metadata: { name: 'judged' }, data: keyed(300, () => 'v') })),
    async clean(api) {
      await api.call('DELETE', `${admission}/${plural}/dear`)
      await api.call('DELETE', `${configMaps}/judged`)
    },
  }
}

const nested = (depth: number, width: number): object => (depth === 0 ? { a: 1 } : keyed(width, () => nested(depth - 1, width)))
const columns = (...paths: string[]): object => ({ additionalPrinterColumns: paths.map((jsonPath, index) => ({ name: `C${index}`, type: 'string', jsonPath })) })

export const ruleInputs: Readonly<Record<string, HoldInput>> = {
  'an unanchored pattern on a long text': kind('unanchored', object({ t: text({ pattern: '[\\p{L}]{1,1000}$' }) }), { t: `${'a'.repeat(500_000)}!` }),
  'a pattern of many states on a long text': kind('states', object({ t: text({ pattern: 'a[ab]{900}c' }) }), { t: Array.from({ length: 500_000 }, (_, index) => (Math.imul(index, 0x9e3779b1) >>> 31 ? 'a' : 'b')).join('') }),
  'patterns on a megabyte': kind('megabytes', object({ t: text({ pattern: '^(a+)+$' }), u: text({ pattern: '(x+x+)+y' }) }), { t: 'a'.repeat(1_000_000), u: 'x'.repeat(300_000) }),
  '100,000 items with a pattern': kind('items', object({ l: list(text({ pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$' })) }), { l: long(100_000) }),
  '100,000 items with a pattern that none has': kind('faults', object({ l: list(text({ pattern: '^[A-Z]+$', maxLength: 3 })) }), { l: long(100_000) }),
  'a text that none of 200 alternatives takes': kind('alternatives', object({ t: text({ anyOf: times(200, (index) => ({ pattern: `^[a-z]{${index + 1}}$` })) }) }), { t: 'a'.repeat(100_000) }),
  'rules that 8,000 items broke before': tightened('broken', { l: list(item({}), byName) }, { l: list(item(rules('self > 0')), byName) }, { l: times(8_000, (n) => ({ n, v: 0 })) }),
  'bounds that 8,000 items broke before': tightened('unbound', { l: list(item({}), byName) }, { l: list(item({ minimum: 1 }), byName) }, { l: times(8_000, (n) => ({ n, v: 0 })) }),
  'a set of 100,000 items, each twice': kind('sets', object({ l: list(text({}), { 'x-kubernetes-list-type': 'set' }) }), { l: [...long(50_000), ...long(50_000)] }),
  'enums of 1,000 values': kind('enums', object({ l: list(text({ enum: long(1000) })) }), { l: times(20_000, () => 'item-999') }),
  'formats of long texts': kind('formats', object({ u: text({ format: 'uri' }), d: text({ format: 'duration' }), b: text({ format: 'byte' }), h: text({ format: 'hostname' }), m: text({ format: 'email' }), t: text({ format: 'date-time' }), i: text({ format: 'ipv6' }), s: text({ format: 'isbn' }) }),
    { u: `https://${'a'.repeat(300_000)}`, d: '1h'.repeat(150_000), b: 'abcd'.repeat(80_000), h: 'a.'.repeat(150_000), m: `${'a'.repeat(300_000)}@b`, t: '1'.repeat(300_000), i: ':'.repeat(300_000), s: '1-'.repeat(150_000) }),
  'a CRD of dear patterns': kind('patterns', object(keyed(2000, (index) => text({ pattern: `[\\p{L}\\p{N}]{1,${500 + index % 400}}` }))), { k1: 'a' }),
  'a CRD of nested repetitions': kind('repetitions', object(keyed(500, () => text({ pattern: '(((a{1,10}){1,10}){1,10})' }))), keyed(500, () => 'aaa')),
  'a CRD with a pattern of 500 KB': kind('alternations', object({ t: text({ pattern: long(40_000).join('|') }) }), { t: 'item-39999' }),
  'a CRD with 2,000 rules': kind('ruled', object(keyed(2000, (index) => text({ maxLength: 10, ...rules(`self != "x${index}" && self.size() < 100 && !self.startsWith("zz")`) }))), keyed(2000, () => 'a')),
  'a CRD with a rule of 90 KB': kind('wordy', object({ t: text({ maxLength: 10 }) }, rules(times(3000, (index) => `self.t != "item-${index}"`).join(' && '))), { t: 'a' }),
  'a CRD of 1 MB, 10,000 fields': kind('wide', object(keyed(9000, (index) => object({ a: text({ maxLength: 10 + index }), b: { type: 'integer', default: 5 } }, { description: 'what it is for' }))), keyed(2000, () => ({ a: 'x' }))),
  'a CRD of deep schemas': kind('deeps', times(60, (index) => `p${index}`).reduce<object>((inner, name) => object({ [name]: inner, [`${name}x`]: inner === undefined ? {} : text({}) }), text({ maxLength: 1 })), {}),
  'rules in loops': kind('loops', object({ l: list(text({ maxLength: 6 }), { maxItems: 80 }), t: text({ maxLength: 10 }) }, rules('self.l.all(a, self.l.all(b, self.l.all(c, a != b || b == c || c != self.t)))')), { t: 'x', l: times(80, (index) => `a${index}`) }),
  'a rule for each of 20,000 items': kind('checked', object({ l: list(object({ n: text({ maxLength: 20 }), c: { type: 'integer' } }, rules('self.c >= 0 && self.n.startsWith("i")')), { maxItems: 20_000 }) }), { l: times(20_000, (index) => ({ n: `i${index}`, c: index })) }),
  'loops in loops in a policy': policy(keyed(1000, () => 'v'), validations('object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != "x")))')),
  'texts that double': policy({ k0: 'ab'.repeat(1000) }, validations(`[object.data.k0]${'.map(a, a + a)'.repeat(25)}[0].matches("^(a|b)*$")`, `[object.data.k0]${'.map(a, a.replace("a", a))'.repeat(6)}[0].size() > 3`, `"%s".format([[object.data.k0]${'.map(a, [a, a].join(a))'.repeat(12)}]).size() > 3`)),
  'lists of lists that double': policy({ k0: 'a' }, validations(`[[object.data]]${'.map(a, [a, a])'.repeat(40)} == [[object.data]]${'.map(a, [a, a])'.repeat(40)}`, `"%s".format([[[object.data]]${'.map(a, [a, a])'.repeat(40)}]).size() > 3`, `[1, 2]${'.map(a, [a, a])'.repeat(40)} in [[1, 2]${'.map(a, [a, a])'.repeat(40)}]`, `sets.contains([[1]${'.map(a, [a, a])'.repeat(30)}], [[1]${'.map(a, [a, a])'.repeat(30)}])`)),
  'patterns in a policy': policy({ k0: 'ab'.repeat(100_000) }, validations('object.data.k0.matches("^([a-z]{1,60}[.]?){1,16}$")', 'object.data.k0.findAll("a.*b|a").size() > 3', 'object.data.k0.find("(a|b)*c") == "x"', `"x".matches("${'a|'.repeat(20_000)}b")`)),
  'long texts in a policy': policy({ k0: 'a,'.repeat(400_000) }, validations('object.data.k0.split(",").size() > 1', 'object.data.k0.substring(5).indexOf("b") > 1', 'object.data.k0.upperAscii().lowerAscii().trim().charAt(3) == "a"', 'isURL(object.data.k0)', 'format.dns1123Subdomain().validate(object.data.k0).hasValue()', 'isIP(object.data.k0)', 'strings.quote(object.data.k0).size() > 3', 'isSemver(object.data.k0)')),
  'long numbers in a policy': policy({ k0: '9'.repeat(800_000) }, validations('quantity(object.data.k0) == quantity(object.data.k0 + "k")', 'int(object.data.k0) > 3', 'double(object.data.k0) > 3.0', 'isQuantity(object.data.k0 + "." + object.data.k0)', 'duration(object.data.k0 + "s") > duration("1s")', 'timestamp(object.data.k0) > timestamp("2020-01-01T00:00:00Z")', 'semver(object.data.k0 + ".1.1").major() > 3', 'cidr(object.data.k0).prefixLength() > 3')),
  'what is no duration in a policy': policy({ k0: `${'1'.repeat(60_000)}!` }, validations('duration(object.data.k0) > duration("1s")')),
  'sorted lists in a policy': policy(keyed(8000, (index) => `v${index * 7919 % 8000}`), validations('object.data.map(k, object.data[k]).sort()[0] == "v0"', 'object.data.map(k, object.data[k]).distinct().size() > 3', 'object.data.map(k, [k]).distinct().size() > 3', 'sets.equivalent(object.data.map(k, [k]), object.data.map(k, [k]))', 'object.data.all(k, object.data.exists(l, true))', 'object.data.transformMap(k, v, v).size() > 3')),
  'who may do what in a policy': policy(keyed(1000, () => 'v'), validations('object.data.all(k, authorizer.group("").resource(k).check("get").allowed() || true)', 'authorizer.path("/x").check("get").allowed() || authorizer.serviceAccount("default", "x").group("").resource("pods").check("get").allowed()')),
  'thousands of expressions in a policy': policy(keyed(4, () => 'v'), validations(...times(3000, (index) => `size(object.data) != ${index} && !object.data.exists(k, k == "x${index}")`))),
  'variables in a policy': policy(keyed(300, () => 'v'), { variables: times(50, (index) => ({ name: `v${index}`, expression: `object.data.all(a, object.data.all(b, a + b != "x${index}"))` })), ...validations(times(50, (index) => `variables.v${index}`).join(' && ')) }),
  'a deep expression': policy({ k0: 'a' }, validations(`${deep(90)} != []`, `${'!'.repeat(5000)}true`)),
  'a policy that changes in loops': admitted('MutatingAdmissionPolicy', 'mutatingadmissionpolic', keyed(300, () => 'v'), mutations(times(20, () => dearPatch)), {}, 'v1beta1'),
  'conditions of a validating webhook': webhook('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
  'conditions of a mutating webhook': webhook('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
  'selectors of devices': {
    act: (api) => each(() => api.call('POST', '/apis/resource.k8s.io/v1/deviceclasses', { metadata: { name: 'dear' }, spec: { selectors: times(32, () => ({ cel: { expression: times(250, (index) => `device.driver != "driver-${index}"`).join(' && ').slice(0, 10_000) } })) } })),
    clean: (api) => api.call('DELETE', '/apis/resource.k8s.io/v1/deviceclasses/dear'),
  },
  'columns of a huge resource': {
    prepare: async (api) => {
      await define(api, 'columned', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, columns('.spec..a', '.spec.*.*.*', '.spec.l[*].n', '.spec.l[?(@.n=="i5")].n', '.spec.l[0:100000:2].n', '.spec'))
      await api.call('POST', path('columned'), custom('columned', { ...nested(4, 14), l: times(10_000, (index) => ({ n: `i${index}` })) }))
    },
    act: (api) => each(() => api.call('GET', path('columned'), undefined, { accept: table }), () => api.call('GET', `${path('columned')}/one`, undefined, { accept: table })),
    clean: removed('columned'),
  },
  'fields of huge resources to select by': {
    prepare: async (api) => {
      await define(api, 'selected', object({ t: text({}) }), { selectableFields: [{ jsonPath: '.spec.t' }] })
      for (let index = 0; index < 8; index++) await api.call('POST', path('selected'), custom('selected', { t: `${index}`.repeat(300_000) }, `o${index}`))
    },
    act: (api) => each(() => api.call('GET', `${path('selected')}?fieldSelector=spec.t%3D1`), () => api.call('GET', `${path('selected')}?fieldSelector=spec.t!%3D1`, undefined, { accept: table })),
    clean: removed('selected'),
  },
  'quantities of a million digits': {
    act: (api) => each(
      () => api.call('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'dear' }, spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1'.repeat(1_000_000), memory: `0.${'1'.repeat(1_000_000)}` } } }] } }),
      () => api.call('POST', '/api/v1/namespaces/default/resourcequotas', { metadata: { name: 'dear' }, spec: { hard: { cpu: '9'.repeat(1_000_000) } } }),
      () => api.call('POST', '/api/v1/namespaces/default/persistentvolumeclaims', { metadata: { name: 'dear' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1'.repeat(1_400_000) } } } }),
    ),
    clean: (api) => api.call('DELETE', '/api/v1/namespaces/default/resourcequotas/dear'),
  },
  '200 dear writes at once': {
    prepare: (api) => define(api, 'floods', object({ l: list(text({ maxLength: 6 }), { maxItems: 80 }) }, rules('self.l.all(a, self.l.all(b, a != b || b == a))'))),
    act: async (api) => [...new Set((await Promise.all(times(200, (index) => api.call('POST', path('floods'), custom('floods', { l: times(80, (item) => `a${item}`) }, `o${index}`))))).map(shown))].join('; '),
    clean: removed('floods'),
  },
}
