// Whether a kind has what a request asks of it: refused as Kubernetes' router does for its own kinds, and as its handler of custom resources does for those.
import type { ApiRequest } from '../api/request.ts'
import { badRequest, methodNotAllowed, methodNotSupported, notFound, PageNotFound, unknownPath } from '../api/status-error.ts'
import type { Definition } from '../registry/definition.ts'

/** `verb` is '' for a method that is none. */
export type Asked = Pick<ApiRequest, 'namespace' | 'name' | 'subresource'> & { readonly verb: string }

/** Throws 404 for a subresource or scope that is not there, 405 for a verb that it does not have. */
export function checkServed(definition: Definition, asked: Asked): void {
  if (definition.schema.goName === undefined) checkCustom(definition, asked)
  else checkBuiltIn(definition, asked)
}

const subresourceOf = ({ subresources }: Definition, { subresource }: Asked): Definition['subresources'][number] | undefined =>
  (subresource === undefined ? undefined : subresources.find(({ name }) => name === subresource))

function checkBuiltIn(definition: Definition, asked: Asked): void {
  const { namespaced, plural } = definition.resource
  const { verb, namespace, name } = asked
  const subresource = subresourceOf(definition, asked)
  if (asked.subresource && !subresource) throw unknownPath()
  if (!namespaced && namespace !== undefined && plural !== 'namespaces') throw unknownPath()
  if (namespaced && !namespace) {
    if (name !== undefined && verb !== 'watch') throw unknownPath()
    // The collection over all namespaces can only be looked at.
    if (verb === 'create' || verb === 'deletecollection') throw methodNotAllowed()
  }
  const onObject = verb === 'update' || verb === 'patch' || subresource !== undefined
  if (onObject && name === undefined) throw methodNotAllowed()
  if (verb === 'create' && name !== undefined && !subresource) throw methodNotAllowed()
  if (!has((subresource ?? definition).verbs, verb)) throw methodNotAllowed()
}

function checkCustom(definition: Definition, asked: Asked): void {
  const { resource } = definition
  const { verb, namespace, name } = asked
  const isCollection = verb === 'list' || verb === 'watch'
  if (resource.namespaced ? !namespace && !isCollection : namespace !== undefined) throw new PageNotFound()
  const subresource = subresourceOf(definition, asked)
  if (asked.subresource && !subresource) throw notFound(resource, name ?? '')
  if (!has((subresource ?? definition).verbs, verb) || (verb === 'create' && name !== undefined)) throw methodNotSupported(resource, verb)
  if (name === undefined && (verb === 'update' || verb === 'patch')) throw badRequest('name must be provided')
}

const has = (verbs: readonly string[], verb: string): boolean => verbs.includes(verb)
