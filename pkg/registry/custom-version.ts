// One version of a custom kind: its schema and its checks, each made at its first use, and the rules that follow from them.
import type { RuleValidator } from '../api/cel-rules.ts'
import { compileRules } from '../api/cel-rules.ts'
import { conform } from '../api/conform.ts'
import type { FieldError } from '../api/field-error.ts'
import { invalid, told } from '../api/field-error.ts'
import type { AnyObject } from '../api/object.ts'
import { applySchemaDefaults } from '../api/schema-defaults.ts'
import type { ObjectSchema } from '../api/schema.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'
import { customObjectSchema, dropNulls } from '../api/structural-schema.ts'
import type { StructuralValidator } from '../api/structural-validation.ts'
import { compileValidator } from '../api/structural-validation.ts'
import type { CustomVersion } from '../api/types-custom.ts'
import { scaleErrors } from './custom-subresources.ts'
import type { Task } from './evaluation.ts'
import type { Judged } from './kind-task.ts'

const blocking: ReadonlySet<FieldError['reason']> = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid'])
const notChecked = invalid('<nil>', null, 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation')

const made = new WeakMap<CustomVersion, CustomVersionRules>()

export const customTask: Task<CustomVersion, Judged, readonly FieldError[]> = {
  name: 'custom',
  run: (stated, { object, old }) => told((made.get(stated) ?? new CustomVersionRules(stated)).validate(object, old)),
}

export class CustomVersionRules {
  readonly stated: CustomVersion
  readonly props: JsonSchemaProps
  #schema: ObjectSchema | undefined
  #check: StructuralValidator | undefined
  #rules: RuleValidator | 'none' | undefined

  constructor(stated: CustomVersion) {
    this.stated = stated
    made.set(stated, this)
    this.props = stated.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  }

  get schema(): ObjectSchema {
    return (this.#schema ??= customObjectSchema(this.props))
  }

  /** Changes the draft. */
  default(draft: AnyObject): void {
    applySchemaDefaults(this.schema, draft)
    dropNulls(this.schema, draft)
  }

  /** A copy that has only what this version knows. */
  prune(object: AnyObject): AnyObject {
    return conform(object, this.schema).object as unknown as AnyObject
  }

  validate(object: AnyObject, old?: AnyObject): FieldError[] {
    const errors = (this.#check ??= compileValidator(this.props))(object, old)
    const { scale } = this.stated.subresources ?? {}
    if (scale) errors.push(...scaleErrors(scale, object))
    this.#rules ??= compileRules(this.props) ?? 'none'
    if (this.#rules === 'none') return errors
    // Expressions are written for objects whose types fit.
    if (errors.some(({ reason }) => blocking.has(reason))) return [...errors, notChecked]
    return [...errors, ...this.#rules(object, old)]
  }
}
