// Checks of ResourceSlices: where the devices are, and what they are like.
import type { KubeObject } from '../../api/object.ts'
import type { NodeSelector } from '../../api/types-volume.ts'
import { checkDistinct, checkDriver, checkPool, checkProperty, most } from './device-rules.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkImmutable, invalid, required, tooLong } from './rules.ts'
import { checkNodeSelector } from './scheduling-validation.ts'

interface Attribute {
  int?: number
  bool?: boolean
  string?: string
  version?: string
}

export interface Device {
  name?: string
  attributes?: Record<string, Attribute>
  capacity?: Record<string, { value?: string }>
}

export interface Slice extends KubeObject {
  spec: {
    driver?: string
    nodeName?: string
    allNodes?: boolean
    nodeSelector?: NodeSelector
    pool?: { name?: string; generation?: number; resourceSliceCount?: number }
    devices?: Device[]
  }
}

const number = '(0|[1-9]\\d*)'
const prerelease = `(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)`
const version = new RegExp(`^${number}\\.${number}\\.${number}(-${prerelease}(\\.${prerelease})*)?(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$`)
const longestValue = 64
const longestKey = 63 + 1 + 32

/** A key that is too long for a path is shortened in its middle. */
function shortened(key: string): string {
  if (key.length <= longestKey) return key
  const rest = longestKey - 3
  return `${key.slice(0, Math.floor((rest + 1) / 2))}...${key.slice(key.length - Math.floor(rest / 2))}`
}

function checkAttribute(out: Errors, path: string, { int, bool, string, version: release }: Attribute): void {
  if (string !== undefined && Buffer.byteLength(string) > longestValue) out.push(tooLong(`${path}.string`, longestValue))
  if (release !== undefined && !version.test(release)) out.push(invalid(`${path}.version`, release, 'must be a string compatible with semver.org spec 2.0.0'))
  if (release !== undefined && Buffer.byteLength(release) > longestValue) out.push(tooLong(`${path}.version`, longestValue))
  const values = [int, bool, string, release].filter((value) => value !== undefined)
  const shown = { IntValue: int ?? null, BoolValue: bool ?? null, StringValue: string ?? null, VersionValue: release ?? null }
  if (values.length !== 1) out.push(invalid(path, values.length === 0 ? '' : shown, 'exactly one value must be specified'))
}

function checkDevice(out: Errors, path: string, { name = '', attributes = {}, capacity = {} }: Device): void {
  checkDnsLabel(out, `${path}.name`, name)
  const count = Object.keys(attributes).length + Object.keys(capacity).length
  if (count > most.properties) out.push(invalid(path, count, `the total number of attributes and capacities must not exceed ${most.properties}`))
  for (const [key, attribute] of Object.entries(attributes)) {
    const at = `${path}.attributes[${shortened(key)}]`
    checkProperty(out, at, key)
    checkAttribute(out, at, attribute)
  }
  for (const key of Object.keys(capacity)) checkProperty(out, `${path}.capacity[${shortened(key)}]`, key)
}

const placeText = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'

function checkPlace(out: Errors, { nodeName, nodeSelector, allNodes }: Slice['spec']): void {
  if (nodeName === '') out.push(invalid('spec.nodeName', '', 'must be either unset or set to a non-empty string'))
  else if (nodeName !== undefined) checkDnsSubdomain(out, 'spec.nodeName', nodeName)
  if (nodeSelector) {
    checkNodeSelector(out, 'spec.nodeSelector', nodeSelector)
    const terms = nodeSelector.nodeSelectorTerms ?? []
    if (terms.length !== 1) {
      const shown = terms.map(({ matchExpressions, matchFields }) => ({ MatchExpressions: matchExpressions ?? null, MatchFields: matchFields ?? null }))
      out.push(invalid('spec.nodeSelector.nodeSelectorTerms', shown, 'must have exactly one node selector term'))
    }
  }
  if (allNodes === false) out.push(invalid('spec.allNodes', false, 'must be either unset or set to true'))
  const set = [...(nodeName ? ['`nodeName`'] : []), ...(nodeSelector ? ['`nodeSelector`'] : []), ...(allNodes ? ['`allNodes`'] : [])]
  if (set.length === 0) out.push(required('spec', placeText))
  else if (set.length > 1) out.push(invalid('spec', `{${set.join(', ')}}`, `${placeText}, but multiple fields are set`))
}

export function validateSlice({ spec }: Slice, old?: Slice): Errors {
  const out: Errors = []
  const { driver, pool, nodeName, devices } = spec
  checkDriver(out, 'spec.driver', driver)
  checkPool(out, 'spec.pool.name', pool?.name)
  const { resourceSliceCount = 0, generation = 0 } = pool ?? {}
  if (resourceSliceCount <= 0) out.push(invalid('spec.pool.resourceSliceCount', resourceSliceCount, 'must be greater than zero'))
  if (generation < 0) out.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'))
  if (old) {
    checkImmutable(out, 'spec.pool.name', pool?.name, old.spec.pool?.name)
    checkImmutable(out, 'spec.driver', driver, old.spec.driver)
    checkImmutable(out, 'spec.nodeName', nodeName, old.spec.nodeName)
  }
  checkPlace(out, spec)
  checkDistinct(out, 'spec.devices', devices, most.devices, ({ name = '' }) => name, (at, device) => checkDevice(out, at, device))
  return out
}
