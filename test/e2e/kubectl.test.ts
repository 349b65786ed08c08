// What people do with kubectl all day, with the real kubectl against a real cluster.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, TestCluster } from './cluster.ts'

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: { app: web }
spec:
  replicas: 2
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: nginx:1.22
          ports: [{ name: http, containerPort: 80 }]
          readinessProbe:
            httpGet: { path: /, port: http }
            periodSeconds: 1
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: http }]
`

let cluster: TestCluster
const k = (args: string | readonly string[], input?: string): Promise<string> => cluster.kubectl(args, input === undefined ? {} : { input })

beforeAll(async () => {
  cluster = await TestCluster.start(['busybox', 'nginx', 'curl'])
  await k('apply -f -', manifest)
  await k('rollout status deployment/web --timeout=90s')
  // A pod that lives through all tests, to look from the inside.
  await k(['run', 'client', '--image=curlimages/curl:8', '--labels=app=client', '--', 'sh', '-c', 'trap exit TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done'])
  await k('wait pod/client --for=condition=Ready --timeout=60s')
})

afterAll(() => cluster?.remove())

describe('the cluster', () => {
  test('version, context and addresses', async () => {
    expect(await k('version')).toMatch(/Client Version: v1\.35\.\d[^]*Server Version: v1\.35\.0\+kinglet/)
    expect(await k('config current-context')).toBe('kinglet\n')
    expect(await k('cluster-info')).toMatch(/control plane.* is running at .*https:\/\/127\.0\.0\.1:6443/)
  })

  test('nodes', async () => {
    expect(await k('get nodes --no-headers')).toMatch(/^node-1\s+Ready\s+\S+\s+\S+\s+v1\.35\.0\+kinglet/)
    expect(await k('get nodes -o wide')).toMatch(new RegExp(`${cluster.network.address}.*containerd://`))
    expect(await k('describe node node-1')).toMatch(/Capacity:[^]*cpu:[^]*Non-terminated Pods:[^]*client/)
  })

  test('api-resources, api-versions and explain', async () => {
    const resources = await k('api-resources')
    for (const line of [/^pods\s+po\s+v1\s+true\s+Pod$/m, /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m, /^clusterroles\s+rbac\.authorization\.k8s\.io\/v1\s+false\s+ClusterRole$/m]) expect(resources).toMatch(line)
    expect(resources.trim().split('\n').length).toBeGreaterThanOrEqual(60)
    expect(await k('api-versions')).toMatch(/^networking\.k8s\.io\/v1$/m)
    expect(await k('explain pod.spec.containers.livenessProbe.httpGet')).toMatch(/FIELD: httpGet <HTTPGetAction>[^]*path\s+<string>[^]*port\s+<IntOrString>\s+-required-/)
    expect(await k('explain deployments --recursive')).toMatch(/maxSurge\s+<IntOrString>/)
  })

  test('auth and tokens', async () => {
    expect(await k('auth can-i create deployments')).toBe('yes\n')
    const refused = await cluster.tryKubectl('auth can-i create deployments --as=system:serviceaccount:default:default')
    expect([refused.code, refused.stdout]).toEqual([1, 'no\n'])
    expect(await k('auth whoami')).toMatch(/system:admin|kinglet|admin/)
    const token = (await k('create token default')).trim()
    expect(token.split('.')).toHaveLength(3)
    const asPod = await cluster.tryKubectl(['get', 'pods', `--token=${token}`, '--server=https://127.0.0.1:6443', '--kubeconfig=/dev/null', '--insecure-skip-tls-verify'])
    expect(asPod.stderr).toContain('User "system:serviceaccount:default:default" cannot list resource "pods"')
  })
})

describe('looking', () => {
  test('get in all its forms', async () => {
    expect(await k('get pods -A -o wide')).toMatch(/NAMESPACE\s+NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+IP\s+NODE[^]*default\s+web-\S+\s+1\/1\s+Running\s+0\s+\S+\s+10\.42\.\d+\.\d+\s+node-1/)
    expect(await k('get services')).toMatch(/^web\s+ClusterIP\s+10\.43\.\d+\.\d+\s+<none>\s+80\/TCP/m)
    expect(await k('get deployments')).toMatch(/^web\s+2\/2\s+2\s+2\s+/m)
    expect(await k('get rs,endpointslices -l app=web')).toMatch(/replicaset\.apps\/web-/)
    expect(await k(['get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}'])).toBe('2')
    expect(await k(['get', 'pods', '-l', 'app=web', '-o', 'custom-columns=N:.metadata.name,P:.status.phase'])).toMatch(/^web-\S+\s+Running$/m)
    expect(await k('get pods --field-selector=status.phase=Running -l app!=web -o name')).toBe('pod/client\n')
    expect(await k(['get', 'pods', '--sort-by=.metadata.name', '-o', 'name'])).toMatch(/^pod\/client\npod\/web-/)
    expect(await k('get all')).toMatch(/pod\/web-[^]*service\/web[^]*deployment.apps\/web[^]*replicaset.apps\/web-/)
    expect((await cluster.tryKubectl('get pod nosuch')).stderr).toBe('Error from server (NotFound): pods "nosuch" not found\n')
  })

  test('describe and events', async () => {
    expect(await k('describe deployment web')).toMatch(/Replicas:\s+2 desired \| 2 updated \| 2 total \| 2 available[^]*StrategyType:\s+RollingUpdate[^]*ScalingReplicaSet/)
    expect(await k('describe service web')).toMatch(/Endpoints:\s+10\.42\.\d+\.\d+:80,10\.42\.\d+\.\d+:80/)
    expect(await k('describe pod -l app=web')).toMatch(/Successfully assigned default\/web-\S+ to node-1[^]*Created[^]*Started/)
    // Of what happens within a second kubectl may show any first: the scheduler tells microseconds, the kubelet seconds.
    const told = await k('events --for=pod/client')
    expect(told).toMatch(/Normal\s+Scheduled\s+Pod\/client\s+Successfully assigned default\/client to node-1/)
    expect(told).toMatch(/Normal\s+Started\s+Pod\/client\s+Container started/)
  })

  test('watch sees changes as they come', async () => {
    const watching = cluster.follow('get configmaps -w --no-headers')
    await watching.says(/kube-root-ca\.crt/)
    await k('create configmap watched --from-literal=a=1')
    await watching.says(/^watched\s+1/m)
    await k(['patch', 'configmap', 'watched', '--type=merge', '-p', '{"data":{"b":"2"}}'])
    await watching.says(/^watched\s+2/m)
    await watching.end()
    await k('delete configmap watched')
  })
})

describe('into pods', () => {
  test('logs, followed as they are written', async () => {
    expect(await k('logs client --tail=1')).toMatch(/^line \d+\n$/)
    expect(await k('logs client --timestamps --limit-bytes=40')).toMatch(/^\d{4}-\d\d-\d\dT\S+ line/)
    const following = cluster.follow('logs -f client --tail=1')
    const first = Number((await following.says(/line (\d+)/))[1])
    await following.says(new RegExp(`line ${first + 2}\\n`))
    await following.end()
    expect(await k('logs -l app=web --prefix --tail=2')).toMatch(/\[pod\/web-\S+\/web\] /)
  })

  test('exec: output, input, exit codes, terminal', async () => {
    expect(await k('exec client -- echo hello')).toBe('hello\n')
    expect(await k('exec -i client -- cat', 'from outside')).toBe('from outside')
    const failed = await cluster.tryKubectl(['exec', 'client', '--', 'sh', '-c', 'echo bad >&2; exit 3'])
    expect([failed.code, failed.stderr]).toEqual([3, 'bad\ncommand terminated with exit code 3\n'])
    // script(1) makes the terminal that -t wants; its size arrives a moment after the start.
    const terminal = cluster.followProgram(...cluster.network.command('script', ['-qec', "stty rows 30 cols 100; kubectl exec -it client -- sh", '/dev/null']))
    terminal.child.stdin?.write('tty; until stty size 2>/dev/null; do :; done; echo typed-$((40+2))\n')
    await terminal.says(/\/dev\/pts\/\d+\r\n30 100\r\ntyped-42\r\n/)
    terminal.child.stdin?.write('exit 5\n')
    await eventually(() => terminal.child.exitCode !== null, 'the end of the shell')
    expect(terminal.child.exitCode).toBe(5)
  })

  test('attach shows what the program writes', async () => {
    const attached = cluster.follow('attach client')
    await attached.says(/line \d+/)
    await attached.end()
  })

  test('cp there and back', async () => {
    const here = join(cluster.directory, 'there.txt')
    writeFileSync(here, 'carried\n'.repeat(10_000))
    await k(['cp', here, 'client:/tmp/there.txt'])
    expect(await k('exec client -- wc -l /tmp/there.txt')).toMatch(/^10000 /)
    await k(['cp', 'client:/tmp/there.txt', join(cluster.directory, 'back.txt')])
    expect(readFileSync(join(cluster.directory, 'back.txt'), 'utf8')).toBe(readFileSync(here, 'utf8'))
  })

  test('port-forward to a service', async () => {
    const forward = cluster.follow('port-forward service/web :80')
    const [, port] = await forward.says(/Forwarding from 127\.0\.0\.1:(\d+)/)
    for (let i = 0; i < 3; i++) expect(await cluster.inNetwork('curl', ['-sS', '--max-time', '10', `http://127.0.0.1:${port}/`])).toContain('Welcome to nginx!')
    await forward.end()
  })

  test('services and names from inside', async () => {
    expect(await k('exec client -- curl -sS --max-time 5 http://web.default.svc.cluster.local/')).toContain('Welcome to nginx!')
    expect(await k('exec client -- curl -sS --max-time 5 http://web/')).toContain('Welcome to nginx!')
    const answer = await k(['exec', 'client', '--', 'sh', '-c',
      'cd /var/run/secrets/kubernetes.io/serviceaccount; curl -sS --max-time 5 --cacert ca.crt -H "Authorization: Bearer $(cat token)" https://kubernetes.default.svc/api'])
    expect(answer).toContain('APIVersions')
  })
})

describe('changing', () => {
  test('apply, diff, edit in place', async () => {
    expect(await k('apply -f -', manifest)).toBe('deployment.apps/web unchanged\nservice/web unchanged\n')
    const changed = manifest.replace('replicas: 2', 'replicas: 3')
    const diff = await cluster.tryKubectl('diff -f -', { input: changed })
    expect(diff.code).toBe(1)
    expect(diff.stdout).toMatch(/^-\s+replicas: 2\n\+\s+replicas: 3$/m)
    expect(await k('apply -f -', changed)).toBe('deployment.apps/web configured\nservice/web unchanged\n')
    await k('rollout status deployment/web --timeout=60s')
    await cluster.kubectl('edit deployment/web', { env: { KUBE_EDITOR: "sed -i 's/replicas: 3/replicas: 2/'" } })
    expect(await k(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}'])).toBe('2')
    expect((await cluster.tryKubectl('diff -f -', { input: manifest })).code).toBe(0)
  })

  test('scale, label, annotate, patch, set', async () => {
    expect(await k('scale deployment/web --replicas=3')).toBe('deployment.apps/web scaled\n')
    await k(['wait', 'deployment/web', '--for=jsonpath={.status.readyReplicas}=3', '--timeout=60s'])
    expect(await k('scale deployment/web --current-replicas=3 --replicas=1')).toBe('deployment.apps/web scaled\n')
    await k(['wait', 'deployment/web', '--for=jsonpath={.status.replicas}=1', '--timeout=60s'])
    await k('label deployment/web tier=front')
    await k('annotate deployment/web note=seen')
    await k(['patch', 'deployment', 'web', '-p', '{"spec":{"replicas":2}}'])
    expect(await k('get deployments -l tier=front --no-headers')).toMatch(/^web\s+\d\/2/)
    await k('label deployment/web tier-')
    await k('rollout status deployment/web --timeout=60s')
  })

  test('roll out, look at the history, undo, restart', async () => {
    const imageNow = (): Promise<string> => k(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.containers[0].image}'])
    await k('set image deployment/web web=nginx:alpine')
    expect(await k('rollout status deployment/web --timeout=60s')).toContain('successfully rolled out')
    await eventually(async () => (await imageNow()) === 'nginx:alpine nginx:alpine', 'all pods run the new image')
    expect((await k('rollout history deployment/web')).match(/^\d+\s/gm)?.length).toBeGreaterThanOrEqual(2)
    expect(await k('rollout undo deployment/web')).toBe('deployment.apps/web rolled back\n')
    await k('rollout status deployment/web --timeout=60s')
    await eventually(async () => (await imageNow()) === 'nginx:1.22 nginx:1.22', 'all pods run the old image')
    const names = await k('get pods -l app=web -o name')
    await k('rollout restart deployment/web')
    await k('rollout status deployment/web --timeout=60s')
    await eventually(async () => {
      const now = await k('get pods -l app=web -o name')
      return now.trim().split('\n').length === 2 && !now.split('\n').some((name) => name !== '' && names.includes(name))
    }, 'all pods are new')
  })

  test('a rollout that cannot work stops and keeps the old pods', async () => {
    await k('set image deployment/web web=nginx:nosuch')
    expect((await cluster.tryKubectl('rollout status deployment/web --timeout=2s')).code).toBe(1)
    await eventually(async () => /ErrImagePull|ImagePullBackOff|ErrImageNeverPull/.test(await k('get pods -l app=web')), 'a pod whose image is missing')
    expect(await k(['get', 'deployment', 'web', '-o', 'jsonpath={.status.availableReplicas}'])).toBe('2')
    await k('rollout undo deployment/web')
    await k('rollout status deployment/web --timeout=60s')
  })

  test('create in the ways that need no manifest', async () => {
    expect(await k('create deployment made --image=nginx:1.22 --replicas=1')).toBe('deployment.apps/made created\n')
    expect(await k('expose deployment made --port=80 --type=NodePort')).toBe('service/made exposed\n')
    await k('create configmap settings --from-literal=colour=blue')
    await k('create secret generic hidden --from-literal=key=value')
    await k('create namespace other')
    await k('create serviceaccount worker -n other')
    await k('create role reader -n other --verb=get,list --resource=pods')
    await k('create rolebinding worker-reads -n other --role=reader --serviceaccount=other:worker')
    expect(await k('auth can-i list pods -n other --as=system:serviceaccount:other:worker')).toBe('yes\n')
    expect(await k(['get', 'secret', 'hidden', '-o', 'jsonpath={.data.key}'])).toBe(Buffer.from('value').toString('base64'))
    await k('wait deployment/made --for=condition=Available --timeout=60s')
    const port = await k(['get', 'service', 'made', '-o', 'jsonpath={.spec.ports[0].nodePort}'])
    await eventually(async () => (await fetch(`http://${cluster.network.address}:${port}/`).catch(() => undefined))?.ok, 'an answer on the NodePort')
    await k('delete namespace other --timeout=60s')
    expect((await cluster.tryKubectl('get serviceaccount worker -n other')).stderr).toContain('NotFound')
    await k('delete deployment/made service/made')
  })

  test('a configuration file and environment from a ConfigMap and a Secret', async () => {
    await k('apply -f -', `
apiVersion: v1
kind: Pod
metadata: { name: configured }
spec:
  restartPolicy: Never
  initContainers:
    - { name: first, image: 'busybox:1.36', command: [sh, -c, 'echo prepared > /work/file'], volumeMounts: [{ name: work, mountPath: /work }] }
  containers:
    - name: main
      image: busybox:1.36
      command: [sh, -c, 'echo $COLOUR $KEY $(cat /work/file) $(cat /settings/colour) $(NODE)']
      env:
        - { name: COLOUR, valueFrom: { configMapKeyRef: { name: settings, key: colour } } }
        - { name: KEY, valueFrom: { secretKeyRef: { name: hidden, key: key } } }
        - { name: NODE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
      volumeMounts: [{ name: work, mountPath: /work }, { name: settings, mountPath: /settings }]
  volumes:
    - { name: work, emptyDir: {} }
    - { name: settings, configMap: { name: settings } }
`)
    await k(['wait', 'pod/configured', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s'])
    expect(await k('logs configured')).toBe('blue value prepared blue $(NODE)\n'.replace('$(NODE)', 'node-1'))
    await k('delete pod configured')
  })
})

describe('taking away', () => {
  test('cordon, drain, uncordon', async () => {
    await k('cordon node-1')
    expect(await k('get nodes --no-headers')).toMatch(/Ready,SchedulingDisabled/)
    await k('run waiting --image=busybox:1.36 -- sleep 1000')
    await eventually(async () => (await k('describe pod waiting')).includes('0/1 nodes are available: 1 node(s) were unschedulable'), 'a FailedScheduling event')
    await k('delete pod waiting --now')
    expect(await k('drain node-1 --force --ignore-daemonsets --delete-emptydir-data --timeout=60s')).toMatch(/node\/node-1 drained/)
    expect(await k('get pods --field-selector=spec.nodeName=node-1 -o name')).toBe('')
    await k('uncordon node-1')
    await k('rollout status deployment/web --timeout=60s')
  })

  test('delete deployments --all, delete services --all', async () => {
    expect(await k('delete deployments --all')).toBe('deployment.apps "web" deleted from default namespace\n')
    await k('wait pod -l app=web --for=delete --timeout=60s')
    expect((await cluster.tryKubectl('get deployments,replicasets,pods -l app=web')).stderr).toBe('No resources found in default namespace.\n')
    const deleted = await k('delete services --all')
    expect(deleted).toContain('service "web" deleted')
    // The API server's own service comes back by itself.
    await eventually(async () => (await cluster.tryKubectl('get service kubernetes')).code === 0, 'the kubernetes service')
    expect((await cluster.tryKubectl('get endpoints web')).stderr).toContain('NotFound')
  })
})
