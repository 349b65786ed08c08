// Paths of columns, scale and selectable fields: what they lead to.
import fc from 'fast-check'
import { JsonPathError, compileJsonPath, fieldsOfPath } from './json-path.ts'

const value = {
  spec: { replicas: 3, 'a.b': 'dotted', list: ['x', 'y', 'z'], deep: { name: 'inner' } },
  status: { conditions: [{ type: 'Ready', status: 'True', n: 1 }, { type: 'Done', status: 'False', n: 2 }] },
}

it.each([
  ['.spec.replicas', [3]],
  ['{.spec.replicas}', [3]],
  ['spec.replicas', [3]],
  ['.spec.a\\.b', ['dotted']],
  ["['spec']['a.b']", ['dotted']],
  ['.spec["a.b"]', ['dotted']],
  ['.spec.list[0]', ['x']],
  ['.spec.list[-1]', ['z']],
  ['.spec.list[9]', []],
  ['.spec.list[1:3]', ['y', 'z']],
  ['.spec.list[:1]', ['x']],
  ['.spec.list[*]', ['x', 'y', 'z']],
  ['..name', ['inner']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ["$.status.conditions[?(@.type=='Done')].status", ['False']],
  ['.status.conditions[?(@.n>1)].type', ['Done']],
  ['.status.conditions[?(@.n!=1)].type', ['Done']],
  ['.status.conditions[?(@.missing)].type', []],
  ['.status.conditions[*].type', ['Ready', 'Done']],
  ['.missing.more', []],
  ['.toString', []],
])('%s', (path, expected) => {
  expect(compileJsonPath(path)(value)).toEqual(expected)
})

it.each(['.spec[', '.spec..', '.a b', '.a[x]', '.a[?(@.b==1'])('refuses %s', (path) => {
  expect(() => compileJsonPath(path)).toThrow(/unrecognized character|unterminated/)
})

it.each([
  ['.spec.replicas', ['spec', 'replicas']], ['.a\\.b', ['a.b']], ['.a[0]', undefined], ['', undefined], ['.a[', undefined],
])('plain fields of %s', (path, expected) => {
  expect(fieldsOfPath(path)).toEqual(expected)
})

it('whatever is given as a path is one or is refused', () => {
  const words = fc.constantFrom('.', '..', '[', ']', '*', '?(', ')', '@', '"', "'", '\\', 'a', 'spec', '0', '-1', ':', '==', '<', ' ', '{', '}', '$', '[?(@.a==', '__proto__')
  fc.assert(fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
    try {
      compileJsonPath(parts.join(''))(value)
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error
    }
  }), { numRuns: 5000 })
})
