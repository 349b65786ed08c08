// Texts, floats and JSON as Go prints them.
import { goFloat, goJson, goQuoted, sortedMap } from './go-text.ts'

it.each([
  ['a b', '"a b"'], ['"\\', '"\\"\\\\"'], ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'], ['\x00\x1f\x7f', '"\\x00\\x1f\\x7f"'],
  ['é漢😀', '"é漢😀"'], ['\u00a0\u200b\u2028', '"\\u00a0\\u200b\\u2028"'], ['\u{e0001}', '"\\U000e0001"'], ['\ud800x', '"\ufffdx"'], ['<&>', '"<&>"'], ['e\u0301', '"e\u0301"'],
])('%j', (text, quoted) => expect(goQuoted(text)).toBe(quoted))

it.each([[0, '0'], [1.5, '1.5'], [100000, '100000'], [1e6, '1e+06'], [1234567.5, '1.2345675e+06'], [-2.5e8, '-2.5e+08'], [0.0001, '0.0001'], [0.00001, '1e-05'], [1e100, '1e+100']])('%d', (value, text) => expect(goFloat(value)).toBe(text))

it.each<[unknown, string]>([
  [['a', '<b>'], '["a","\\u003cb\\u003e"]'], [{ a: 'x&y', b: [1, null, true] }, '{"a":"x\\u0026y","b":[1,null,true]}'], ['\u2028', '"\\u2028"'], [undefined, 'null'], [null, 'null'], ['é', '"é"'],
])('%j as JSON', (value, text) => expect(goJson(value)).toBe(text))

it('sorts maps', () => expect(Object.keys(sortedMap({ b: 1, a: 2, B: 3 }))).toEqual(['B', 'a', 'b']))
