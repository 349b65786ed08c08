// LimitRange: bounds and defaults for what containers, pods and claims of a namespace may ask for.
import { limitRanges } from '../../api/types-config.ts'
import type { LimitRangeItem } from '../../api/types-config.ts'
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import { defaultColumns } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkQuantity, checkResourceName, duplicate, forbiddenField, invalid, required } from './rules.ts'

function defaultItem(item: LimitRangeItem): void {
  if (item.type !== 'Container') return
  item.default = { ...item.max, ...item.default }
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
  if (Object.keys(item.default).length === 0) delete item.default
  if (Object.keys(item.defaultRequest).length === 0) delete item.defaultRequest
}

const above = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && isQuantity(a) && isQuantity(b) && parseQuantity(a).nanos > parseQuantity(b).nanos

// Each pair that must be in order: the first may not be above the second.
const orders = [
  ['min', 'max', 'min value %a is greater than max value %b'],
  ['min', 'defaultRequest', 'min value %a is greater than default request value %b'],
  ['defaultRequest', 'max', 'default request value %a is greater than max value %b'],
  ['defaultRequest', 'default', 'default request value %a is greater than default limit value %b'],
  ['min', 'default', 'min value %a is greater than default value %b'],
  ['default', 'max', 'default value %a is greater than max value %b'],
] as const

function checkItem(out: Errors, path: string, item: LimitRangeItem): void {
  const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
  const resources = new Set<string>()
  for (const list of lists) {
    for (const [name, value] of Object.entries(item[list] ?? {})) {
      checkResourceName(out, `${path}.${list}[${name}]`, name)
      checkQuantity(out, `${path}.${list}[${name}]`, value)
      resources.add(name)
    }
  }
  if (item.type === 'Pod') {
    if (item.default) out.push(forbiddenField(`${path}.default`, 'may not be specified when `type` is \'Pod\''))
    if (item.defaultRequest) out.push(forbiddenField(`${path}.defaultRequest`, 'may not be specified when `type` is \'Pod\''))
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    out.push(required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'))
  }
  for (const name of [...resources].sort()) {
    for (const [low, high, message] of orders) {
      const a = item[low]?.[name]
      const b = item[high]?.[name]
      if (above(a, b)) out.push(invalid(`${path}.${low}[${name}]`, a, message.replace('%a', a ?? '').replace('%b', b ?? '')))
    }
    const ratio = item.maxLimitRequestRatio?.[name]
    if (ratio !== undefined && above('1', ratio)) out.push(invalid(`${path}.maxLimitRequestRatio[${name}]`, ratio, `ratio ${ratio} is less than 1`))
  }
}

export default define(limitRanges, {
  generation: false,
  allowCreateOnUpdate: true,
  defaults(draft) {
    draft.spec ??= { limits: [] }
    for (const item of draft.spec.limits ?? []) defaultItem(item)
  },
  validate({ spec }) {
    const out: Errors = []
    const seen = new Set<string>()
    for (const [index, item] of (spec.limits ?? []).entries()) {
      const path = `spec.limits[${index}]`
      if (!item.type) out.push(required(`${path}.type`))
      if (seen.has(item.type)) out.push(duplicate(`${path}.type`, item.type))
      seen.add(item.type)
      checkItem(out, path, item)
    }
    return out
  },
  columns: defaultColumns,
})
