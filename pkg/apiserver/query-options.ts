// Query parameters to RequestOptions, with the errors that Kubernetes gives for values that can't be read.
import { goDurationFault } from '../api/go-duration.ts'
import type { DeleteOptions, RequestOptions, Verb } from '../api/request.ts'
import { badRequest } from '../api/status-error.ts'
import { header, type Incoming } from './exchange.ts'

const text = (query: URLSearchParams, name: string): string | undefined => query.get(name) || undefined

/** Whole numbers as strconv.ParseInt takes them. */
function whole(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null) return undefined
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
  const number = BigInt(value.replace('+', ''))
  if (BigInt.asIntN(64, number) !== number) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`)
  return Number(number)
}

/** Anything but `0` and `false` is true, even nothing at all (`?watch`). */
export function truth(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name)
  return value === null ? undefined : !['0', 'false'].includes(value.toLowerCase())
}

/** What ends by itself may be given a time, as Go writes it. */
export function checkTimeout(query: URLSearchParams): void {
  const stated = query.get('timeout')
  const fault = stated ? goDurationFault(stated) : undefined
  if (fault !== undefined) throw badRequest(`invalid timeout specified in the request URL - ${fault}`)
}

/** Programs that people read the answers of get them indented, unless they say otherwise. */
const ofPeople = /^(?:curl|Wget|Mozilla\/5\.0)/

export function wantsPretty(incoming: Incoming, query: URLSearchParams): boolean {
  const stated = query.get('pretty')
  if (stated) return ['1', 't', 'true'].includes(stated.toLowerCase())
  return ofPeople.test(header(incoming, 'user-agent') ?? '')
}

const listing = (query: URLSearchParams): RequestOptions => ({
  labelSelector: text(query, 'labelSelector'),
  fieldSelector: text(query, 'fieldSelector'),
  resourceVersion: text(query, 'resourceVersion'),
  resourceVersionMatch: text(query, 'resourceVersionMatch'),
  limit: whole(query, 'limit'),
  continue: text(query, 'continue'),
  timeoutSeconds: whole(query, 'timeoutSeconds'),
  allowWatchBookmarks: truth(query, 'allowWatchBookmarks'),
  sendInitialEvents: truth(query, 'sendInitialEvents'),
})

const dryRun = (query: URLSearchParams): RequestOptions => (query.has('dryRun') ? { dryRun: query.getAll('dryRun') } : {})

const writing = (query: URLSearchParams): RequestOptions => ({ ...dryRun(query), fieldManager: text(query, 'fieldManager'), fieldValidation: text(query, 'fieldValidation') })

/** What each verb looks at; it does not see the others' parameters, nor whether they can be read. */
const readers: Readonly<Record<Verb, (query: URLSearchParams) => RequestOptions>> = {
  get: (query) => ({ resourceVersion: text(query, 'resourceVersion') }),
  list: listing, watch: listing,
  create: writing, update: writing,
  patch: (query) => ({ ...writing(query), force: truth(query, 'force') }),
  delete: dryRun,
  deletecollection: (query) => ({ ...listing(query), ...dryRun(query) }),
}

export const parseOptions = (query: URLSearchParams, verb: Verb): RequestOptions => (query.size === 0 ? {} : withoutUndefined(readers[verb](query)))

/** The options of a DELETE whose body is empty. */
export function parseDeleteQuery(query: URLSearchParams): DeleteOptions {
  const preconditions = withoutUndefined({ uid: text(query, 'uid'), resourceVersion: text(query, 'resourceVersion') })
  return withoutUndefined({
    gracePeriodSeconds: whole(query, 'gracePeriodSeconds'),
    orphanDependents: truth(query, 'orphanDependents'),
    propagationPolicy: (query.get('propagationPolicy') ?? undefined) as DeleteOptions['propagationPolicy'],
    preconditions: Object.keys(preconditions).length > 0 ? preconditions : undefined,
  })
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}
