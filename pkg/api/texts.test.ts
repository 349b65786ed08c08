// JSON and YAML texts: values as kubectl reads them, duplicates, faults.
import { keysOf, parseJson } from './json-text.ts'
import { YamlSyntaxError, readYaml, readYamlStream } from './yaml-text.ts'

describe('YAML', () => {
  it.each<[string, unknown]>([
    ['yes', true], ['off', false], ['0777', 511], ['0o14', 12], ['1_000', 1000], ['0x1F', 31], ['-5', -5], ['1e3', 1000], ['.5', 0.5],
    ['2020-01-01', '2020-01-01'], ['12:30:45', '12:30:45'], ['~', null], ['"1"', '1'], ['1.5Gi', '1.5Gi'], ['!!binary aGk=', 'hi'],
  ])('reads %s', (text, value) => {
    expect(readYaml(`a: ${text}`).value).toEqual({ a: value })
  })

  it('merges with <<', () => {
    expect(readYaml('a: &a {x: 1, z: 2}\nb:\n  <<: *a\n  z: 3\n')).toEqual({ value: { a: { x: 1, z: 2 }, b: { x: 1, z: 3 } }, duplicates: [] })
  })

  it('names duplicates with their lines', () => {
    expect(readYaml('a: 1\nb:\n  - c: 1\n    c: 2\na: 2\n').duplicates).toEqual(['line 4: key "c" already set in map', 'line 5: key "a" already set in map'])
  })

  it('does not expand a small text without bound', () => {
    const levels = Array.from({ length: 12 }, (_, level) => `a${level}: &a${level} [${Array(9).fill(level === 0 ? 'x' : `*a${level - 1}`).join(',')}]`)
    expect(() => readYaml(levels.join('\n'))).toThrow(YamlSyntaxError)
    expect(() => readYaml('a: &a [*a]')).toThrow('yaml: anchor value contains itself')
    const long = `- &a ${'x'.repeat(100_000)}\n`
    expect(() => readYaml(`${long}${'- *a\n'.repeat(1000)}`)).toThrow('yaml: document contains excessive aliasing')
    expect((readYaml(`${long}${'- *a\n'.repeat(10)}`).value as string[]).length).toBe(11)
    expect(() => readYaml(`- &a {${'x'.repeat(100_000)}: b}\n${'- *a\n'.repeat(1000)}`)).toThrow('yaml: document contains excessive aliasing')
    expect(readYaml('a: &a [1]\nb: [*a, *a]').value).toEqual({ a: [1], b: [[1], [1]] })
  })

  it('reads JSON for what it is', () => {
    for (const text of ['{"a":[1,-0.5,1e3,"010",null,true,{}],"b":"\\u00e9\\n","<<":{"c":1},"n":9007199254740993}', '{"a":1}\n', '{"__proto__":{"x":1}}']) expect(readYaml(text)).toEqual({ value: parseJson(text), duplicates: [] })
    // What is no JSON is YAML still.
    expect(readYaml('{"a": 1, "a": 2}')).toEqual({ value: { a: 2 }, duplicates: ['line 1: key "a" already set in map'] })
    expect(readYaml('{"a": b, c: 010}').value).toEqual({ a: 'b', c: 8 })
    expect(() => readYaml('{"a": 1')).toThrow(YamlSyntaxError)
  })

  it('reads streams', () => {
    expect(readYamlStream('a: 1\n---\n---\nb: 2\n')).toEqual([{ a: 1 }, { b: 2 }])
    expect(readYaml('a: 1\n---\nb: 2\nb: 3\n')).toEqual({ value: { a: 1 }, duplicates: [] })
    expect(() => readYaml('a: [')).toThrow(YamlSyntaxError)
  })
})

describe('JSON', () => {
  it('lists keys in order with duplicates', () => {
    expect(keysOf('{"a":{"b":[{"c":1,"c":"}\\"{"},2,{"d":1}],"b":3},"a":4}')).toEqual([
      { path: 'a', duplicate: false }, { path: 'a.b', duplicate: false }, { path: 'a.b[0].c', duplicate: false }, { path: 'a.b[0].c', duplicate: true },
      { path: 'a.b[2].d', duplicate: false }, { path: 'a.b', duplicate: true }, { path: 'a', duplicate: true },
    ])
  })

  it('sees through escapes in keys', () => {
    expect(keysOf('{"a":1,"\\u0061":2}').map((key) => key.duplicate)).toEqual([false, true])
  })

  it.each([
    ['', 'unexpected end of JSON input'], ['{a', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"], ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"], ['{}x', "invalid character 'x' after top-level value"], ['nope', "invalid character 'o' in literal null (expecting 'u')"],
    ['[1,]', "invalid character ']' looking for beginning of value"], ['{"a":1,}', "invalid character '}' looking for beginning of object key string"], ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['"\n"', "invalid character '\\n' in string literal"], ['"\\x"', "invalid character 'x' in string escape code"], ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"], ['"\\', 'unexpected end of JSON input'],
    ['-x', "invalid character 'x' in numeric literal"], ['01', "invalid character '1' after top-level value"], ['[1.]', "invalid character ']' after decimal point in numeric literal"], ['1e+"', "invalid character '\"' in exponent of numeric literal"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"], ['[{"a":[]} é', "invalid character 'Ã' after array element"],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => parseJson(text)).toThrow(message)
  })
})
