// What people do with kubectl, with each version that a server of 1.35 must serve: one flow through all commands that change or show something.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.start(['busybox'])
})

afterAll(() => cluster?.remove())

const deployment = (replicas: number, image = 'busybox:1.36'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: web, image: '${image}', command: [sh, -c, 'echo hello; sleep 100000'], ports: [{ containerPort: 80 }] }]
`

describe.each([['kubectl-1.34', 'v1.34.'], ['kubectl', 'v1.35.'], ['kubectl-1.36', 'v1.36.']])('%s', (name, version) => {
  const namespace = name.replace('.', '-')
  const withNamespace = (args: string | readonly string[]): string[] => [`--namespace=${namespace}`, ...(typeof args === 'string' ? args.split(' ') : args)]
  const k = (args: string | readonly string[], input?: string): Promise<string> => cluster.tool(name, withNamespace(args), input === undefined ? {} : { input })
  const tryK = (args: string | readonly string[], input?: string) => cluster.tryTool(name, withNamespace(args), input === undefined ? {} : { input })
  const field = (what: string, path: string): Promise<string> => k(['get', ...what.split(' '), '-o', `jsonpath=${path}`])

  test('versions, discovery, documentation and rights', async () => {
    expect(await k('version')).toMatch(new RegExp(`Client Version: ${version.replaceAll('.', '\\.')}[^]*Server Version: v1\\.35\\.`))
    await k(`create namespace ${namespace}`)
    expect(await k('api-resources --no-headers')).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
    expect(await k('api-versions')).toMatch(/^resource\.k8s\.io\/v1$/m)
    expect(await k('explain pod.spec.containers.resizePolicy')).toMatch(/FIELD: resizePolicy <\[\]ContainerResizePolicy>/)
    expect(await k('auth can-i create pods')).toBe('yes\n')
    expect(await k('auth can-i --list')).toMatch(/^\*\.\* /m)
    expect(await k('auth whoami -o jsonpath={.status.userInfo.groups}')).toContain('system:masters')
    expect(await k('cluster-info')).toMatch(/is running at/)
    expect(await k('get --raw /readyz')).toBe('ok')
  })

  test('apply: new, unchanged, changed, refused, on trial, by the server', async () => {
    expect(await k('apply -f -', deployment(1))).toBe('deployment.apps/web created\n')
    expect(await k('apply -f -', deployment(1))).toBe('deployment.apps/web unchanged\n')
    const diff = await tryK('diff -f -', deployment(2))
    expect([diff.code, diff.stdout]).toEqual([1, expect.stringMatching(/^-\s+replicas: 1\n\+\s+replicas: 2$/m)])
    expect(await k('apply --dry-run=server -f -', deployment(3))).toBe('deployment.apps/web configured (server dry run)\n')
    expect(await k('apply -f -', deployment(2))).toBe('deployment.apps/web configured\n')
    const unknown = await tryK('apply -f -', deployment(2).replace('replicas:', 'replica:'))
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/strict decoding error: unknown field "spec\.replica"/)])
    const conflict = await tryK('apply --server-side --field-manager=other -f -', deployment(4))
    expect([conflict.code, conflict.stderr]).toEqual([1, expect.stringMatching(/Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps\/v1: \.spec\.replicas/)])
    expect(await k('apply --server-side --force-conflicts --field-manager=other -f -', deployment(1))).toBe('deployment.apps/web serverside-applied\n')
    expect(await field('deployment web', '{.spec.replicas}')).toBe('1')
    await k('rollout status deployment/web --timeout=60s')
  })

  test('create, in all its forms', async () => {
    for (const args of [
      'configmap made --from-literal=a=b', 'secret generic made --from-literal=a=b', 'serviceaccount made', 'role made --verb=get --resource=pods',
      'rolebinding made --role=made --serviceaccount=x:y', 'quota made --hard=pods=50', 'service clusterip made --tcp=80:80', 'ingress made --rule=a.example/=made:80',
      'poddisruptionbudget made --selector=app=none --min-available=1', 'cronjob made --image=busybox:1.36 --schedule=0_0_*_*_*',
    ]) expect(await k(['create', ...args.split(' ').map((word) => word.replaceAll('_', ' '))])).toMatch(/ created\n$/)
    expect((await k('create token made')).split('.')).toHaveLength(3)
    expect(await k('create job once --from=cronjob/made')).toBe('job.batch/once created\n')
    expect(await k('delete cronjob,job --all')).toMatch(/cronjob\.batch "made" deleted/)
  })

  test('run, expose, logs, exec, attach, cp, port-forward, debug', async () => {
    await k(['run', 'box', '--image=busybox:1.36', '--labels=app=box', '--port=80', '--grace-period=0', '--', 'sh', '-c', 'echo started; sleep 100000'].filter((word) => word !== '--grace-period=0'))
    expect(await k('expose pod box --port=80 --target-port=8080')).toBe('service/box exposed\n')
    await k('wait pod/box --for=condition=Ready --timeout=60s')
    await k(['wait', 'pod/box', '--for=jsonpath={.status.phase}=Running', '--timeout=10s'])
    expect(await k('logs box --tail=1')).toBe('started\n')
    expect(await k('logs -l app=box --prefix')).toMatch(/^\[pod\/box\/box\] started$/m)
    const run = await tryK('exec -i box -- sh -c cat;exit${IFS}3', 'in')
    expect([run.code, run.stdout]).toEqual([3, 'in'])
    const [from, to] = [join(cluster.directory, `${name}-from`), join(cluster.directory, `${name}-to`)]
    writeFileSync(from, 'copied')
    await k(['cp', from, `${namespace}/box:/tmp/x`])
    await k(['cp', `${namespace}/box:/tmp/x`, to])
    expect(await cluster.inNetwork('cat', [to])).toBe('copied')
    await k(['exec', 'box', '--', 'sh', '-c', 'mkdir -p /www; echo served > /www/index.html; httpd -p 8080 -h /www'])
    const [program, line] = cluster.network.command(join(import.meta.dirname, '../../.cache/tools', name), withNamespace('port-forward service/box :80'))
    const forward = cluster.followProgram(program, line)
    const port = (await forward.says(/Forwarding from 127\.0\.0\.1:(\d+)/))[1]
    expect(await cluster.inNetwork('curl', ['-sf', `http://127.0.0.1:${port}/`])).toBe('served\n')
    await forward.end()
    await k(['debug', 'box', '--image=busybox:1.36', '--target=box', '--container=dbg', '--', 'sh', '-c', 'echo debugging; sleep 77777'])
    await eventually(async () => (await tryK('logs box -c dbg')).stdout === 'debugging\n', 'the debug container says something')
    // In the target's process namespace, the first process is the target's.
    expect(await k('exec box -c dbg -- cat /proc/1/cmdline')).toContain('100000')
  })

  test('get and describe', async () => {
    expect(await k('get all')).toMatch(/deployment\.apps\/web +1\/1/)
    expect(await k('get pods -l app=web -o name')).toMatch(/^pod\/web-/)
    expect(await k('get pods -o wide --show-labels --sort-by=.metadata.name')).toMatch(/^box +1\/1 +Running .*app=box/m)
    expect(await k('get deployment web -o yaml')).toContain('\nkind: Deployment\n')
    expect(await k('get deployment web --subresource=scale -o jsonpath={.spec.replicas}')).toBe('1')
    expect(await k('get pods --field-selector=metadata.name=box --no-headers')).toMatch(/^box /)
    expect(await k('describe deployment web')).toMatch(/Replicas: +1 desired/)
    expect(await k('describe pod box')).toMatch(/Events:[^]*Started/)
    expect(await k('events --for=pod/box')).toContain('Started')
    expect(await k('top node --no-headers')).toMatch(/^node-1 /)
    const missing = await tryK('get pod none')
    expect([missing.code, missing.stderr]).toEqual([1, 'Error from server (NotFound): pods "none" not found\n'])
  })

  test('changes: patch, label, annotate, replace, set, scale, rollout, autoscale', async () => {
    await k(['patch', 'deployment', 'web', '-p', '{"spec":{"template":{"metadata":{"labels":{"x":"1"}}}}}'])
    await k(['patch', 'deployment', 'web', '--type=json', '-p', '[{"op":"add","path":"/metadata/annotations/j","value":"1"}]'])
    await k(['patch', 'deployment', 'web', '--type=merge', '--subresource=scale', '-p', '{"spec":{"replicas":2}}'])
    expect(await k('label deployment web tier=front')).toBe('deployment.apps/web labeled\n')
    expect((await tryK('label deployment web tier=back')).stderr).toMatch(/--overwrite is false/)
    expect(await k('annotate deployment web note=x')).toBe('deployment.apps/web annotated\n')
    expect(await k('scale deployment web --replicas=1')).toBe('deployment.apps/web scaled\n')
    await k('replace -f -', await k('get configmap made -o yaml'))
    expect(await k('replace --force -f -', await k('get configmap made -o yaml'))).toMatch(/configmap\/made replaced/)
    expect(await k('set env deployment/web A=b')).toBe('deployment.apps/web env updated\n')
    expect(await k('set image deployment/web web=busybox:1.35')).toBe('deployment.apps/web image updated\n')
    expect(await k('rollout restart deployment/web')).toBe('deployment.apps/web restarted\n')
    expect(await k('rollout status deployment/web --timeout=60s')).toMatch(/successfully rolled out/)
    expect(await k('rollout history deployment/web')).toMatch(/^4 /m)
    expect(await k('rollout undo deployment/web --to-revision=1')).toMatch(/rolled back/)
    await k('rollout status deployment/web --timeout=60s')
    expect(await field('deployment web', '{.spec.template.spec.containers[0].image}')).toBe('busybox:1.36')
    expect(await k('rollout pause deployment/web')).toMatch(/paused/)
    expect(await k('rollout resume deployment/web')).toMatch(/resumed/)
    expect(await k('autoscale deployment web --min=1 --max=2 --cpu-percent=80')).toMatch(/autoscaled/)
    await k('delete hpa web')
  })

  test('nodes: cordon, drain, uncordon, taint', async () => {
    expect(await k('cordon node-1')).toBe('node/node-1 cordoned\n')
    expect(await k('drain node-1 --ignore-daemonsets --force --delete-emptydir-data --pod-selector=app=web --timeout=60s')).toMatch(/evicting pod [^]*node\/node-1 drained/)
    expect(await k('uncordon node-1')).toBe('node/node-1 uncordoned\n')
    expect(await k('taint node node-1 a=b:PreferNoSchedule')).toBe('node/node-1 tainted\n')
    expect(await k('taint node node-1 a-')).toBe('node/node-1 untainted\n')
    await k('rollout status deployment/web --timeout=60s')
  })

  test('delete, at once or waited for', async () => {
    expect(await k('delete pod box --force --grace-period=0')).toMatch(/pod "box" force deleted/)
    expect(await k('delete deployment web --cascade=foreground --timeout=60s')).toMatch(/deployment\.apps "web" deleted/)
    await eventually(async () => (await k('get pods -l app=web -o name')) === '', 'no pod is left')
    expect(await k(`delete namespace ${namespace} --timeout=60s`)).toMatch(new RegExp(`namespace "${namespace}" deleted`))
    expect((await tryK(`get namespace ${namespace}`)).code).toBe(1)
  })
})
