// One version of a custom kind: its schema and its checks, each made at its first use, and the rules that follow from them.
import type { RuleFindings, RuleValidator } from '../api/cel-rules.ts'
import { compileRules } from '../api/cel-rules.ts'
import { conform } from '../api/conform.ts'
import type { FieldError } from '../api/field-error.ts'
import { invalid, told } from '../api/field-error.ts'
import type { AnyObject } from '../api/object.ts'
import { applySomeDefaults } from '../api/schema-defaults.ts'
import type { ObjectSchema } from '../api/schema.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'
import { customObjectSchema, dropNulls } from '../api/structural-schema.ts'
import type { StructuralValidator } from '../api/structural-validation.ts'
import { compileValidator } from '../api/structural-validation.ts'
import type { CustomVersion } from '../api/types-custom.ts'
import { compileListCheck } from '../api/structural-lists.ts'
import { compileEmbeddedCheck } from './custom-embedded.ts'
import { scaleErrors, scaleStatusErrors } from './custom-subresources.ts'
import type { Task } from './evaluation.ts'
import type { Judged } from './kind-task.ts'

const blocking: ReadonlySet<FieldError['reason']> = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid'])
const notChecked = invalid('<nil>', null, 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation')

/** So many are sent at most, in texts that are cut. */
const mostWarnings = 1000

const made = new WeakMap<CustomVersion, CustomVersionRules>()

export interface JudgedCustom extends Judged {
  /** Only the status is written. */
  readonly status?: boolean
}

export interface CustomFindings {
  readonly errors: readonly FieldError[]
  readonly warnings: readonly string[]
}

export const customTask: Task<CustomVersion, JudgedCustom, CustomFindings> = {
  name: 'custom', isJson: true,
  run(stated, { object, old, status }) {
    const rules = made.get(stated) ?? new CustomVersionRules(stated)
    const { errors, warnings } = status && old ? rules.validateStatus(object, old) : rules.validate(object, old)
    return { errors: told(errors), warnings: warnings.length > mostWarnings ? warnings.slice(0, mostWarnings) : warnings }
  },
}

export class CustomVersionRules {
  readonly stated: CustomVersion
  readonly props: JsonSchemaProps
  #schema: ObjectSchema | undefined
  #check: StructuralValidator | undefined
  #checkStatus: StructuralValidator | undefined
  #checkLists: ReturnType<typeof compileListCheck> | 'none'
  #checkEmbedded: ReturnType<typeof compileEmbeddedCheck> | 'none'
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
    applySomeDefaults(this.schema, draft)
    dropNulls(this.schema, draft)
  }

  /** A copy that has only what this version knows. */
  prune(object: AnyObject): AnyObject {
    return conform(object, this.schema).object as unknown as AnyObject
  }

  validate(object: AnyObject, old?: AnyObject): RuleFindings {
    const { scale } = this.stated.subresources ?? {}
    return this.#withRules(object, old, [
      ...(this.#check ??= compileValidator(this.props))(object, old),
      ...(scale ? scaleErrors(scale, object) : []), ...this.#embedded(object), ...this.#lists(object, old),
    ])
  }

  /** What else there is stands already. Rules are about the whole. */
  validateStatus(object: AnyObject, old: AnyObject): RuleFindings {
    const { scale } = this.stated.subresources ?? {}
    const props = this.props.properties?.['status']
    if (props) this.#checkStatus ??= compileValidator(props, 'status')
    const errors = object.status === undefined ? [] : this.#checkStatus?.(object.status, old.status) ?? []
    return this.#withRules(object, old, [...errors, ...(scale ? scaleStatusErrors(scale, object) : []), ...this.#lists(object, old)])
  }

  #lists(object: AnyObject, old?: AnyObject): FieldError[] {
    this.#checkLists ??= compileListCheck(this.props) ?? 'none'
    return this.#checkLists === 'none' ? [] : this.#checkLists(object, old)
  }

  #embedded(object: AnyObject): FieldError[] {
    this.#checkEmbedded ??= compileEmbeddedCheck(this.props) ?? 'none'
    return this.#checkEmbedded === 'none' ? [] : this.#checkEmbedded(object)
  }

  #withRules(object: AnyObject, old: AnyObject | undefined, errors: FieldError[]): RuleFindings {
    this.#rules ??= compileRules(this.props) ?? 'none'
    if (this.#rules === 'none') return { errors, warnings: [] }
    // Expressions are written for objects whose types fit.
    if (errors.some(({ reason }) => blocking.has(reason))) return { errors: [...errors, notChecked], warnings: [] }
    const found = this.#rules(object, old)
    return { errors: [...errors, ...found.errors], warnings: found.warnings }
  }
}
