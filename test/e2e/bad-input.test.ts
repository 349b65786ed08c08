// What goes wrong is said in words that help: at the API through kubectl, and on kinglet's own command line.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.prepare()
})

afterAll(() => cluster?.remove())

describe('through kubectl', () => {
  beforeAll(async () => {
    await cluster.up(['--disable-agent'])
  })

  afterAll(async () => {
    await cluster.kinglet(['down'])
  })

  const deployment = (spec: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: nginx }] } }
${spec}`

  const refusals: [string, string, RegExp][] = [
    ['malformed YAML', 'apiVersion: v1\nkind: [\n', /error: error parsing STDIN: error converting YAML to JSON: yaml: line \d+: /],
    ['unknown field', deployment('  replicaz: 3'), /strict decoding error: unknown field "spec\.replicaz"/],
    ['wrong type', deployment('  replicas: many'), /spec\.replicas|json: cannot unmarshal string into Go struct field/],
    ['value out of range', deployment('  replicas: -1'), /The Deployment "web" is invalid: spec\.replicas: Invalid value: -1: must be greater than or equal to 0/],
    ['selector that does not match', deployment('').replace('labels: { app: web }', 'labels: { app: other }'), /spec\.template\.metadata\.labels: Invalid value: \{"app":"other"\}: `selector` does not match template `labels`/],
    ['missing name', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n', /resource name may not be empty|error when retrieving current configuration|metadata\.name/],
    ['bad name', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: Not_A_Name }\n', /metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of/],
    ['unknown kind', 'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\n', /no matches for kind "Thing" in version "example\.com\/v1"/],
    ['missing namespace', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: nowhere }\n', /namespaces "nowhere" not found/],
    ['bad quantity', 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: a, image: b, resources: { limits: { memory: lots } } }] }\n', /quantities must match the regular expression/],
  ]

  test.each(refusals)('%s', async (_name, input, expected) => {
    const { code, stderr } = await cluster.tryKubectl('apply -f -', { input })
    expect(stderr).toMatch(expected)
    expect(code).toBe(1)
  })

  test('a field that is given twice', async () => {
    const input = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1"},"data":{"a":"2"}}'
    const { code, stderr } = await cluster.tryKubectl('create --raw /api/v1/namespaces/default/configmaps?fieldValidation=Strict -f -', { input })
    expect([code, stderr]).toEqual([1, expect.stringContaining('duplicate field "data"')])
  })

  test('with --validate=warn an unknown field is dropped with a warning', async () => {
    const { code, stdout, stderr } = await cluster.tryKubectl('apply --validate=warn -f -', { input: deployment('  replicaz: 3').replace('name: web }', 'name: warned }') })
    expect([code, stdout]).toEqual([0, 'deployment.apps/warned created\n'])
    expect(stderr).toContain('Warning: unknown field "spec.replicaz"')
    expect(await cluster.kubectl(['get', 'deployment', 'warned', '-o', 'jsonpath={.spec.replicaz}'])).toBe('')
  })

  test('what may not change, may not change', async () => {
    const { stderr } = await cluster.tryKubectl(['patch', 'deployment', 'warned', '-p', '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}'])
    expect(stderr).toMatch(/spec\.selector: Invalid value: [^]*: field is immutable/)
  })
})

describe('on the command line', () => {
  const refuses = async (args: readonly string[], expected: RegExp | string, code: number, wrapper?: readonly string[]): Promise<void> => {
    const outcome = await cluster.tryKinglet(args, wrapper ? { wrapper } : {})
    expect(outcome.stderr).toMatch(expected)
    expect(outcome.stderr).not.toMatch(/^\s+at .*[.]js:\d+/m)
    expect(outcome.code).toBe(code)
  }

  const flagErrors: [string[], RegExp][] = [
    [['server', '--nonsense'], /^kinglet: Nonexistent flag: --nonsense/],
    [['server', '--https-listen-port=x'], /^kinglet: Parsing --https-listen-port[^]*Expected an integer/],
    [['server', '--https-listen-port=70000'], /^kinglet: --https-listen-port: expected a port from 1 to 65535, found 70000/],
    [['server', '--cluster-cidr=10.42.0.0'], /^kinglet: --cluster-cidr: expected an IPv4 range/],
    [['server', '--cluster-cidr=10.43.0.0/16'], /overlaps --cluster-cidr/],
    [['server', '--cluster-dns=1.2.3.4'], /^kinglet: --cluster-dns: expected an address within --service-cidr/],
    [['server', '--node-name=Not_A_Name'], /^kinglet: --node-name: expected a lower-case DNS name/],
    [['server', '--private-registry=/nosuch.yaml'], /^kinglet: --private-registry: \/nosuch\.yaml can't be read \(ENOENT\)/m],
    [['server', '--kubelet-arg=image-credential-provider-config=/nosuch.yaml'], /^kinglet: --kubelet-arg: image-credential-provider-config: \/nosuch\.yaml can't be read \(ENOENT\)/m],
    [['server', '--kubelet-arg=image-gc-high-threshold=120'], /^kinglet: --kubelet-arg: image-gc-high-threshold: expected a whole number from 0 to 100, found "120"/],
    [['nonsense'], /^kinglet: command nonsense[^]*not found/],
    [['up', '--config=/nosuch.yaml'], /^kinglet: --config: \/nosuch\.yaml can't be read \(ENOENT\)/],
  ]
  test.each(flagErrors)('%j', (args, expected) => refuses(args, expected, 2))

  const configErrors: [string, RegExp][] = [
    ['no-such-flag: 1', /config\.yaml: unknown key "no-such-flag"; known are data-dir, /],
    ['- a list', /config\.yaml: expected a mapping of flag names to values/],
    ['https-listen-port: many', /config\.yaml: https-listen-port: expected a whole number, found "many"/],
    ['disable-agent: 1', /config\.yaml: disable-agent: expected true or false, found 1/],
    ['a: [', /config\.yaml: line \d+, column \d+: /],
  ]
  test.each(configErrors)('config file %j', async (text, expected) => {
    const config = join(cluster.directory, 'config.yaml')
    writeFileSync(config, text)
    await refuses(['server', `--config=${config}`], expected, 2)
    rmSync(config)
  })

  test('a taken port, with who has it', async () => {
    const server = cluster.followProgram(...cluster.network.command(process.execPath, ['-e', "require('net').createServer().listen(6443, () => console.log('listening'))"]))
    await server.says(/listening/)
    await refuses(['up', '--disable-agent'], new RegExp(`^kinglet: port 6443 is taken by process ${server.child.pid} \\(\\S+\\); end that, or choose another with --https-listen-port`, 'm'), 1)
    expect((await cluster.tryKinglet(['check'])).stdout).toMatch(/^✗ port 6443 \(API server\): taken by process \d+/m)
    await server.end()
  })

  test('a container runtime that is not there', () =>
    refuses(['up', '--container-runtime-endpoint=unix:///nosuch.sock'], /no container runtime answers at \/nosuch\.sock \(ENOENT\)/, 1))

  test('registries that make no sense', async () => {
    const file = join(cluster.directory, 'registries.yaml')
    writeFileSync(file, 'mirrors: { docker.io: { endpoint: https://one.example } }')
    await refuses(['up', `--private-registry=${file}`], /registries\.yaml: mirrors\.docker\.io\.endpoint: expected a list, found "https:/, 1)
  })

  test('a missing containerd', async () => {
    // In mounts of its own, where the program is hidden.
    const hidden = ['unshare', '--mount', 'sh', '-c', 'mount --bind /dev/null "$(readlink -f "$(command -v containerd)")"; exec "$@"', 'sh']
    await refuses(['server'], /containerd was not found on PATH; install it \(Debian: apt-get install containerd\)/, 1, hidden)
    const check = await cluster.tryKinglet(['check'], { wrapper: hidden })
    expect(check.stdout).toMatch(/^✗ containerd and runc: .*; apt-get install containerd runc$/m)
    expect(check.code).toBe(1)
  })

  test('no root', async () => {
    // Another user by name only, so that the checkout may lie where only root can read.
    const wrapper = ['unshare', '--user']
    await refuses(['up'], /^kinglet: kinglet up makes networks and containers, which needs root; run it with sudo/, 1, wrapper)
    await refuses(['server'], /which needs root/, 1, wrapper)
    await refuses(['down'], /which needs root/, 1, wrapper)
  })

  test('a data directory of a newer version', async () => {
    const directory = join(cluster.directory, 'newer')
    mkdirSync(directory)
    await cluster.kinglet(['up', `--data-dir=${directory}`, '--disable-agent'])
    await cluster.kinglet(['down', `--data-dir=${directory}`])
    const database = new Database(join(directory, 'server/db/state.db'))
    database.prepare("UPDATE meta SET value = 999 WHERE name = 'format'").run()
    database.close()
    await refuses(['up', `--data-dir=${directory}`, '--disable-agent'], /was written by a newer kinglet \(format 999, this one reads up to \d+\)/, 1)
    await refuses(['server', `--data-dir=${directory}`, '--disable-agent'], /was written by a newer kinglet/, 1)
    await cluster.kinglet(['down', '--purge', `--data-dir=${directory}`])
  })

  test('--version and --help need nothing', async () => {
    expect((await cluster.tryKinglet(['--version'])).stdout).toMatch(/^kinglet \d+\.\d+\.\d+ \(Kubernetes v1\.35\.0/)
    expect((await cluster.tryKinglet(['server', '--help'])).stdout).toMatch(/--https-listen-port=PORT/)
  })
})
