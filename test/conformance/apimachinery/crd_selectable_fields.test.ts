// Field selectors on custom resources, through conversion by webhook.
import { randomUUID } from 'node:crypto'
import type { AnyObject, Resource } from '../../../pkg/api/object.ts'
import { client, eventually, useNamespace } from '../framework.ts'
import { hostVersions, useConversionServer } from './conversion-server.ts'
import { customObject } from './test-crd.ts'

const namespace = useNamespace('crd-selectable-fields', { 'pod-security.kubernetes.io/enforce': 'privileged' })
const server = useConversionServer(() => namespace.name)

let stop = new AbortController()
beforeEach(() => { stop = new AbortController() })
afterEach(() => stop.abort())

/** The names that came and went, as they are told. */
class Seen {
  readonly #added = new Set<string>()
  readonly #deleted = new Set<string>()
  #failure: unknown

  constructor(resource: Resource<AnyObject>, fieldSelector: string, informer: boolean) {
    this.#follow(resource, fieldSelector, informer).catch((error: unknown) => { this.#failure = error })
  }

  async #follow(resource: Resource<AnyObject>, fieldSelector: string, informer: boolean): Promise<void> {
    const options = { namespace: namespace.name, fieldSelector, signal: stop.signal, ...(informer ? { sendInitialEvents: true } : {}) }
    for await (const events of client.watch(resource, options)) {
      for (const { type, object } of events) {
        if (type === 'ADDED') this.#added.add(object.metadata.name ?? '')
        if (type === 'DELETED') this.#deleted.add(object.metadata.name ?? '')
      }
    }
  }

  async has(added: readonly string[], deleted: readonly string[] = []): Promise<void> {
    const wanted = JSON.stringify([[...added].sort(), [...deleted].sort()])
    const found = () => JSON.stringify([[...this.#added].sort(), [...this.#deleted].sort()])
    await eventually(() => {
      if (this.#failure) throw this.#failure
      return found() === wanted
    }, () => `${wanted} instead of ${found()}`, 30_000)
  }
}

test('[sig-api-machinery] CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector [Conformance]', async () => {
  const fields = (...paths: string[]) => ({ selectableFields: paths.map((jsonPath) => ({ jsonPath })) })
  const crd = await server.createCrd(hostVersions('v1', { v1: fields('.hostPort'), v2: fields('.host', '.port') }))
  const [v1, v2] = [crd.of('v1'), crd.of('v2')]
  const within = { namespace: namespace.name }
  const [host, hostAndPort] = ['host=host1', 'host=host1,port=80']
  const watched = { host: new Seen(v2, host, false), hostAndPort: new Seen(v2, hostAndPort, false), v1: new Seen(v1, 'hostPort=host1:80', false) }
  const informed = { host: new Seen(v2, host, true), hostAndPort: new Seen(v2, hostAndPort, true) }

  const names: string[] = []
  for (const spec of [{ host: 'host1', port: '80' }, { host: 'host1', port: '8080' }, { host: 'host2' }]) {
    const name = `selectable-field-cr${randomUUID().slice(0, 5)}`
    names.push(name)
    await client.create(v2, customObject(crd, 'v2', { ...within, name }, spec))
  }
  const [first = '', second = ''] = names
  const expectListed = async (resource: typeof v1, fieldSelector: string, wanted: string[]) => {
    const { items } = await client.list(resource, { ...within, fieldSelector })
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(wanted.sort())
  }
  await expectListed(v2, host, [first, second])
  await expectListed(v2, hostAndPort, [first])
  await expectListed(v1, 'hostPort=host1:80', [first])
  await expectListed(v1, 'hostPort=host1:8080', [second])
  await watched.host.has([first, second])
  await watched.hostAndPort.has([first])
  await watched.v1.has([first])
  await informed.host.has([first, second])
  await informed.hostAndPort.has([first])

  await client.deleteCollection(v2, { ...within, fieldSelector: hostAndPort }, { gracePeriodSeconds: 0 })
  const current = await client.get(v2, { ...within, name: second })
  await client.update(v2, { ...current, host: 'host2' })
  await expectListed(v2, host, [])
  await expectListed(v2, hostAndPort, [])
  await watched.host.has([first, second], [first, second])
  await watched.hostAndPort.has([first], [first])
  await watched.v1.has([first], [first])
  await informed.host.has([first, second], [first, second])
  await informed.hostAndPort.has([first], [first])
})
