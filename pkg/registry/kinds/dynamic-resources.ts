// The kinds of resource.k8s.io: devices, claims for them, and classes.
import type { KubeObject } from '../../api/object.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { bareStatus, define, named, subresource } from './define.ts'
import type { Claim, ClaimSpec } from './device-claim.ts'
import { checkClaim, claimShape, dropReturnedDevices, validateClaimStatus } from './device-claim.ts'
import type { DeviceSelector, DriverSettings } from './device-rules.ts'
import { checkItems, checkSelectors, checkSettings, most } from './device-rules.ts'
import type { Slice } from './device-slice.ts'
import { validateSlice } from './device-slice.ts'
import { goForm } from './go-values.ts'
import type { Errors } from './rules.ts'
import { immutableText, invalid, same } from './rules.ts'
import { checkTemplateMetadata } from './template-metadata.ts'

interface Class extends KubeObject {
  spec: { selectors?: DeviceSelector[]; config?: DriverSettings[] }
}

interface ClaimTemplate extends KubeObject {
  spec: { metadata?: object; spec?: ClaimSpec }
}

function defaultClaim({ devices }: ClaimSpec): void {
  for (const { exactly, firstAvailable = [] } of devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...firstAvailable]) {
      request.allocationMode ||= 'ExactCount'
      if (request.allocationMode === 'ExactCount') request.count ||= 1
    }
  }
}

function claimState({ metadata, status }: Claim): string {
  const states = [
    ...(metadata.deletionTimestamp === undefined ? [] : ['deleted']),
    ...(status?.allocation ? ['allocated', ...(status.reservedFor?.length ? ['reserved'] : [])] : metadata.deletionTimestamp === undefined ? ['pending'] : []),
  ]
  return states.join(',')
}

const classes = define(named<Class>('resource.k8s.io/v1', 'deviceclasses'), {
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }) {
    const out: Errors = []
    checkSelectors(out, 'spec.selectors', spec.selectors)
    checkItems(out, 'spec.config', spec.config, most.config, (at, settings) => checkSettings(out, at, settings))
    return out
  },
  columns: [nameColumn, ageColumn],
})

const claims = define(named<Claim>('resource.k8s.io/v1', 'resourceclaims'), {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
    defaultClaim(draft.spec)
  },
  // Nothing of it may change, so that nothing else needs to be said.
  validate({ spec }, old) {
    const out: Errors = []
    if (!old) checkClaim(out, 'spec', spec)
    else if (!same(spec, old.spec)) out.push(invalid('spec', goForm(spec, claimShape), immutableText))
    return out
  },
  subresources: [subresource<Claim>('status', {
    merge: bareStatus,
    prepareUpdate(draft, old) {
      dropReturnedDevices(draft, old)
    },
    validate: validateClaimStatus,
  })],
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
    checkTemplateMetadata(out, 'spec.metadata', spec.metadata)
    checkClaim(out, 'spec.spec', spec.spec ?? {})
    if (old && !same(spec, old.spec)) out.push(invalid('spec', { ...spec.metadata, Spec: goForm(spec.spec, claimShape) }, immutableText))
    return out
  },
  columns: [nameColumn, ageColumn],
})

const slices = define(named<Slice>('resource.k8s.io/v1', 'resourceslices'), {
  fields: { 'spec.nodeName': ({ spec }) => spec.nodeName ?? '', 'spec.driver': ({ spec }) => spec.driver ?? '' },
  defaults(draft) {
    draft.spec ??= {}
  },
  validate: validateSlice,
  columns: [
    nameColumn,
    text('Node', 'Node that has the devices.', ({ spec }) => spec.nodeName ?? ''),
    text('Driver', 'Driver of the devices.', ({ spec }) => spec.driver ?? ''),
    text('Pool', 'Pool that the devices belong to.', ({ spec }) => spec.pool?.name ?? ''),
    ageColumn,
  ],
})

const all: readonly Definition[] = [classes, claims, templates, slices]
export default all
