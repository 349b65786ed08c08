// CEL with the functions of Kubernetes: what expressions give, and what stops them.
import fc from 'fast-check'
import { CelCompileError, CelRunError, celBudget, celEnvironment, compileCel } from './cel.ts'
import { cpuMs } from '../util/cpu-time.suite.ts'

const environment = celEnvironment().registerVariable('v', 'dyn')
const run = (expression: string, v: unknown = null): unknown => compileCel(environment, expression).run({ v }, celBudget())

it.each<[string, unknown]>([
  ['1 + 2', 3n], ['"a".matches("^a$")', true], ['matches("ab", "b")', true],
  ['"hello world".find("o w")', 'o w'], ['"123 abc 456".findAll("[0-9]+")', ['123', '456']], ['"1 2 3".findAll("[0-9]", 2)', ['1', '2']],
  ['"äbc".charAt(1)', 'b'], ['"a-b-c".replace("-", "+")', 'a+b+c'], ['"a-b-c".replace("-", "+", 1)', 'a+b-c'], ['"abc".reverse()', 'cba'],
  ['"Ab".lowerAscii() + "b".upperAscii()', 'abB'], ['" a ".trim()', 'a'], ['"a,b".split(",")', ['a', 'b']], ['["a", "b"].join("-")', 'a-b'],
  ['"%s is %d, %.2f, %x, %s".format(["x", 3, 1.5, 255, [1, 2]])', 'x is 3, 1.50, ff, [1, 2]'],
  ['[1, 2, 3].sum()', 6n], ['[1.5, 2.0].sum()', 3.5], ['[1, 3, 2].isSorted()', false], ['["a", "b"].isSorted()', true], ['[3, 1].min()', 1n], ['["a", "c"].max()', 'c'],
  ['dyn([1, 2]).sum() > 2', true], ['dyn([1.5]).max() > 1', true], ['dyn([2, 1]).sort()[0] == 1 && dyn([2, 2]).distinct()[0] > 1', true], ['dyn([5]).first().value() > 4', true],
  ['[1, 2, 1].indexOf(1)', 0n], ['[1, 2, 1].lastIndexOf(1)', 2n], ['[1, 2].indexOf(5)', -1n], ['[1, 1, 2].distinct()', [1n, 2n]],
  ['sets.contains([1, 2, 3], [1, 3])', true], ['sets.equivalent([1, 1, 2], [2, 1])', true], ['sets.intersects([1], [2])', false],
  ['isURL("https://a.b/c")', true], ['isURL("../x")', false], ['url("https://u.v:8080/p?a=1&a=2").getQuery()["a"]', ['1', '2']], ['url("https://u.v:8080/p").getPort()', '8080'],
  ['isIP("10.0.0.1")', true], ['isIP("10.0.0.01")', false], ['ip("::1").family()', 6n], ['ip("127.0.0.1").isLoopback()', true], ['ip("10.0.0.1") == ip("10.0.0.1")', true],
  ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', true], ['cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")', true], ['cidr("10.0.0.0/16").containsCIDR("10.0.0.0/8")', false],
  ['cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")', true], ['isCIDR("10.0.0.0/33")', false], ['string(cidr("10.0.0.0/8"))', '10.0.0.0/8'],
  ['quantity("1Gi").isGreaterThan(quantity("1G"))', true], ['quantity("1500m").asInteger() == 1', new CelRunError('cannot convert value to integer')], ['quantity("2").add(quantity("500m")).compareTo(quantity("2500m"))', 0n],
  ['isQuantity("10 apples")', false], ['sign(quantity("-1"))', -1n], ['[3, 1, 2].sortBy(x, -x) == [3, 2, 1] && [[1], [2]].flatten() == [1, 2] && lists.range(2) == [0, 1]', true],
  ['type(ip("::1")) == net.IP && type(cidr("::/8")) != net.IP', true], ['format.uuid() == format.named("uuid").value()', true], ['{"a": 1, "b": 2}.exists_one(k, v, v == 2)', true], ['quantity("1.5").asApproximateFloat()', 1.5],
  ['semver("1.2.3").isLessThan(semver("1.10.0"))', true], ['semver("1.0.0-rc.1").isLessThan(semver("1.0.0"))', true], ['isSemver("v1.0")', false], ['isSemver("v1.0", true)', true],
  ['format.dns1123Label().validate("a-b").hasValue()', false], ['format.dns1123Label().validate("A").hasValue()', true], ['format.named("nope").hasValue()', false],
  ['optional.of(3).orValue(1)', 3n], ['{"a": 1}.?b.orValue(2)', 2n], ['has(v.a) ? v.a : 7', 7n],
  ['has([{"a": 1}][0].a)', true], ['has({"l": [{"a": 1}]}.l[0].b)', false], ['has({"m": {"a": 1}}["m"].a)', true], ['[{"a": 1}].all(i, has(i.a))', true],
  ['{"a": 1, "b": 2}.all(k, v, v > 0 && k != "c")', true], ['[5, 6].exists(i, v, i == 1 && v == 6)', true], ['[1, 1].existsOne(i, v, v == 1)', false],
  ['[0, 1].exists(i, v, 1 / v == 1)', true], ['[0, 1].all(i, v, 1 / v == 2)', false], ['[0, 1].all(i, v, 1 / v == 1)', new CelRunError('division by zero')], ['[0, 1].transformList(i, v, 1 / v)', new CelRunError('division by zero')],
  ['[0, 1].exists(v, 1 / v == 1)', true], ['[0, 1].all(v, 1 / v == 1)', new CelRunError('division by zero')],
  ['[1, 2].transformList(i, v, i + v)', [1n, 3n]], ['[1, 2, 3].transformList(i, v, v > 1, v * 2)', [4n, 6n]],
  ['{"a": 1}.transformMap(k, v, v + 1) == {"a": 2}', true], ['{"a": 1, "b": 2}.transformMapEntry(k, v, {v: k}) == {1: "a", 2: "b"}', true],
  ['optional.of(2).optMap(x, x * 2).value()', 4n], ['optional.none().optMap(x, x).hasValue()', false], ['optional.of(2).optFlatMap(x, optional.none()).hasValue()', false],
  ['[[1, 2], [3]].all(i, l, l.all(j, v, v > i + j - 1))', true],
  ['timestamp("2024-05-06T07:08:09Z") == null', false], ['optional.none() != null', true],
  ['duration("0") == duration("-0") && string(duration("+0")) == "0s"', true], ['string(duration("-1h0.5s")) == "-3600.5s" && duration("1.5µs") == duration("1500ns")', true], ['duration("h")', new CelRunError('invalid duration string: h')],
  ['duration("90m").getHours()', 1n], ['timestamp("2024-05-06T07:08:09Z").getFullYear()', 2024n], ['duration("1h") > duration("59m")', true],
  ['[1, 2].all(x, x > 0) && [1, 2].exists_one(x, x == 2)', true], ['{"a": 1}.all(k, k == "a")', true], ['[[1], [2]].map(l, l[0])', [1n, 2n]],
  ['url("http://E.com:80/a/../b").getHost()', 'E.com:80'], ['url("http://e.com:80/a/../b").getPort()', '80'], ['url("http://e.com/a/../b").getEscapedPath()', '/a/../b'],
  ['url("http://e.com").getEscapedPath()', ''], ['url("https://e.com/a b").getEscapedPath()', '/a%20b'], ['url("https://[::1]:80/").getHostname()', '::1'], ['isURL("https://a:port/")', false],
  ['isURL("https://a b/")', false], ['isURL("//a/b")', true], ['isURL("https://a/%zz")', false], ['url("/p?a=1+2&b").getQuery() == {"a": ["1 2"], "b": [""]}', true],
  ['ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1")', true], ['["10.0.0.1"].all(ip, isIP(ip))', true], ['ip("ff12::1").isLinkLocalMulticast()', true],
  ['"a😀b".indexOf("b")', 2n], ['"a😀b".substring(1, 2)', '😀'], ['"a😀b😀".lastIndexOf("😀")', 3n], ['"hello mellow".lastIndexOf("ello", 6)', 1n], ['"abc".indexOf("z", 9)', -1n],
  ['"abc".substring(4)', new CelRunError('index out of range: 4')], ['"TacoCÆt".lowerAscii()', 'tacocÆt'], ['"hello".replace("", "_", 2)', '_h_ello'], ['"ab".replace("", "_")', '_a_b_'],
  ['" \ufeffa\u0085 ".trim()', '\ufeffa'], ['strings.quote("a\\"b\\n")', '"a\\"b\\n"'], ['"%s".format([{"b": 1, "a": 2}])', '{a: 2, b: 1}'], ['"%d".format([7u])', '7'],
  ['"%d".format(["a"])', new CelRunError('error during formatting: decimal clause can only be used on integers, was given string')],
  ['[duration("1s"), duration("2s")].sum() == duration("3s")', true], ['string(duration("1h")) + string(timestamp("2023-01-01T00:00:00.5Z"))', '3600s2023-01-01T00:00:00.5Z'],
  ['optional.ofNonZeroValue("").hasValue() || optional.ofNonZeroValue(0).hasValue()', false], ['optional.unwrap([optional.of(1), optional.none()])', [1n]], ['[optional.of(1)].unwrapOpt()', [1n]],
  ['[1, 2].first() == optional.of(1) && [1, 2].last().value() == 2 && [].first() == optional.none()', true], ['optional.of(1) != optional.none()', true],
  ['[?optional.of(1), 2, ?optional.none()]', [1n, 2n]], ['{?"a": optional.of(1), ?"b": optional.none(), "c": [3][0]} == {"a": 1, "c": 3}', true], ['[[?v[?"x"]], [?optional.of(v)]].map(l, l.size())', [0n, 1n]],
  ['["a", "b"].existsOne(x, x == "a") && {"a": 1}.existsOne(k, k == "a")', true],
  ['1 % 0', new CelRunError('modulus by zero')], ['9223372036854775807 + 1', new CelRunError('integer overflow')],
  ['format.uuid().validate("x").value()', ['does not match the UUID format']], ['format.uri().validate("x").value()', ['parse "x": invalid URI for request']],
  ['1 / 0', new CelRunError('division by zero')], ['[1][3]', new CelRunError('index out of bounds: 3')], ['{"a": 1}.b', new CelRunError('no such key: b')],
])('%s', (expression, expected) => {
  if (expected instanceof Error) expect(() => run(expression, new Map())).toThrow(expected)
  else expect(run(expression, new Map())).toEqual(expected)
})

it.each([
  ['1 +', /ERROR: <input>:1:\d+: /], ['nope', /undeclared reference to 'nope'/], ['1 + "a"', /no such overload: int \+ string/], ['"a".nothing()', /found no matching overload/],
])('refuses %s', (expression, text) => {
  expect(() => compileCel(environment, expression)).toThrow(CelCompileError)
  expect(() => compileCel(environment, expression)).toThrow(text)
})

it('knows which variables an expression names, within macros too', () => {
  expect(compileCel(environment, '[1].all(x, has(v.a) || x > 1)').uses('v')).toBe(true)
  expect(compileCel(environment, '"v" == "w"').uses('v')).toBe(false)
})

it('stops loops that go on for long', () => {
  const list = Array.from({ length: 1000 }, (_, index) => BigInt(index))
  expect(cpuMs(() => {
    expect(() => run('v.all(a, v.all(b, v.all(c, a + b + c >= 0)))', list)).toThrow('actual cost limit exceeded')
    expect(() => run('v.all(i, a, v.all(j, b, v.all(k, c, a + b + c >= 0)))', list)).toThrow('actual cost limit exceeded')
    expect(() => run('v.map(a, v.map(b, v.map(c, a))).size() > 0', list)).toThrow('actual cost limit exceeded')
  })).toBeLessThan(2000)
})

it('stops loops that look through a long list again and again', () => {
  const list = Array.from({ length: 200_000 }, (_, index) => BigInt(index))
  expect(cpuMs(() => {
    expect(() => run('v.all(a, a in v)', list)).toThrow('actual cost limit exceeded')
  })).toBeLessThan(1000)
  expect(run('v.all(a, a in v)', list.slice(0, 50))).toBe(true)
})

it('whatever is compiled, compiles or is refused', () => {
  const words = fc.constantFrom('v', 'self', '(', ')', '[', ']', '{', '}', '.', '?', ':', ',', '+', '-', '==', '&&', '!', '"a"', "'", '1', '1.5', 'has', '.all(x,', '.map(', 'in', 'true', 'b"', 'r"', '\\', '.?', '.optMap(y,', '.transformMap(k, w,', 'format', '@', '\n')
  expect(cpuMs(() => {
    fc.assert(fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
      try {
        compileCel(environment, parts.join(' ')).run({ v: new Map() }, celBudget())
      } catch (error) {
        if (!(error instanceof CelCompileError) && !(error instanceof CelRunError)) throw error
      }
    }), { numRuns: 2000 })
  })).toBeLessThan(5000)
})

it('stops no pattern late', () => {
  expect(cpuMs(() => {
    expect(run('v.matches("^(a+)+$")', `${'a'.repeat(1_000_000)}b`)).toBe(false)
    expect(run('matches(v, "^((a{1,100}){1,10})*$")', 'a'.repeat(1_000_000))).toBe(true)
  })).toBeLessThan(1000)
})
