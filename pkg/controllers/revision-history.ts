// Earlier templates of a DaemonSet or StatefulSet, kept as ControllerRevisions.
import { equalParts } from '../api/json-parts.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import type { PodTemplateSpec } from '../api/types-pod.ts'
import { controllerRevisions, type ControllerRevision } from '../api/types-workload.ts'
import type { LabelMatcher } from '../api/label-selector.ts'
import type { ReconcileContext } from '../controller/controller.ts'
import { claim, claimCandidates, ownerReferenceOf } from '../controller/ownership.ts'
import { removeObject } from '../controller/removal.ts'
import { inParts } from '../util/slices.ts'
import { templateHash } from './template-hash.ts'

export const revisionHashLabel = 'controller-revision-hash'

export interface HistoryRequest {
  readonly owner: KubeObject
  readonly resource: Resource
  readonly template: PodTemplateSpec
  readonly selector: LabelMatcher
  readonly collisionCount: number | undefined
  /** The label that carries the hash: the two kinds have different ones. */
  readonly hashLabel: string
}

export interface History {
  readonly current: ControllerRevision
  /** Oldest first, without `current`. */
  readonly old: readonly ControllerRevision[]
}

/** What a revision stores: a patch that brings the template back. */
export const revisionData = (template: PodTemplateSpec): unknown => ({ spec: { template: { ...template, $patch: 'replace' } } })

export function templateOf(revision: ControllerRevision): PodTemplateSpec | undefined {
  const template = (revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined)?.spec?.template
  if (!template) return undefined
  const { $patch: _, ...rest } = template
  return rest
}

/** Finds or makes the revision of the template and gives it the highest number. */
export async function syncHistory(request: HistoryRequest, context: ReconcileContext): Promise<History> {
  const { owner, resource, selector, template } = request
  const owned = await claim(context.client, {
    owner, ownerResource: resource, resource: controllerRevisions, matches: ({ metadata }) => selector.matches(metadata.labels),
    candidates: claimCandidates(context.informers.for(controllerRevisions), owner),
  })
  const sorted = [...owned].sort((a, b) => a.revision - b.revision)
  const data = revisionData(template)
  let same: ControllerRevision | undefined
  for (const revision of sorted) if (await inParts(equalParts(revision.data, data))) same = revision
  const highest = sorted.at(-1)?.revision ?? 0
  const current = same ? await raise(same, highest, context) : await create(request, highest + 1, context)
  return { current, old: sorted.filter(({ metadata }) => metadata.uid !== current.metadata.uid) }
}

async function raise(revision: ControllerRevision, highest: number, { client }: ReconcileContext): Promise<ControllerRevision> {
  return revision.revision >= highest ? revision : client.update(controllerRevisions, { ...revision, revision: highest + 1 })
}

async function create({ owner, resource, template, collisionCount, hashLabel }: HistoryRequest, revision: number, { client }: ReconcileContext): Promise<ControllerRevision> {
  const { namespace, name, annotations } = owner.metadata
  for (let collisions = collisionCount ?? 0; ; collisions++) {
    const hash = await templateHash(template, collisions || undefined)
    const draft: ControllerRevision = {
      apiVersion: 'apps/v1', kind: 'ControllerRevision',
      metadata: {
        namespace, name: `${name}-${hash}`, ownerReferences: [ownerReferenceOf(owner, resource)],
        labels: { ...template.metadata?.labels, [hashLabel]: hash }, ...(annotations ? { annotations } : {}),
      },
      data: revisionData(template), revision,
    }
    try {
      return await client.create(controllerRevisions, draft)
    } catch (error) {
      // Another template with this hash has the name.
      if (!isAlreadyExists(error) || collisions - (collisionCount ?? 0) > 10) throw error
    }
  }
}

/** Deletes the oldest revisions that no pod lives by, down to the limit. */
export async function forgetRevisions(old: readonly ControllerRevision[], { limit, live }: { limit: number; live: (revision: ControllerRevision) => boolean }, { client }: ReconcileContext): Promise<void> {
  const idle = old.filter((revision) => !live(revision))
  for (const revision of idle.slice(0, Math.max(0, idle.length - limit))) {
    await removeObject(client, controllerRevisions, revision)
  }
}
