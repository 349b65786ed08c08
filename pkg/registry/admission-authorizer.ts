// `authorizer` in expressions: what the request's user, or a service account, may do.
import type { CelEnvironment } from '../api/cel.ts'
import { functionsOf } from '../api/cel-register.ts'
import type { UserInfo } from '../api/request.ts'
import type { AccessQuery, Authorize } from './admission.ts'

const namespace = 'kubernetes.authorization'

class CelDecision {
  readonly allowed: boolean
  readonly reason: string
  constructor({ allowed, reason }: ReturnType<Authorize>) {
    this.allowed = allowed
    this.reason = reason ?? ''
  }
}

interface Asker {
  readonly user: UserInfo
  readonly authorize: Authorize
}

class PathCheck {
  readonly asker: Asker
  readonly path: string
  constructor(asker: Asker, path: string) {
    this.asker = asker
    this.path = path
  }
}

class GroupCheck {
  readonly asker: Asker
  readonly group: string
  constructor(asker: Asker, group: string) {
    this.asker = asker
    this.group = group
  }
}

export interface ResourceQuery {
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

class ResourceCheck {
  readonly asker: Asker
  readonly query: ResourceQuery
  constructor(asker: Asker, query: ResourceQuery) {
    this.asker = asker
    this.query = query
  }

  with(more: Partial<ResourceQuery>): ResourceCheck {
    return new ResourceCheck(this.asker, { ...this.query, ...more })
  }
}

/** Its one field is `requestResource`. */
class CelAuthorizer extends Map<string, unknown> {
  readonly asker: Asker
  constructor(asker: Asker, requested: ResourceQuery) {
    super([['requestResource', new ResourceCheck(asker, requested)]])
    this.asker = asker
  }
}

const decide = ({ user, authorize }: Asker, query: ResourceQuery | { readonly path: string }, verb: string): CelDecision =>
  new CelDecision(authorize({ ...query, user, verb } as AccessQuery))

const account = (within: string, name: string): UserInfo => ({
  username: `system:serviceaccount:${within}:${name}`, groups: ['system:serviceaccounts', `system:serviceaccounts:${within}`, 'system:authenticated'],
})

/** Declares the types, their functions, and the variable. */
export function registerAuthorizer(environment: CelEnvironment): void {
  const type = (name: string): string => `${namespace}.${name}`
  environment.registerType(type('Decision'), CelDecision).registerType(type('PathCheck'), PathCheck)
    .registerType(type('GroupCheck'), GroupCheck).registerType(type('ResourceCheck'), ResourceCheck)
    .registerType(type('Authorizer'), { ctor: CelAuthorizer, fields: { requestResource: type('ResourceCheck') } } as never)
  const add = functionsOf(environment)
  add(`${type('Authorizer')}.path(string): ${type('PathCheck')}`, ({ asker }: CelAuthorizer, path: string) => new PathCheck(asker, path))
  add(`${type('Authorizer')}.group(string): ${type('GroupCheck')}`, ({ asker }: CelAuthorizer, group: string) => new GroupCheck(asker, group))
  add(`${type('Authorizer')}.serviceAccount(string, string): ${type('Authorizer')}`, (own: CelAuthorizer, within: string, name: string) =>
    new CelAuthorizer({ ...own.asker, user: account(within, name) }, (own.get('requestResource') as ResourceCheck).query))
  add(`${type('PathCheck')}.check(string): ${type('Decision')}`, ({ asker, path }: PathCheck, verb: string) => decide(asker, { path }, verb.toLowerCase()))
  add(`${type('GroupCheck')}.resource(string): ${type('ResourceCheck')}`, ({ asker, group }: GroupCheck, resource: string) => new ResourceCheck(asker, { group, resource }))
  add(`${type('ResourceCheck')}.subresource(string): ${type('ResourceCheck')}`, (check: ResourceCheck, subresource: string) => check.with({ subresource }))
  add(`${type('ResourceCheck')}.namespace(string): ${type('ResourceCheck')}`, (check: ResourceCheck, within: string) => check.with({ namespace: within }))
  add(`${type('ResourceCheck')}.name(string): ${type('ResourceCheck')}`, (check: ResourceCheck, name: string) => check.with({ name }))
  // No authorizer here looks at selectors; they may be stated.
  for (const name of ['fieldSelector', 'labelSelector']) add(`${type('ResourceCheck')}.${name}(string): ${type('ResourceCheck')}`, (check: ResourceCheck) => check)
  add(`${type('ResourceCheck')}.check(string): ${type('Decision')}`, ({ asker, query }: ResourceCheck, verb: string) => decide(asker, query, verb))
  add(`${type('Decision')}.allowed(): bool`, ({ allowed }: CelDecision) => allowed)
  add(`${type('Decision')}.reason(): string`, ({ reason }: CelDecision) => reason)
  add(`${type('Decision')}.errored(): bool`, () => false)
  add(`${type('Decision')}.error(): string`, () => '')
  environment.registerVariable('authorizer', type('Authorizer'))
}

const nobodyKnows: Authorize = () => ({ allowed: false, reason: 'there is no authorizer' })

/** The same question gets the same answer, however rights change meanwhile. */
function remembering(authorize: Authorize): Authorize {
  const answers = new Map<string, ReturnType<Authorize>>()
  return (query) => {
    const { user: { username, groups, uid = '', extra = {} }, ...asked } = query
    const key = JSON.stringify([username, uid, groups, extra, Object.entries(asked).sort(([a], [b]) => (a < b ? -1 : 1))])
    let answer = answers.get(key)
    if (!answer) answers.set(key, answer = authorize(query))
    return answer
  }
}

/** The value of `authorizer` for a request. */
export const authorizerValue = (user: UserInfo, requested: ResourceQuery, authorize: Authorize = nobodyKnows): unknown =>
  new CelAuthorizer({ user, authorize: remembering(authorize) }, requested)
