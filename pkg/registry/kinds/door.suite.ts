// What tests of validation share: a request to the registry with the built-in kinds, and the Status of its refusal as lines.
import type { AnyObject, KubeObject } from '../../api/object.ts'
import { asking, fixture } from '../fixture.suite.ts'
import { definitionOf, definitions, type Json } from './kind.suite.ts'

interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

interface Refusal {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details?: { readonly kind?: string; readonly name?: string; readonly group?: string; readonly causes?: readonly Cause[] }
}

/** What a request came to: nothing when it was taken. */
export interface Outcome {
  /** `path: text`, one a cause. */
  readonly lines: string[]
  readonly status?: Refusal
  readonly object?: AnyObject
  readonly warnings: string[]
}

const reasons: Readonly<Record<string, string>> = {
  'Required value': 'FieldValueRequired', 'Invalid value': 'FieldValueInvalid', 'Unsupported value': 'FieldValueNotSupported', Forbidden: 'FieldValueForbidden',
  'Duplicate value': 'FieldValueDuplicate', 'Not found': 'FieldValueNotFound', 'Too long': 'FieldValueTooLong', 'Too many': 'FieldValueTooMany',
}

/** The text of a cause begins with the words of its reason, and the message has all texts. */
function linesOf(status: Refusal): string[] {
  const causes = status.details?.causes ?? []
  const lines = causes.map(({ field, message }) => `${field}: ${message}`)
  for (const [index, { message, reason }] of causes.entries()) {
    const words = Object.keys(reasons).find((text) => message.startsWith(text)) ?? ''
    if (reasons[words] !== reason) throw new Error(`cause ${lines[index] ?? ''} has the reason ${reason}`)
    if (!status.message.includes(lines[index] ?? '')) throw new Error(`the message lacks ${lines[index] ?? ''}: ${status.message}`)
  }
  return lines
}

async function outcome(work: (warn: (text: string) => void) => Promise<KubeObject>): Promise<Outcome> {
  const warnings: string[] = []
  try {
    return { lines: [], object: await work((text) => warnings.push(text)) as AnyObject, warnings }
  } catch (error) {
    const { status } = error as { status?: Refusal }
    if (!status) throw error
    return { lines: status.details?.causes ? linesOf(status) : [`${status.code}: ${status.message}`], status, warnings }
  }
}

export class Door {
  readonly #fixture = fixture({ definitions })
  readonly #kind: string
  readonly #name: string

  constructor(kind: string, name = 'x') {
    this.#kind = kind
    this.#name = name
  }

  create(object: Json): Promise<Outcome> {
    const { name = this.#name, ...metadata } = object['metadata'] as { name?: string } ?? {}
    return outcome(async (warn) => await this.#fixture.registry.create(definitionOf(this.#kind), {
      ...asking(), warn, namespace: 'default', object: { ...object, metadata: { name, ...metadata } },
    }))
  }

  patch(change: Json, subresource?: string): Promise<Outcome> {
    return outcome(async (warn) => (await this.#fixture.registry.patch(definitionOf(this.#kind), {
      ...asking(), warn, namespace: 'default', name: this.#name, patch: { type: 'merge', body: change }, ...(subresource ? { subresource } : {}),
    })).object)
  }
}

/** The lines of refusing `object`. */
export const createLines = async (kind: string, object: Json): Promise<string[]> => (await new Door(kind).create(object)).lines

/** The lines of refusing a change of `object`, which is taken first, and then given a status if there is one. */
export async function changeLines(kind: string, object: Json, change: Json, { subresource, status }: { subresource?: string; status?: Json } = {}): Promise<string[]> {
  const door = new Door(kind)
  for (const step of [await door.create(object), ...(status ? [await door.patch({ status }, 'status')] : [])]) if (step.lines.length > 0) throw new Error(step.lines.join('\n'))
  return (await door.patch(change, subresource)).lines
}
