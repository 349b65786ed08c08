// The classes of storage.k8s.io: how volumes of a class are made, and which attributes they have.
import type { KubeObject } from '../../api/object.ts'
import type { StorageClass, TopologySelectorTerm } from '../../api/types-config.ts'
import { isDefaultClass, storageClasses } from '../../api/types-config.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define, named } from './define.ts'
import { deprecatedLabelText } from './deprecated-labels.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkLabelKey, checkResourceName, duplicate, isEnough, repeats, forbiddenField, invalid, notSupported, required, same, tooLong } from './rules.ts'

const mostParameters = 512
const parameterBytes = 256 * 1024

/** Drivers are compared without regard to capitals. */
function checkDriver(out: Errors, path: string, name: string | undefined): void {
  if (!name) out.push(required(path))
  else checkResourceName(out, path, name.toLowerCase())
}

function checkParameters(out: Errors, parameters: Readonly<Record<string, string>> = {}): void {
  const entries = Object.entries(parameters)
  if (entries.length > mostParameters) return void out.push(tooLong('parameters', mostParameters))
  for (const [key] of entries) if (key === '') out.push(invalid('parameters', key, 'field can not be empty.'))
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size > parameterBytes) out.push(tooLong('parameters', parameterBytes))
}

/** Where volumes may be: terms that say the same are one too many, and so are terms that say nothing. */
function checkTopologies(out: Errors, terms: readonly TopologySelectorTerm[]): void {
  const seen = new Map<string, number>()
  for (const [index, { matchLabelExpressions = [] }] of terms.entries()) {
    const path = `allowedTopologies[${index}].matchLabelExpressions`
    const wanted: Record<string, string[]> = {}
    for (const [position, { key, values = [] }] of matchLabelExpressions.entries()) {
      const at = `${path}[${position}]`
      if (values.length === 0) out.push(required(`${at}.values`))
      for (const place of repeats(values)) out.push(duplicate(`${at}.values[${place}]`, values[place]))
      checkLabelKey(out, `${at}.key`, key)
      if (Object.hasOwn(wanted, key)) out.push(duplicate(`${at}.key`, key))
      wanted[key] = [...new Set(values)].sort()
    }
    const text = JSON.stringify(Object.keys(wanted).sort().map((key) => [key, wanted[key]]))
    const twins = (seen.get(text) ?? 0) + (matchLabelExpressions.length === 0 ? terms.length : 0)
    for (let count = 0; count < twins && !isEnough(out); count++) out.push(duplicate(path, ''))
    seen.set(text, (seen.get(text) ?? 0) + 1)
  }
}

const reclaimPolicies = ['Delete', 'Retain']
const bindingModes = ['Immediate', 'WaitForFirstConsumer']

const classes = define(storageClasses, {
  generation: false,
  defaults(draft) {
    draft.reclaimPolicy ??= 'Delete'
    draft.volumeBindingMode ??= 'Immediate'
  },
  validate(object: StorageClass, old?: StorageClass) {
    const out: Errors = []
    const { provisioner, parameters, reclaimPolicy = '', volumeBindingMode = '' } = object
    checkDriver(out, 'provisioner', provisioner)
    checkParameters(out, parameters)
    if (reclaimPolicy !== '' && !reclaimPolicies.includes(reclaimPolicy)) out.push(notSupported('reclaimPolicy', reclaimPolicy, reclaimPolicies))
    if (!bindingModes.includes(volumeBindingMode)) out.push(notSupported('volumeBindingMode', volumeBindingMode, bindingModes))
    checkTopologies(out, object.allowedTopologies ?? [])
    if (!old) return out
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (!same(object[field], old[field])) out.push(forbiddenField(field, `updates to ${field} are forbidden.`))
    }
    checkImmutable(out, 'volumeBindingMode', volumeBindingMode, old.volumeBindingMode)
    return out
  },
  warnings: ({ allowedTopologies = [] }) => allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) => matchLabelExpressions.flatMap(({ key }, position) => {
    const fault = deprecatedLabelText(key)
    return fault ? [`allowedTopologies[${index}].matchLabelExpressions[${position}].key: ${fault}`] : []
  })),
  columns: [
    // The class that claims without one get is marked in its name.
    { ...nameColumn, value: (found) => `${found.metadata.name ?? ''}${isDefaultClass(found) ? ' (default)' : ''}` },
    text('Provisioner', 'Who makes volumes of the class.', ({ provisioner = '' }) => provisioner),
    text('ReclaimPolicy', 'What happens to a volume when its claim is gone.', ({ reclaimPolicy = '' }) => reclaimPolicy),
    text('VolumeBindingMode', 'When claims are bound: at once or with their first pod.', ({ volumeBindingMode = '' }) => volumeBindingMode),
    { name: 'AllowVolumeExpansion', type: 'string', description: 'Whether volumes may grow.', value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false },
    ageColumn,
  ],
})

interface AttributesClass extends KubeObject {
  driverName?: string
  parameters?: Record<string, string>
}

const attributesClasses = define(named<AttributesClass>('storage.k8s.io/v1', 'volumeattributesclasses'), {
  generation: false,
  validate(object, old) {
    const out: Errors = []
    if (old) {
      for (const field of ['driverName', 'parameters'] as const) if (!same(object[field], old[field])) out.push(forbiddenField(field, `updates to ${field} are forbidden.`))
    }
    checkDriver(out, 'driverName', object.driverName)
    checkParameters(out, object.parameters)
    if (Object.keys(object.parameters ?? {}).length === 0) out.push(required('parameters', 'must contain at least one key/value pair'))
    return out
  },
  columns: [nameColumn, text('DriverName', 'CSI driver of the class.', ({ driverName = '' }) => driverName), ageColumn],
})

const both: readonly Definition[] = [classes, attributesClasses]
export default both
