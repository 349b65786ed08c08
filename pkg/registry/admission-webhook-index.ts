// The webhooks that are configured, compiled: followed in the store, so that a write sees what was configured before it was sent.
import type { KubeObject } from '../api/object.ts'
import type { Store, Watch } from '../storage/store.ts'
import type { NamedExpression } from './admission-cel.ts'
import type { Equivalents, MatchFacts, MatchRule, Selectors } from './admission-matching.ts'
import { isExempt, matchedDefinition, selectorTest } from './admission-matching.ts'
import type { Definition } from './definition.ts'
import { prefixOf } from './object-view.ts'

export interface WebhookClientConfig {
  readonly url?: string
  readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string; readonly port?: number }
  /** PEM in base64. */
  readonly caBundle?: string
}

interface WebhookStated extends Selectors {
  readonly name: string
  readonly clientConfig: WebhookClientConfig
  readonly rules?: readonly MatchRule[]
  readonly failurePolicy?: string
  readonly matchPolicy?: string
  readonly sideEffects?: string
  readonly timeoutSeconds?: number
  readonly admissionReviewVersions?: readonly string[]
  readonly reinvocationPolicy?: string
  readonly matchConditions?: readonly NamedExpression[]
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly WebhookStated[]
}

export interface Webhook {
  readonly stated: WebhookStated
  /** The name of the object that states it. */
  readonly configuration: string
  /** Unlike any other webhook's, of whatever configuration. */
  readonly id: string
  readonly selects: (facts: MatchFacts) => boolean
}

const compile = (configuration: WebhookConfiguration): Webhook[] => (configuration.webhooks ?? []).map((stated, index) => ({
  stated, configuration: configuration.metadata.name ?? '', id: `${configuration.metadata.name ?? ''}/${stated.name}/${index}`, selects: selectorTest(stated),
}))

/** What is configured at one time. Which rules are about a kind of request is found out once. */
export class WebhookSet {
  readonly all: readonly Webhook[]
  readonly #equivalents: Equivalents | undefined
  readonly #about = new Map<Definition, Map<string, readonly Webhook[]>>()

  constructor(all: readonly Webhook[], equivalents?: Equivalents) {
    this.all = all
    this.#equivalents = equivalents
  }

  /** Those whose rules are about such requests, whatever their selectors and conditions say. */
  about(facts: MatchFacts): readonly Webhook[] {
    let known = this.#about.get(facts.definition)
    if (!known) this.#about.set(facts.definition, known = new Map())
    const key = facts.subresource === undefined ? facts.operation : `${facts.operation} ${facts.subresource}`
    let found = known.get(key)
    if (!found) known.set(key, found = this.#find(facts))
    return found
  }

  #find(facts: MatchFacts): readonly Webhook[] {
    const equivalents = this.#equivalents
    if (!equivalents || isExempt(facts.definition)) return []
    return this.all.filter(({ stated }) => matchedDefinition(stated.rules ?? [], facts, stated.matchPolicy, equivalents))
  }
}

/** Ordered by the configuration's name, then as stated. */
export class WebhookIndex {
  readonly #compiled = new Map<string, readonly Webhook[]>()
  #set = new WebhookSet([])
  #equivalents: Equivalents | undefined
  #watch: Watch | undefined

  get current(): WebhookSet {
    return this.#set
  }

  start(store: Store, definition: Definition, equivalents: Equivalents): void {
    this.#equivalents = equivalents
    const prefix = prefixOf(definition)
    const { entries, revision } = store.list<WebhookConfiguration>(prefix)
    for (const { key, value } of entries) this.#compiled.set(key, compile(value))
    this.arrange()
    this.#watch = store.watch<WebhookConfiguration>(prefix, revision, (changes) => {
      for (const { key, entry } of changes) {
        if (entry) this.#compiled.set(key, compile(entry.value))
        else this.#compiled.delete(key)
      }
      this.arrange()
    })
  }

  stop(): void {
    this.#watch?.close()
  }

  /** Also after the definitions have changed. */
  arrange(): void {
    const all = [...this.#compiled].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, hooks]) => hooks)
    this.#set = new WebhookSet(all, this.#equivalents)
  }
}
