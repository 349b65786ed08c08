// PodSecurity, end to end: refusals, warnings and labels as clients see them.
import { startServer, type Reply, type TestServer } from './fixture.suite.ts'

let server: TestServer
beforeAll(async () => void (server = await startServer()))
afterAll(() => server.stop())

const label = (name: string): string => `pod-security.kubernetes.io/${name}`
const labelled = (labels: Record<string, string>): Promise<Reply> =>
  server.call('PATCH', '/api/v1/namespaces/a', { body: { metadata: { labels } }, headers: { 'content-type': 'application/merge-patch+json' } })
const bare = { containers: [{ name: 'c', image: 'i' }] }
const pod = (name: string, spec: object = bare): Promise<Reply> => server.call('POST', '/api/v1/namespaces/a/pods', { body: { metadata: { name }, spec } })

const bareFaults = 'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), '
  + 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), '
  + 'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), '
  + 'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
const header = (text: string): string => `299 - ${JSON.stringify(text)}`

it('refuses pods, warns of workloads, and of pods that run already', async () => {
  expect((await pod('before')).code).toBe(201)
  expect((await labelled({ [label('enforce')]: 'restricted' })).headers['warning']).toBe(
    `${header('existing pods in namespace "a" violate the new PodSecurity enforce level "restricted:latest"')}, `
    + header('before: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile'))
  expect((await pod('after')).json).toMatchObject({
    code: 403, reason: 'Forbidden', details: { name: 'after', kind: 'pods' }, message: `pods "after" is forbidden: violates PodSecurity "restricted:latest": ${bareFaults}`,
  })
  const deployed = await server.call('POST', '/apis/apps/v1/namespaces/a/deployments', { body: {
    metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: bare } },
  } })
  expect([deployed.code, deployed.headers['warning']]).toEqual([201, header(`would violate PodSecurity "restricted:latest": ${bareFaults}`)])
})

it('lets pods be updated that were there before, unless their images change', async () => {
  const patch = (body: object): Promise<Reply> => server.call('PATCH', '/api/v1/namespaces/a/pods/before', { body, headers: { 'content-type': 'application/strategic-merge-patch+json' } })
  expect((await patch({ metadata: { labels: { x: 'y' } } })).code).toBe(200)
  expect((await patch({ metadata: { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } } })).code).toBe(200)
  expect((await patch({ spec: { containers: [{ name: 'c', image: 'other' }] } })).code).toBe(403)
})

it('checks the labels', async () => {
  expect((await labelled({ [label('enforce')]: 'strict' })).json).toMatchObject({
    code: 422, message: 'Namespace "a" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
  })
  expect((await labelled({ [label('enforce')]: 'baseline', [label('warn')]: 'privileged' })).code).toBe(200)
  expect((await pod('baseline')).code).toBe(201)
  expect((await pod('host', { ...bare, hostNetwork: true })).json.message).toBe('pods "host" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)')
})
