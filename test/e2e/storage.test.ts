// Claims on a real cluster: data outlives pods, not its claim. And what kubectl does with tokens, certificates and quotas.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.start()
})

afterAll(() => cluster?.remove())

const set = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: diary }
spec:
  serviceName: diary
  selector: { matchLabels: { app: diary } }
  template:
    metadata: { labels: { app: diary } }
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: { runAsUser: 1000, fsGroup: 1000 }
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, 'trap exit TERM; echo line >> /data/pages; while :; do sleep 1; done']
          volumeMounts: [{ name: data, mountPath: /data }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 64Mi } } }
`

interface Volume { readonly spec: { readonly hostPath: { readonly path: string } } }
interface Claim { readonly spec: { readonly volumeName: string }; readonly status: { readonly phase: string } }

test('a claim of the default class keeps what a pod wrote for its successor, and goes with its claim', async () => {
  await cluster.kubectl('create namespace kept')
  await cluster.kubectl('apply -n kept -f -', { input: set })
  await cluster.kubectl('rollout status -n kept statefulset/diary --timeout=90s')
  const lines = async (): Promise<number> => (await cluster.kubectl('exec -n kept diary-0 -- cat /data/pages')).split('\n').filter(Boolean).length
  expect(await lines()).toBe(1)
  await cluster.kubectl('delete pod -n kept diary-0 --wait')
  await cluster.kubectl('rollout status -n kept statefulset/diary --timeout=60s')
  expect(await eventually(async () => (await lines()) === 2 || undefined, 'the second line')).toBe(true)
  const claim = await cluster.json<Claim>('get pvc -n kept data-diary-0')
  expect(claim.status.phase).toBe('Bound')
  expect(await cluster.kubectl('get pvc -n kept')).toMatch(/data-diary-0\s+Bound\s+pvc-\S+\s+64Mi\s+RWO\s+local-path/)
  const { spec: { hostPath: { path } } } = await cluster.json<Volume>(`get pv ${claim.spec.volumeName}`)
  expect(existsSync(join(path, 'pages'))).toBe(true)
  await cluster.kubectl('delete namespace kept --wait --timeout=60s')
  await eventually(async () => (await cluster.tryKubectl(`get pv ${claim.spec.volumeName}`)).code !== 0 || undefined, 'the volume is gone')
  expect(existsSync(path)).toBe(false)
})

test('a token secret is a login for its account', async () => {
  await cluster.kubectl('create serviceaccount robot')
  await cluster.kubectl('create rolebinding robot --clusterrole=view --serviceaccount=default:robot')
  await cluster.kubectl('apply -f -', { input: `
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: { name: robot, annotations: { kubernetes.io/service-account.name: robot } }
` })
  const token = await eventually(async () => {
    const { data } = await cluster.json<{ data?: { token?: string } }>('get secret robot')
    return data?.token && Buffer.from(data.token, 'base64').toString()
  }, 'a token')
  const review = await cluster.kubectl('create -o json -f -', { input: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } }) })
  expect(JSON.parse(review)).toMatchObject({ status: { authenticated: true, user: { username: 'system:serviceaccount:default:robot' } } })
})

test('kubectl certificate approve leads to a certificate', async () => {
  const pem = execFileSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', '/O=dev/CN=jane'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const spec = { request: Buffer.from(pem).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] }
  await cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'jane' }, spec }) })
  expect(await cluster.kubectl('get csr jane')).toMatch(/kubernetes\.io\/kube-apiserver-client\s+kubernetes-admin\s+<none>\s+Pending/)
  await cluster.kubectl('certificate approve jane')
  const certificate = await eventually(async () => (await cluster.json<{ status: { certificate?: string } }>('get csr jane')).status.certificate, 'a certificate')
  expect(Buffer.from(certificate, 'base64').toString()).toContain('BEGIN CERTIFICATE')
  expect(await cluster.kubectl('get csr jane')).toMatch(/Approved,Issued/)
})

test('a quota refuses what is too much, and kubectl shows what is used', async () => {
  await cluster.kubectl('create namespace tight')
  await cluster.kubectl('create quota -n tight small --hard=configmaps=3,requests.cpu=1')
  await cluster.kubectl('create configmap -n tight one')
  await eventually(async () => /configmaps\s+2\s+3/.test(await cluster.kubectl('describe quota -n tight small')) || undefined, 'two of three')
  await cluster.kubectl('create configmap -n tight two')
  const refused = await cluster.tryKubectl('create configmap -n tight three')
  expect(refused.stderr).toContain('configmaps "three" is forbidden: exceeded quota: small, requested: configmaps=1, used: configmaps=3, limited: configmaps=3')
  expect((await cluster.tryKubectl('run -n tight p --image=busybox:1.36')).stderr).toContain('failed quota: small: must specify requests.cpu for: p')
})
