// LimitRange: bounds and defaults for what containers, pods and claims of a namespace may ask for.
import { limitRanges } from '../../api/types-config.ts'
import type { LimitRangeItem } from '../../api/types-config.ts'
import { qualifiedNameFaults } from '../../api/names.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { defaultColumns } from './columns.ts'
import { define } from './define.ts'
import { checkContainerResourceName, checkKnownResourceName, mayOvercommit } from './resource-names.ts'
import type { Errors } from './rules.ts'
import { addFaults, duplicate, forbiddenField, invalid, required } from './rules.ts'

function defaultItem(item: LimitRangeItem): void {
  if (item.type !== 'Container') return
  item.default = { ...item.max, ...item.default }
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
  if (Object.keys(item.default).length === 0) delete item.default
  if (Object.keys(item.defaultRequest).length === 0) delete item.defaultRequest
}

type Limits = Readonly<Record<'min' | 'max' | 'default' | 'defaultRequest', string | undefined>>

/** Each pair that must be in order: the first may not be above the second. `at` names the field that is told of, and `shown` whose value. */
const orders: readonly { low: keyof Limits; high: keyof Limits; at: keyof Limits; shown: keyof Limits; words: readonly [string, string] }[] = [
  { low: 'min', high: 'max', at: 'min', shown: 'min', words: ['min', 'max'] },
  { low: 'min', high: 'defaultRequest', at: 'defaultRequest', shown: 'defaultRequest', words: ['min', 'default request'] },
  { low: 'defaultRequest', high: 'max', at: 'defaultRequest', shown: 'defaultRequest', words: ['default request', 'max'] },
  { low: 'defaultRequest', high: 'default', at: 'defaultRequest', shown: 'defaultRequest', words: ['default request', 'default limit'] },
  { low: 'min', high: 'default', at: 'default', shown: 'min', words: ['min', 'default'] },
  { low: 'default', high: 'max', at: 'default', shown: 'max', words: ['default', 'max'] },
]

const nanosOf = (value: string): bigint => parseQuantity(value).nanos

function checkOrder(out: Errors, path: string, name: string, limits: Limits): void {
  for (const { low, high, at, shown, words } of orders) {
    const [a, b] = [limits[low], limits[high]]
    if (a === undefined || b === undefined || nanosOf(a) <= nanosOf(b)) continue
    out.push(invalid(`${path}.${at}[${name}]`, limits[shown], `${words[0]} value ${a} is greater than ${words[1]} value ${b}`))
  }
}

function checkRatio(out: Errors, path: string, ratio: string, { min, max }: Limits): void {
  if (nanosOf(ratio) < 1_000_000_000n) out.push(invalid(path, ratio, `ratio ${ratio} is less than 1`))
  if (min === undefined || max === undefined) return
  const most = Number(nanosOf(max)) / Number(nanosOf(min))
  if (Number(nanosOf(ratio)) / 1e9 > most) out.push(invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`))
}

function checkItem(out: Errors, path: string, item: LimitRangeItem): void {
  const ofPods = item.type === 'Pod' || item.type === 'Container'
  const resources = new Set<string>()
  const checkNames = (list: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'): void => {
    for (const name of Object.keys(item[list] ?? {})) {
      const check = ofPods ? checkContainerResourceName : checkKnownResourceName
      check(out, `${path}.${list}[${name}]`, name)
      resources.add(name)
    }
  }
  checkNames('max')
  checkNames('min')
  for (const list of ['default', 'defaultRequest'] as const) {
    if (item.type !== 'Pod') checkNames(list)
    else if (Object.keys(item[list] ?? {}).length > 0) out.push(forbiddenField(`${path}.${list}`, 'may not be specified when `type` is \'Pod\''))
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    out.push(required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'))
  }
  checkNames('maxLimitRequestRatio')
  for (const name of [...resources].sort()) {
    const own = item.type === 'Pod' ? undefined : item
    const limits: Limits = { min: item.min?.[name], max: item.max?.[name], default: own?.default?.[name], defaultRequest: own?.defaultRequest?.[name] }
    checkOrder(out, path, name, limits)
    const ratio = item.maxLimitRequestRatio?.[name]
    if (ratio !== undefined) checkRatio(out, `${path}.maxLimitRequestRatio[${name}]`, ratio, limits)
    const { default: most, defaultRequest: least } = limits
    if (!mayOvercommit(name) && most !== undefined && least !== undefined && nanosOf(most) !== nanosOf(least)) {
      out.push(invalid(`${path}.defaultRequest[${name}]`, least, `default value ${most} must equal to defaultRequest value ${least} in ${name}`))
    }
  }
}

const types = ['Pod', 'Container', 'PersistentVolumeClaim']

function checkType(out: Errors, path: string, type: string): void {
  const faults = qualifiedNameFaults(type)
  addFaults(out, path, type, faults)
  if (faults.length === 0 && !type.includes('/') && !types.includes(type)) out.push(invalid(path, type, 'must be a standard limit type or fully qualified'))
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
      checkType(out, `${path}.type`, item.type ?? '')
      if (seen.has(item.type)) out.push(duplicate(`${path}.type`, item.type))
      seen.add(item.type)
      checkItem(out, path, item)
    }
    return out
  },
  columns: defaultColumns,
})
