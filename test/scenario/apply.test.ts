// Server-side apply as its clients use it: the real kubectl and helm against a control plane without nodes.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { deployments } from '../../pkg/api/types-workload.ts'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { defaultClusterOptions } from '../../pkg/cluster/options.ts'

const tools = resolve(import.meta.dirname, '../../.cache/tools')
const directory = mkdtempSync(join(tmpdir(), 'kinglet-apply-'))
const kubeconfig = join(directory, 'kubeconfig.yaml')
let cluster: Cluster

beforeAll(async () => {
  cluster = await Cluster.start({
    ...defaultClusterOptions, dataDirectory: directory, stateDirectory: join(directory, 'run'), bindAddress: '127.0.0.1', httpsPort: 0,
    nodeName: 'test', nodeIP: '192.0.2.7', kubeconfigPath: kubeconfig, disableAgent: true, inMemory: true,
  })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(directory, { recursive: true })
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(program: string, words: readonly string[], input = ''): Promise<Run> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: directory, KUBECONFIG: kubeconfig }
    const child = execFile(join(tools, program), words, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }))
    child.stdin!.end(input)
  })
}

/** What a command that must succeed printed. */
async function ok(program: string, line: string, input?: string): Promise<string> {
  const { code, out, err } = await run(program, line.split(' '), input)
  if (code !== 0) throw new Error(`${program} ${line}: ${code}: ${err}`)
  return out
}
const kubectl = (line: string, input?: string): Promise<string> => ok('kubectl', line, input)
const helm = (line: string): Promise<string> => ok('helm', line)

interface Shown {
  readonly metadata: { readonly managedFields?: { manager: string; operation: string; apiVersion: string; subresource?: string; time: string; fieldsV1: Record<string, unknown> }[]; readonly annotations?: Record<string, string>; readonly labels?: Record<string, string> }
  readonly spec: { readonly replicas?: number; readonly [name: string]: unknown }
}
const get = async (what: string): Promise<Shown> => JSON.parse(await kubectl(`get ${what} -o json --show-managed-fields`)) as Shown
const owners = async (what: string): Promise<string[]> =>
  ((await get(what)).metadata.managedFields ?? []).map(({ manager, operation, subresource }) => `${manager} ${operation}${subresource ? ` ${subresource}` : ''}`)

const deployment = (more: string, image = 'nginx:1', name = 'web'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: web}}
spec:
  ${more}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "${image}", ports: [{containerPort: 80}]}]}
`

describe('kubectl apply --server-side', () => {
  it('creates, changes nothing when nothing changes, and removes what is applied no more', async () => {
    expect(await kubectl('apply --server-side -f -', deployment('replicas: 2\n  paused: true'))).toBe('deployment.apps/web serverside-applied\n')
    const first = await get('deploy web')
    expect(first.metadata.managedFields?.filter(({ operation }) => operation === 'Apply')).toMatchObject([{
      manager: 'kubectl', operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:app': {} } },
        'f:spec': { 'f:replicas': {}, 'f:selector': {}, 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } } } } } } },
      },
    }])
    await kubectl('apply --server-side -f -', deployment('replicas: 2\n  paused: true'))
    expect((await get('deploy web')).metadata.managedFields?.[0]).toEqual(first.metadata.managedFields?.[0])
    await kubectl('apply --server-side -f -', deployment('replicas: 2'))
    expect((await get('deploy web')).spec).not.toHaveProperty('paused')
  }, 60_000)

  it('tells of conflicts and takes over by force', async () => {
    await kubectl('scale deploy web --replicas=5')
    expect(await owners('deploy web')).toContain('kubectl Update scale')
    const refused = await run('kubectl', ['apply', '--server-side', '-f', '-'], deployment('replicas: 3'))
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('error: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas\nPlease review the fields above')
    const other = await run('kubectl', ['apply', '--server-side', '--field-manager=other', '-f', '-'], deployment('replicas: 3', 'nginx:2'))
    expect(other.err).toContain('conflicts with "kubectl":\n- .spec.template.spec.containers[name="c"].image\nconflicts with "kubectl" with subresource "scale" using apps/v1:\n- .spec.replicas')
    await kubectl('apply --server-side --force-conflicts -f -', deployment('replicas: 3'))
    expect((await get('deploy web')).spec.replicas).toBe(3)
    expect(await owners('deploy web')).not.toContain('kubectl Update scale')
  }, 60_000)

  it('refuses fields that are not declared, in a dry run too', async () => {
    const { err } = await run('kubectl', ['apply', '--server-side', '--dry-run=server', '-f', '-'], deployment('replica: 3', 'nginx:1', 'wrong'))
    expect(err).toContain('Error from server: failed to create typed patch object (default/wrong; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema')
    expect(await kubectl('apply --server-side --dry-run=server -f -', deployment('replicas: 3', 'nginx:1', 'dry'))).toBe('deployment.apps/dry serverside-applied (server dry run)\n')
    expect((await run('kubectl', ['get', 'deploy', 'dry'])).code).toBe(1)
  }, 60_000)

  it('takes over from the older way of applying', async () => {
    await kubectl('apply -f -', deployment('replicas: 1', 'nginx:1', 'old'))
    expect(await owners('deploy old')).toContain('kubectl-client-side-apply Update')
    await kubectl('apply --server-side -f -', deployment('replicas: 2', 'nginx:2', 'old'))
    const { spec, metadata } = await get('deploy old')
    expect(spec.replicas).toBe(2)
    expect(metadata.managedFields?.map(({ manager }) => manager)).not.toContain('kubectl-client-side-apply')
    expect(metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toContain('nginx:2')
    // And back again.
    await kubectl('apply -f -', deployment('paused: true', 'nginx:3', 'old'))
    expect((await get('deploy old')).spec).toMatchObject({ paused: true })
  }, 60_000)

  it('keeps who changed what by other commands', async () => {
    await kubectl('create configmap made --from-literal=a=1')
    await kubectl('label configmap made x=y')
    await kubectl('annotate configmap made --field-manager=me x=y')
    expect(await owners('configmap made')).toEqual(['kubectl-create Update', 'kubectl-label Update', 'me Update'])
    await kubectl('replace -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {b: "2"}')
    // What was created stays its creator's: the map of data, though nothing in it.
    expect(await owners('configmap made')).toEqual(['kubectl-create Update', 'kubectl-replace Update'])
    const patch = JSON.stringify([{ op: 'replace', path: '/metadata/managedFields', value: [{}] }])
    expect((await run('kubectl', ['patch', 'configmap', 'made', '--type=json', '-p', patch])).code).toBe(0)
    expect(await owners('configmap made')).toEqual([])
    await kubectl('apply --server-side -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {c: "3"}')
    expect(await owners('configmap made')).toEqual(['kubectl Apply', 'before-first-apply Update'])
  }, 60_000)

  it('applies scale and status', async () => {
    // kubectl knows no kind Scale to apply.
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 7 } }
    const apply = (force: boolean): Promise<unknown> =>
      cluster.client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'apply', body }, { subresource: 'scale', fieldManager: 'scaler', force })
    await expect(apply(false)).rejects.toThrow('Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas')
    await apply(true)
    expect((await get('deploy web')).spec.replicas).toBe(7)
    expect(await owners('deploy web')).toContain('scaler Apply scale')
    const status = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\nstatus: {conditions: [{type: Mine, status: "True", reason: R, message: M, lastTransitionTime: "2026-01-01T00:00:00Z"}]}'
    await kubectl('apply --server-side --subresource=status --field-manager=judge -f -', status)
    expect((await get('ns default') as unknown as { status: object }).status).toEqual({ phase: 'Active', conditions: [expect.objectContaining({ type: 'Mine' })] })
    expect(await owners('ns default')).toContain('judge Apply status')
  }, 60_000)
})

describe('server-side apply of custom resources', () => {
  const crd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.count, statusReplicasPath: .status.count}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              count: {type: integer}
              tags: {type: array, items: {type: string}, x-kubernetes-list-type: set}
              parts: {type: array, items: {type: object, required: [name], properties: {name: {type: string}, size: {type: integer}}}, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name]}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status: {type: object, properties: {count: {type: integer}}}
`
  const widget = (spec: string): string => `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: ${spec}\n`

  it('goes by the lists of the definition', async () => {
    await kubectl('apply --server-side -f -', crd)
    await kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=20s')
    await kubectl('apply --server-side --field-manager=a -f -', widget('{count: 1, tags: [t1], parts: [{name: p, size: 1}], free: {a: {b: 1}}}'))
    await kubectl('apply --server-side --field-manager=b -f -', widget('{tags: [t2], parts: [{name: q}], free: {a: {c: 2}}}'))
    await kubectl('apply --server-side --field-manager=a -f -', widget('{count: 1, tags: [t3], free: {a: {b: 1}}}'))
    expect((await get('widget w')).spec).toEqual({ count: 1, tags: ['t2', 't3'], parts: [{ name: 'q' }], free: { a: { b: 1, c: 2 } } })
    const { err } = await run('kubectl', ['apply', '--server-side', '-f', '-'], widget('{foo: 1}'))
    expect(err).toContain('failed to create typed patch object (default/w; example.com/v1, Kind=Widget): .spec.foo: field not declared in schema')
    await kubectl('scale widget w --replicas=4')
    expect((await get('widget w')).spec.replicas ?? (await get('widget w')).spec['count']).toBe(4)
    expect(await owners('widget w')).toContain('kubectl Update scale')
  }, 60_000)
})

describe('helm, which applies server-side', () => {
  const chart = join(directory, 'chart')
  const files: Record<string, string> = {
    'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 0.1.0\n',
    'values.yaml': 'image: nginx:1\nextra: true\nports: [80, 81]\n',
    'crds/gadget.yaml': `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget, listKind: GadgetList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`,
    'templates/hook.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": before-hook-creation}\ndata: {a: "1"}\n',
    'templates/all.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  annotations: null
spec:
  replicas: 1
  {{- if .Values.extra }}
  minReadySeconds: 5
  {{- end }}
  selector: {matchLabels: {app: demo}}
  template:
    metadata: {labels: {app: demo}}
    spec:
      containers:
      - name: c
        image: {{ .Values.image }}
        resources: {requests: {cpu: 0.5, memory: 64Mi}}
        ports:
        {{- range .Values.ports }}
        - containerPort: {{ . }}
        {{- end }}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {app: demo}
  ports: [{name: http, port: 80}]
---
apiVersion: example.com/v1
kind: Gadget
metadata: {name: {{ .Release.Name }}}
spec: {extra: {{ .Values.extra }}}
`,
  }
  beforeAll(() => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(chart, name)), { recursive: true })
      writeFileSync(join(chart, name), text)
    }
  })

  const ports = async (): Promise<unknown> => ((await get('deploy demo')).spec as { template: { spec: { containers: { ports: { containerPort: number }[] }[] } } })
    .template.spec.containers[0]!.ports.map(({ containerPort }) => containerPort)

  it('installs, upgrades, rolls back and uninstalls', async () => {
    await helm(`install demo ${chart}`)
    expect(await owners('deploy demo')).toContain('helm Apply')
    expect(await ports()).toEqual([80, 81])
    await helm(`upgrade demo ${chart} --set extra=false --set ports={81,82} --set image=nginx:2`)
    expect(await ports()).toEqual([81, 82])
    expect((await get('deploy demo')).spec).not.toHaveProperty('minReadySeconds')
    await helm(`rollback demo 1`)
    expect(await ports()).toEqual([80, 81])
    expect((await get('deploy demo')).spec).toMatchObject({ minReadySeconds: 5 })
    expect(await helm('list')).toMatch(/demo\s+default\s+3\s.*deployed/)

    await kubectl('scale deploy demo --replicas=4')
    const { err } = await run('helm', ['upgrade', 'demo', chart])
    expect(err).toContain('conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas')
    await helm(`upgrade demo ${chart} --force-conflicts`)
    expect((await get('deploy demo')).spec.replicas).toBe(1)
    await helm('uninstall demo')
    expect((await run('kubectl', ['get', 'deploy,svc,gadget', '-o', 'name'])).out).not.toContain('demo')
  }, 120_000)
})
