// An operator as people write them, killed and started again under load, with a server that is killed too: in the end all is as asked.
import { join } from 'node:path'
import { eventually, root, TestCluster, type Following } from './cluster.ts'

let cluster: TestCluster
const node = join(root, `node_modules/node-linux-${process.arch}/bin/node`)
const running = new Map<string, Following>()
const k = (args: string | readonly string[], input?: string): Promise<string> => cluster.kubectl(args, input === undefined ? {} : { input })

interface Kit {
  metadata: { name: string; generation: number; finalizers?: string[]; deletionTimestamp?: string }
  spec: { parts: number }
  status?: { observedGeneration?: number; ready?: number; conditions?: { type: string; status: string }[] }
}

beforeAll(async () => {
  cluster = await TestCluster.prepare()
  await cluster.up()
  await k(['apply', '-f', join(root, 'test/operator/crd.yaml')])
  await k('wait crd/kits.demo.example.com --for=condition=Established --timeout=30s')
  for (const name of ['kits', 'vault']) await k(`create namespace ${name}`)
})

afterAll(async () => {
  for (const one of running.values()) one.child.kill('SIGKILL')
  await cluster?.remove()
})

function start(identity: string): Following {
  const [program, args] = cluster.network.command(node, ['--disable-warning=ExperimentalWarning', join(root, 'test/operator/operator.ts'), identity])
  const following = cluster.followProgram(program, args)
  running.set(identity, following)
  return following
}

const kit = (name: string, parts: number): string => `{"apiVersion":"demo.example.com/v1","kind":"Kit","metadata":{"name":"${name}","namespace":"kits"},"spec":{"parts":${parts}}}`
const list = async <T>(what: string): Promise<T[]> => (await cluster.json<{ items: T[] }>(`get ${what}`)).items
const leader = async (): Promise<string> => (await cluster.tryKubectl('get lease -n kits kit-operator -o jsonpath={.spec.holderIdentity}')).stdout

/** What is not yet as the kits ask for it. */
async function unsettled(): Promise<string[]> {
  const kits = await list<Kit>('kits -n kits')
  const parts = (await list<{ metadata: { name: string } }>('configmaps -n kits -l demo.example.com/kit')).map(({ metadata }) => metadata.name).sort()
  const secrets = (await list<{ metadata: { name: string } }>('secrets -n vault')).map(({ metadata }) => metadata.name).sort()
  const wanted = kits.flatMap(({ metadata, spec }) => Array.from({ length: spec.parts }, (_, index) => `${metadata.name}-${index}`)).sort()
  const wantedSecrets = kits.map(({ metadata }) => `kit-${metadata.name}`).sort()
  return [
    ...kits.filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp).map(({ metadata: { name } }) => `${name} is still being deleted`),
    ...kits.filter(({ metadata: { generation }, spec, status }) => status?.observedGeneration !== generation || status.ready !== spec.parts).map(({ metadata: { name } }) => `${name} is not ready`),
    ...wanted.filter((name) => !parts.includes(name)).map((name) => `${name} is missing`), ...parts.filter((name) => !wanted.includes(name)).map((name) => `${name} is too much`),
    ...wantedSecrets.filter((name) => !secrets.includes(name)).map((name) => `secret ${name} is missing`), ...secrets.filter((name) => !wantedSecrets.includes(name)).map((name) => `secret ${name} is too much`),
  ]
}

async function settled(what: string): Promise<void> {
  let left: string[] = []
  await eventually(async () => (left = await unsettled()).length === 0, () => `${what}: ${left.slice(0, 10).join(', ')}\n${[...running.values()].map(({ output }) => output.slice(-800)).join('\n')}`, 90_000)
}

test('one of two leads, and makes what is asked for', async () => {
  const [a, b] = [start('a'), start('b')]
  await Promise.all([a.says(/watching/), b.says(/watching/)])
  await eventually(async () => ['a', 'b'].includes(await leader()), 'somebody leads')
  await k('apply -f -', Array.from({ length: 30 }, (_, index) => kit(`kit-${index}`, 1 + (index % 4))).join('\n'))
  await settled('the first kits')
  expect(await k('get kit -n kits kit-3 --no-headers')).toMatch(/^kit-3\s+4\s+4\s*$/)
  const [one] = await list<Kit>('kits -n kits')
  expect([one?.metadata.finalizers, one?.status?.conditions]).toMatchObject([['demo.example.com/vault'], [{ type: 'Ready', status: 'True' }]])
  expect([a.output, b.output].filter((text) => text.includes('leads term'))).toHaveLength(1)
})

test('parts that are taken away come back', async () => {
  await k('delete configmaps -n kits -l demo.example.com/kit')
  await settled('parts that were deleted')
})

test('leaders that are killed under load, and the server with them, leave nothing undone', async () => {
  const terms = cluster.follow(['get', 'configmaps', '-n', 'kits', '-l', 'demo.example.com/kit', '-w', '--output-watch-events', '-o', 'jsonpath={.object.metadata.name} {.object.metadata.annotations.term}{"\\n"}'])
  let stop = false
  const load = (async () => {
    for (let round = 0; !stop; round++) {
      const name = `kit-${round % 30}`
      await cluster.tryKubectl(['patch', 'kit', '-n', 'kits', name, '--type=merge', '-p', `{"spec":{"parts":${(round * 7) % 6}}}`])
      if (round % 3 === 0) await cluster.tryKubectl(['delete', 'kit', '-n', 'kits', `kit-${(round * 5) % 30}`, '--wait=false'])
      await cluster.tryKubectl(['apply', '-f', '-'], { input: kit(`kit-${(round * 5 + 15) % 30}`, round % 4) })
    }
  })()
  const led = new Set<string>()
  for (let kill = 0; kill < 4; kill++) {
    const before = await eventually(async () => [...running.keys()].find((name) => running.get(name)!.output.match(/leads (term \d+|no more)/g)?.at(-1)?.startsWith('leads term')), 'somebody leads')
    led.add(before)
    const old = running.get(before)!
    const gone = new Promise((done) => old.child.once('exit', done))
    old.child.kill('SIGKILL')
    await gone
    running.delete(before)
    start(`${before[0]}${kill}`)
    if (kill === 1) {
      process.kill(await cluster.serverPid(), 'SIGKILL')
      await cluster.up()
    }
  }
  await eventually(async () => running.has(await leader()), 'one that runs leads')
  stop = true
  await load
  await settled('after the kills')
  await terms.end()
  expect(led.size).toBe(4)
  // Nobody wrote in an older term than what was there.
  const last = new Map<string, number>()
  for (const line of terms.output.split('\n')) {
    const [name, term] = line.split(' ')
    if (!name || !term || Number.isNaN(Number(term))) continue
    expect(Number(term)).toBeGreaterThanOrEqual(last.get(name) ?? 0)
    last.set(name, Number(term))
  }
  expect(last.size).toBeGreaterThan(10)
})

test('what is deleted is cleared up, here and in the other namespace', async () => {
  await k('delete kits -n kits --all --wait=false')
  await settled('all deleted')
  expect(await list('kits -n kits')).toEqual([])
  expect(await list('secrets -n vault')).toEqual([])
  await eventually(async () => (await list('configmaps -n kits -l demo.example.com/kit')).length === 0, 'the parts are collected')
})
