// The kinds of resource.k8s.io: devices, claims for them, and classes.
import type { KubeObject } from '../../api/object.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkImmutable, checkNonNegative, duplicate, invalid, required } from './rules.ts'

interface ExactRequest {
  deviceClassName?: string
  allocationMode?: string
  count?: number
}

interface DeviceRequest {
  name?: string
  exactly?: ExactRequest
  firstAvailable?: (ExactRequest & { name?: string })[]
}

interface ClaimSpec {
  devices?: { requests?: DeviceRequest[] }
}

interface Claim extends KubeObject {
  spec: ClaimSpec
  status?: { allocation?: unknown; reservedFor?: unknown[] }
}

interface ClaimTemplate extends KubeObject {
  spec: { metadata?: object; spec?: ClaimSpec }
}

interface Slice extends KubeObject {
  spec: {
    driver?: string
    nodeName?: string
    allNodes?: boolean
    nodeSelector?: unknown
    perDeviceNodeSelection?: boolean
    pool?: { name?: string; generation?: number; resourceSliceCount?: number }
    devices?: { name?: string }[]
  }
}

function defaultClaim({ devices }: ClaimSpec): void {
  for (const { exactly, firstAvailable = [] } of devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...firstAvailable]) {
      request.allocationMode ||= 'ExactCount'
      if (request.allocationMode === 'ExactCount') request.count ||= 1
    }
  }
}

function checkClaim(out: Errors, path: string, spec: ClaimSpec): void {
  const seen = new Set<string>()
  for (const [index, { name, exactly, firstAvailable }] of (spec.devices?.requests ?? []).entries()) {
    const at = `${path}.devices.requests[${index}]`
    if (!name) out.push(required(`${at}.name`))
    else {
      checkDnsLabel(out, `${at}.name`, name)
      if (seen.has(name)) out.push(duplicate(`${at}.name`, name))
      seen.add(name)
    }
    if (!exactly && !firstAvailable?.length) out.push(required(at, 'exactly one of `exactly` or `firstAvailable` is required'))
    if (exactly && firstAvailable?.length) out.push(invalid(at, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'))
    if (exactly && !exactly.deviceClassName) out.push(required(`${at}.exactly.deviceClassName`))
    checkNonNegative(out, `${at}.exactly.count`, exactly?.count)
  }
}

function claimState({ metadata, status }: Claim): string {
  const states = [
    ...(metadata.deletionTimestamp === undefined ? [] : ['deleted']),
    ...(status?.allocation ? ['allocated'] : []),
    ...(status?.reservedFor?.length ? ['reserved'] : []),
  ]
  if (!status?.allocation) states.push('pending')
  return states.join(',')
}

const classes = define(named<KubeObject>('resource.k8s.io/v1', 'deviceclasses'), { columns: [nameColumn, ageColumn] })

const claims = define(named<Claim>('resource.k8s.io/v1', 'resourceclaims'), {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
    defaultClaim(draft.spec)
  },
  validate({ spec }, old) {
    const out: Errors = []
    checkClaim(out, 'spec', spec)
    if (old) checkImmutable(out, 'spec', spec, old.spec)
    return out
  },
  columns: [nameColumn, text('State', 'pending, allocated, reserved or deleted.', claimState), ageColumn],
})

const templates = define(named<ClaimTemplate>('resource.k8s.io/v1', 'resourceclaimtemplates'), {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.spec ??= {}
    defaultClaim(draft.spec.spec)
  },
  validate({ spec }, old) {
    const out: Errors = []
    checkClaim(out, 'spec.spec', spec.spec ?? {})
    if (old) checkImmutable(out, 'spec', spec, old.spec)
    return out
  },
  columns: [nameColumn, ageColumn],
})

const slices = define(named<Slice>('resource.k8s.io/v1', 'resourceslices'), {
  fields: { 'spec.nodeName': ({ spec }) => spec.nodeName ?? '', 'spec.driver': ({ spec }) => spec.driver ?? '' },
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }, old) {
    const out: Errors = []
    if (!spec.driver) out.push(required('spec.driver'))
    if (!spec.pool?.name) out.push(required('spec.pool.name'))
    if ((spec.pool?.resourceSliceCount ?? 0) <= 0) out.push(invalid('spec.pool.resourceSliceCount', spec.pool?.resourceSliceCount ?? 0, 'must be greater than zero'))
    const places = [spec.nodeName, spec.nodeSelector, spec.allNodes || undefined, spec.perDeviceNodeSelection || undefined].filter((place) => place !== undefined)
    if (places.length !== 1) out.push(invalid('spec', null, 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'))
    const seen = new Set<string>()
    for (const [index, { name = '' }] of (spec.devices ?? []).entries()) {
      checkDnsLabel(out, `spec.devices[${index}].name`, name)
      if (seen.has(name)) out.push(duplicate(`spec.devices[${index}].name`, name))
      seen.add(name)
    }
    if (old) {
      checkImmutable(out, 'spec.driver', spec.driver, old.spec.driver)
      checkImmutable(out, 'spec.pool.name', spec.pool?.name, old.spec.pool?.name)
      checkImmutable(out, 'spec.nodeName', spec.nodeName, old.spec.nodeName)
    }
    return out
  },
  columns: [
    nameColumn,
    text('Node', 'Node that has the devices.', ({ spec }) => spec.nodeName ?? '<unset>'),
    text('Driver', 'Driver of the devices.', ({ spec }) => spec.driver ?? ''),
    text('Pool', 'Pool that the devices belong to.', ({ spec }) => spec.pool?.name ?? ''),
    ageColumn,
  ],
})

const all: readonly Definition[] = [classes, claims, templates, slices]
export default all
