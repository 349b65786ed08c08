// An object as admission shows it to others, and what they made of it as what the request may write.
import { thawParts } from '../api/json-parts.ts'
import type { AnyObject } from '../api/object.ts'
import type { MatchFacts } from './admission-matching.ts'
import { viewedSubresource } from './admission-matching.ts'
import { atOnce, type Parts } from '../util/slices.ts'
import { draftInParts } from './patching.ts'
import { complete } from './writing.ts'

export function* replaceParts(draft: AnyObject, by: AnyObject): Parts<void> {
  const own = yield* thawParts(by)
  for (const key of Object.keys(draft)) delete draft[key]
  Object.assign(draft, own)
}

export function replace(draft: AnyObject, by: AnyObject): void {
  atOnce(replaceParts(draft, by))
}

/** An object to be created has no identity before it is stored. */
export function unborn({ metadata, ...rest }: Readonly<AnyObject>): AnyObject {
  const { uid: _uid, creationTimestamp: _created, generation: _generation, ...own } = metadata
  return { ...rest, metadata: own }
}

export function withVersion(object: Readonly<AnyObject>, resourceVersion: string | undefined): AnyObject {
  const { resourceVersion: _resourceVersion, ...metadata } = object.metadata
  return { ...object, metadata: { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } }
}

const kept = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'generateName', 'managedFields'] as const

/** From a draft to what webhooks see, and from what they made of it back to a draft that only holds what this request may write. */
export function subjectShape(subject: Pick<MatchFacts, 'definition' | 'operation' | 'old' | 'subresource' | 'body'>, before: AnyObject): { send(draft: AnyObject): AnyObject; settle(object: AnyObject): AnyObject; settleParts(object: AnyObject): Parts<AnyObject> } {
  const { definition, operation, old } = subject
  const viewed = viewedSubresource(subject)
  const hasStatus = definition.subresources.some(({ name }) => name === 'status')
  const limited = (patched: AnyObject): AnyObject => {
    if (subject.subresource === 'status') return { ...before, metadata: patched.metadata, ...('status' in patched ? { status: patched.status } : {}) }
    if (operation !== 'UPDATE' || subject.subresource !== undefined || !hasStatus) return patched
    const { status: _status, ...rest } = patched
    return { ...rest, ...('status' in before ? { status: before.status } : {}) } as AnyObject
  }
  function* settleParts(object: AnyObject): Parts<AnyObject> {
    if (subject.body) return yield* thawParts(object)
    const whole = viewed ? viewed.merge?.(before, object) ?? before : limited(object)
    const draft = yield* draftInParts(definition, withVersion(whole as AnyObject, undefined))
    for (const field of kept) {
      // Where one is to be generated, any will do.
      if (field === 'name' && operation === 'CREATE' && before.metadata.name === undefined) continue
      if (before.metadata[field] === undefined) delete draft.metadata[field]
      else Object.assign(draft.metadata, { [field]: before.metadata[field] })
    }
    yield
    complete(definition, draft)
    return draft
  }
  return {
    send: (draft) => (operation === 'CREATE' && !subject.body ? unborn(draft) : withVersion(viewed?.view ? viewed.view(draft) as AnyObject : draft, old?.metadata.resourceVersion)),
    settle: (object) => atOnce(settleParts(object)), settleParts,
  }
}
