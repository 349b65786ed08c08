// CRDs whose rules are too dear: which rules are told of, how, and what bounds them.
import { ruleErrors } from './cel-rule-checks.ts'
import type { JsonSchemaProps, ValidationRule } from './structural-schema.ts'

const rules = (...list: (string | ValidationRule)[]): Pick<JsonSchemaProps, 'x-kubernetes-validations'> =>
  ({ 'x-kubernetes-validations': list.map((rule) => (typeof rule === 'string' ? { rule } : rule)) })
const text = (maxLength?: number): JsonSchemaProps => ({ type: 'string', ...(maxLength === undefined ? {} : { maxLength }) })
const list = (items: JsonSchemaProps, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'array', items, ...more })
const map = (additionalProperties: JsonSchemaProps, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'object', additionalProperties, ...more })
const nested = (key: JsonSchemaProps, maxProperties?: number): JsonSchemaProps =>
  map({ type: 'object', required: ['key'], properties: { key } }, maxProperties === undefined ? {} : { maxProperties })
const twice = rules('self.all(x, x.all(y, x[y].key == x[y].key))')

const advice = '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'
const dear = (times: string): string => `Forbidden: estimated rule cost exceeds budget by factor of ${times} ${advice}`
const dearMessage = (times: string): string => `Forbidden: estimated messageExpression cost exceeds budget by factor of ${times} ${advice}`
const dearAll = (times: string): string => `S: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of ${times} ${advice}`
const contributed = 'Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
const rule = 'S.properties[f].x-kubernetes-validations[0].rule: '
const message = 'S.properties[f].x-kubernetes-validations[0].messageExpression: '

it.each<[name: string, properties: Record<string, JsonSchemaProps>, errors: string[]]>([
  ['a loop in a loop without bounds', { f: list(nested(text()), twice) }, [rule + dear('more than 100x'), rule + contributed, dearAll('more than 100x')]],
  ['with one bound', { f: list(nested(text(10)), twice) }, [rule + dear('more than 100x'), rule + contributed, dearAll('more than 100x')]],
  ['with three bounds', { f: list(nested(text(10), 10), { maxItems: 10, ...twice }) }, []],
  ['with a bound outside', { f: list(nested({ type: 'number' }), { maxItems: 4, ...twice }) }, []],
  ['one value in an object', { f: { type: 'integer', ...rules('self < 1024') } }, []],
  ['many cheap ones', {
    f: list({ ...text(5000), ...rules("self.contains('keyword')") }, { maxItems: 100_000 }),
    g: map({ ...text(5000), ...rules("self.contains('keyword')") }, { maxProperties: 1000 }),
    h: { type: 'integer', ...rules('self > 50 && self < 100') },
  }, [
    `S.properties[f].items.x-kubernetes-validations[0].rule: ${dear('20.0x')}`,
    `S.properties[f].items.x-kubernetes-validations[0].rule: ${contributed}`,
    `S.properties[g].additionalProperties.x-kubernetes-validations[0].rule: ${contributed}`,
    dearAll('2.0x'),
  ]],
  ['a dear message', { f: list(text(), rules({ rule: 'true', messageExpression: 'self[0] + self[1] + self[2] + self[3] + self[4] + self[5] + self[6] + self[7]' })) }, [message + dearMessage('1.101006x')]],
  ['a message that is dear for all', { f: list(text(), rules({ rule: 'true', messageExpression: 'string(self[0]) + string(self[1]) + string(self[2])' })) },
    [message + dearMessage('more than 100x'), message + contributed, dearAll('more than 100x')]],
  ['compared without case', { f: list(text(5), { maxItems: 5, ...rules('self.all(x, self.exists_one(y, x.lowerAscii() == y.lowerAscii()))') }) }, []],
  ['items without bounds count as often as they fit into a request', { f: list({ type: 'integer', ...rules('self > 0 && self < 10 && self < 20 && self < 30') }) }, [`S.properties[f].items.x-kubernetes-validations[0].rule: ${dear('1.258291x')}`]],
  ['dyn is no bool', { f: { 'x-kubernetes-int-or-string': true, ...rules('self') } }, [`${rule}Invalid value: {"Rule":"self","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool`]],
  ['a schema that expressions do not see', { f: { 'x-kubernetes-preserve-unknown-fields': true, ...rules('true') } },
    ['S.properties[f].x-kubernetes-validations: Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations']],
  ['nor are fields without a type seen', { f: { type: 'object', properties: { any: { 'x-kubernetes-preserve-unknown-fields': true } }, ...rules('has(self.any)') } },
    [`${rule}Invalid value: {"Rule":"has(self.any)","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:4: undefined field 'any'\n | has(self.any)\n | ...^`]],
])('%s', (_name, properties, errors) => {
  expect(ruleErrors({ type: 'object', properties }, 'S').map(({ field, text: said }) => `${field}: ${said}`)).toEqual(errors)
})
