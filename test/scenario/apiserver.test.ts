// The real kubectl against the API server on the memory store: no controllers, no nodes.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startServer, type TestServer } from '../../pkg/apiserver/fixture.suite.ts'

const own = resolve(import.meta.dirname, '../../.cache/tools/kubectl')
const program = existsSync(own) ? own : '/usr/bin/kubectl'

let server: TestServer
let directory: string

beforeAll(async () => {
  server = await startServer()
  directory = mkdtempSync(join(tmpdir(), 'kinglet-kubectl-'))
  writeFileSync(join(directory, 'kubeconfig'), server.kubeconfig)
})
afterAll(async () => {
  await server.stop()
  rmSync(directory, { recursive: true })
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

function kubectl(command: string, input = ''): Promise<Run> {
  const words = command.match(/(?:[^\s']|'[^']*')+/g)!.map((word) => word.replaceAll("'", ''))
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: directory, KUBECONFIG: join(directory, 'kubeconfig') }
    const child = execFile(program, words, { env, timeout: 30_000 }, (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }))
    child.stdin!.end(input)
  })
}

/** What a command that must succeed printed. */
async function ok(command: string, input?: string): Promise<string> {
  const { code, out, err } = await kubectl(command, input)
  if (code !== 0) throw new Error(`kubectl ${command}: ${code}: ${err}`)
  return out
}

const deployment = (replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: applied, labels: {app: applied}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: applied}}
  template:
    metadata: {labels: {app: applied}}
    spec: {containers: [{name: c, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
`

it('says its version and what it serves', async () => {
  expect(await ok('version')).toMatch(/Server Version: v1\.35\.0\+kinglet/)
  const resources = await ok('api-resources --no-headers')
  expect(resources).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
  // All 68, less the autoscaling/v1 form of one that autoscaling/v2 has too.
  expect(resources.trim().split('\n')).toHaveLength(67)
  expect(await ok('api-versions')).toMatch(/^autoscaling\/v2$/m)
  expect(await ok('explain deployment.spec.replicas')).toMatch(/FIELD: replicas <integer>/)
})

it('applies, diffs, scales and shows a deployment', async () => {
  expect(await ok('apply -f -', deployment(1))).toBe('deployment.apps/applied created\n')
  expect(await ok('apply -f -', deployment(1))).toBe('deployment.apps/applied unchanged\n')
  const diff = await kubectl('diff -f -', deployment(2))
  expect([diff.code, diff.out]).toEqual([1, expect.stringMatching(/^-\s+replicas: 1\n\+\s+replicas: 2$/m)])
  expect(await ok('apply -f -', deployment(2))).toBe('deployment.apps/applied configured\n')
  expect(await ok('scale deployment applied --replicas=4')).toBe('deployment.apps/applied scaled\n')
  expect(await ok('get deployment applied -o wide --no-headers')).toMatch(/^applied +0\/4 +0 +0 +\S+ +c +nginx:1\.27 +app=applied$/m)
  expect(await ok('get deployment applied --subresource=scale --no-headers')).toMatch(/^applied +4 +0 +\d+m?s/)
  expect(await ok('describe deployment applied')).toMatch(/Replicas: +4 desired/)
  expect(await ok("get deployments -l app=applied -o jsonpath='{.items[*].metadata.generation}'")).toBe('3')
  expect(await ok('delete deployment applied')).toBe('deployment.apps "applied" deleted from default namespace\n')
})

it('takes protobuf bodies', async () => {
  expect(await ok('create deployment made --image=nginx --replicas=2')).toBe('deployment.apps/made created\n')
  expect(await ok('create configmap made --from-literal=a=b')).toBe('configmap/made created\n')
  expect(await ok("get configmap made -o jsonpath='{.data.a}'")).toBe('b')
  expect(await ok('create token default')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n?$/)
  expect(await ok('expose deployment made --port=80')).toBe('service/made exposed\n')
  expect(await ok('get service made --no-headers')).toMatch(/^made +ClusterIP +10\.43\.\d+\.\d+ +<none> +80\/TCP/)
})

it('answers who may do what', async () => {
  expect(await ok('auth can-i create pods')).toBe('yes\n')
  expect(await ok('auth whoami')).toMatch(/Username +admin\nGroups +\[system:masters system:authenticated\]/)
  await ok('create clusterrole asker --verb=create --resource=selfsubjectaccessreviews.authorization.k8s.io')
  await ok('create clusterrolebinding asker --clusterrole=asker --group=system:authenticated')
  await ok('create role reader --verb=get --resource=pods')
  await ok('create rolebinding reader --role=reader --user=bob')
  expect(await ok('auth can-i get pods --as=bob')).toBe('yes\n')
  expect(await kubectl('auth can-i get pods --as=bob -n a')).toMatchObject({ code: 1, out: 'no\n' })
  expect(await kubectl('get secrets --as=bob')).toMatchObject({ code: 1, err: 'Error from server (Forbidden): secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" in the namespace "default"\n' })
})

it('waits, watches and deletes', async () => {
  expect(await ok('run waiting --image=nginx')).toBe('pod/waiting created\n')
  expect(await ok("wait pod/waiting --for=jsonpath='{.status.phase}'=Pending --timeout=10s")).toBe('pod/waiting condition met\n')
  const deleted = kubectl('wait pod/waiting --for=delete --timeout=20s')
  expect(await ok('delete pod waiting')).toMatch(/^pod "waiting" deleted/)
  expect(await deleted).toMatchObject({ code: 0 })
  expect(await kubectl('get pod waiting')).toMatchObject({ code: 1, err: 'Error from server (NotFound): pods "waiting" not found\n' })
})

it('patches in all ways', async () => {
  await ok('create configmap patched --from-literal=a=1')
  await ok(`patch configmap patched --type=merge -p '{"data":{"b":"2"}}'`)
  await ok(`patch configmap patched --type=json -p '[{"op":"remove","path":"/data/a"}]'`)
  await ok(`patch configmap patched -p '{"data":{"c":"3"}}'`)
  expect(JSON.parse(await ok("get configmap patched -o jsonpath='{.data}'"))).toEqual({ b: '2', c: '3' })
  await ok('label configmap patched x=y')
  expect(await ok('get configmap -l x=y --no-headers -L x')).toMatch(/^patched +2 +\S+ +y$/m)
})

it('refuses what is wrong in the words of Kubernetes', async () => {
  const invalid = await kubectl('apply -f -', deployment(1).replace('app: applied}}\n    spec', 'app: other}}\n    spec'))
  expect(invalid.err).toMatch(/The Deployment "applied" is invalid: spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/)
  const unknown = await kubectl('apply -f -', deployment(1).replace('replicas:', 'replica:'))
  expect(unknown.err).toMatch(/strict decoding error: unknown field "spec\.replica"/)
  expect((await kubectl('get nothing')).err).toMatch(/the server doesn't have a resource type "nothing"/)
})
