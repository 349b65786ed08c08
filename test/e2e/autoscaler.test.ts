// kubectl autoscale on a real cluster: a busy deployment grows by what its node measures.
import { eventually, TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.start()
})

afterAll(() => cluster?.remove())

const busy = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: busy }
spec:
  selector: { matchLabels: { app: busy } }
  template:
    metadata: { labels: { app: busy } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, 'while :; do :; done']
          resources: { requests: { cpu: 50m }, limits: { cpu: 100m } }
`

test('a deployment that uses twice what it asked for grows to the maximum', async () => {
  await cluster.kubectl('apply -f -', { input: busy })
  await cluster.kubectl('rollout status deployment/busy --timeout=60s')
  await cluster.kubectl('autoscale deployment busy --min=1 --max=3 --cpu=50%')
  await eventually(async () => (await cluster.json<{ status: { readyReplicas?: number } }>('get deployment busy')).status.readyReplicas === 3 || undefined, 'three replicas', 120_000)
  expect(await cluster.kubectl('get hpa busy')).toMatch(/busy\s+Deployment\/busy\s+cpu: \d{2,3}%\/50%\s+1\s+3\s+\d/)
  expect(await cluster.kubectl('describe hpa busy')).toMatch(/SuccessfulRescale\s.*New size: \d; reason: cpu resource utilization \(percentage of request\) above target/)
})
