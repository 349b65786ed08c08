// The in-process Client: requests go straight to the server's core, and the same frozen objects come back.
import type { KubeObject, ObjectKey, ObjectList, Resource, WatchEvent } from '../api/object.ts'
import type { ApiRequest, ApiResponse, DeleteOptions, Handle, Patch, RequestOptions, UserInfo, Verb } from '../api/request.ts'
import { internalError } from '../api/status-error.ts'
import { room } from '../util/turn-share.ts'
import type { Client, ListOptions, WatchOptions, WriteOptions } from './client.ts'
import { errorOf, splitErrors } from './watch-error.ts'

type Parts = Partial<Omit<ApiRequest, 'verb' | 'user' | 'group' | 'version' | 'plural'>>

export class DirectClient implements Client {
  readonly #handle: Handle
  readonly #user: UserInfo
  readonly #userAgent: string

  /** `userAgent` names the field manager of writes that name none. */
  constructor(handle: Handle, user: UserInfo, userAgent = 'kinglet') {
    this.#handle = handle
    this.#user = user
    this.#userAgent = userAgent
  }

  async get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T> {
    return this.#object<T>(await this.#send('get', resource, key))
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, ...query } = options
    const response = await this.#send('list', resource, { ...place(namespace), options: query })
    if (response.type !== 'list') throw unexpected('a list', response)
    return response.list as ObjectList<T>
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<readonly WatchEvent<T>[]> {
    const { namespace, signal, ...query } = options
    const response = await this.#send('watch', resource, {
      ...place(namespace), signal,
      options: { ...query, allowWatchBookmarks: true, ...(query.sendInitialEvents ? { resourceVersionMatch: 'NotOlderThan' } : {}) },
    })
    if (response.type !== 'watch') throw unexpected('a watch', response)
    for await (const batch of response.events) {
      if (signal.aborted) return
      yield* splitErrors(batch as unknown as readonly WatchEvent<T>[])
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata
    const named = options.subresource !== undefined && name !== undefined ? { name } : {}
    return this.#object<T>(await this.#send('create', resource, { ...place(namespace), ...named, ...write(options), object }))
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name = '' } = object.metadata
    return this.#object<T>(await this.#send('update', resource, { ...place(namespace), name, ...write(options), object }))
  }

  async patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}): Promise<T> {
    return this.#object<T>(await this.#send('patch', resource, { ...key, ...write(options), patch }))
  }

  async delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T | undefined> {
    const response = await this.#send('delete', resource, { ...key, options: { delete: options } })
    if (response.type === 'object') return response.object as T
    if (response.type === 'status') return undefined
    throw unexpected('an object or a status', response)
  }

  async deleteCollection<T extends KubeObject>(resource: Resource<T>, options: ListOptions, deletion: DeleteOptions = {}): Promise<void> {
    const { namespace, ...query } = options
    await this.#send('deletecollection', resource, { ...place(namespace), options: { ...query, delete: deletion } })
  }

  async createSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string, body: KubeObject): Promise<R> {
    const response = await this.#send('create', resource, { ...key, subresource, object: body })
    return (response.type === 'status' ? response.status : this.#object<R>(response)) as unknown as R
  }

  async getSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string): Promise<R> {
    return this.#object<R>(await this.#send('get', resource, { ...key, subresource }))
  }

  /** In a turn that has room, as requests from outside: a controller may have thousands at once. */
  async #send(verb: Verb, resource: Resource, parts: Parts): Promise<ApiResponse> {
    const { group, version, plural } = resource
    const turn = room()
    if (turn) await turn
    const response = await this.#handle({ options: {}, ...parts, verb, user: this.#user, group, version, plural, userAgent: this.#userAgent })
    if (response.type === 'status' && response.status.status === 'Failure') throw errorOf(response.status)
    return response
  }

  #object<T extends KubeObject>(response: ApiResponse): T {
    if (response.type !== 'object') throw unexpected('an object', response)
    return response.object as T
  }
}

const place = (namespace: string | undefined): { namespace?: string } => (namespace === undefined ? {} : { namespace })

function write(options: WriteOptions): { subresource?: string; options: RequestOptions } {
  const { subresource, fieldManager, dryRun, force } = options
  return {
    ...(subresource === undefined ? {} : { subresource }),
    options: {
      ...(fieldManager === undefined ? {} : { fieldManager }),
      ...(dryRun ? { dryRun: ['All'] } : {}),
      ...(force === undefined ? {} : { force }),
    },
  }
}

const unexpected = (wanted: string, response: ApiResponse): Error => internalError(`expected ${wanted}, the server answered with a ${response.type}`)
