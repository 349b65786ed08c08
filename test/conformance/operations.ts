// The walk that the suite's API tests take through a kind: discovery, subresources, changes, what a watch says, removal.
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { apiVersionOf, type AnyObject, type KubeObject, type ObjectKey, type Resource, type WatchEvent } from '../../pkg/api/object.ts'
import type { Patch } from '../../pkg/api/request.ts'
import { StatusError } from '../../pkg/api/status-error.ts'
import { client, http, openStream, refusal } from './framework.ts'

/** wait.ForeverTestTimeout of the original. */
export const foreverMs = 30_000

/** A kind that no type describes. */
export const kindOf = <T extends KubeObject = AnyObject>(apiVersion: string, plural: string, kind: string, namespaced = true): Resource<T> => {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  return { group, version, plural, kind, namespaced }
}

export const keyOf = ({ metadata: { namespace, name = '' } }: KubeObject): ObjectKey => (namespace === undefined ? { name } : { namespace, name })

export const mergePatch = (body: object): Patch => ({ type: 'merge', body })
export const strategicPatch = (body: object): Patch => ({ type: 'strategic', body })

interface GroupList { groups: { name: string; versions: { version: string }[] }[] }
interface Group { versions: { version: string }[] }
interface ResourceList { resources: { name: string; kind: string; verbs: string[] }[] }

/** The group and version are in the three discovery documents, the last of them with these resources. */
export async function expectDiscovered({ group, version }: Resource, names: readonly string[]): Promise<void> {
  const groups = (await http<GroupList>('GET', '/apis')).json().groups
  expect(groups.find(({ name }) => name === group)?.versions).toContainEqual(expect.objectContaining({ version }))
  const document = (await http<Group>('GET', `/apis/${group}`)).json()
  expect(document.versions).toContainEqual(expect.objectContaining({ version }))
  const { resources } = (await http<ResourceList>('GET', `/apis/${group}/${version}`)).json()
  expect(resources.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]))
}

export function pathOf(resource: Resource, { namespace, name }: Partial<ObjectKey>, subresource?: string): string {
  const root = resource.group === '' ? '/api' : '/apis'
  const place = namespace !== undefined && resource.namespaced ? ['namespaces', namespace] : []
  return [root, apiVersionOf(resource), ...place, resource.plural, ...(name === undefined ? [] : [name]), ...(subresource === undefined ? [] : [subresource])].join('/')
}

/** GET of a subresource, which the client has no word for. */
export async function getSubresource<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, subresource: string): Promise<T> {
  const answer = await http<T>('GET', pathOf(resource, key, subresource))
  if (answer.status !== 200) throw new Error(`${subresource} of ${key.name}: ${answer.text}`)
  return answer.json()
}

/** Reads, changes and writes; again when somebody else was first, as RetryOnConflict does. */
export async function updateWith<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, change: (object: T) => T, subresource?: string): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const object = await client.get(resource, key)
    try {
      return await client.update(resource, change(object), subresource === undefined ? {} : { subresource })
    } catch (error) {
      if (!(error instanceof StatusError && error.status.reason === 'Conflict') || attempt === 5) throw error
    }
  }
}

export const annotated = <T extends KubeObject>(object: T, annotations: Record<string, string>): T =>
  ({ ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } } })

export const labelled = <T extends KubeObject>(object: T, labels: Record<string, string>): T =>
  ({ ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } })

export interface WatchPlace {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
}

/** An open watch whose events are taken one after the other. Without a version it begins with what there is, as ADDED. */
export class Watching<T extends KubeObject> {
  readonly #ending: AbortController
  readonly #events: AsyncIterator<WatchEvent<T>, void>

  private constructor(ending: AbortController, events: AsyncIterator<WatchEvent<T>, void>) {
    this.#ending = ending
    this.#events = events
  }

  /** Resolves when the server has begun it: what happens from now on is reported. */
  static async start<T extends KubeObject>(resource: Resource<T>, { namespace, ...query }: WatchPlace): Promise<Watching<T>> {
    const ending = new AbortController()
    const path = `${pathOf(resource, { namespace })}?${new URLSearchParams({ watch: 'true', ...query }).toString()}`
    const response = await openStream(path, ending.signal)
    return new Watching(ending, eventsOf<T>(response, ending.signal))
  }

  /** The next event that fits; the events before it are over. */
  async until(fits: (event: WatchEvent<T>) => boolean, what: string, timeoutMs: number = foreverMs): Promise<WatchEvent<T>> {
    const timer = setTimeout(() => this.stop(), timeoutMs)
    const seen: string[] = []
    try {
      for (;;) {
        const { value: event, done } = await this.#events.next()
        if (done) throw new Error(`the watch ended before ${what}; it had said ${seen.join(', ') || 'nothing'}`)
        if (fits(event)) return event
        seen.push(`${event.type} ${event.object.metadata.name} ${event.object.metadata.resourceVersion}`)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  stop(): void {
    this.#ending.abort()
  }
}

async function* eventsOf<T>(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<WatchEvent<T>, void> {
  try {
    for await (const line of createInterface({ input: response })) yield JSON.parse(line) as WatchEvent<T>
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/**
 * The middle of the walk: a merge patch and an update each leave an annotation, and a watch from the list's version reports them.
 * `wide` also lists and watches across all namespaces.
 */
export async function expectPatchedUpdatedWatched<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, place: WatchPlace, wide = false): Promise<void> {
  const { namespace: _namespace, ...selection } = place
  const watch = await Watching.start(resource, place)
  const watches = [watch]
  if (wide) {
    const everywhere = await client.list(resource, selection)
    expect(everywhere.items.map(({ metadata }) => metadata.name)).toContain(key.name)
    watches.push(await Watching.start(resource, selection))
  }
  try {
    const patched = await client.patch(resource, key, mergePatch({ metadata: { annotations: { patched: 'true' } } }))
    expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
    const updated = await updateWith(resource, key, (object) => annotated(object, { updated: 'true' }))
    expect(updated.metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' })
    for (const each of watches) {
      await each.until(({ type, object }) => {
        expect(type).toBe('MODIFIED')
        return object.metadata.annotations?.['patched'] === 'true'
      }, 'the annotation was seen')
    }
  } finally {
    for (const each of watches) each.stop()
  }
}

/** The end of the walk: one goes by name, the others together. Kinds with finalizers may keep what is marked for deletion. */
export async function expectDeleted<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, place: Omit<WatchPlace, 'resourceVersion'>, left: number): Promise<void> {
  await client.delete(resource, key)
  expect((await refusal(client.get(resource, key))).status.reason).toBe('NotFound')
  expect((await client.list(resource, place)).items).toHaveLength(left)
  await client.deleteCollection(resource, place)
  expect((await client.list(resource, place)).items).toHaveLength(0)
}
