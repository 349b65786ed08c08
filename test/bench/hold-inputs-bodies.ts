// Inputs that are dear to serve because of what their bodies say, or of how long the answers are.
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority, issueCertificate } from '../../pkg/pki/certificates.ts'
import { systemClock as clock } from '../../pkg/util/clock.ts'
import {
  apply, base, calls, configMap, configMaps, crd, crds, custom, customPath, defined, field, get, gone, jsonPatch, keyed, merge, message, patch, post, protobuf, strategic, text, times, yaml,
} from './hold-calls.ts'
import type { Api, HoldInput, Reply } from './hold-inputs.ts'

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const metadataOnly = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
const pods = `${base}/pods`
const secrets = `${base}/secrets`
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const put = (path: string, body: string | Uint8Array | object, headers?: Record<string, string>) => (api: Api): Promise<Reply> => api.call('PUT', path, body, headers)
const remove = (path: string, body?: string | Uint8Array | object, headers?: Record<string, string>) => (api: Api): Promise<Reply> => api.call('DELETE', path, body, headers)
const unpacked = (path: string, accept: string) => (api: Api): Promise<Reply> => api.call('GET', path, undefined, { accept, 'accept-encoding': 'gzip' }).then(({ code, text: packed }) => ({ code, text: code < 400 ? packed : '{}' }))

/** All forms in which one object is shown. */
const forms = (path: string): ((api: Api) => Promise<Reply>)[] => [
  get(path), get(path, table), get(`${path}?includeObject=Object`, table), get(path, metadataOnly), get(path, 'application/yaml'), get(`${path}?pretty=true`), unpacked(path, 'application/json'), unpacked(path, 'application/yaml'),
]
const repeated = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length))
const empties = (length: number): string => `[${'{},'.repeat(Math.floor(length / 3))}{}]`
const mb = 2_900_000
/** Bodies of this length are still decoded in one go. */
const kb = 64_000

const preserving = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const ofKind = (kind: string, name: string, json: string): string => `{"apiVersion":"holds.example.com/v1","kind":"${kind}","metadata":{"name":"${name}"},${json}}`

/** Written and shown in all ways; each text is the object's members as JSON. */
const kept = (plural: string, json: string, change: object = { y: 1 }): HoldInput => ({
  prepare: (api) => defined(api, plural),
  act: () => calls(
    post(customPath(plural), ofKind(plural, 'one', json)), patch(`${customPath(plural)}/one`, change, merge), patch(`${customPath(plural)}/one`, [{ op: 'add', path: '/z', value: 1 }], jsonPatch),
    patch(`${customPath(plural)}/one?fieldManager=other`, ofKind(plural, 'one', '"w":2'), apply), put(`${customPath(plural)}/one`, ofKind(plural, 'one', json)),
    patch(`${customPath(plural)}/two?fieldManager=a`, ofKind(plural, 'two', json), apply), ...forms(`${customPath(plural)}/one`), remove(`${customPath(plural)}/one`), remove(customPath(plural))),
  clean: (api) => gone(api, `${crds}/${plural}.holds.example.com`),
})

interface Hook {
  readonly close: () => void
}

/** A webhook that allows everything; asked about all config maps named `judged`. */
async function hook(api: Api, type: 'mutating' | 'validating', patches: object[]): Promise<Hook> {
  const authority = await createAuthority({ commonName: 'webhook-ca', clock })
  const serving = await issueCertificate(authority, { commonName: 'hook', usages: ['server'], names: ['127.0.0.1'], clock })
  const server = createServer({ key: serving.key, cert: serving.certificate }, (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const uid = /"uid":"([^"]+)"/.exec(Buffer.concat(chunks).toString('utf8', 0, 1000))?.[1]
      const patched = patches.length > 0 ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patches)).toString('base64') } : {}
      outgoing.end(JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid, allowed: true, ...patched } }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const created = await api.call('POST', `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`, {
    metadata: { name: 'large' }, webhooks: [{
      name: 'large.example.com', clientConfig: { url, caBundle: Buffer.from(authority.certificate).toString('base64') }, sideEffects: 'None', admissionReviewVersions: ['v1'],
      rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }], matchConditions: [{ name: 'judged', expression: 'request.name == "judged"' }],
    }],
  })
  if (created.code !== 201) throw new Error(created.text)
  return { close: () => void server.close() }
}

const judged = (type: 'mutating' | 'validating', data: () => object, patches: object[] = []): HoldInput => ({
  prepare: (api) => hook(api, type, patches),
  act: () => calls(
    post(configMaps, configMap('judged', data())), patch(`${configMaps}/judged`, { metadata: { labels: { a: 'b' } } }, merge), put(`${configMaps}/judged`, configMap('judged', { ...data(), more: 'x' })),
    patch(`${configMaps}/judged?fieldManager=a&force=true`, JSON.stringify(configMap('judged', data())), apply), remove(`${configMaps}/judged`)),
  clean: async (api, prepared) => {
    await gone(api, `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations/large`)
    await gone(api, `${configMaps}/judged`);
    (prepared as Hook).close()
  },
})

const cleaned = (...paths: string[]) => async (api: Api): Promise<void> => {
  for (const path of paths) await gone(api, path)
}

export const bodyInputs: Readonly<Record<string, HoldInput>> = {
  'empty objects by the million, in JSON': {
    act: () => calls(
      post(pods, `{"metadata":{"name":"a"},"spec":{"containers":${empties(mb)}}}`), post(pods, `{"metadata":{"name":"a"},"spec":{"volumes":${empties(mb)},"containers":[{"name":"a","image":"b"}]}}`),
      post(pods, `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","env":${empties(mb)}}]}}`), post(pods, `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","ports":${empties(mb)}}]}}`),
      post(pods, `{"metadata":{"name":"a"},"spec":{"tolerations":${empties(mb)},"hostAliases":${empties(10)}}}`), post(deployments, `{"metadata":{"name":"a"},"spec":{"template":{"spec":{"initContainers":${empties(mb)}}}}}`),
      post(`${base}/endpoints`, `{"metadata":{"name":"a"},"subsets":${empties(mb)}}`), post(`${base}/services`, `{"metadata":{"name":"a"},"spec":{"ports":${empties(mb)}}}`),
      post('/apis/rbac.authorization.k8s.io/v1/clusterroles', `{"metadata":{"name":"a"},"rules":${empties(mb)}}`), post(configMaps, `{"metadata":{"name":"a","ownerReferences":${empties(mb)}}}`),
      post(configMaps, `{"metadata":{"name":"a","managedFields":${empties(mb)}}}`), post(crds, `{"metadata":{"name":"a.b"},"spec":{"group":"b","versions":${empties(mb)}}}`),
      post('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', `{"metadata":{"name":"a"},"spec":{"ingress":${empties(mb)}}}`), post(`${base}/replicationcontrollers`, `{"metadata":{"name":"a"},"status":{"conditions":${empties(mb)}}}`)),
  },
  'containers and volumes of next to nothing': {
    act: () => calls(
      post(pods, `{"metadata":{"name":"a"},"spec":{"containers":[${'{"name":"a"},'.repeat(60_000)}{}]}}`), post(pods, `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"b"}],"volumes":[${'{"name":"a"},'.repeat(150_000)}{}]}}`),
      post(deployments, `{"metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[${'{"name":"a","image":"b"},'.repeat(18_000)}{}]}}}}`), post(pods, `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"b","ports":[${'{},'.repeat(100_000)}{}]}]}}`)),
  },
  'empty objects of 64 KB': {
    act: () => calls(
      post(pods, `{"metadata":{"name":"a"},"spec":{"containers":${empties(kb)}}}`), post(pods, `{"metadata":{"name":"a"},"spec":{"volumes":${empties(kb)},"containers":[{"name":"a","image":"b"}]}}`),
      post(pods, `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","env":${empties(kb)}}]}}`), post(deployments, `{"metadata":{"name":"a"},"spec":{"template":{"spec":{"initContainers":${empties(kb)}}}}}`),
      post(`${base}/services`, `{"metadata":{"name":"a"},"spec":{"ports":${empties(kb)}}}`), post(configMaps, `{"metadata":{"name":"a","managedFields":${empties(kb)}}}`),
      post(pods, message('Pod', Buffer.concat([field(1, field(1, text('proto'))), field(2, Buffer.alloc(kb - 50, Buffer.from([0x12, 0])))])), protobuf),
      post(pods, `metadata: {name: a}\nspec: {containers: ${empties(31_000)}}`, yaml), post(configMaps, `metadata: {name: a}\ndata: {${times(3500, (index) => `k${index}: v`).join()}}`, yaml),
      post(`${configMaps}?fieldValidation=Strict`, `{"metadata":{"name":"a"},${times(5000, (index) => `"k${index}":1`).join()}}`), post(configMaps, `{"metadata":{"name":"a"},"data":{${times(5000, (index) => `"k${index}":"v"`).join()}}}`)),
    clean: cleaned(`${configMaps}/a`),
  },
  'empty objects by the million, as patches': {
    prepare: async (api) => {
      await api.call('POST', deployments, { metadata: { name: 'd' }, spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })
    },
    act: () => calls(
      patch(`${deployments}/d`, `{"spec":{"template":{"spec":{"containers":${empties(mb)}}}}}`, strategic), patch(`${deployments}/d`, `{"spec":{"template":{"spec":{"containers":${empties(mb)}}}}}`, merge),
      patch(`${deployments}/d`, `[{"op":"add","path":"/spec/template/spec/containers","value":${empties(mb)}}]`, jsonPatch), patch(`${deployments}/d?fieldManager=a`, `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":${empties(mb)}}}}}`, apply),
      patch(`${deployments}/d`, empties(mb), jsonPatch), patch(`${deployments}/d`, empties(mb), merge), patch(`${deployments}/d?fieldManager=a`, empties(mb), apply),
      patch(`${deployments}/d`, `{"spec":{"template":{"spec":{"$setElementOrder/containers":${empties(mb)},"containers":[{"name":"c"}]}}}}`, strategic),
      patch(`${deployments}/d?fieldManager=a`, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i","args":[${'"",'.repeat(700_000)}""]}]}}}}`, apply)),
    clean: cleaned(`${deployments}/d`),
  },
  'defaults that make much of little': {
    prepare: (api) => defined(api, 'defaulted', { type: 'object', properties: { spec: { type: 'object', properties: { items: { type: 'array', items: { type: 'object', properties: { many: { type: 'array', items: { type: 'integer' }, default: times(10_000, (index) => index) } } } } } } } }),
    act: () => calls(
      post(customPath('defaulted'), `{"apiVersion":"holds.example.com/v1","kind":"defaulted","metadata":{"name":"a"},"spec":{"items":${empties(mb)}}}`),
      post(customPath('defaulted'), `{"apiVersion":"holds.example.com/v1","kind":"defaulted","metadata":{"name":"b"},"spec":{"items":${empties(6_000)}}}`), get(customPath('defaulted'))),
    clean: cleaned(`${crds}/defaulted.holds.example.com`),
  },
  'DELETE bodies of 3 MB': {
    act: () => calls(
      remove(`${configMaps}/none`, `{${times(60_000, (index) => `"k${index}":1`).join()},"x":${empties(1_500_000)}}`), remove(`${configMaps}/none`, `{"dryRun":[${'"All",'.repeat(400_000)}"All"]}`),
      remove(`${configMaps}/none`, `{"preconditions":{${'"uid":"a",'.repeat(250_000)}"uid":"b"}}`), remove(`${configMaps}/none`, `{"propagationPolicy":"${'x'.repeat(mb)}"}`), remove(configMaps, `{"ignored":${empties(mb)}}`),
      remove(`${configMaps}/none`, `x:\n${'- 1\n'.repeat(600_000)}`, yaml), remove(`${configMaps}/none`, message('DeleteOptions', Buffer.alloc(mb, Buffer.from([0x2a, 0]))), protobuf), remove(`${configMaps}/none`, '['.repeat(mb))),
  },
  'YAML of aliases': {
    act: () => calls(
      post(configMaps, `a: &a ${'x'.repeat(1_000_000)}\nb:\n${'- *a\n'.repeat(300_000)}`, yaml), post(configMaps, `a: &a [${'1,'.repeat(20_000)}]\nb:\n${'- *a\n'.repeat(4_000)}`, yaml), post(configMaps, `a: &a [${'1,'.repeat(5_000)}]\nb:\n${'- *a\n'.repeat(250)}`, yaml),
      post(configMaps, `- &a {${times(3000, (index) => `k${index}: v`).join()}}\n${'- <<: *a\n'.repeat(3)}`, yaml), post(configMaps, `${times(12, (level) => `a${level}: &a${level} [${Array(9).fill(level === 0 ? 'x' : `*a${level - 1}`).join()}]`).join('\n')}`, yaml),
      patch(`${configMaps}/a?fieldManager=a`, `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${times(2000, (index) => `  a${index}: ${index === 0 ? '&a ' : '*a'}${index === 0 ? 'y'.repeat(400) : ''}\n`).join('')}`, apply)),
    clean: cleaned(`${configMaps}/a`),
  },
  'YAML of odd forms': {
    act: () => calls(
      post(configMaps, `metadata: {name: a}\ndata:\n  a: |\n${'    line\n'.repeat(300_000)}`, yaml), post(configMaps, `metadata: {name: a}\ndata:\n  a: "${'\\n'.repeat(1_400_000)}"`, yaml), post(configMaps, `metadata: {name: a}\ndata:\n${'? a\n: b\n'.repeat(300_000)}`, yaml),
      post(configMaps, '---\n'.repeat(700_000), yaml), post(configMaps, '? '.repeat(1_400_000), yaml), post(configMaps, '#\n'.repeat(1_400_000), yaml), post(configMaps, `a: ${'é😀 '.repeat(300_000)}`, yaml), post(configMaps, `a: 1${'_'.repeat(mb)}`, yaml)),
    clean: cleaned(`${configMaps}/a`),
  },
  'paths without end': {
    prepare: (api) => defined(api, 'pathed', { type: 'object', properties: { m: { type: 'object', additionalProperties: { type: 'object', properties: { a: { type: 'string' } } } } } }),
    act: () => calls(
      post(`${configMaps}?fieldValidation=Strict`, `{"${'k'.repeat(1_000_000)}":{${'"a":{"b":1},'.repeat(140_000)}"a":1}}`), post(`${configMaps}?fieldValidation=Strict`, `{"metadata":{"${'k.'.repeat(500_000)}":{${times(60_000, (index) => `"k${index}":1,"k${index}":2`).join()}}}}`),
      post(`${customPath('pathed')}?fieldValidation=Strict`, ofKind('pathed', 'a', `"m":{"${'k'.repeat(1_000_000)}":{${times(60_000, (index) => `"k${index}":1,"k${index}":2`).join()}}}`)),
      post(`${customPath('pathed')}?fieldValidation=Strict`, ofKind('pathed', 'a', `"m":{${times(40_000, (index) => `"${'k.'.repeat(10)}${index}":{"b":1}`).join()}}`)), post(configMaps, `{"metadata":{"labels":{"${'k'.repeat(1_000_000)}":1}}}`), post(configMaps, { metadata: { name: 'x'.repeat(mb) } }), post(configMaps, { metadata: { generateName: 'x'.repeat(mb) } }),
      post(configMaps, { kind: 'x'.repeat(mb) }), post(configMaps, { apiVersion: 'x'.repeat(mb) }), post(configMaps, { metadata: { namespace: 'x'.repeat(mb) } }), post(configMaps, { metadata: { name: 'a', uid: 'x'.repeat(mb) } })),
    clean: cleaned(`${crds}/pathed.holds.example.com`, `${configMaps}/a`),
  },
  'a text of 1 MB in all forms': {
    act: () => calls(...['x', 'words and ', 'a line of text\n', '\n', '"\\\u0001', 'é', '😀', '\t x\n', '{"a":[1,2]},'].flatMap((piece) => [
      put(`${configMaps}/long`, configMap('long', { a: repeated(piece, 1_040_000 / Buffer.byteLength(piece) * piece.length).slice(0, Math.floor(1_040_000 / Buffer.byteLength(piece) * piece.length)) })), post(configMaps, configMap('long', { a: repeated(piece, 1_000_000 / Buffer.byteLength(piece) * piece.length) })), ...forms(`${configMaps}/long`), remove(`${configMaps}/long`),
    ])),
  },
  'bytes of 1 MB in all forms': {
    act: () => calls(
      post(secrets, { metadata: { name: 'long' }, data: { a: Buffer.alloc(1_000_000, 7).toString('base64') } }), ...forms(`${secrets}/long`), patch(`${secrets}/long`, { stringData: { b: 'x' } }, merge), patch(`${secrets}/long`, { data: { a: Buffer.alloc(900_000, 8).toString('base64') } }, strategic), remove(`${secrets}/long`),
      post(secrets, { metadata: { name: 'long' }, stringData: { a: 'é'.repeat(500_000) } }), remove(`${secrets}/long`), post(secrets, { metadata: { name: 'long' }, data: { a: `${'A'.repeat(2_000_000)}!` } }), post(configMaps, { metadata: { name: 'long' }, binaryData: { a: Buffer.alloc(1_000_000, 7).toString('base64') } }), remove(`${configMaps}/long`),
      post(secrets, { metadata: { name: 'long' }, data: keyed(30_000, () => 'AAAA') }), ...forms(`${secrets}/long`), remove(`${secrets}/long`)),
  },
  'annotations of 250 KB in all forms': { act: () => calls(post(configMaps, configMap('long', {}, { annotations: keyed(12_000, () => 'value'), labels: keyed(20_000, () => 'v') })), ...forms(`${configMaps}/long`), patch(`${configMaps}/long`, { metadata: { annotations: { k1: 'other' } } }, merge), remove(`${configMaps}/long`)) },
  'a resource of 600,000 numbers': kept('numbers', `"x":[${'1,'.repeat(600_000)}1]`),
  'a resource of 80,000 long numbers': kept('longnumbers', `"x":[${'9007199254740993,'.repeat(80_000)}1]`),
  'a resource of 400,000 empty objects': kept('hollow', `"x":${empties(1_200_000)}`),
  'a resource of 60,000 keys': kept('keyed', `"x":{${times(60_000, (index) => `"k${index}":1`).join()}}`, { x: keyed(60_000, (index) => (index % 2 ? 2 : null)) }),
  'a resource of 20,000 keys in 20,000 objects': kept('nested', `"x":{${times(20_000, (index) => `"k${index}":{"a":{"b":"c"}}`).join()}}`, { x: keyed(20_000, () => ({ a: { d: 'e' } })) }),
  'a resource of values that are 400 deep': kept('deep', `"x":[${times(600, () => `${'{"a":['.repeat(100)}1${']}'.repeat(100)}`).join()}],"d":${'['.repeat(400)}${'1,'.repeat(50_000)}1${']'.repeat(400)}`),
  'a resource of escapes': kept('escapes', `"x":"${'\\u00e9\\n\\"'.repeat(100_000)}","y":[${'"\\u0001\\ud83d\\ude00",'.repeat(50_000)}1]`),
  'a mutating webhook for 50,000 keys': judged('mutating', () => keyed(50_000, () => 'v'), [{ op: 'add', path: '/data/patched', value: 'x' }]),
  'a validating webhook for 50,000 keys': judged('validating', () => keyed(50_000, () => 'v')),
  'a mutating webhook for 1 MB': judged('mutating', () => ({ a: 'x'.repeat(1_000_000) }), [{ op: 'add', path: '/data/patched', value: 'x' }]),
  'a mutating webhook that patches 10,000 times': judged('mutating', () => ({ a: 'x' }), times(9_000, (index) => ({ op: 'add', path: `/data/p${index}`, value: 'x' }))),
  'a mutating webhook that adds 2 MB': judged('mutating', () => ({ a: 'x' }), [{ op: 'add', path: '/data/p', value: 'x'.repeat(2_000_000) }]),
  'reviews of 3 MB': {
    act: () => calls(
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'u', extra: keyed(60_000, () => ['v']), resourceAttributes: { verb: 'get', resource: 'pods' } } }),
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods', labelSelector: { requirements: times(40_000, (index) => ({ key: `k${index}`, operator: 'In', values: ['a', 'b'] })) } } } }),
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'u', resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector: { rawSelector: times(100_000, (index) => `a${index}=b`).join() } } } }),
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'u', nonResourceAttributes: { verb: 'get', path: `/${'a/'.repeat(1_400_000)}` } } }), post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'x'.repeat(mb), resourceAttributes: {} } }),
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', `{"spec":{"user":"u","groups":[${'"",'.repeat(900_000)}""],"resourceAttributes":{}}}`), post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'a.b.c', audiences: times(200_000, String) } }), post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'a.'.repeat(1_400_000) } }),
      post(`${base}/serviceaccounts/default/token`, { spec: { audiences: times(200_000, String) } }), post('/apis/certificates.k8s.io/v1/certificatesigningrequests', { metadata: { name: 'a' }, spec: { request: Buffer.alloc(2_000_000, 'x').toString('base64'), signerName: 'a.b/c', usages: times(10_000, String) } })),
  },
  'bodies of subresources': {
    prepare: async (api) => {
      await api.call('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
      await api.call('POST', deployments, { metadata: { name: 'd' }, spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })
    },
    act: () => calls(
      post(`${pods}/p/eviction`, { metadata: { name: 'p', labels: keyed(60_000, () => 'v') }, deleteOptions: { dryRun: times(100_000, () => 'All') } }), post(`${pods}/p/binding`, { target: { name: 'x'.repeat(mb) } }), post(`${pods}/p/binding`, { metadata: { annotations: keyed(60_000, () => 'v') }, target: { name: 'n' } }),
      put(`${deployments}/d/scale`, { metadata: { name: 'd', annotations: keyed(60_000, () => 'v') }, spec: { replicas: 1 } }), patch(`${deployments}/d/scale`, { metadata: { annotations: keyed(60_000, () => 'v') } }, merge), patch(`${deployments}/d/status`, { status: { conditions: times(20_000, (index) => ({ type: `T${index}`, status: 'True' })) } }, strategic),
      put(`${pods}/p/ephemeralcontainers`, { metadata: { name: 'p' }, spec: { ephemeralContainers: times(20_000, (index) => ({ name: `e${index}`, image: 'i' })) } }), patch(`${pods}/p/status`, { status: { containerStatuses: times(20_000, (index) => ({ name: `e${index}` })) } }, merge), patch(`${pods}/p/status`, { status: { conditions: times(20_000, (index) => ({ type: `T${index}`, status: 'True' })) } }, strategic)),
    clean: cleaned(`${pods}/p?gracePeriodSeconds=0`, `${deployments}/d`),
  },
  'dry runs of 50,000 keys': { act: () => calls(post(`${configMaps}?dryRun=All`, configMap('dry', keyed(50_000, () => 'v'))), patch(`${configMaps}/dry?dryRun=All&fieldManager=a`, JSON.stringify(configMap('dry', keyed(50_000, () => 'v'))), apply)) },
  'a list of 12 objects of 1 MB in all forms': {
    prepare: async (api) => {
      for (let index = 0; index < 6; index++) {
        await api.call('POST', configMaps, configMap(`l${index}`, { a: 'text\n'.repeat(200_000) }, { labels: { set: 'l' } }))
        await api.call('POST', configMaps, configMap(`k${index}`, keyed(30_000, () => 'v'), { labels: { set: 'l' } }))
      }
    },
    act: () => calls(...forms(configMaps).filter((_, index) => index !== 3), get(configMaps, 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'), get(configMaps, 'application/yaml;as=Table;v=v1;g=meta.k8s.io'), get(`${configMaps}?limit=2`, 'application/yaml'), remove(`${configMaps}?labelSelector=set%3Dl`)),
    settleMs: 1000,
  },
  'a CRD of 1 MB in all forms': {
    prepare: (api) => api.call('POST', crds, crd('shown', { type: 'object', properties: keyed(9_000, (index) => ({ type: 'object', description: 'what it is for', properties: { a: { type: 'string', maxLength: index + 1 } } })) })),
    act: () => calls(...forms(`${crds}/shown.holds.example.com`), patch(`${crds}/shown.holds.example.com`, { metadata: { labels: { a: 'b' } } }, merge)),
    clean: cleaned(`${crds}/shown.holds.example.com`), settleMs: 1000,
  },
  'large objects after a restart': {
    prepare: async (api) => {
      await defined(api, 'again', preserving)
      await api.call('POST', customPath('again'), ofKind('again', 'one', `"x":[${'1,'.repeat(600_000)}1]`))
      await api.call('POST', configMaps, configMap('again', keyed(50_000, () => 'v')))
      await api.call('POST', configMaps, configMap('other', keyed(50_000, () => 'v')))
    },
    act: () => Promise.resolve(''), restart: true,
  },
  'large objects after a restart (after)': {
    act: (api) => calls(get(`${configMaps}/again`), patch(`${configMaps}/other`, { metadata: { labels: { a: 'b' } } }, merge), remove(`${configMaps}/other`), get(`${customPath('again')}/one`), get(configMaps, table), remove(`${configMaps}/again`), remove(`${crds}/again.holds.example.com`))(api),
  },
  'custom resources with unknown fields': {
    prepare: (api) => defined(api, 'pruned', { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } } }),
    act: () => calls(post(customPath('pruned'), custom('pruned', 'a', { spec: { a: 'x', ...keyed(60_000, () => 1) } })), post(`${customPath('pruned')}?fieldValidation=Strict`, custom('pruned', 'b', { spec: { ...keyed(60_000, () => 1) } })), post(customPath('pruned'), ofKind('pruned', 'c', `"spec":{"x":${empties(mb)}}`))),
    clean: cleaned(`${crds}/pruned.holds.example.com`),
  },
}
