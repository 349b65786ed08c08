// Checks of how a schema's rules (x-kubernetes-validations) are stated, short of compiling them.
import type { FieldError } from './field-error.ts'
import { invalid, notSupported, required } from './field-error.ts'
import { fieldsOfPath } from './json-path.ts'
import type { JsonSchemaProps, ValidationRule } from './structural-schema.ts'

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const lineBreak = /[\r\n]/

/** A rule's text and what stands for it, of which the first fault is told. */
function checkTexts(out: FieldError[], at: string, { rule, message = '' }: ValidationRule): void {
  if (rule.trim() === '') out.push(required(`${at}.rule`, 'rule is not specified'))
  else if (message !== '' && message.trim() === '') out.push(invalid(`${at}.message`, message, 'must be non-empty if specified'))
  else if (lineBreak.test(message.trim())) out.push(invalid(`${at}.message`, message, 'must not contain line breaks'))
  else if (lineBreak.test(rule.trim()) && message.trim() === '') out.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
}

/** The rules of one schema, not of those within it. */
export function checkStatedRules(out: FieldError[], props: JsonSchemaProps, path: string): void {
  for (const [index, stated] of (props['x-kubernetes-validations'] ?? []).entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`
    const { messageExpression = '', reason, fieldPath = '' } = stated
    checkTexts(out, at, stated)
    if (messageExpression !== '' && messageExpression.trim() === '') out.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'))
    if (reason !== undefined && !reasons.includes(reason)) out.push(notSupported(`${at}.reason`, reason, reasons))
    if (fieldPath !== '' && fieldPath.trim() === '') out.push(invalid(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified'))
    if (lineBreak.test(fieldPath)) out.push(invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'))
    if (fieldPath !== '' && !leads(props, fieldPath)) out.push(invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path'))
  }
}

function leads(props: JsonSchemaProps, fieldPath: string): boolean {
  let at: JsonSchemaProps | undefined = props
  const names = fieldsOfPath(fieldPath)
  for (const name of names ?? []) at = at?.properties?.[name] ?? (typeof at?.additionalProperties === 'object' ? at.additionalProperties : undefined)
  return names !== undefined && at !== undefined
}
