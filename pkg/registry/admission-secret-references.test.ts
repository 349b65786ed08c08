// What the ServiceAccount plugin says of secrets that pods name.
import type { ServiceAccount } from '../api/types-config.ts'
import type { Pod, PodSpec } from '../api/types-pod.ts'
import { ephemeralFault, mirrorFault, secretFault } from './admission-secret-references.ts'

const pod = (spec: Partial<PodSpec>): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }], ...spec } }) as Pod
const account = (enforce: string | undefined): ServiceAccount => ({
  apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'sa', ...(enforce === undefined ? {} : { annotations: { 'kubernetes.io/enforce-mountable-secrets': enforce } }) }, secrets: [{ name: 'mine' }], imagePullSecrets: [{ name: 'pull' }],
})
const env = (name: string): object => ({ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name, key: 'k' } } }] })
const envFrom = (name: string): object => ({ name: 'c', envFrom: [{ secretRef: { name } }] })
const foreign = (what: string): string => `${what} secret.secretName="other" is not allowed because service account sa does not reference that secret`

it.each<[object, string | undefined]>([
  [{}, undefined],
  [{ volumes: [{ name: 'v', secret: { secretName: 'mine' } }], containers: [env('mine')], imagePullSecrets: [{ name: 'pull' }] }, undefined],
  [{ volumes: [{ name: 'v', secret: { secretName: 'other' } }] }, foreign('volume with')],
  [{ containers: [env('other')] }, foreign('container c with envVar E referencing')],
  [{ containers: [envFrom('other')], initContainers: [env('other')] }, foreign('init container c with envVar E referencing')],
  [{ initContainers: [envFrom('other')] }, foreign('init container c with envFrom referencing')],
  [{ imagePullSecrets: [{ name: 'pull' }, { name: 'other' }] }, 'imagePullSecrets[1].name="other" is not allowed because service account sa does not reference that imagePullSecret'],
])('%j', (spec, fault) => {
  expect(secretFault(pod(spec), account('true'))).toBe(fault)
  for (const no of [undefined, 'false', 'yes']) expect(secretFault(pod(spec), account(no))).toBeUndefined()
})

it('looks at ephemeral containers when they come', () => {
  const late = pod({ ephemeralContainers: [env('other')] } as Partial<PodSpec>)
  expect(secretFault(late, account('1'))).toBeUndefined()
  expect(ephemeralFault(late, account('1'))).toBe(foreign('ephemeral container c with envVar E referencing'))
  expect(ephemeralFault(late, account(undefined))).toBeUndefined()
})

it.each<[object, string | undefined]>([
  [{}, undefined],
  [{ serviceAccountName: 'sa' }, 'a mirror pod may not reference service accounts'],
  [{ containers: [env('mine')] }, 'a mirror pod may not reference secrets'],
  [{ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }, 'a mirror pod may not use ServiceAccountToken volume projections'],
])('a mirror: %j', (spec, fault) => expect(mirrorFault(pod(spec))).toBe(fault))
