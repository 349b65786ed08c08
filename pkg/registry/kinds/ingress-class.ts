// IngressClass: who carries out ingresses.
import { ingressClasses } from '../../api/types-service.ts'
import type { IngressClassParametersReference } from '../../api/types-service.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkDomainPath, checkImmutable, checkPathSegment, forbiddenField, notSupported, required, tooLong } from './rules.ts'

const longestController = 250

/** An object in the same namespace, or in none, by its kind and name. */
export function checkLocalReference(out: Errors, path: string, { apiGroup, kind, name }: { apiGroup?: string; kind?: string; name?: string }): void {
  if (apiGroup !== undefined) checkDnsSubdomain(out, `${path}.apiGroup`, apiGroup)
  for (const [field, value] of [['kind', kind], ['name', name]] as const) {
    if (!value) out.push(required(`${path}.${field}`))
    else checkPathSegment(out, `${path}.${field}`, value)
  }
}

function checkParameters(out: Errors, path: string, parameters: IngressClassParametersReference): void {
  checkLocalReference(out, path, parameters)
  const { scope, namespace } = parameters
  const at = `${path}.namespace`
  if (scope === undefined) out.push(required(`${path}.scope`))
  else if (scope === 'Namespace') {
    if (namespace === undefined) out.push(required(at, "`parameters.scope` is set to 'Namespace'"))
    else checkDnsLabel(out, at, namespace)
  } else if (scope !== 'Cluster') out.push(notSupported(`${path}.scope`, scope, ['Cluster', 'Namespace']))
  else if (namespace !== undefined) out.push(forbiddenField(at, "`parameters.scope` is set to 'Cluster'"))
}

export default define(ingressClasses, {
  defaults(draft) {
    draft.spec ??= {}
    if (draft.spec.parameters) draft.spec.parameters.scope ??= 'Cluster'
  },
  validate({ spec: { controller, parameters } }, old) {
    const out: Errors = []
    if (old) checkImmutable(out, 'spec.controller', controller, old.spec.controller)
    if (controller && Buffer.byteLength(controller) > longestController) out.push(tooLong('spec.controller', longestController))
    checkDomainPath(out, 'spec.controller', controller)
    if (parameters) checkParameters(out, 'spec.parameters', parameters)
    return out
  },
  columns: [
    nameColumn,
    text('Controller', 'Who carries out ingresses of the class.', ({ spec }) => spec.controller ?? ''),
    text('Parameters', 'Object with more settings.', ({ spec }) => {
      if (!spec.parameters) return none
      const { kind, apiGroup, name } = spec.parameters
      return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`
    }),
    ageColumn,
  ],
})
