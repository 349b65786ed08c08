// SPDY frames: what is written can be read by a real decompressor, and what is read may come in any pieces.
import { constants, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { dataFrame, ping, SpdyReader, synStream, type SpdyFrame } from './spdy-frames.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

it('headers of all streams are one stream of the compressor, shown at once', () => {
  const first = synStream(1, { streamtype: 'error' }, true)
  const second = synStream(3, { streamtype: 'stdin', port: '80' }, false)
  expect(first.subarray(0, 12)).toEqual(hex(`8003 0001 00 ${(first.length - 8).toString(16).padStart(6, '0')} 00000001`))
  // After stream, associated stream, priority and slot; the first one has zlib's header.
  const blocks = [first.subarray(8 + 10 + 6), second.subarray(8 + 10)]
  const text = (count: number): string => inflateRawSync(Buffer.concat(blocks.slice(0, count)), { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1')
  const one = '\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05error'
  expect(text(1)).toBe(one)
  expect(text(2)).toBe(`${one}\0\0\0\x02\0\0\0\x0astreamtype\0\0\0\x05stdin\0\0\0\x04port\0\0\0\x0280`)
  expect(first.readUInt16BE(8 + 10) % 31).toBe(0)
})

const reply = (stream: number, flags = 0): Buffer => hex(`8003 0002 ${flags.toString(16).padStart(2, '0')} 000004 ${stream.toString(16).padStart(8, '0')}`)
const known: [Buffer, SpdyFrame][] = [
  [dataFrame(5, Buffer.from('hello'), false), { type: 'data', stream: 5, last: false, data: Buffer.from('hello') }],
  [dataFrame(7, Buffer.alloc(0), true), { type: 'data', stream: 7, last: true, data: Buffer.alloc(0) }],
  [dataFrame(9, Buffer.alloc(700, 1), false), { type: 'data', stream: 9, last: false, data: Buffer.alloc(700, 1) }],
  [reply(3), { type: 'reply', stream: 3, last: false }], [reply(3, 1), { type: 'reply', stream: 3, last: true }],
  [hex('8003 0003 00 000008 00000005 00000002'), { type: 'reset', stream: 5, status: 2 }],
  [ping(6), { type: 'ping', id: 6 }], [hex('8003 0007 00 000008 00000000 00000000'), { type: 'goaway' }],
  [hex('8003 0009 00 000008 00000001 00000100'), { type: 'other' }],
]

it('frames are read however they are cut', () => {
  fc.assert(fc.property(fc.array(fc.nat(known.length - 1), { maxLength: 8 }), fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 3000 })), { minLength: 2, maxLength: 20 }), (picks, cuts) => {
    const bytes = Buffer.concat(picks.map((pick) => known[pick]![0]))
    const reader = new SpdyReader()
    const frames: SpdyFrame[] = []
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const length = cuts[turn % cuts.length]!
      frames.push(...reader.read(bytes.subarray(at, at + length)))
      at += length
    }
    expect(frames).toEqual(picks.map((pick) => known[pick]![1]))
  }))
})

it('what is no SPDY is refused, never waited for', () => {
  for (const text of ['8002 0001 00 000000', 'ffff ffff ffff ffff', '8003 0001 00 ffffff']) expect(() => new SpdyReader().read(hex(text))).toThrow('not a SPDY/3 frame')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      new SpdyReader().read(Buffer.from(bytes))
    } catch (error) {
      expect((error as Error).message).toBe('not a SPDY/3 frame')
    }
  }))
})
