// CustomResourceDefinitions with the real kubectl against a control plane in this process: the whole life of custom kinds.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { customResourceDefinitions, isTrue, type CustomResourceDefinition } from '../../pkg/api/types-custom.ts'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { defaultClusterOptions } from '../../pkg/cluster/options.ts'

const own = resolve(import.meta.dirname, '../../.cache/tools/kubectl')
const program = existsSync(own) ? own : '/usr/bin/kubectl'

let cluster: Cluster
let directory: string
const logged: string[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kinglet-crd-'))
  cluster = await Cluster.start({
    ...defaultClusterOptions, nodeName: 'crd', nodeIP: '127.0.0.1', bindAddress: '127.0.0.1', httpsPort: 0, inMemory: true, disableAgent: true,
    dataDirectory: join(directory, 'data'), stateDirectory: join(directory, 'state'), kubeconfigPath: join(directory, 'kubeconfig'),
  }, { log: (text) => void logged.push(text) })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(directory, { recursive: true })
  expect(logged).toEqual([])
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: directory, KUBECONFIG: join(directory, 'kubeconfig') })
const wordsOf = (command: string): string[] => command.match(/(?:[^\s']|'[^']*')+/g)!.map((word) => word.replaceAll("'", ''))

function kubectl(command: string, input = ''): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(program, wordsOf(command), { env: environment(), timeout: 30_000, maxBuffer: 1e8 }, (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }))
    child.stdin!.end(input)
  })
}

async function ok(command: string, input?: string): Promise<string> {
  const { code, out, err } = await kubectl(command, input)
  if (code !== 0) throw new Error(`kubectl ${command}: ${code}: ${err}`)
  return out
}

async function fails(command: string, input?: string): Promise<string> {
  const { code, out, err } = await kubectl(command, input)
  if (code === 0) throw new Error(`kubectl ${command} was expected to fail: ${out}`)
  return err
}

const crontabs = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Image, type: string, jsonPath: .spec.image, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    selectableFields: [{jsonPath: .spec.color}]
    schema:
      openAPIV3Schema:
        type: object
        description: CronTab runs an image now and then.
        required: [spec]
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [cronSpec]
            x-kubernetes-validations:
            - {rule: '!has(self.image) || self.image != "forbidden"', message: this image is forbidden}
            - {rule: 'has(self.color) == has(oldSelf.color)', message: a color stays}
            properties:
              cronSpec: {type: string, pattern: '^(\\d+|\\*)(\\s+(\\d+|\\*)){4}$', description: When it runs.}
              image: {type: string}
              color: {type: string, enum: [red, green]}
              replicas: {type: integer, minimum: 1, maximum: 10, default: 1}
              raw: {type: object, x-kubernetes-preserve-unknown-fields: true}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, required: [name], properties: {name: {type: string}, port: {type: integer}}}
          status:
            type: object
            properties:
              replicas: {type: integer}
              selector: {type: string}
              conditions: {type: array, items: {type: object, properties: {type: {type: string}, status: {type: string}}}}
`

const cronTab = (name: string, spec: string, more = ''): string => `{apiVersion: stable.example.com/v1, kind: CronTab, metadata: {name: ${name}${more}}, spec: ${spec}}`

describe('one kind', () => {
  it('is served as soon as it is established', async () => {
    await ok('apply -f -', crontabs)
    expect(await ok('wait --for condition=established --timeout=10s crd/crontabs.stable.example.com')).toContain('condition met')
    expect(await ok('apply -f -', cronTab('one', '{cronSpec: "* * * * 5", image: img, color: red, raw: {any: {thing: 1}}, ports: [{name: a, port: 80}]}'))).toBe('crontab.stable.example.com/one created\n')
    expect(await ok('api-resources --api-group=stable.example.com --no-headers')).toMatch(/^crontabs\s+ct\s+stable\.example\.com\/v1\s+true\s+CronTab\n$/)
  })

  it('shows its columns', async () => {
    expect(await ok('get ct')).toMatch(/^NAME\s+SPEC\s+REPLICAS\s+READY\s+AGE\none\s+\* \* \* \* 5\s+1\s+\d+s\n$/)
    expect(await ok('get crontabs -o wide')).toMatch(/READY\s+IMAGE\s+AGE\n/)
    expect(await ok('get all')).toContain('crontab.stable.example.com/one')
    expect(await ok('get ct one -o jsonpath={.spec}')).toBe('{"color":"red","cronSpec":"* * * * 5","image":"img","ports":[{"name":"a","port":80}],"raw":{"any":{"thing":1}},"replicas":1}')
  })

  it('is explained', async () => {
    const text = await ok('explain crontabs.spec')
    expect(text).toMatch(/GROUP:\s+stable\.example\.com\nKIND:\s+CronTab\nVERSION:\s+v1/)
    expect(text).toContain('What is wanted.')
    expect(text).toMatch(/cronSpec\s+<string> -required-\n\s+When it runs\./)
    expect(text).toMatch(/ports\s+<\[\]Object>/)
    expect(await ok('explain crontabs')).toMatch(/metadata\s+<ObjectMeta>/)
    expect(await fails('explain crontabs.spec.nope')).toContain('field "nope" does not exist')
  })

  it('refuses what does not fit, in Kubernetes\' words', async () => {
    expect(await fails('create -f -', cronTab('bad', '{cronSpec: x, image: 5, color: blue, replicas: 0, ports: [{name: a}, {name: a}, {port: 1}]}'))).toBe(`The CronTab "bad" is invalid: 
* spec.color: Unsupported value: "blue": supported values: "red", "green"
* spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match '^(\\d+|\\*)(\\s+(\\d+|\\*)){4}$'
* spec.image: Invalid value: "integer": spec.image in body must be of type string: "integer"
* spec.ports[2].name: Required value
* spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1
* spec.ports[1]: Duplicate value: {"name":"a"}
* <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
`)
    expect(await fails('create -f -', cronTab('bad', '{cronSpec: "* * * * *", image: forbidden}'))).toBe('The CronTab "bad" is invalid: spec: Invalid value: this image is forbidden\n')
    expect(await fails('create -f -', cronTab('bad', '{cronSpec: "* * * * *", bogus: 1}'))).toContain('strict decoding error: unknown field "spec.bogus"')
    expect(await fails('create -f -', '{apiVersion: stable.example.com/v1, kind: CronTab, metadata: {name: bad}}')).toContain('spec: Required value')
    const { err, code } = await kubectl('create --validate=warn --dry-run=server -f -', cronTab('warned', '{cronSpec: "* * * * *", bogus: 1}'))
    expect([code, err]).toEqual([0, 'Warning: unknown field "spec.bogus"\n'])
  })

  it('is patched, applied again and replaced', async () => {
    expect(await ok('apply -f -', cronTab('one', '{cronSpec: "* * * * 6", color: red}'))).toContain('configured')
    expect(await ok('get ct one -o jsonpath={.spec.cronSpec},{.spec.image},{.metadata.generation}')).toBe('* * * * 6,,2')
    expect(await fails(`patch ct one --type=merge -p '{"spec":{"color":null}}'`)).toContain('a color stays')
    expect(await ok(`patch ct one --type=json -p '[{"op":"add","path":"/spec/image","value":"new"}]'`)).toContain('patched')
    expect(await fails(`patch ct one --type=strategic -p '{"spec":{"image":"x"}}'`)).toContain('application/strategic-merge-patch+json is not supported by stable.example.com/v1, Kind=CronTab')
    expect(await fails('replace -f -', cronTab('one', '{cronSpec: "* * * * 7"}'))).toContain('a color stays')
    expect(await ok('label ct one team=a')).toContain('labeled')
    expect(await ok('get ct -l team=a -o name')).toBe('crontab.stable.example.com/one\n')
    expect(await ok('get ct one -o jsonpath={.metadata.generation}')).toBe('3')
  })

  it('is scaled, and its status is written apart', async () => {
    expect(await ok('scale ct/one --replicas=4')).toBe('crontab.stable.example.com/one scaled\n')
    expect(await fails('scale ct/one --replicas=40')).toContain('spec.replicas in body should be less than or equal to 10')
    await ok(`patch ct one --subresource=status --type=merge -p '{"status":{"replicas":4,"selector":"a=b","conditions":[{"type":"Ready","status":"True"}]},"spec":{"replicas":9}}'`)
    expect(await ok('get ct one --no-headers')).toMatch(/^one\s+\* \* \* \* 6\s+4\s+True\s/)
    expect(JSON.parse(await ok('get --raw /apis/stable.example.com/v1/namespaces/default/crontabs/one/scale'))).toMatchObject({
      kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 4 }, status: { replicas: 4, selector: 'a=b' },
    })
    expect(await ok('wait --for=condition=Ready ct/one --timeout=5s')).toContain('condition met')
    expect(await ok('wait --for=jsonpath={.spec.replicas}=4 ct/one --timeout=5s')).toContain('condition met')
  })

  it('is selected by its fields', async () => {
    await ok('apply -f -', cronTab('two', '{cronSpec: "* * * * *", color: green}'))
    expect(await ok('get ct --field-selector spec.color=green -o name')).toBe('crontab.stable.example.com/two\n')
    expect(await ok('get ct --field-selector spec.color!=green -o name')).toBe('crontab.stable.example.com/one\n')
    expect(await fails('get ct --field-selector spec.image=x')).toContain('field label not supported: spec.image')
  })

  it('is watched', async () => {
    const child = spawn(program, wordsOf('get ct -w --output-watch-events --no-headers'), { env: environment() })
    let out = ''
    let told = (): void => undefined
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString()
      told()
    })
    const seen = async (text: RegExp): Promise<void> => {
      while (!text.test(out)) await new Promise<void>((resolve) => (told = resolve))
    }
    await seen(/two/)
    await ok('apply -f -', cronTab('three', '{cronSpec: "* * * * *"}'))
    await seen(/ADDED\s+three/)
    await ok('annotate ct three x=y')
    await seen(/MODIFIED\s+three/)
    await ok('delete ct three')
    await seen(/DELETED\s+three/)
    child.kill()
  })

  it('goes with its definition', async () => {
    expect(await ok('delete crd crontabs.stable.example.com')).toContain('deleted')
    expect(await fails('get ct one')).toMatch(/NotFound|doesn't have a resource type/)
    expect(await ok('get --raw /apis')).not.toContain('stable.example.com')
    expect((await ok('get --raw /openapi/v3'))).not.toContain('stable.example.com')
    await ok('apply -f -', crontabs)
    await ok('wait --for condition=established --timeout=10s crd/crontabs.stable.example.com')
    expect(await ok('get ct --ignore-not-found')).toBe('')
  })
})

describe('in the cluster', () => {
  it('goes with its namespace', async () => {
    await ok('create namespace crowded')
    await ok('apply -n crowded -f -', cronTab('in', '{cronSpec: "* * * * *"}'))
    await ok('delete namespace crowded --timeout=20s')
    expect(await ok('get ct -A -o name')).toBe('')
  })

  it('goes with its owner, and owns', async () => {
    await ok('apply -f -', cronTab('owner', '{cronSpec: "* * * * *"}'))
    const uid = await ok('get ct owner -o jsonpath={.metadata.uid}')
    const owner = `ownerReferences: [{apiVersion: stable.example.com/v1, kind: CronTab, name: owner, uid: ${uid}}]`
    await ok('apply -f -', cronTab('owned', '{cronSpec: "* * * * *"}', `, ${owner}`))
    await ok('apply -f -', `{apiVersion: v1, kind: ConfigMap, metadata: {name: owned, ${owner}}}`)
    await ok('delete ct owner')
    await ok('wait --for=delete ct/owned configmap/owned --timeout=20s')
  })

  it('definitions that are wrong are refused', async () => {
    const bad = (spec: string): string => crontabs.replace('crontabs.stable', 'bads.stable').replace('plural: crontabs', 'plural: bads').replace(/openAPIV3Schema:[\s\S]*$/, `openAPIV3Schema: ${spec}`)
    expect(await fails('create -f -', bad('{type: object, properties: {a: {}}}'))).toContain('openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields')
    expect(await fails('create -f -', bad('{type: object, properties: {spec: {type: object, x-kubernetes-validations: [{rule: "self.nope == 1"}], properties: {color: {type: string}}}}}'))).toContain("undefined field 'nope'")
    expect(await fails('create -f -', crontabs.replace('name: crontabs.stable', 'name: other.stable'))).toContain('metadata.name: Invalid value: "other.stable.example.com": must be spec.names.plural+"."+spec.group')
    expect(await fails('create -f -', crontabs.replaceAll('stable.example.com', 'apps.k8s.io'))).toContain('api-approved.kubernetes.io')
  })

  it('publishes and withdraws versions, with new tags', async () => {
    const tagOf = async (): Promise<string> => JSON.parse(await ok('get --raw /openapi/v3')).paths['apis/stable.example.com/v1']?.serverRelativeURL ?? ''
    const before = await tagOf()
    expect(before).toContain('?hash=')
    await ok(`patch crd crontabs.stable.example.com --type=json -p '[{"op":"replace","path":"/spec/versions/0/schema/openAPIV3Schema/description","value":"Changed."}]'`)
    expect(await tagOf()).not.toBe(before)
    expect(JSON.parse(await ok('get --raw /openapi/v2')).definitions['com.example.stable.v1.CronTab'].description).toBe('Changed.')
    expect(await ok('explain crontabs')).toContain('Changed.')
    await ok(`patch crd crontabs.stable.example.com --type=json -p '[{"op":"replace","path":"/spec/versions/0/served","value":false}]'`)
    expect(await tagOf()).toBe('')
    expect(JSON.parse(await ok('get --raw /openapi/v2')).definitions['com.example.stable.v1.CronTab']).toBeUndefined()
  })

  it('two hundred definitions come quickly', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `thing${index}`)
    const made = names.map((name): CustomResourceDefinition => ({
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${name}s.many.example.com` },
      spec: {
        group: 'many.example.com', scope: 'Namespaced', names: { plural: `${name}s`, kind: name[0]!.toUpperCase() + name.slice(1) },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } } } } }],
      },
    }))
    const start = performance.now()
    for (const crd of made) await cluster.client.create(customResourceDefinitions, crd)
    const missing = async (): Promise<number> => (await cluster.client.list(customResourceDefinitions)).items.filter((crd) => !isTrue(crd, 'Established')).length
    while (await missing() > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(performance.now() - start).toBeLessThan(40_000)
    expect((await ok('api-resources --api-group=many.example.com --no-headers')).trim().split('\n')).toHaveLength(200)
  })
})

it('a file with a definition and its object can be applied at once', async () => {
  const file = join(directory, 'both.yaml')
  writeFileSync(file, `${crontabs.replaceAll('stable.example.com', 'both.example.com')}\n---\n${cronTab('one', '{cronSpec: "* * * * *"}').replaceAll('stable.example.com', 'both.example.com')}\n`)
  // kubectl looks the kinds up before it sends anything: the first run makes the definition, the second the object.
  await kubectl(`apply -f ${file}`)
  expect(await ok(`apply -f ${file}`)).toMatch(/crontab\.both\.example\.com\/one (created|unchanged)/)
})

describe('a quota', () => {
  const definition = JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'bolts.quota.test' },
    spec: {
      group: 'quota.test', scope: 'Namespaced', names: { plural: 'bolts', singular: 'bolt', kind: 'Bolt' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  })
  const bolt = (name: string): string => JSON.stringify({ apiVersion: 'quota.test/v1', kind: 'Bolt', metadata: { name } })
  const define = async (): Promise<void> => {
    await ok('create -f -', definition)
    await ok('wait crd bolts.quota.test --for=condition=Established --timeout=20s')
  }
  const used = (count: number): Promise<string> => ok(`wait quota bolts --for=jsonpath={.status.used.count/bolts\\.quota\\.test}=${count} --timeout=20s`)

  it('counts a kind that comes after it, what is deleted of it, and the kind when it comes again', async () => {
    await ok('create quota bolts --hard=count/bolts.quota.test=2')
    await define()
    await used(0)
    await ok('create -f -', bolt('one'))
    await ok('create -f -', bolt('two'))
    await used(2)
    expect((await kubectl('create -f -', bolt('three'))).err).toContain('exceeded quota: bolts, requested: count/bolts.quota.test=1, used: count/bolts.quota.test=2, limited: count/bolts.quota.test=2')
    await ok('delete bolt one')
    await used(1)
    await ok('delete crd bolts.quota.test')
    await define()
    await ok('create -f -', bolt('four'))
    await used(1)
    await ok('delete bolt four')
    await used(0)
  })
})
