// A real operator over @kubernetes/client-node: a Kit becomes that many ConfigMaps of its own, and a Secret in another namespace.
//
// Usage: operator.ts IDENTITY. Several may run; the one that holds the Lease works.
import { CoreV1Api, CustomObjectsApi, KubeConfig, makeInformer, PatchStrategy, setHeaderOptions, type Informer, type KubernetesObject, type V1ConfigMap } from '@kubernetes/client-node'
import { elect } from './leader.ts'

interface Kit extends KubernetesObject {
  spec: { parts: number }
  status?: { observedGeneration?: number; ready?: number; conditions?: { type: string; status: string; reason: string; message: string; lastTransitionTime: string }[] }
}

const identity = process.argv[2] ?? 'operator'
const namespace = 'kits'
/** Where owner references do not reach; so a finalizer is needed. */
const vault = 'vault'
const finalizer = 'demo.example.com/vault'
const label = 'demo.example.com/kit'
const kits = { group: 'demo.example.com', version: 'v1', namespace, plural: 'kits' }
const width = 4
const retryMs = 100

const config = new KubeConfig()
config.loadFromDefault()
const core = config.makeApiClient(CoreV1Api)
const custom = config.makeApiClient(CustomObjectsApi)
const as = (strategy: PatchStrategy) => setHeaderOptions('Content-Type', strategy)
const codeOf = (error: unknown): number | undefined => (error as { code?: number }).code
const say = (text: string): void => console.log(`${identity} ${text}`)

let term: number | undefined
const waiting = new Set<string>()
const working = new Set<string>()

const kitInformer = makeInformer<Kit>(config, `/apis/${kits.group}/${kits.version}/namespaces/${namespace}/${kits.plural}`, () => custom.listNamespacedCustomObject(kits))
const partInformer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${namespace}/configmaps`, () => core.listNamespacedConfigMap({ namespace, labelSelector: label }), label)

function follow<T extends KubernetesObject>(informer: Informer<T>, nameOf: (object: T) => string | undefined): void {
  const changed = (object: T): void => add(nameOf(object))
  informer.on('change', changed)
  informer.on('delete', changed)
  informer.on('error', () => void setTimeout(() => void informer.start().catch(() => undefined), retryMs))
}
follow(kitInformer, ({ metadata }) => metadata?.name)
follow(partInformer, ({ metadata }) => metadata?.ownerReferences?.[0]?.name)

function add(name: string | undefined): void {
  if (name) waiting.add(name)
  work()
}

function work(): void {
  for (const name of waiting) {
    if (term === undefined || working.size >= width) return
    if (working.has(name)) continue
    waiting.delete(name)
    working.add(name)
    void reconcile(name, term).catch((error: unknown) => {
      if (![404, 409].includes(codeOf(error) ?? 0)) say(`failed ${name}: ${String(codeOf(error) ?? error).slice(0, 200)}`)
      setTimeout(() => add(name), retryMs)
    }).finally(() => {
      working.delete(name)
      work()
    })
  }
}

async function reconcile(name: string, at: number): Promise<void> {
  // Read afresh: the informer may be behind the last write.
  let kit: Kit
  try {
    kit = await custom.getNamespacedCustomObject({ ...kits, name }) as Kit
  } catch (error) {
    if (codeOf(error) === 404) return
    throw error
  }
  const { finalizers = [], uid = '', generation = 0, deletionTimestamp, resourceVersion } = kit.metadata ?? {}
  const secret = { namespace: vault, name: `kit-${name}` }
  if (deletionTimestamp) {
    if (!finalizers.includes(finalizer)) return
    await core.deleteNamespacedSecret(secret).catch(ignore(404))
    await custom.patchNamespacedCustomObject({ ...kits, name, body: [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, { op: 'replace', path: '/metadata/finalizers', value: finalizers.filter((one) => one !== finalizer) }] }, as(PatchStrategy.JsonPatch))
    return
  }
  if (!finalizers.includes(finalizer)) {
    await custom.patchNamespacedCustomObject({ ...kits, name, body: { metadata: { resourceVersion, finalizers: [...finalizers, finalizer] } } }, as(PatchStrategy.MergePatch))
  }
  await core.createNamespacedSecret({ namespace: vault, body: { metadata: { name: secret.name }, stringData: { of: name } } }).catch(ignore(409))
  await makeParts(kit, { name, uid, at })
  await tellStatus(kit, { name, generation })
}

async function makeParts(kit: Kit, { name, uid, at }: { name: string; uid: string; at: number }): Promise<void> {
  const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: `${label}=${name}` })
  const wanted = Array.from({ length: kit.spec.parts }, (_, index) => `${name}-${index}`)
  for (const part of wanted) {
    const body = {
      apiVersion: 'v1', kind: 'ConfigMap', data: { of: name },
      metadata: { name: part, labels: { [label]: name }, annotations: { term: String(at) }, ownerReferences: [{ apiVersion: 'demo.example.com/v1', kind: 'Kit', name, uid, controller: true, blockOwnerDeletion: true }] },
    }
    await core.patchNamespacedConfigMap({ namespace, name: part, body, fieldManager: 'kit-operator', force: true }, as(PatchStrategy.ServerSideApply))
  }
  for (const { metadata } of items) {
    if (metadata?.name && !wanted.includes(metadata.name)) await core.deleteNamespacedConfigMap({ namespace, name: metadata.name }).catch(ignore(404))
  }
}

async function tellStatus(kit: Kit, { name, generation }: { name: string; generation: number }): Promise<void> {
  const before = kit.status?.conditions?.find(({ type }) => type === 'Ready')
  if (kit.status?.observedGeneration === generation && kit.status.ready === kit.spec.parts && before) return
  const condition = { type: 'Ready', status: 'True', reason: 'Complete', message: `${kit.spec.parts} parts`, lastTransitionTime: before?.lastTransitionTime ?? new Date().toISOString() }
  await custom.patchNamespacedCustomObjectStatus({ ...kits, name, body: { status: { observedGeneration: generation, ready: kit.spec.parts, conditions: [condition] } } }, as(PatchStrategy.MergePatch))
}

const ignore = (code: number) => (error: unknown): void => {
  if (codeOf(error) !== code) throw error
}

const startInformer = async (informer: { start(): Promise<void> }): Promise<void> => {
  for (;;) {
    try {
      return await informer.start()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}

await Promise.all([startInformer(kitInformer), startInformer(partInformer)])
say('watching')
await elect(config, { namespace, name: 'kit-operator', identity, leaseSeconds: 2 }, {
  lead: (number) => {
    term = number
    say(`leads term ${number}`)
    for (const kit of kitInformer.list()) add(kit.metadata?.name)
  },
  lose: () => {
    say(`leads no more, after term ${term}`)
    term = undefined
  },
})
