// JSON patches (RFC 6902).
import fastJsonPatch from 'fast-json-patch'
import type { JsonPatchError, Operation } from 'fast-json-patch'
import { isJsonObject, thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import { rejectedPatch } from './patch-merge.ts'
import { StatusError, badRequest } from './status-error.ts'

const maxOperations = 10_000
/** Of the text of all that a patch copies: a short patch could otherwise double an object many times over. */
const maxCopied = 3 * 1024 * 1024
const names = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

/** The patched object. Neither argument is changed. Fails with 400, 413 or 422. */
export function jsonPatch(original: JsonObject, patch: unknown): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > maxOperations) {
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity is too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`)
  }
  const operations = patch.map(readOperation)
  try {
    let document: unknown = thaw(original)
    let copied = 0
    // Values are copied: an operation may put one into two places.
    for (const [index, operation] of (thaw(operations) as unknown as Operation[]).entries()) {
      if (operation.op === 'copy' && (copied += lengthAt(document, operation.from)) > maxCopied) {
        throw rejectedPatch(`Unable to complete the copy, the accumulated size increase of copy is ${copied}, exceeding the limit ${maxCopied}`)
      }
      document = fastJsonPatch.applyOperation<unknown>(document, operation, true, true, true, index).newDocument
    }
    if (!isJsonObject(document)) throw rejectedPatch('expected the patched document to be an object')
    return document
  } catch (error) {
    if (error instanceof fastJsonPatch.JsonPatchError) throw rejectedPatch(fault(error))
    // The library's answer to paths through __proto__, and to values of an unexpected kind on the way.
    if (error instanceof TypeError) throw rejectedPatch(error.message)
    throw error
  }
}

/** The length of a value's text; 0 for what is not there. */
function lengthAt(document: unknown, pointer: string): number {
  try {
    return JSON.stringify(fastJsonPatch.getValueByPointer(document, pointer))?.length ?? 0
  } catch (error) {
    // The operation itself will tell.
    if (error instanceof fastJsonPatch.JsonPatchError || error instanceof TypeError) return 0
    throw error
  }
}

function readOperation(operation: unknown): JsonObject {
  if (!isJsonObject(operation)) throw badRequest('error decoding patch: expected an operation to be an object')
  const { op, path, from } = operation
  if (typeof op !== 'string' || !names.has(op)) throw rejectedPatch(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
  if (typeof path !== 'string') throw rejectedPatch(`${op} operation: missing path`)
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') throw rejectedPatch(`${op} operation: missing from`)
  if ((op === 'add' || op === 'replace' || op === 'test') && operation['value'] === undefined) return { ...operation, value: null }
  return operation
}

function fault(error: JsonPatchError): string {
  const operation: unknown = error.operation
  const { op, path } = readOperation(operation) as { op: string; path: string }
  if (error.name === 'TEST_OPERATION_FAILED') return `testing value ${path} failed: test failed`
  return `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`
}
