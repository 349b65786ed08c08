// The webhooks that are configured, compiled: followed in the store, so that a write sees what was configured before it was sent.
import type { CelProgram } from '../api/cel.ts'
import { CelCompileError } from '../api/cel.ts'
import type { KubeObject } from '../api/object.ts'
import type { Store, Watch } from '../storage/store.ts'
import type { NamedExpression } from './admission-cel.ts'
import { admissionEnvironment, compileCondition } from './admission-cel.ts'
import type { MatchFacts, MatchRule, Selectors } from './admission-matching.ts'
import { selectorTest } from './admission-matching.ts'
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
  /** Unlike any other webhook's, of whatever configuration. */
  readonly id: string
  readonly selects: (facts: MatchFacts) => boolean
  readonly conditions: readonly { readonly name: string; readonly program: CelProgram | string }[]
}

/** A condition that does not compile becomes the text of its fault; it was refused when it was written. */
function compileConditions(conditions: readonly NamedExpression[]): Webhook['conditions'] {
  if (conditions.length === 0) return []
  const environment = admissionEnvironment('authorizer')
  return conditions.map(({ name = '', expression = '' }) => {
    try {
      return { name, program: compileCondition(environment, expression) }
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error
      return { name, program: error.message }
    }
  })
}

const compile = (configuration: WebhookConfiguration): Webhook[] => (configuration.webhooks ?? []).map((stated, index) => ({
  stated, id: `${configuration.metadata.name ?? ''}/${stated.name}/${index}`, selects: selectorTest(stated), conditions: compileConditions(stated.matchConditions ?? []),
}))

/** Ordered by the configuration's name, then as stated. */
export class WebhookIndex {
  readonly #compiled = new Map<string, readonly Webhook[]>()
  #all: readonly Webhook[] = []
  #watch: Watch | undefined

  get all(): readonly Webhook[] {
    return this.#all
  }

  start(store: Store, definition: Definition): void {
    const prefix = prefixOf(definition)
    const { entries, revision } = store.list<WebhookConfiguration>(prefix)
    for (const { key, value } of entries) this.#compiled.set(key, compile(value))
    this.#arrange()
    this.#watch = store.watch<WebhookConfiguration>(prefix, revision, (changes) => {
      for (const { key, entry } of changes) {
        if (entry) this.#compiled.set(key, compile(entry.value))
        else this.#compiled.delete(key)
      }
      this.#arrange()
    })
  }

  stop(): void {
    this.#watch?.close()
  }

  #arrange(): void {
    this.#all = [...this.#compiled].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, hooks]) => hooks)
  }
}
