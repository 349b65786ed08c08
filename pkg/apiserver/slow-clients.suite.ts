// A response that does not take more, and a short watch, for tests.
import { EventEmitter } from 'node:events'
import type { AnyObject, WatchEvent } from '../api/object.ts'
import type { Definition } from '../registry/definition.ts'
import { builtinDefinitions } from '../registry/kinds.ts'

export interface FakeOutgoing extends EventEmitter {
  /** Whether `write` says that the client's buffers are full. */
  full: boolean
  destroyed: boolean
  lines(): string[]
}

export function fakeOutgoing({ full }: { full: boolean }): FakeOutgoing {
  let text = ''
  const outgoing = Object.assign(new EventEmitter(), {
    full, destroyed: false,
    writeHead: () => undefined,
    write(chunk: Buffer) {
      text += chunk.toString()
      return !outgoing.full
    },
    end: () => undefined,
    destroy: () => void (outgoing.destroyed = true),
    lines: () => text.split('\n').slice(0, -1),
  })
  return outgoing
}

export function configMapEvents(count: number): { definition: Definition; events: AsyncIterable<readonly WatchEvent<AnyObject>[]> } {
  const definition = builtinDefinitions().find(({ resource }) => resource.plural === 'configmaps')!
  async function* events(): AsyncGenerator<readonly WatchEvent<AnyObject>[]> {
    for (let index = 1; index <= count; index++) yield [{ type: 'ADDED', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: `c${index}` } } }]
  }
  return { definition, events: events() }
}
