// Whatever expressions, patterns and schemas say: on the event loop they are done soon, or left.
import fc from 'fast-check'
import { TooDear, TurnAllowance } from '../util/allowance.ts'
import { cpuMs, inOneGoMs } from '../util/cpu-time.suite.ts'
import { CelCompileError, CelRunError, celBudget, celEnvironment, compileCel } from './cel.ts'
import { anyValue } from './cel-schema.ts'
import { Pattern } from './pattern.ts'
import { compileValidator } from './structural-validation.ts'

/** What became of the work, and how long it took. */
function tried(work: () => unknown): { readonly ms: number; readonly done: boolean } {
  let done = true
  const ms = cpuMs(() => {
    try {
      new TurnAllowance().within(work)
    } catch (error) {
      done = !(error instanceof TooDear)
      if (done && !(error instanceof CelCompileError || error instanceof CelRunError || /^error parsing regexp/.test((error as Error).message))) throw error
    }
  })
  return { ms, done }
}

const environment = celEnvironment().registerVariable('v', 'dyn')
const value = anyValue({
  text: 'ab,'.repeat(30_000), short: 'abc', digits: '9'.repeat(50_000), spaces: ' '.repeat(50_000), list: Array.from({ length: 3000 }, (_, index) => `item-${index}`),
  numbers: Array.from({ length: 3000 }, (_, index) => index * 7919 % 3000), lists: Array.from({ length: 500 }, (_, index) => [index, [index]]), map: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, index])),
})
const start = fc.constantFrom('v.text', 'v.short', 'v.digits', 'v.spaces', 'v.list', 'v.numbers', 'v.lists', 'v.map', '[v.list]', '[v.text, v.text]')
const link = fc.constantFrom(
  '.map(x, [x, x])', '.map(x, x + x)', '.filter(x, x == x)', '.map(x, v.list)', '.map(x, x in v.list)', '.map(x, v.list.exists(y, y == x))', '.sort()', '.distinct()', '.reverse()', '.join(",")', '.split("")', '.split(",")',
  '.replace("", "xyz")', '.replace("a", v.text)', '.upperAscii()', '.lowerAscii()', '.trim()', '.substring(5)', '.indexOf("z")', '.lastIndexOf("z")', '.charAt(7)', '.matches("(a|b)*c")', '.matches("[a-z]{1,200}$")', '.findAll("a.*b|a")', '.find("(a|,)+b")',
  '.size()', '.all(x, x != "z")', '.exists_one(x, x == "item-5")', '.isSorted()', '.slice(1, 3)', '.transformList(i, x, x)', '.transformMap(i, x, x)', '.all(x, v.map.exists(k, true))', '.contains("zz")', '[0]', '.min()', '.sum()', '.first().value()', '.all(i, x, i >= 0)',
)
const wrap = fc.constantFrom<(inner: string) => string>(
  (inner) => inner, (inner) => `(${inner} == ${inner})`, (inner) => `sets.equivalent(${inner}, ${inner})`, (inner) => `"%s".format([${inner}])`, (inner) => `quantity(${inner})`, (inner) => `int(${inner})`, (inner) => `isIP(${inner})`, (inner) => `isURL(${inner})`,
  (inner) => `timestamp(${inner})`, (inner) => `duration(${inner})`, (inner) => `isSemver(${inner})`, (inner) => `(${inner} in [${inner}])`, (inner) => `strings.quote(${inner})`, (inner) => `format.dns1123Label().validate(${inner})`, (inner) => `double(${inner})`, (inner) => `bytes(${inner})`, (inner) => `isQuantity(${inner})`, (inner) => `cidr(${inner})`,
)
const expressions = fc.tuple(start, fc.array(link, { maxLength: 6 }), wrap).map(([from, links, around]) => around(from + links.join('')))

it('expressions', () => {
  let left = 0
  let done = 0
  fc.assert(fc.property(expressions, (expression) => {
    const result = tried(() => compileCel(environment, expression).run({ v: value }, celBudget()))
    if (result.done) done++
    else left++
    expect([expression, result.ms < inOneGoMs ? 0 : result.ms]).toEqual([expression, 0])
  }), { numRuns: 400 })
  expect([left > 10, done > 10]).toEqual([true, true])
}, 120_000)

const atoms = fc.constantFrom('a', '.', '[a-z]', '\\p{L}', '[\\p{L}\\p{N}]', '(?i)k', '\\d', '\\b', '(a|b)', '(a|ab|abc)', '^', '$', 'é', '[^x]')
const times = fc.constantFrom('', '*', '+', '?', '{1,3}', '{1,50}', '{500}', '{1,1000}', '*?')
const patterns = fc.array(fc.tuple(atoms, times).map((parts) => parts.join('')), { minLength: 1, maxLength: 6 }).chain((parts) => fc.constantFrom(parts.join(''), `^(${parts.join('|')})*$`, `((${parts.join('')})*)*`, `(${parts.join('|')}){1,100}$`))
const texts = fc.tuple(fc.constantFrom('a', 'ab', 'é', 'aé1', '-', 'abc '), fc.constantFrom(5, 100, 1000, 10_000, 100_000)).map(([text, count]) => `${text.repeat(count)}!`)

it('patterns', () => {
  fc.assert(fc.property(patterns, texts, (pattern, text) => {
    const compiled = tried(() => new Pattern(pattern))
    const { ms, done } = tried(() => compileValidator({ type: 'string', pattern })(text))
    expect([pattern, text.length, Math.max(ms, compiled.ms) < inOneGoMs ? 0 : ms, done]).toEqual([pattern, text.length, 0, done])
  }), { numRuns: 400 })
}, 120_000)

it('ordinary texts are not left', () => {
  // A machine that is busy elsewhere may use up the time of one try.
  const isDone = (work: () => unknown): boolean => [1, 2, 3, 4, 5].some(() => tried(work).done)
  for (const [pattern, text] of [
    ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$', 'some.where.example.com'], ['^([a-z]{1,63}\\.){1,10}$', 'abc.def.'], ['^[A-Za-z0-9+/]*={0,2}$', 'A'.repeat(1000)], ['^.{1,253}$', 'a'.repeat(253)],
  ] as const) expect(isDone(() => compileValidator({ type: 'string', pattern })(text))).toBe(true)
})
