// Label selectors: what texts and objects match, and the errors of bad texts.
import { mapMatcher, parseLabelSelector, selectorMatcher } from './label-selector.ts'
import { StatusError } from './status-error.ts'

const labels = { app: 'web', tier: 'front', in: 'x', n: '7' }

it.each<[string, boolean]>([
  ['', true], ['app=web', true], ['app==web', true], ['app = web', true], ['app=db', false], ['app!=db', true], ['app!=web', false],
  ['missing!=x', true], ['app in (web,db)', true], ['app in (db)', false], ['app notin (db)', true], ['missing notin (db)', true],
  ['app', true], ['!app', false], ['!missing', true], ['app,tier', true], ['app=web,tier=back', false], ['in in (x)', true],
  ['n>6', true], ['n<7', false], ['app>1', false], ['app in (in,notin,web)', true], ['app in ()', false], ['x.io/y!=1', true], ['app=', false], ['constructor', false],
])('%j matches: %s', (text, expected) => {
  expect(parseLabelSelector(text).matches(labels)).toBe(expected)
})

it.each([
  ['app in web', "unable to parse requirement: found 'web' expected: '('"],
  ['a=b=c', "found '=', expected: ',' or 'end of string'"],
  ['app=web,', "found '', expected: identifier after ','"],
  ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  ['app foo', "unable to parse requirement: found 'foo', expected: in, notin, =, ==, !=, gt, lt"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  ['-a=b', "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"],
  ['a=-b', "unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"],
])('refuses %j', (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(new StatusError(400, 'BadRequest', message))
})

it('writes the text form in the order of keys', () => {
  expect(String(selectorMatcher({ matchLabels: { b: '1', a: '2' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['y', 'x'] }, { key: 'd', operator: 'Exists' }] })))
    .toBe('a=2,b=1,c notin (x,y),d')
})

it('tells a missing selector from an empty one', () => {
  expect(selectorMatcher(undefined).matches(labels)).toBe(false)
  expect(selectorMatcher({}).matches(labels)).toBe(true)
  expect(selectorMatcher({}).empty).toBe(true)
  expect(selectorMatcher({ matchExpressions: [{ key: 'a', operator: 'Nope' }] }).matches({ a: '1' })).toBe(false)
  expect(mapMatcher({ app: 'web' }).matches(labels)).toBe(true)
})
