// JSON patches (RFC 6902).
import { equalJson, isJsonObject, setKey, thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import { rejectedPatch } from './patch-merge.ts'
import { StatusError, badRequest } from './status-error.ts'

const maxOperations = 10_000
/** Of the text of all that a patch copies: a short patch could otherwise double an object many times over. */
const maxCopied = 3 * 1024 * 1024
const names = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string
  readonly value: unknown
}

/** The patched object. Neither argument is changed. Fails with 400, 413 or 422. */
export function jsonPatch(original: JsonObject, patch: unknown): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > maxOperations) {
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity is too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`)
  }
  // Values are copied: a later operation may change what an earlier one has put in.
  const operations = thaw(patch.map(readOperation)) as unknown as Operation[]
  const document = new PatchedDocument(thaw(original))
  for (const operation of operations) document.apply(operation)
  if (!isJsonObject(document.root)) throw rejectedPatch('expected the patched document to be an object')
  return document.root
}

function readOperation(operation: unknown): JsonObject {
  if (!isJsonObject(operation)) throw badRequest('error decoding patch: expected an operation to be an object')
  const { op, path, from } = operation
  if (typeof op !== 'string' || !names.has(op)) throw rejectedPatch(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
  if (typeof path !== 'string') throw rejectedPatch(`${op} operation: missing path`)
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') throw rejectedPatch(`${op} operation: missing from`)
  return { op, path, from: from ?? '', value: operation['value'] ?? null }
}

/** A step led nowhere. */
class MissingPath extends Error {}

/** Each operation costs what it moves, never what the document has. */
class PatchedDocument {
  root: unknown
  #copied = 0

  constructor(root: unknown) {
    this.root = root
  }

  apply(operation: Operation): void {
    try {
      this.#run(operation)
    } catch (error) {
      if (!(error instanceof MissingPath)) throw error
      throw rejectedPatch(`${operation.op} operation does not apply: doc is missing path: ${JSON.stringify(operation.path)}: missing value`)
    }
  }

  #run({ op, path, from, value }: Operation): void {
    switch (op) {
      case 'add': return this.#add(path, value)
      case 'remove': return void this.#remove(path)
      case 'replace': return this.#replace(path, value)
      case 'move': return this.#add(path, this.#remove(from))
      case 'copy': return this.#add(path, this.#copyOf(from))
      case 'test':
        if (!equalJson(this.#find(path) ?? null, value)) throw rejectedPatch(`testing value ${path} failed: test failed`)
    }
  }

  #copyOf(from: string): unknown {
    const value = this.#find(from)
    if (value === undefined) throw new MissingPath()
    this.#copied += JSON.stringify(value).length
    if (this.#copied > maxCopied) throw rejectedPatch(`Unable to complete the copy, the accumulated size increase of copy is ${this.#copied}, exceeding the limit ${maxCopied}`)
    return thaw(value)
  }

  /** undefined when only the last step leads nowhere. */
  #find(path: string): unknown {
    if (path === '') return this.root
    const { parent, key } = this.#place(path)
    return child(parent, key)
  }

  #add(path: string, value: unknown): void {
    if (path === '') return void (this.root = value)
    const { parent, key } = this.#place(path)
    if (Array.isArray(parent)) parent.splice(key === '-' ? parent.length : indexOf(key, parent.length), 0, value)
    else setKey(parent, key, value)
  }

  #replace(path: string, value: unknown): void {
    if (path === '') return void (this.root = value)
    const { parent, key } = this.#place(path)
    if (child(parent, key) === undefined) throw new MissingPath()
    if (Array.isArray(parent)) parent[Number(key)] = value
    else setKey(parent, key, value)
  }

  #remove(path: string): unknown {
    const value = this.#find(path)
    if (value === undefined) throw new MissingPath()
    if (path === '') {
      this.root = null
      return value
    }
    const { parent, key } = this.#place(path)
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete parent[key]
    return value
  }

  #place(path: string): { parent: JsonObject | unknown[]; key: string } {
    const [first, ...steps] = path.split('/').map((step) => (step.includes('~') ? step.replaceAll('~1', '/').replaceAll('~0', '~') : step))
    const key = steps.pop()
    if (first !== '' || key === undefined) throw new MissingPath()
    let parent = this.root
    for (const step of steps) parent = child(parent, step)
    if (typeof parent !== 'object' || parent === null) throw new MissingPath()
    return { parent: parent as JsonObject | unknown[], key }
  }
}

function child(parent: unknown, key: string): unknown {
  if (Array.isArray(parent)) return isIndex(key) ? parent[Number(key)] : undefined
  return isJsonObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined
}

const isIndex = (key: string): boolean => /^(?:0|[1-9]\d*)$/.test(key)

/** Of an item that is to stand there. */
function indexOf(key: string, last: number): number {
  if (!isIndex(key) || Number(key) > last) throw new MissingPath()
  return Number(key)
}
