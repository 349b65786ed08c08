// Access to devices for administrators: claims may ask for it, and be given it, only in namespaces that are marked for it.
import { forbiddenField, invalidObject } from '../api/field-error.ts'
import { namespaces } from '../api/types-config.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'

interface Asked {
  readonly exactly?: { readonly adminAccess?: boolean }
  readonly adminAccess?: boolean
}

interface Devices {
  readonly devices?: { readonly requests?: readonly Asked[]; readonly results?: readonly Asked[] }
}

const mark = 'resource.kubernetes.io/admin-access'

const givenTo = (object: AnyObject | undefined): readonly Asked[] =>
  (object as { status?: { allocation?: Devices } } | undefined)?.status?.allocation?.devices?.results ?? []

/** Where the object asks for such access anew, as messages name the place. */
function placeOf(object: AnyObject, { operation, definition, subresource, old }: AdmissionRequest): string | undefined {
  const { plural } = definition.resource
  if (plural === 'resourceclaims' && subresource === 'status') {
    if (givenTo(old).some(({ adminAccess }) => adminAccess)) return undefined
    const index = givenTo(object).findIndex(({ adminAccess }) => adminAccess)
    return index < 0 ? undefined : `status.allocation.devices.results[${index}].adminAccess`
  }
  if (operation !== 'CREATE' || subresource) return undefined
  const spec = (plural === 'resourceclaimtemplates' ? (object.spec as { spec?: Devices } | undefined)?.spec : object.spec) as Devices | undefined
  const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess)
  return index < 0 ? undefined : `spec.devices.requests[${index}].adminAccess`
}

export const deviceAdminAccess: AdmissionPlugin = {
  name: 'DeviceAdminAccess',
  validate(object, request) {
    const { resource } = request.definition
    if (resource.group !== 'resource.k8s.io' || (resource.plural !== 'resourceclaims' && resource.plural !== 'resourceclaimtemplates')) return
    const place = placeOf(object, request)
    if (place === undefined || request.view.get<KubeObject>(namespaces, { name: request.namespace ?? '' })?.metadata.labels?.[mark] === 'true') return
    throw invalidObject(resource, request.name, [forbiddenField(place, `admin access to devices requires the \`${mark}: true\` label on the containing namespace`)])
  },
}
