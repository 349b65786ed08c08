// The parts of a schema that something holds for, and the way to them: what walks an object for their sake looks at nothing else.
import type { JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import type { PathStep } from './structural-walk.ts'
import { spend } from '../util/allowance.ts'

export interface Sparse {
  readonly props: JsonSchemaProps
  /** Whether it holds for this part itself. */
  readonly here: boolean
  readonly fields: readonly (readonly [name: string, child: Sparse])[]
  readonly named: ReadonlySet<string>
  readonly values: Sparse | undefined
  readonly items: Sparse | undefined
}

/** undefined where it holds for nothing. The logic is left out: it has no parts of its own. */
export function sparseOf(props: JsonSchemaProps, holds: (props: JsonSchemaProps) => boolean): Sparse | undefined {
  const child = (part: boolean | JsonSchemaProps | undefined): Sparse | undefined => (typeof part === 'object' ? sparseOf(part, holds) : undefined)
  const fields = Object.entries(props.properties ?? {}).flatMap(([name, part]) => {
    const found = child(part)
    return found ? [[name, found] as const] : []
  })
  const [here, values, items] = [holds(props), child(props.additionalProperties), child(props.items)]
  return here || fields.length > 0 || values || items ? { props, here, fields, named: new Set(Object.keys(props.properties ?? {})), values, items } : undefined
}

/** Calls for each part of the value that it holds for, from the outside in; lists before their items. */
export function visitSparse(sparse: Sparse, value: unknown, visit: (props: JsonSchemaProps, value: JsonObject | readonly unknown[], path: readonly PathStep[]) => void, path: PathStep[] = []): void {
  spend(3)
  if (Array.isArray(value)) {
    if (sparse.here) visit(sparse.props, value as readonly unknown[], path)
    if (!sparse.items) return
    for (let index = 0; index < value.length; index++) {
      path.push(index)
      visitSparse(sparse.items, value[index], visit, path)
      path.pop()
    }
  } else if (isJsonObject(value)) {
    if (sparse.here) visit(sparse.props, value, path)
    for (const [name, child] of sparse.fields) {
      if (!Object.hasOwn(value, name)) continue
      path.push(name)
      visitSparse(child, value[name], visit, path)
      path.pop()
    }
    if (!sparse.values) return
    for (const name in value) {
      if (sparse.named.has(name)) continue
      path.push({ key: name })
      visitSparse(sparse.values, value[name], visit, path)
      path.pop()
    }
  }
}
