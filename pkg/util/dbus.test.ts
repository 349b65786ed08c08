// D-Bus messages, held against what sd-bus (busctl of systemd 262) sent to a socket of ours.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DBusConnection, DBusError, decodeMessage, encodeCall } from './dbus-connection.ts'
import { type DBusValue, decodeValues, encodeValues, typesOf } from './dbus-values.ts'

const recordedCall = Buffer.from(`6c0104018000000002000000b600000001016f00190000002f6f72672f667265656465736b746f702f73797374656d643100000000000000030173001200000053746172745472616e7369656e74556e6974000000000000
02017300200000006f72672e667265656465736b746f702e73797374656d64312e4d616e61676572000000000000000006017300180000006f72672e667265656465736b746f702e73797374656d643100000000
0000000008016700107373612873762961287361287376292900000007000000612e736c69636500070000007265706c616365005c000000000000000b0000004465736372697074696f6e000173000004000000706f647300000000
090000004d656d6f72794d617800017400000000000000000000000400000000100000004d656d6f72794163636f756e74696e67000162000100000000000000`.replaceAll('\n', ''), 'hex')
const recordedBody: DBusValue[] = ['a.slice', 'replace', [
  ['Description', { signature: 's', value: 'pods' }], ['MemoryMax', { signature: 't', value: 67_108_864n }], ['MemoryAccounting', { signature: 'b', value: true }],
], []]
const call = { destination: 'org.freedesktop.systemd1', path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager', member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body: recordedBody }

test('a call of sd-bus is understood, and its values are written as it writes them', () => {
  const { message, length } = decodeMessage(recordedCall)!
  expect(length).toBe(recordedCall.length)
  expect(message).toMatchObject({ type: 1, serial: 2, body: recordedBody })
  expect(Object.fromEntries(message.fields)).toEqual({ 1: call.path, 2: call.interface, 3: call.member, 6: call.destination, 8: call.signature })
  expect(encodeValues(call.signature, recordedBody)).toEqual(recordedCall.subarray(-0x80))
  const own = decodeMessage(encodeCall(call, 2))!
  expect(own.message).toEqual({ ...message, fields: own.message.fields })
  expect(Object.fromEntries(own.message.fields)).toEqual(Object.fromEntries(message.fields))
})

test.each<[string, string[]]>([['', []], ['sa(sv)u', ['s', 'a(sv)', 'u']], ['aa{sv}(i(ss))', ['aa{sv}', '(i(ss))']]])('the types of %p', (signature, types) => expect(typesOf(signature)).toEqual(types))

test.each(['z', 'a', '(s', 'a{s'])('%p is no signature', (signature) => expect(() => typesOf(signature)).toThrow('expected a D-Bus type'))

test.each([0, 1, 3, 4, 7])('every type comes back from offset %d', (offset) => {
  const signature = 'ybnqiuxtdsogva{sv}a(yt)(bs)'
  const values: DBusValue[] = [1, true, -2, 3, -4, 5, -6n, 7n, 8.5, 'é', '/a', 'a(sv)', { signature: 'at', value: [9n] }, [['k', { signature: 'y', value: 1 }]], [[1, 2n], [3, 4n]], [false, 'x']]
  const bytes = Buffer.concat([Buffer.alloc(offset), encodeValues(signature, values, offset)])
  expect(decodeValues(signature, bytes, offset)).toEqual({ values, end: bytes.length })
})

test('no part of a message is a message', () => {
  for (let length = 0; length < recordedCall.length; length++) expect(decodeMessage(recordedCall.subarray(0, length))).toBeUndefined()
})

describe('a connection', () => {
  let directory: string
  let server: Server
  let connections: Socket[]
  const path = (): string => join(directory, 'bus')
  const answer = (type: number, serial: number, extra: [number, { signature: string; value: string }][], signature: string, body: DBusValue[]): Buffer => {
    const content = encodeValues(signature, body)
    const head = encodeValues('yyyyuua(yv)', [108, type, 1, 1, content.length, 1, [[5, { signature: 'u', value: serial }], [8, { signature: 'g', value: signature }], ...extra]])
    return Buffer.concat([head, Buffer.alloc((8 - (head.length % 8)) % 8), content])
  }
  const going = encodeValues('b', [true])
  const signalHead = encodeValues('yyyyuua(yv)', [108, 4, 1, 1, going.length, 9, [[1, { signature: 'o', value: '/m' }], [2, { signature: 's', value: 'org.example.M' }], [3, { signature: 's', value: 'Going' }], [8, { signature: 'g', value: 'b' }]]])
  const signal = Buffer.concat([signalHead, Buffer.alloc((8 - (signalHead.length % 8)) % 8), going])
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'dbus-'))
    connections = []
    server = createServer((socket) => {
      connections.push(socket)
      let rest = Buffer.alloc(0)
      let greeted = false
      socket.on('data', (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk])
        if (!greeted && rest.toString('latin1').endsWith('\r\n')) {
          if (!rest.includes('BEGIN')) {
            if (rest.toString('latin1').startsWith(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid?.())).toString('hex')}\r\n`)) socket.write('OK 00\r\n')
            return void (rest = Buffer.alloc(0))
          }
        }
        if (!greeted) {
          greeted = true
          rest = rest.subarray('BEGIN\r\n'.length)
        }
        for (let found = decodeMessage(rest); found; found = decodeMessage(rest)) {
          rest = rest.subarray(found.length)
          const member = found.message.fields.get(3)
          const { serial } = found.message
          if (member === 'Hello') socket.write(answer(2, serial, [], 's', [':1.1']))
          else if (member === 'Refused') socket.write(answer(3, serial, [[4, { signature: 's', value: 'org.example.No' }]], 's', ['not now']))
          else if (member === 'Signalled') socket.write(Buffer.concat([signal, answer(2, serial, [], 's', [''])]))
          else if (member === 'Gone') socket.destroy()
          else {
            const bytes = answer(2, serial, [], 'o', ['/job/1'])
            if (member === 'Split') socket.write(bytes.subarray(0, 20), () => setImmediate(() => socket.write(bytes.subarray(20))))
            else socket.write(bytes)
          }
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(path(), resolve))
  })
  afterEach(() => {
    for (const socket of connections) socket.destroy()
    server.close()
    rmSync(directory, { recursive: true })
  })

  test('answers, refuses, and is made again when it was lost', async () => {
    const bus = new DBusConnection(path())
    expect(await Promise.all([bus.call(call), bus.call(call)])).toEqual([['/job/1'], ['/job/1']])
    expect(await bus.call({ ...call, member: 'Split' })).toEqual(['/job/1'])
    const refused = await bus.call({ ...call, member: 'Refused' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(DBusError)
    expect(refused).toMatchObject({ name: 'org.example.No', message: 'not now' })
    expect(connections).toHaveLength(1)
    await expect(bus.call({ ...call, member: 'Gone' })).rejects.toThrow('the connection was closed')
    expect(await bus.call(call)).toEqual(['/job/1'])
    expect(connections).toHaveLength(2)
    bus.close()
  })

  test('tells of signals, and once of its loss', async () => {
    const heard: unknown[] = []
    const bus = new DBusConnection(path(), { onSignal: (...signal) => void heard.push(signal), onLost: (error) => void heard.push(error.message) })
    await bus.call({ ...call, member: 'Signalled' })
    expect(heard).toEqual([['org.example.M', 'Going', [true]]])
    await expect(bus.call({ ...call, member: 'Gone' })).rejects.toThrow('the connection was closed')
    expect(heard.slice(1)).toEqual([`D-Bus at ${path()}: the connection was closed`])
    await bus.call(call)
    bus.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toHaveLength(2)
  })

  test('says where nobody listens', async () => {
    await expect(new DBusConnection(join(directory, 'none')).call(call)).rejects.toThrow(`D-Bus at ${join(directory, 'none')}: connect ENOENT`)
  })
})
