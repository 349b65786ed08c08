// The flow schemas and priority levels that a cluster begins with: made again when they go, and brought up to date unless their annotation says otherwise.
import { equalJson } from '../api/json.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import { flowSchemas, priorityLevels, type FlowSchema, type PriorityLevel } from '../api/types-flow-control.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import { controller, type Controller } from '../controller/controller.ts'

/** Without these nothing is safe: what anybody writes into them is undone. */
const mandatory = new Set(['exempt', 'catch-all'])
const annotation = 'apf.kubernetes.io/autoupdate-spec'
const fieldManager = 'api-priority-and-fairness-config-producer-v1'
const truths: Readonly<Record<string, boolean>> = { 1: true, t: true, T: true, true: true, TRUE: true, True: true, 0: false, f: false, F: false, false: false, FALSE: false, False: false }

type Kept = FlowSchema | PriorityLevel

const saidOf = ({ metadata }: Kept): boolean | undefined => truths[metadata.annotations?.[annotation] ?? '']

/** How much of the level `exempt` is shared out may be chosen. */
function sameSpec(wanted: Kept, found: Kept): boolean {
  if (found.metadata.name !== 'exempt' || !('exempt' in found.spec)) return equalJson(wanted.spec, found.spec)
  return equalJson({ ...wanted.spec, exempt: undefined }, { ...found.spec, exempt: undefined })
}

/** Pure: what is to be written; undefined when the object is as it should be. `wanted` has its defaults. */
export function keptFlowObject<T extends Kept>(wanted: T, found: T): T | undefined {
  // One whose spec nobody has touched may be brought up to date.
  const updates = mandatory.has(wanted.metadata.name ?? '') || (saidOf(found) ?? found.metadata.generation === 1)
  const changes = updates && !sameSpec(wanted, found)
  if (!changes && saidOf(found) === updates) return undefined
  return {
    ...found, metadata: { ...found.metadata, annotations: { ...found.metadata.annotations, [annotation]: String(updates) } },
    ...(changes ? { spec: wanted.spec } : {}),
  }
}

/** `objects`: the FlowSchemas and PriorityLevelConfigurations of a new cluster, with their defaults. */
export function flowBootstrapControllers(objects: readonly KubeObject[]): Controller[] {
  const keep = <T extends Kept>(name: string, resource: Resource<T>): Controller => {
    const wanted = new Map(objects.filter(({ kind }) => kind === resource.kind).map((object) => [object.metadata.name ?? '', object as T]))
    return controller<T>({
      name,
      for: resource,
      async reconcile(key, found, { client }) {
        const own = wanted.get(key.name)
        if (!found) {
          if (own) await client.create(resource, own, { fieldManager }).catch(unlessThere)
          return
        }
        // What a newer or older server has brought along.
        if (!own) return void (saidOf(found) === true && await client.delete(resource, key, { preconditions: { uid: found.metadata.uid } }))
        const kept = keptFlowObject(own, found)
        if (kept) await client.update(resource, kept, { fieldManager })
      },
    })
  }
  return [keep<FlowSchema>('flow-schema-bootstrap', flowSchemas), keep<PriorityLevel>('priority-level-bootstrap', priorityLevels)]
}

function unlessThere(error: unknown): void {
  if (!isAlreadyExists(error)) throw error
}
