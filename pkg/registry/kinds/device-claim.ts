// Checks of claims for devices: which are wanted, and which were given.
import type { Condition } from '../../api/types-common.ts'
import type { KubeObject } from '../../api/object.ts'
import type { NodeSelector } from '../../api/types-volume.ts'
import { checkStatusConditions } from './status-conditions.ts'
import type { DeviceSelector, DriverSettings, RequestNames } from './device-rules.ts'
import { checkDistinct, checkDriver, checkFreeObject, checkFullProperty, checkItems, checkPool, checkRequestReference, checkRequestReferences, checkSelectors, checkSettings, most } from './device-rules.ts'
import type { GoShape } from './go-values.ts'
import { goForm } from './go-values.ts'
import { interfaceAddressFaults } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsLabel, checkDnsSubdomain, forbiddenField, immutableText, invalid, notSupported, required, same, tooLong, tooMany } from './rules.ts'
import { checkNodeSelector } from './scheduling-validation.ts'

export interface Request {
  name?: string
  deviceClassName?: string
  selectors?: DeviceSelector[]
  allocationMode?: string
  count?: number
  adminAccess?: boolean
}

export interface DeviceRequest {
  name?: string
  exactly?: Request
  firstAvailable?: Request[]
}

interface Constraint {
  requests?: string[]
  matchAttribute?: string
  distinctAttribute?: string
}

export interface ClaimSpec {
  devices?: { requests?: DeviceRequest[]; constraints?: Constraint[]; config?: (DriverSettings & { requests?: string[] })[] }
}

interface Result {
  request?: string
  driver?: string
  pool?: string
  device?: string
  adminAccess?: boolean
}

interface DeviceStatus extends Result {
  conditions?: Condition[]
  data?: unknown
  networkData?: { interfaceName?: string; hardwareAddress?: string; ips?: string[] }
}

export interface Claim extends KubeObject {
  spec: ClaimSpec
  status?: {
    allocation?: { devices?: { results?: Result[]; config?: (DriverSettings & { source?: string; requests?: string[] })[] }; nodeSelector?: NodeSelector }
    reservedFor?: { apiGroup?: string; resource?: string; name?: string; uid?: string }[]
    devices?: DeviceStatus[]
  }
}

function checkRequest(out: Errors, path: string, { deviceClassName, selectors, allocationMode, count = 0 }: Request): void {
  if (!deviceClassName) out.push(required(`${path}.deviceClassName`))
  else checkDnsSubdomain(out, `${path}.deviceClassName`, deviceClassName)
  checkSelectors(out, `${path}.selectors`, selectors)
  if (allocationMode === 'All') {
    if (count !== 0) out.push(invalid(`${path}.count`, count, "must not be specified when allocationMode is 'All'"))
  } else if (allocationMode !== 'ExactCount') out.push(notSupported(`${path}.allocationMode`, allocationMode ?? '', ['All', 'ExactCount']))
  else if (count <= 0) out.push(invalid(`${path}.count`, count, 'must be greater than zero'))
}

function checkChoice(out: Errors, path: string, { name = '', exactly, firstAvailable = [] }: DeviceRequest): void {
  checkDnsLabel(out, `${path}.name`, name)
  const text = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly && firstAvailable.length > 0) out.push(invalid(path, null, `${text}, but multiple fields are set`))
  else if (exactly) checkRequest(out, `${path}.exactly`, exactly)
  else if (firstAvailable.length === 0) out.push(required(path, text))
  else {
    checkDistinct(out, `${path}.firstAvailable`, firstAvailable, most.subrequests, ({ name: own = '' }) => own, (at, request) => {
      checkDnsLabel(out, `${at}.name`, request.name ?? '')
      checkRequest(out, at, request)
    })
  }
}

const namesOf = ({ devices }: ClaimSpec): RequestNames =>
  new Map((devices?.requests ?? []).map(({ name = '', firstAvailable = [] }) => [name, new Set(firstAvailable.map((one) => one.name ?? ''))]))

export function checkClaim(out: Errors, path: string, spec: ClaimSpec): void {
  const { requests, constraints, config } = spec.devices ?? {}
  const names = namesOf(spec)
  const at = `${path}.devices`
  checkDistinct(out, `${at}.requests`, requests, most.requests, ({ name = '' }) => name, (place, request) => checkChoice(out, place, request))
  checkItems(out, `${at}.constraints`, constraints, most.constraints, (place, { requests: list, matchAttribute }) => {
    checkRequestReferences(out, `${place}.requests`, list, names)
    if (matchAttribute === undefined) out.push(required(`${place}.matchAttribute`))
    else checkFullProperty(out, `${place}.matchAttribute`, matchAttribute)
  })
  checkItems(out, `${at}.config`, config, most.config, (place, settings) => {
    checkRequestReferences(out, `${place}.requests`, settings.requests, names)
    checkSettings(out, place, settings)
  })
}

const selectorShape: GoShape = { CEL: ['cel', null, { Expression: ['expression', ''] }] }
const requestShape: GoShape = {
  DeviceClassName: ['deviceClassName', ''], Selectors: ['selectors', null, selectorShape], AllocationMode: ['allocationMode', ''], Count: ['count', 0],
}
const extras: GoShape = { Tolerations: ['tolerations', null], Capacity: ['capacity', null] }
const settingsShape: GoShape = { Opaque: ['opaque', null, { Driver: ['driver', ''], Parameters: ['parameters', null] }] }

/** A claim's spec as messages show it. */
export const claimShape: GoShape = {
  Devices: ['devices', {}, {
    Requests: ['requests', null, {
      Name: ['name', ''], Exactly: ['exactly', null, { ...requestShape, AdminAccess: ['adminAccess', null], ...extras }], FirstAvailable: ['firstAvailable', null, { Name: ['name', ''], ...requestShape, ...extras }],
    }],
    Constraints: ['constraints', null, { Requests: ['requests', null], MatchAttribute: ['matchAttribute', null], DistinctAttribute: ['distinctAttribute', null] }],
    Config: ['config', null, { Requests: ['requests', null], ...settingsShape }],
  }],
}

const resultShape: GoShape = {
  Request: ['request', ''], Driver: ['driver', ''], Pool: ['pool', ''], Device: ['device', ''], AdminAccess: ['adminAccess', null], Tolerations: ['tolerations', null],
  BindingConditions: ['bindingConditions', null], BindingFailureConditions: ['bindingFailureConditions', null], ShareID: ['shareID', null], ConsumedCapacity: ['consumedCapacity', null],
}
const requirement: GoShape = { Key: ['key', ''], Operator: ['operator', ''], Values: ['values', null] }
const allocationShape: GoShape = {
  Devices: ['devices', {}, { Results: ['results', null, resultShape], Config: ['config', null, { Source: ['source', ''], Requests: ['requests', null], ...settingsShape }] }],
  NodeSelector: ['nodeSelector', null, { NodeSelectorTerms: ['nodeSelectorTerms', null, { MatchExpressions: ['matchExpressions', null, requirement], MatchFields: ['matchFields', null, requirement] }] }],
  AllocationTimestamp: ['allocationTimestamp', null],
}

function checkAllocation(out: Errors, path: string, { devices, nodeSelector }: NonNullable<NonNullable<Claim['status']>['allocation']>, names: RequestNames): void {
  checkItems(out, `${path}.devices.results`, devices?.results, most.results, (at, { request = '', driver, pool, device = '' }) => {
    checkRequestReference(out, `${at}.request`, request, names)
    checkDriver(out, `${at}.driver`, driver)
    checkPool(out, `${at}.pool`, pool)
    checkDnsLabel(out, `${at}.device`, device)
  })
  checkItems(out, `${path}.devices.config`, devices?.config, 2 * most.config, (at, settings) => {
    const { source = '' } = settings
    if (source === '') out.push(required(`${at}.source`))
    else if (source !== 'FromClaim' && source !== 'FromClass') out.push(notSupported(`${at}.source`, source, ['FromClaim', 'FromClass']))
    checkRequestReferences(out, `${at}.requests`, settings.requests, names)
    checkSettings(out, at, settings)
  })
  if (nodeSelector) checkNodeSelector(out, `${path}.nodeSelector`, nodeSelector)
}

interface DeviceId {
  readonly Driver: string
  readonly Pool: string
  readonly Device: string
  readonly ShareID: string
}

const idOf = ({ driver = '', pool = '', device = '' }: Result): DeviceId => ({ Driver: driver, Pool: pool, Device: device, ShareID: '' })
const idsOf = (claim: Pick<Claim, 'status'>): Set<string> => new Set((claim.status?.allocation?.devices?.results ?? []).map((result) => JSON.stringify(idOf(result))))

function checkNetwork(out: Errors, path: string, { interfaceName = '', hardwareAddress = '', ips }: NonNullable<DeviceStatus['networkData']>): void {
  if (Buffer.byteLength(interfaceName) > 256) out.push(tooLong(`${path}.interfaceName`, 256))
  if (Buffer.byteLength(hardwareAddress) > 128) out.push(tooLong(`${path}.hardwareAddress`, 128))
  checkDistinct(out, `${path}.ips`, ips, most.ips, (ip) => ip, (at, ip) => addFaults(out, at, ip, interfaceAddressFaults(ip)))
}

function checkDeviceStatus(out: Errors, path: string, device: DeviceStatus, allocated: ReadonlySet<string>): void {
  checkDriver(out, `${path}.driver`, device.driver)
  checkPool(out, `${path}.pool`, device.pool)
  checkDnsLabel(out, `${path}.device`, device.device ?? '')
  if (!allocated.has(JSON.stringify(idOf(device)))) out.push(invalid(path, idOf(device), 'must be an allocated device in the claim'))
  const { conditions = [], data, networkData } = device
  if (conditions.length > most.conditions) out.push(tooMany(`${path}.conditions`, conditions.length, most.conditions))
  checkStatusConditions(out, `${path}.conditions`, conditions)
  if (data !== undefined) checkFreeObject(out, `${path}.data`, data)
  if (networkData) checkNetwork(out, `${path}.networkData`, networkData)
}

export function validateClaimStatus({ metadata, spec, status }: Claim, old: Claim): Errors {
  const out: Errors = []
  const { reservedFor = [], devices, allocation } = status ?? {}
  const allocated = idsOf({ status })
  const users = 'status.reservedFor'
  checkDistinct(out, users, reservedFor, most.reservedFor, ({ uid = '' }) => uid, (at, user) => {
    for (const field of ['resource', 'name', 'uid'] as const) if (!user[field]) out.push(required(`${at}.${field}`))
  })
  checkDistinct(out, 'status.devices', devices, -1, idOf, (at, device) => checkDeviceStatus(out, at, device, allocated))
  const fresh = reservedFor.some((user) => !old.status?.reservedFor?.some((other) => same(other, user)))
  if (reservedFor.length > 0 && !allocation) out.push(forbiddenField(users, 'may not be specified when `allocated` is not set'))
  else if (metadata.deletionTimestamp && fresh) out.push(forbiddenField(users, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'))
  const before = old.status?.allocation
  if (allocation && before) {
    if (!same(allocation, before)) out.push(invalid('status.allocation', goForm(allocation, allocationShape), immutableText))
  } else if (allocation) checkAllocation(out, 'status.allocation', allocation, namesOf(spec))
  return out
}

/** What a driver said of devices that the claim does not have any more goes with them. */
export function dropReturnedDevices({ status }: Claim, old: Claim): void {
  if (!status?.devices) return
  const kept = idsOf({ status })
  const returned = new Set([...idsOf(old)].filter((id) => !kept.has(id)))
  status.devices = status.devices.filter((device) => !returned.has(JSON.stringify(idOf(device))))
  if (status.devices.length === 0) delete status.devices
}
