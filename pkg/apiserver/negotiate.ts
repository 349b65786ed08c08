// Content negotiation: from an Accept header to the form of the answer.
import type { Verb } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'

export type MediaType = 'application/json' | 'application/yaml'

/** How an object is shown: as it is, as a row of a table, or its metadata only. */
export interface Form {
  readonly media: MediaType
  readonly as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  /** Version of meta.k8s.io for `as`. */
  readonly version?: 'v1' | 'v1beta1'
}

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

const plainJson: Form = { media: 'application/json' }
const shapes = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])
const offered = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

/** Clauses in the client's order of preference. */
function clauses(accept: string): Clause[] {
  const parsed = accept.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim())
    const parameters = new Map(rest.map((piece) => {
      const at = piece.indexOf('=')
      return at < 0 ? [piece.toLowerCase(), ''] : [piece.slice(0, at).trim().toLowerCase(), piece.slice(at + 1).trim().replace(/^"(.*)"$/, '$1')]
    }))
    return { type: type.toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1) || 0 }
  })
  return inOrder(parsed.filter((clause) => clause.type !== ''))
}

const comesFirst = (a: Clause, b: Clause): boolean =>
  a.quality > b.quality || (!a.type.startsWith('*') && b.type.startsWith('*')) || (!a.type.endsWith('*') && b.type.endsWith('*'))

/** Nobody has more to say. */
const mostClauses = 12

/** As Go's sort leaves them by a rule that is no order: what is worth more and what is more exact both come first. What is worth nothing is taken still, last. */
function inOrder(all: Clause[]): Clause[] {
  if (all.length > mostClauses) return all.sort((a, b) => b.quality - a.quality)
  for (let next = 1; next < all.length; next++) {
    for (let at = next; at > 0 && comesFirst(all[at]!, all[at - 1]!); at--) [all[at - 1], all[at]] = [all[at]!, all[at - 1]!]
  }
  return all
}

function mediaOf(type: string): MediaType | undefined {
  switch (type) {
    // Whoever takes protobuf from a Kubernetes server takes JSON as well, so JSON is the answer.
    case 'application/vnd.kubernetes.protobuf':
    case 'application/json': case 'application/*': case '*/*':
      return 'application/json'
    case 'application/yaml': case 'application/x-yaml': case 'text/yaml':
      return 'application/yaml'
    default:
      return undefined
  }
}

/** What Kubernetes' own kinds are produced in, by whether they are listed. */
const objectTypes = offered.split(', ')
const streamTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const listTypes = [...objectTypes, ...streamTypes]
export const producedFor = (verb: Verb): readonly string[] => (verb === 'list' || verb === 'watch' ? listTypes : objectTypes)

const notAcceptable = (text: string): StatusError => new StatusError(406, 'NotAcceptable', text)

const cache = new Map<string, Form>()
const cacheLimit = 256

/** The best form that the client takes. Throws 406 when it takes none; `produced`: what a router in front offers, which refuses what it does not know in words of its own. */
export function negotiate(accept: string | undefined, produced?: readonly string[]): Form {
  if (!accept || accept === 'application/json' || accept === '*/*') return plainJson
  const known = cache.get(accept)
  if (known) return known
  const form = choose(accept, produced)
  if (cache.size >= cacheLimit) cache.clear()
  cache.set(accept, form)
  return form
}

function choose(accept: string, produced?: readonly string[]): Form {
  for (const { type, parameters } of clauses(accept)) {
    const media = mediaOf(type)
    if (!media) continue
    const stream = parameters.get('stream')
    if (stream && (stream !== 'watch' || media === 'application/yaml')) continue
    const as = parameters.get('as')
    if (as === undefined) return { media }
    const version = parameters.get('v')
    if (!shapes.has(as) || parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) continue
    return { media, as: as as Form['as'], version }
  }
  const bare = accept.split(',').map((part) => (part.split(';')[0] ?? '').trim())
  if (produced && !bare.some((type) => type === '*/*' || produced.includes(type))) {
    throw new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`, {})
  }
  throw notAcceptable(`only the following media types are accepted: ${offered}`)
}

/** Refuses what can't be streamed: YAML. */
export function checkStreamed({ media }: Form): void {
  if (media === 'application/yaml') throw notAcceptable(`only the following media types are accepted: ${streamTypes.join(', ')}`)
}

/** The refusal of a form for a kind that has none, such as a Table of a review. */
export const noSuchForm = (kind: string): StatusError =>
  notAcceptable(`only the following media types are accepted when converting to ${kind}: ${offered}`)

interface Served {
  readonly resource: { readonly group: string; readonly kind: string }
  readonly schema: { readonly goName?: string }
}

/** What Kubernetes keeps of a kind: its own ones without a version. */
const goType = ({ resource: { group, kind }, schema: { goName } }: Served, list: boolean): string =>
  (goName === undefined ? `*unstructured.Unstructured${list ? 'List' : ''}` : `*${group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!}.${kind}${list ? 'List' : ''}`)

/** The refusals of the metadata of one for a list, and of a list for one. */
export const notSingle = (served: Served): StatusError => notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${goType(served, true)})`)
export const notList = (served: Served): StatusError => notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (${goType(served, false)})`)
