// Field selectors: terms, escapes and errors.
import { escapeFieldValue, exactValue, parseFieldSelector } from './field-selector.ts'

it('reads terms with escapes', () => {
  expect(parseFieldSelector('a=b,c!=d,e==f\\,g\\=h\\\\,,i=')).toEqual([
    { field: 'a', operator: '=', value: 'b' }, { field: 'c', operator: '!=', value: 'd' },
    { field: 'e', operator: '=', value: 'f,g=h\\' }, { field: 'i', operator: '=', value: '' },
  ])
})

it.each([
  ['a', "invalid selector: 'a'; can't understand 'a'"],
  ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
])('refuses %j', (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message)
})

it('finds the value that a field must have', () => {
  expect(exactValue(parseFieldSelector('metadata.name=a,x!=1'), 'metadata.name')).toBe('a')
  expect(exactValue(parseFieldSelector('metadata.name!=a'), 'metadata.name')).toBeUndefined()
})

it('escapes what it reads back', () => {
  expect(parseFieldSelector(`a=${escapeFieldValue('x,y=\\z')}`)[0]?.value).toBe('x,y=\\z')
})
