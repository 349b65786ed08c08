import { isStrictlyWithin, parseCidr, parseIp } from './ip-address.ts'

describe('addresses', () => {
  it.each<[string, string | undefined]>([
    ['10.0.0.1', '10.0.0.1'], ['010.000.0.01', '10.0.0.1'], ['10.0.0.256', undefined], ['10.0.0', undefined], ['', undefined], [' 10.0.0.1', undefined],
    ['::', '::'], ['::1', '::1'], ['1::', '1::'], ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'], ['::ffff:10.0.0.1', '10.0.0.1'], ['64:ff9b::10.0.0.01', '64:ff9b::a00:1'], ['fe80::1%eth0', undefined], ['1::2::3', undefined], ['::ffff:0a00:1', '10.0.0.1'],
  ])('%s', (text, canonical) => {
    expect(parseIp(text)?.canonical).toBe(canonical)
  })
})

describe('ranges', () => {
  it.each<[string, string | undefined]>([
    ['10.1.2.3/8', '10.0.0.0/8'], ['10.0.0.0/08', '10.0.0.0/8'], ['10.0.0.0/33', undefined], ['10.0.0.0', undefined], ['2001:db8::1/32', '2001:db8::/32'], ['::/0', '::/0'], ['::ffff:10.1.2.3/104', '10.0.0.0/8'], ['10.0.0.0/-1', undefined],
  ])('%s', (text, canonical) => {
    expect(parseCidr(text)?.canonical).toBe(canonical)
  })

  it.each<[string, string, boolean]>([
    ['10.1.0.0/16', '10.0.0.0/8', true], ['10.0.0.0/8', '10.0.0.0/8', false], ['10.0.0.0/7', '10.0.0.0/8', false], ['11.0.0.0/16', '10.0.0.0/8', false], ['2001:db8::/64', '2001:db8::/32', true], ['10.0.0.0/8', '::/0', false],
  ])('%s in %s', (inner, outer, expected) => {
    const [one, other] = [parseCidr(inner), parseCidr(outer)]
    expect(one && other && isStrictlyWithin(one, other)).toBe(expected)
  })
})
