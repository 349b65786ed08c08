// The chain of addresses that a request came through.
import { chainOf } from './source-ips.ts'

test.each<[string | undefined, string | undefined, string | undefined, string[]]>([
  [undefined, undefined, '10.0.0.1', ['10.0.0.1']],
  [undefined, undefined, '::ffff:10.0.0.1', ['10.0.0.1']],
  ['1.1.1.1, 2.2.2.2', undefined, '10.0.0.1', ['1.1.1.1', '2.2.2.2', '10.0.0.1']],
  ['1.1.1.1, nonsense', '3.3.3.3', '10.0.0.1', ['1.1.1.1', '3.3.3.3', '10.0.0.1']],
  ['1.1.1.1', '1.1.1.1', '1.1.1.1', ['1.1.1.1']],
  ['10.0.0.1, 1.1.1.1', undefined, '10.0.0.1', ['10.0.0.1', '1.1.1.1', '10.0.0.1']],
  [undefined, undefined, undefined, []],
  ['2001:db8::1', undefined, '::1', ['2001:db8::1', '::1']],
])('%j %j %j', (forwarded, real, remote, expected) => expect(chainOf(forwarded, real, remote)).toEqual(expected))
