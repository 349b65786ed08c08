// Server-side apply of a configuration: the merge, the fields that its manager no longer wants, conflicts, and who owns what then.
import { applyConflict, conflictsWithout } from './apply-conflict.ts'
import type { Conflict } from './apply-conflict.ts'
import { allowedByLastApplied, withLastApplied } from './apply-last.ts'
import type { Owner, OwnerName } from './apply-owners.ts'
import { isSameOwner, ownable, sharedEntry, sorted } from './apply-owners.ts'
import type { OwnedType } from './apply-type.ts'
import { emptyObject } from './apply-type.ts'
import { compareIn, compareOwned, ownersAfterUpdate, withoutChanges } from './apply-update.ts'
import { prune } from './apply-prune.ts'
import { checkConfig } from './apply-check.ts'
import { intersection } from './field-set.ts'
import { equalJson } from './json.ts'
import type { JsonObject } from './json.ts'
import { claimedFields } from './typed-compare.ts'
import { mergeTyped } from './typed-merge.ts'
import { rootSchema } from './typed-shape.ts'

export interface Applying {
  /** The object as it stands; undefined when the apply creates it. */
  readonly live?: JsonObject
  readonly owners: readonly Owner[]
  readonly config: unknown
  readonly manager: string
  readonly force: boolean
  readonly subresource?: string
  /** RFC 3339, in seconds. */
  readonly time: string
}

export interface Applied {
  readonly object: JsonObject
  readonly owners: readonly Owner[]
}

/** kubectl's own apply may take over what its older way of applying set. */
const kubectl = 'kubectl'
const beforeFirstApply = 'before-first-apply'

/** Fails with 400, 409 or (a configuration that does not fit the schema) 500. The arguments are not changed; the result shares parts of them. */
export function applyConfig(type: OwnedType, applying: Applying): Applied {
  const config = checkConfig(type, applying.config)
  const live = applying.live ?? emptyObject(type.schema)
  // What stood before anybody's ownership was kept belongs to one owner of its own.
  const owners = applying.owners.length > 0 || !applying.live ? applying.owners
    : ownersAfterUpdate(type, { after: live, owners: [], manager: beforeFirstApply, time: applying.time, ...subresourceOf(applying) })
  const { conflicts, object, settle } = attempt(type, applying, { config, live, owners })
  if (conflicts.length > 0 && !applying.force) {
    const allowed = applying.manager === kubectl ? allowedByLastApplied(type, live) : undefined
    const left = conflictsWithout(conflicts, allowed)
    if (left.length > 0) throw applyConflict(left)
  }
  const result = { object, owners: settle() }
  return applying.manager === kubectl ? withLastApplied(result, applying.config as JsonObject) : result
}

const subresourceOf = ({ subresource }: Applying): { subresource?: string } => (subresource ? { subresource } : {})

interface Attempt {
  readonly object: JsonObject
  readonly conflicts: readonly Conflict[]
  /** The owners after it, with conflicts forced. */
  settle(): readonly Owner[]
}

function attempt(type: OwnedType, applying: Applying, { config, live, owners }: { config: JsonObject; live: JsonObject; owners: readonly Owner[] }): Attempt {
  const schema = rootSchema(type.schema)
  const self: OwnerName = { manager: applying.manager, operation: 'Apply', apiVersion: type.apiVersion, ...subresourceOf(applying) }
  const last = owners.find((owner) => isSameOwner(owner, self))
  const others = owners.filter((owner) => owner !== last)
  const claimed = ownable(claimedFields(schema, config), type.ignored)
  const merged = mergeTyped(schema, live, config) as JsonObject
  const object = last ? prune(type, { merged, last, claimed, others }) : merged
  const comparison = compareOwned(type, live, object)
  const objects = { before: live, after: object }
  const conflicts = comparison ? others.flatMap((owner) => conflictOf(type, owner, owner.apiVersion === type.apiVersion ? comparison : compareIn(type, owner.apiVersion, objects))) : []
  return {
    object, conflicts,
    settle: () => {
      const rest = comparison ? withoutChanges(type, others, comparison, objects) : others
      const changed = !equalJson(live, object) || rest !== others || !last || !equalJson(last.fieldsV1, claimed) || last.apiVersion !== type.apiVersion
      if (!claimed) return sorted(rest)
      return sorted([...rest, changed || !last ? sharedEntry(type.schema, self, claimed, applying.time) : last])
    },
  }
}

function conflictOf(type: OwnedType, owner: Owner, comparison: ReturnType<typeof compareIn>): Conflict[] {
  if (comparison === undefined || comparison === 'unknown') return []
  const fields = intersection(owner.fieldsV1, comparison.changed)
  return fields ? [{ owner, fields }] : []
}

