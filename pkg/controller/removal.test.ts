// Deletes of one object: what of the server's refusals says that it is gone, and what does not.
import type { KubeObject, Resource } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { alreadyExists, conflict, forbidden, notFound } from '../api/status-error.ts'
import { configMaps, type ConfigMap } from '../api/types-config.ts'
import { removeObject } from './removal.ts'

const object: ConfigMap = { metadata: { namespace: 'a', name: 'x', uid: 'one' } }
const refused = conflict(configMaps, 'x')

/** A server that refuses the deletion, and shows what stands then. */
const refusing = (refusal: Error, stands?: string): Pick<Client, 'get' | 'delete'> => ({
  delete: () => Promise.reject(refusal),
  get: <T extends KubeObject>(resource: Resource<T>) => (stands ? Promise.resolve({ metadata: { ...object.metadata, uid: stands } } as T) : Promise.reject(notFound(resource, 'x'))),
})

it.each<[string, Error, string | undefined]>([
  ['it is not there', notFound(configMaps, 'x'), undefined], ['another has its name', refused, 'two'], ['it goes meanwhile', refused, undefined],
])('is as good as done when %s', async (_title, refusal, stands) => {
  expect(await removeObject(refusing(refusal, stands), configMaps, object)).toBe(false)
})

it.each<[string, Error]>([['a conflict about one that stands', refused], ['a name that is taken', alreadyExists(configMaps, 'x')], ['a refusal', forbidden(configMaps, 'x', 'no')]])('%s is a failure', async (_title, refusal) => {
  await expect(removeObject(refusing(refusal, 'one'), configMaps, object)).rejects.toBe(refusal)
})

it('deletes no other of the name, nor what has changed where that matters', async () => {
  const asked: unknown[] = []
  const server: Pick<Client, 'get' | 'delete'> = { ...refusing(refused), delete: (_resource, _key, options) => Promise.resolve(void asked.push(options)) }
  expect(await removeObject(server, configMaps, object, { propagationPolicy: 'Foreground', preconditions: { resourceVersion: '7' } })).toBe(true)
  expect(asked).toEqual([{ propagationPolicy: 'Foreground', preconditions: { uid: 'one', resourceVersion: '7' } }])
})
