// Namespace: deletes a terminating namespace's content, pods first, and lets it go when nothing is left.
import { equalJson } from '../api/json.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import { isNotFound, StatusError } from '../api/status-error.ts'
import { namespaces, type Namespace } from '../api/types-config.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { controller, watches, type Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts'
import { messageOf } from '../controller/refusals.ts'
import { deletionConditions, type Remains } from './namespace-plan.ts'

export interface NamespaceControllerOptions {
  /** Every namespaced kind that can be listed and deleted as a collection, asked anew on each run: CRDs come and go. */
  readonly resources: () => readonly Resource[]
  /** Group-versions whose kinds can't be told now: a namespace may have content of them. */
  readonly unknown?: () => readonly string[]
}

const finalizer = 'kubernetes'
/** Kinds that came later than this controller send no triggers; while they have content, it looks again. */
const lookAgainMs = 2000

export function namespaceController({ resources, unknown = () => [] }: NamespaceControllerOptions): Controller {
  return controller<Namespace>({
    name: 'namespace',
    for: namespaces,
    concurrency: 10,
    watches: resources().filter(({ plural }) => plural !== 'events').map((resource) => watches(resource, ({ metadata }, { informers }) => {
      const name = metadata.namespace ?? ''
      return informers.for(namespaces).get({ name })?.metadata.deletionTimestamp ? [{ name }] : []
    })),
    async reconcile(_, namespace, context) {
      if (!namespace?.metadata.deletionTimestamp || !namespace.spec.finalizers?.includes(finalizer)) return
      return end(namespace, { resources: resources(), unknown: unknown() }, context)
    },
  })
}

async function end(namespace: Namespace, { resources, unknown }: { resources: readonly Resource[]; unknown: readonly string[] }, { client, clock }: ReconcileContext): Promise<ReconcileResult> {
  const name = namespace.metadata.name ?? ''
  const others = resources.filter(({ group, plural }) => group !== '' || plural !== 'pods')
  const podsLeft = await empty(client, pods, name)
  const remains = [podsLeft]
  // Pods may need their service accounts, secrets and volumes until they are gone.
  if (podsLeft.objects.length === 0 && podsLeft.failure === undefined) remains.push(...(await Promise.all(others.map((resource) => empty(client, resource, name)))))
  const open = remains.filter(({ objects, failure }) => objects.length > 0 || failure !== undefined)
  const conditions = deletionConditions(namespace.status?.conditions ?? [], { remains, unknown }, clock.now())
  const status = { phase: 'Terminating', conditions }
  let current = namespace
  const stays = open.length > 0 || unknown.length > 0
  // A namespace that goes at once needs no account of why it did not.
  const lingers = stays || (namespace.metadata.finalizers?.length ?? 0) > 0 || (namespace.spec.finalizers?.length ?? 0) > 1
  if (lingers && !equalJson(status, namespace.status)) current = await client.update(namespaces, { ...namespace, status }, { subresource: 'status' })
  if (stays) return { requeueAfterMs: lookAgainMs }
  const finalizers = (current.spec.finalizers ?? []).filter((one) => one !== finalizer)
  await client.update(namespaces, { ...current, status, spec: { ...current.spec, finalizers } }, { subresource: 'finalize' })
  return {}
}

/** Deletes what there is of a kind and tells what stays. */
async function empty(client: Client, resource: Resource, namespace: string): Promise<Remains> {
  try {
    const before = await client.list(resource, { namespace })
    if (before.items.length === 0) return { resource, objects: [] }
    if (before.items.some(({ metadata }) => !metadata.deletionTimestamp)) await deleteAll(client, resource, before.items, namespace)
    const { items } = await client.list(resource, { namespace })
    return { resource, objects: items }
  } catch (error) {
    return { resource, objects: [], failure: messageOf(error) }
  }
}

/** One by one where the kind's server knows no other way. */
async function deleteAll(client: Client, resource: Resource, items: readonly KubeObject[], namespace: string): Promise<void> {
  const options = { propagationPolicy: 'Background' } as const
  try {
    await client.deleteCollection(resource, { namespace }, options)
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 405) throw error
    await Promise.all(items.map(({ metadata: { name = '' } }) => client.delete(resource, { namespace, name }, options).catch((refused: unknown) => {
      if (!isNotFound(refused)) throw refused
    })))
  }
}
