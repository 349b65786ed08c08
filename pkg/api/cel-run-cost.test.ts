// What expressions cost as they run: the numbers are kube-apiserver's own, of its tests that hold them stable.
import { celBudget, celEnvironment, compileCel } from './cel.ts'
import { CelTypes } from './cel-schema.ts'
import type { JsonSchemaProps } from './structural-schema.ts'

const text: JsonSchemaProps = { type: 'string' }
const integer: JsonSchemaProps = { type: 'integer' }
const number: JsonSchemaProps = { type: 'number' }
const boolean: JsonSchemaProps = { type: 'boolean' }
const intOrString: JsonSchemaProps = { 'x-kubernetes-int-or-string': true }
const formatted = (format: string): JsonSchemaProps => ({ type: 'string', format })
const list = (items: JsonSchemaProps): JsonSchemaProps => ({ type: 'array', items })
const map = (additionalProperties: JsonSchemaProps): JsonSchemaProps => ({ type: 'object', additionalProperties })
const object = (properties: Record<string, JsonSchemaProps>): JsonSchemaProps => ({ type: 'object', properties })
const values = (...schemas: readonly JsonSchemaProps[]): JsonSchemaProps => object(Object.fromEntries(schemas.map((schema, index) => [`val${index + 1}`, schema])))
const vals = (...given: readonly unknown[]): object => Object.fromEntries(given.map((value, index) => [`val${index + 1}`, value]))

function costs(schema: JsonSchemaProps, value: object, rules: readonly string[]): Record<string, unknown> {
  const base = celEnvironment()
  const type = new CelTypes(base).typeOf(schema)
  const environment = base.clone().registerVariable('self', type.name)
  return Object.fromEntries(rules.map((rule) => {
    const budget = celBudget()
    const before = budget.steps
    try {
      compileCel(environment, rule).run({ self: type.convert(value) }, budget)
    } catch (error) {
      return [rule, (error as Error).message]
    }
    return [rule, before - budget.steps]
  }))
}

const stable: readonly (readonly [name: string, schema: JsonSchemaProps, value: object, rules: Readonly<Record<string, number>>])[] = [
  ['numeric comparisons', values(integer, number, number, number, number, number, number), vals(5, 10, 10, 10, 10, 10, 10), {
    'double(self.val1) < self.val4': 6,
    'self.val1 < int(self.val4)': 6,
    'double(self.val1) < self.val5': 6,
    'self.val1 < int(self.val5)': 6,
    'double(self.val1) < self.val6': 6,
    'self.val1 < int(self.val6)': 6,
    'double(5) < 10.0': 1,
    '5 < int(10.0)': 1,
    'double(self.val1) < 10.0': 4,
  }],
  ['unicode strings', values(text, text), vals('Rook takes 👑', 'Rook takes 👑'), {
    "self.val1 == 'Rook takes 👑' && 'Rook takes 👑' == self.val1 && self.val1 == self.val2": 14,
    "self.val1.startsWith('Rook')": 4,
    "!self.val1.startsWith('knight')": 5,
    "self.val1.matches('^[^0-9]*$')": 8,
    "!self.val1.matches('^[0-9]*$')": 7,
    'type(self.val1) == string': 4,
    'size(self.val1) == 12': 4,
    "self.val1.charAt(3) == 'k'": 4,
    "self.val1.indexOf('o') == 1": 4,
    "self.val1.indexOf('o', 2) == 2": 4,
    "self.val1.replace(' ', 'x') == 'Rookxtakesx👑'": 7,
    "self.val1.replace(' ', 'x', 1) == 'Rookxtakes 👑'": 7,
    "self.val1.split(' ') == ['Rook', 'takes', '👑']": 6,
    "self.val1.split(' ', 2) == ['Rook', 'takes 👑']": 6,
    "self.val1.substring(5) == 'takes 👑'": 5,
    "self.val1.substring(0, 4) == 'Rook'": 5,
    "self.val1.substring(4, 10).trim() == 'takes'": 6,
    "self.val1.upperAscii() == 'ROOK TAKES 👑'": 6,
    "self.val1.lowerAscii() == 'rook takes 👑'": 6,
    'self.val1.lowerAscii() == self.val1.lowerAscii()': 10,
    "'%d %s %f %s %s'.format([1, 'abc', 1.0, duration('1m'), timestamp('2000-01-01T00:00:00.000Z')]) == '1 abc 1.000000 60s 2000-01-01T00:00:00Z'": 6,
    "'%e'.format([3.14]) == '3.140000×10⁰⁰'": 3,
    "'%o %o %o'.format([7, 8, 9]) == '7 10 11'": 2,
    "'%b %b %b'.format([7, 8, 9]) == '111 1000 1001'": 3,
  }],
  ['escaped strings', values(text, text), vals('l1\nl2', 'l1\nl2'), {
    "self.val1 == 'l1\\nl2' && 'l1\\nl2' == self.val1 && self.val1 == self.val2": 11,
    "self.val1 == '''l1\nl2'''": 3,
  }],
  ['bytes', values(formatted('byte'), formatted('byte')), vals('QUI=', 'QUI='), {
    'self.val1 == self.val2': 5,
    "self.val1 == b'AB'": 3,
    'type(self.val1) == bytes': 4,
    'size(self.val1) == 2': 4,
  }],
  ['booleans', values(boolean, boolean, boolean, boolean), vals(true, true, false, false), {
    'self.val1 == true && true == self.val1 && self.val1 == self.val2': 11,
    'self.val1 != self.val4': 5,
    'type(self.val1) == bool': 4,
  }],
  ['duration format', values(formatted('duration'), formatted('duration')), vals('1h2m3s4ms', '1h2m3s4ms'), {
    "self.val1 == duration('1h2m3s4ms') && duration('1h2m3s4ms') == self.val1 && self.val1 == self.val2": 11,
    "self.val1 == duration('1h2m') + duration('3s4ms')": 4,
    'self.val1.getHours() == 1': 4,
    'type(self.val1) == google.protobuf.Duration': 4,
  }],
  ['date-time format', values(formatted('date-time'), formatted('date-time')), vals('2011-08-18T19:03:37.010000000+01:00', '2011-08-18T19:03:37.010000000+01:00'), {
    "self.val1 == timestamp('2011-08-18T19:03:37.010+01:00') && timestamp('2011-08-18T19:03:37.010+01:00') == self.val1 && self.val1 == self.val2": 11,
    "self.val1 == timestamp('2011-08-18T00:00:00.000+01:00') + duration('19h3m37s10ms')": 4,
    "self.val1.getDate('01:00') == 18": 4,
    'type(self.val1) == google.protobuf.Timestamp': 4,
  }],
  ['enums', object({ enumStr: text }), { enumStr: 'Pending' }, {
    "self.enumStr == 'Pending'": 3,
    "self.enumStr in ['Pending', 'Available']": 2,
  }],
  ['conversions', values(integer, number, number, number, boolean, text, formatted('byte'), text, formatted('duration'), text, formatted('date-time'), text, formatted('date')), vals(10, 10, 10.49, 10.5, true, '10', 'MTA=', '3723.004s', '1h2m3s4ms', '2011-08-18T19:03:37.01+01:00', '2011-08-18T19:03:37.01+01:00', '2011-08-18T00:00:00Z', '2011-08-18'), {
    'int(self.val2) == self.val1': 6,
    'double(self.val1) == self.val2': 6,
    'bytes(self.val6) == self.val7': 6,
    'string(self.val1) == self.val6': 6,
    "string(self.val4) == '10.5'": 4,
    'string(self.val7) == self.val6': 6,
    'duration(self.val8) == self.val9': 6,
    'timestamp(self.val10) == self.val11': 6,
    'string(self.val11) == self.val10': 8,
    'timestamp(self.val12) == self.val13': 6,
    'string(self.val13) == self.val12': 7,
  }],
  ['lists', values(list(integer), list(integer)), vals([1, 2, 3], [1, 2, 3]), {
    'self.val1 == [1, 2, 3] && [1, 2, 3] == self.val1 && self.val1 == self.val2': 11,
    '1 in self.val1': 5,
    'self.val2[0] in self.val1': 8,
    '!(0 in self.val1)': 6,
    'self.val1 + self.val2 == [1, 2, 3, 1, 2, 3]': 6,
    'self.val1 + [4, 5] == [1, 2, 3, 4, 5]': 4,
    'has(self.val1)': 1,
    'has(self.val1) && has(self.val2)': 2,
  }],
  ['listMaps', object({ objs: list(list(object({ k: text, v: text }))) }), { objs: [[{ k: 'a', v: '1' }, { k: 'b', v: '2' }], [{ k: 'b', v: '2' }, { k: 'a', v: '1' }], [{ k: 'b', v: '3' }, { k: 'a', v: '1' }], [{ k: 'c', v: '4' }]] }, {
    'self.objs[0] == self.objs[1]': 7,
    'self.objs[0] + self.objs[2] == self.objs[2]': 11,
    'self.objs[2] + self.objs[0] == self.objs[0]': 11,
    'self.objs[0] == [self.objs[0][0], self.objs[0][1]]': 22,
    'self.objs[0] == [self.objs[0][1], self.objs[0][0]]': 22,
    'self.objs[2] + [self.objs[0][0], self.objs[0][1]] == self.objs[0]': 26,
    'size(self.objs[0] + [self.objs[3][0]]) == 3': 20,
  }],
  ['maps', values(map(text), map(text)), vals({ k1: 'a', k2: 'b' }, { k2: 'b', k1: 'a' }), {
    'self.val1 == self.val2': 5,
    "'k1' in self.val1": 3,
    "!('k3' in self.val1)": 4,
    "self.val1 == {'k1': 'a', 'k2': 'b'}": 3,
  }],
  ['object access', object({ a: object({ b: integer, c: integer, d: integer }), a1: object({ b1: object({ c1: integer }), d2: object({ e2: integer }) }) }), { a: { b: 1 }, a1: { b1: { c1: 4 } } }, {
    'has(self.a.b)': 2,
    'has(self.a1.b1.c1)': 3,
    '!(has(self.a1.d2) && has(self.a1.d2.e2))': 3,
    '!has(self.a1.d2)': 3,
  }],
  ['map access', object({ val: map(integer) }), { val: { b: 1, d: 2 } }, {
    "!('a' in self.val)": 4,
    "'b' in self.val": 3,
    "!('c' in self.val)": 4,
    "'d' in self.val": 3,
    '!has(self.val.a)': 3,
    'has(self.val.b)': 2,
    '!has(self.val.c)': 3,
    'has(self.val.d)': 2,
    'self.val.all(k, self.val[k] > 0)': 17,
    '!self.val.exists(k, self.val[k] == 3)': 20,
    'self.val.exists_one(k, self.val[k] == 2)': 14,
    '!self.val.exists_one(k, self.val[k] > 0)': 17,
    'size(self.val) == 2': 4,
    'size(self.val.filter(k, self.val[k] > 1)) == 1': 26,
    'self.val.all(k, v, v > 0)': 13,
    '!self.val.exists(k, v, v == 3)': 16,
    'self.val.existsOne(k, v, v == 2)': 10,
    'self.val.transformMap(k, v, v > 1, v + 1).size() == 1': 14,
    'self.val.transformMap(k, v, v + 1).size() == 2': 15,
    "self.val.transformMapEntry(k, v, v > 1, {k + '2': v + 1}).size() == 1": 45,
    "self.val.transformMapEntry(k, v, {k + '2': v + 1}).size() == 2": 77,
  }],
  ['listMap access', object({ listMap: list(object({ k: text, v: text, v2: text })) }), { listMap: [{ k: 'a1', v: 'b1' }, { k: 'a2', v: 'b2' }, { k: 'a3', v: 'b3', v2: 'z' }] }, {
    'has(self.listMap[0].v)': 3,
    "self.listMap.all(m, m.k.startsWith('a'))": 21,
    "self.listMap.all(m, !has(m.v2) || m.v2 == 'z')": 21,
    "self.listMap.exists(m, m.k.endsWith('1'))": 13,
    "self.listMap.exists_one(m, m.k == 'a3')": 15,
    "!self.listMap.all(m, m.k.endsWith('1'))": 18,
    "!self.listMap.exists(m, m.v == 'x')": 25,
    "!self.listMap.exists_one(m, m.k.startsWith('a'))": 20,
    "size(self.listMap.filter(m, m.k == 'a1')) == 1": 27,
    "self.listMap.exists(m, m.k == 'a1' && m.v == 'b1')": 16,
    "self.listMap.map(m, m.v).exists(v, v == 'b1')": 55,
    "self.listMap.exists(m, has(m.v2) && m.v2 == 'z')": 21,
    "!self.listMap.all(m, has(m.v2) && m.v2 != 'z')": 10,
    "self.listMap.exists_one(m, has(m.v2) && m.v2 == 'z')": 12,
    "self.listMap.filter(m, has(m.v2) && m.v2 == 'z').size() == 1": 24,
    "self.listMap.map(m, has(m.v2) && m.v2 == 'z', m.v2).size() == 1": 25,
    "self.listMap.filter(m, has(m.v2) && m.v2 == 'z').map(m, m.v2).size() == 1": 39,
    "self.listMap.exists(m, m.v2 == 'z')": 24,
    "!self.listMap.all(m, m.v2 != 'z')": 22,
    "!self.listMap.all(i, m, has(m.v2) && m.v2 != 'z')": 10,
    "self.listMap.exists(i, m, has(m.v2) && m.v2 == 'z')": 21,
    "self.listMap.existsOne(i, m, has(m.v2) && m.v2 == 'z')": 12,
    "self.listMap.transformList(i, m, has(m.v2) && m.v2 == 'z', m.v2).size() == 1": 25,
    'self.listMap.transformList(i, m, m.v).size() == 3': 47,
  }],
  ['list access', object({ array: list(integer) }), { array: [1, 1, 2, 2, 3, 3, 4, 5] }, {
    '2 in self.array': 10,
    'self.array.all(e, e > 0)': 43,
    'self.array.exists(e, e > 2)': 36,
    'self.array.exists_one(e, e > 4)': 22,
    '!self.array.all(e, e < 2)': 21,
    '!self.array.exists(e, e < 0)': 52,
    '!self.array.exists_one(e, e == 2)': 25,
    'self.array.all(e, e < 100)': 43,
    'size(self.array.filter(e, e%2 == 0)) == 3': 68,
    'self.array.map(e, e * 20).filter(e, e > 50).exists(e, e == 60)': 194,
    'size(self.array) == 8': 4,
    'self.array.all(i, e, e > 0)': 43,
    'self.array.exists(i, e, e > 2)': 36,
    'self.array.existsOne(i, e, e > 4)': 22,
    'self.array.transformList(i, e, e > 2, e * 2).size() > 0': 77,
    'self.array.transformList(i, e, e * 2).size() > 0': 117,
  }],
  ['listSet access', object({ set: list(integer) }), { set: [1, 2, 3, 4, 5] }, {
    '3 in self.set': 7,
    'self.set.all(e, e > 0)': 28,
    'self.set.exists(e, e > 3)': 30,
    'self.set.exists_one(e, e == 3)': 16,
    '!self.set.all(e, e < 3)': 21,
    '!self.set.exists(e, e < 0)': 34,
    '!self.set.exists_one(e, e > 3)': 19,
    'self.set.all(e, e < 10)': 28,
    'size(self.set.filter(e, e%2 == 0)) == 2': 46,
    'self.set.map(e, e * 20).filter(e, e > 50).exists_one(e, e == 60)': 133,
    'size(self.set) == 5': 4,
  }],
  ['string in intOrString', object({ something: intOrString }), { something: '25%' }, {
    "type(self.something) == int ? self.something == 1 : self.something == '25%'": 7,
    "type(self.something) == string && self.something == '25%'": 7,
    "self.something == '25%'": 3,
    'self.something != 1': 3,
    "self.something == 1 || self.something == '25%'": 6,
    "self.something == '25%' || self.something == 1": 3,
    "self.something != ['anything']": 3,
  }],
  ['int in intOrString', object({ something: intOrString }), { something: 1 }, {
    "type(self.something) == int ? self.something == 1 : self.something == '25%'": 7,
    'type(self.something) == int && self.something == 1': 7,
    'self.something == 1': 3,
    "self.something != 'some string'": 3,
    "self.something == 1 || self.something == '25%'": 3,
    "self.something == '25%' || self.something == 1": 6,
    "self.something != ['anything']": 3,
  }],
  ['percent comparison using intOrString', object({ min: intOrString, current: integer, available: integer }), { min: '50%', current: 5, available: 10 }, {
    "type(self.min) == string && self.min.matches(r'(\\d+(\\.\\d+)?%)')": 10,
    "type(self.min) == int ? self.current <= self.min : double(self.current) / double(self.available) >= double(self.min.replace('%', '')) / 100.0": 17,
  }],
  ['quantity', values(text, text), vals('20', '200M'), {
    'isQuantity(self.val1)': 3,
    'isQuantity(self.val2)': 3,
    'isQuantity("200M")': 1,
    'isQuantity("20Mi")': 1,
    'quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")': 6,
    'quantity("2M") == quantity("0.002G") && quantity("2000k") == quantity("2M") && quantity("0.002G") == quantity("2000k")': 9,
    'quantity(self.val1).isLessThan(quantity(self.val2))': 7,
    'quantity("50M").isLessThan(quantity("100M"))': 3,
    'quantity("50Mi").isGreaterThan(quantity("50M"))': 3,
    'quantity("200M").compareTo(quantity("0.2G")) == 0': 4,
    'quantity("50k").add(quantity("20")) == quantity("50.02k")': 5,
    'quantity("50k").sub(20) == quantity("49980")': 4,
    'quantity("50").isInteger()': 2,
    'quantity(self.val1).isInteger()': 4,
  }],
  ['lists of cel-go', values(list(integer), list(integer)), vals([1, 2, 3], [1, 2, 3]), {
    'lists.range(4) == [0,1,2,3]': 16,
    'lists.range(0) == []': 11,
    '[5,1,2,3].reverse() == [3,2,1,5]': 16,
    '[].reverse() == []': 11,
    '[1].reverse() == [1]': 13,
    "['are', 'you', 'as', 'bored', 'as', 'I', 'am'].reverse() == ['am', 'I', 'as', 'bored', 'as', 'you', 'are']": 19,
    '[false, true, true].reverse().reverse() == [false, true, true]': 29,
    '[1,2,3,4].slice(0, 4) == [1,2,3,4]': 16,
    '[1,2,3,4].slice(0, 0) == []': 11,
    '[1,2,3,4].slice(1, 1) == []': 11,
    '[1,2,3,4].slice(4, 4) == []': 11,
    '[1,2,3,4].slice(1, 3) == [2, 3]': 14,
    'dyn([]).flatten() == []': 11,
    'dyn([1,2,3,4]).flatten() == [1,2,3,4]': 16,
    '[].sort() == []': 11,
    '[1].sort() == [1]': 14,
    '[4, 3, 2, 1].sort() == [1, 2, 3, 4]': 44,
    '["d", "a", "b", "c"].sort() == ["a", "b", "c", "d"]': 45,
    '[].sortBy(e, e) == []': 14,
    '["a"].sortBy(e, e) == ["a"]': 30,
    '[-3, 1, -5, -2, 4].sortBy(e, -(e * e)) == [-5, 4, -3, -2, 1]': 145,
    '[-3, 1, -5, -2, 4].map(e, e * 2).sortBy(e, -(e * e)) == [-10, 8, -6, -4, 2]': 216,
    'lists.range(3).sortBy(e, -e) == [2, 1, 0]': 89,
    '["a", "c", "b", "first"].sortBy(e, e == "first" ? "" : e) == ["first", "a", "b", "c"]': 104,
    "[{'name': 'foo'}, {'name': 'bar'}, {'name': 'baz'}].sortBy(e, e.name) == [{'name': 'bar'}, {'name': 'baz'}, {'name': 'foo'}]": 75,
    '[].distinct() == []': 11,
    '[1].distinct() == [1]': 14,
    '[-2, 5, -2, 1, 1, 5, -2, 1].distinct() == [-2, 5, 1]': 140,
    "['c', 'a', 'a', 'b', 'a', 'b', 'c', 'c'].distinct() == ['c', 'a', 'b']": 146,
    '[[1], [1], [2]].distinct() == [[1], [2]]': 30,
    "[{'name': 'a'}, {'name': 'b'}, {'name': 'a'}].distinct() == [{'name': 'a'}, {'name': 'b'}]": 30,
  }],
]

it.each(stable)('%s', (_name, schema, value, rules) => {
  expect(costs(schema, value, Object.keys(rules))).toEqual(rules)
})
