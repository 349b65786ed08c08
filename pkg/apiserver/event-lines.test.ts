import type { AnyObject, WatchEvent } from '../api/object.ts'
import { linesOf, RecentLines } from './event-lines.ts'

type Event = WatchEvent<AnyObject>

const object = (name: string, size = 0): AnyObject => ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { value: 'x'.repeat(size) } })
const added = (one: AnyObject): Event => ({ type: 'ADDED', object: one })

function world() {
  const recent = new RecentLines(10_000)
  let encodings = 0
  const encode = ({ object: one }: Event): Buffer => {
    encodings++
    return Buffer.from(JSON.stringify(one))
  }
  const send = (events: readonly Event[], most = 1000, shared: RecentLines | undefined = recent) => {
    const before = encodings
    const lines = [...linesOf(events, encode, () => most, shared)]
    const text = Buffer.concat(lines.map(({ bytes }) => bytes)).toString()
    expect(text).toBe(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    expect(lines.flatMap(({ sizes }) => sizes)).toEqual(events.map(({ object: one }) => JSON.stringify(one).length))
    return { lines, encodings: encodings - before }
  }
  return { send }
}

it('makes lines of events, so many bytes at a time', () => {
  const { send } = world()
  expect(send([]).lines).toEqual([])
  const { lines } = send(Array.from({ length: 20 }, (_, index) => added(object(`o${index}`, 100))))
  expect(lines.map(({ events }) => events.length)).toEqual([5, 5, 5, 5])
})

it('sends long objects as they are, in their place', () => {
  const { send } = world()
  const long = added(object('long', 20_000))
  send([long])
  send([added(object('a')), long, added(object('b')), long, long])
})

it('sends the same bytes to those who watch the same', () => {
  const { send } = world()
  const objects = Array.from({ length: 4 }, (_, index) => object(`o${index}`))
  const { lines: [first] } = send(objects.map(added))
  const again = send(objects.map(added))
  expect(again.lines[0]!.bytes).toBe(first!.bytes)
  expect(again.encodings).toBe(0)
  // More may follow.
  const more = send([...objects, object('more')].map(added))
  expect([more.lines[0]!.bytes === first!.bytes, more.encodings]).toEqual([true, 1])
})

it.each<[string, (objects: readonly AnyObject[]) => Event[]]>([
  ['fewer', (objects) => objects.slice(0, 2).map(added)],
  ['another one among them', ([a, b, , d]) => [a!, b!, object('other'), d!].map(added)],
  ['another type', (objects) => objects.map((one, index) => ({ type: index === 3 ? 'MODIFIED' : 'ADDED', object: one }))],
  ['the same from the second on', (objects) => objects.slice(1).map(added)],
])('makes new lines for others: %s', (_, events) => {
  const { send } = world()
  const objects = Array.from({ length: 4 }, (__, index) => object(`o${index}`))
  send(objects.map(added))
  const other = events(objects)
  expect(send(other).encodings).toBe(other.length)
})

it('forgets the oldest when there are too many', () => {
  const { send } = world()
  const first = added(object('first', 900))
  send([first])
  expect(send([first]).encodings).toBe(0)
  for (let index = 0; index < 10; index++) send([added(object(`o${index}`, 900))])
  expect(send([first]).encodings).toBe(1)
})

it('knows nothing of other forms', () => {
  const { send } = world()
  const event = added(object('a'))
  send([event])
  expect(send([event], 1000, new RecentLines(0)).encodings).toBe(1)
})
