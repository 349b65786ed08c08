// The formats of texts, by what Kubernetes takes and refuses.
import { textFormat } from './text-formats.ts'

describe.each<[string, readonly string[], readonly string[]]>([
  ['date-time', ['2024-01-01T00:00:00Z', '2024-02-29t23:59:59.5+01:00'], ['2024-01-01 00:00:00Z', '2024-01-01T00:00:00', '2024-02-30T00:00:00Z', '2024-01-01T24:00:00Z', 'x']],
  ['date', ['2024-02-29'], ['2023-02-29', '2024-1-1', '']],
  ['duration', ['1h30m', '0', '-1.5h', '2 days', '1 wk', 'about 3 hours', '5 microfortnights', '1fortnight 2s'], ['', '5', '1fortnight', '99999999999999999999 s']],
  ['byte', ['QUI=', 'QUJD', 'QQ=='], ['', 'QUI', 'QU==I', '====', 'QU_D']],
  ['uri', ['http://a/b', '/a', 'urn:x'], ['', 'a', 'http://[::1']],
  ['email', ['a@b', 'a.b@c.de', 'Jo Doe <jo@doe.org>', '"x y"@z', '<a@b>'], ['a', 'a@', '@b', 'a b@c', 'a..b@c', 'a@b>', '']],
  ['hostname', ['a', 'a.example', '1a.de', 'ä.de', 'a-b', 'x', 'a-b.cd'], ['', '-a', 'a.b', 'a.1', 'a_b', 'a..de', '.de', 'a.de.', 'a'.repeat(64)]],
  ['ipv4', ['10.0.0.1', '010.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.256', '::1', '10.0.0']],
  ['ipv6', ['::1', '::ffff:10.0.0.1'], ['10.0.0.1', '::1%eth0', ':::']],
  ['cidr', ['10.0.0.0/8', '::/0'], ['10.0.0.0', '10.0.0.0/33']],
  ['mac', ['00:1b:44:11:3a:b7', '00-1b-44-11-3a-b7', '0123.4567.89ab', '01:23:45:67:89:ab:cd:ef', '0123.4567.89ab.cdef'], ['00:1b:44:11:3a', '00:1b-44:11:3a:b7', '0123.4567', '']],
  ['uuid', ['B2c1ab0e-5a21-4f3c-8f6e-0d4b4dd86f1c', 'b2c1ab0e5a214f3c8f6e0d4b4dd86f1c'], ['b2c1ab0e-5a21-4f3c-8f6e', 'x']],
  ['uuid4', ['b2c1ab0e-5a21-4f3c-8f6e-0d4b4dd86f1c'], ['b2c1ab0e-5a21-3f3c-8f6e-0d4b4dd86f1c', 'b2c1ab0e-5a21-4f3c-7f6e-0d4b4dd86f1c']],
  ['hexcolor', ['#fff', 'A0b1C2'], ['#ff', '#gggggg']],
  ['rgbcolor', ['rgb(0,255, 10)'], ['rgb(0,256,10)', 'rgb(00,1,1)', 'rgb(1,1)']],
  ['ssn', ['123-45-6789', '123 45 6789'], ['123456789', '12-345-6789']],
  ['creditcard', ['4111 1111 1111 1111', '378282246310005'], ['4111 1111 1111 1112', '1234567890123']],
  ['isbn', ['0321751043', '978-0321751041'], ['0321751044', '978-0321751042']],
  ['k8s-short-name', ['a-b', 'k'], ['A', 'a.b', '-a', 'a'.repeat(64)]],
  ['k8slongname', ['a.b-c'], ['A.b', 'a..b', '']],
  ['password', ['', 'x'], []],
])('%s', (name, taken, refused) => {
  it.each(taken)('takes %j', (text) => expect(textFormat(name)?.(text)).toBe(true))
  if (refused.length > 0) it.each(refused)('refuses %j', (text) => expect(textFormat(name)?.(text)).toBe(false))
})

it.each(['int32', 'int64', 'double', 'binary', 'of-our-own'])('%s says nothing of texts', (name) => expect(textFormat(name)).toBeUndefined())

it('takes no time for what is long', () => {
  for (const unit of ['1', '1 ', 'a', '. ', 'a.', '-', '"', '\\"', '0:', '<']) {
    const text = unit.repeat(500_000)
    for (const name of ['date-time', 'duration', 'byte', 'email', 'hostname', 'ipv4', 'ipv6', 'cidr', 'mac', 'uuid', 'rgbcolor', 'creditcard', 'isbn', 'k8s-long-name', 'uri']) expect(typeof textFormat(name)?.(text)).toBe('boolean')
  }
})
