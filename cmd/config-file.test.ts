// The configuration file: what each kind of value may be, and what is refused.
import { parseConfigFile } from './config-file.ts'

const kinds = { name: 'string', port: 'integer', off: 'boolean', names: 'list', audited: 'truth' } as const
const parse = (text: string): Record<string, unknown> => parseConfigFile(text, 'f.yaml', kinds)

describe('accepts', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['', {}],
    ['# nothing but a comment', {}],
    ['name: a', { name: 'a' }],
    ['name: 12', { name: '12' }],
    ['port: 6443', { port: 6443 }],
    ['port: "6443"', { port: 6443 }],
    ['off: true', { off: true }],
    ['audited: true', { audited: 'true' }],
    ['audited: "false"', { audited: 'false' }],
    ['names: a', { names: ['a'] }],
    ['names: a,b', { names: ['a', 'b'] }],
    ['names: [a, 10.0.0.1]', { names: ['a', '10.0.0.1'] }],
  ]
  test.each(cases)('%j', (text, expected) => expect(parse(text)).toEqual(expected))
})

describe('refuses', () => {
  const cases: [string, string][] = [
    ['other: 1', 'f.yaml: unknown key "other"; known are name, port, off, names, audited'],
    ['constructor: 1', 'f.yaml: unknown key "constructor"; known are name, port, off, names, audited'],
    ['just text', 'f.yaml: expected a mapping of flag names to values'],
    ['name: a\n---\nname: b', 'f.yaml: expected one document, found 2'],
    ['port: 1.5', 'f.yaml: port: expected a whole number, found 1.5'],
    ['off: "true"', 'f.yaml: off: expected true or false, found "true"'],
    ['audited: 1', 'f.yaml: audited: expected true or false, found 1'],
    ['name: [a]', 'f.yaml: name: expected text, found ["a"]'],
    ['names: [[a]]', 'f.yaml: names: expected text, found ["a"]'],
    ['name:', 'f.yaml: name: expected text, found null'],
  ]
  test.each(cases)('%j', (text, message) => expect(() => parse(text)).toThrow(message))
  test('text that is no YAML, with the place', () => expect(() => parse('a: 1\nb: [')).toThrow(/^f\.yaml: line \d+, column \d+: /))
})
