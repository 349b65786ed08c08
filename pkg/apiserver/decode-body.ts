// Request bodies: objects, patches and delete options in the media types that are taken.
import type { KubeObject } from '../api/object.ts'
import type { DeleteOptions, Patch, PatchType } from '../api/request.ts'
import { StatusError, badRequest } from '../api/status-error.ts'
import type { Definition } from '../registry/definition.ts'

export interface BodyContext {
  readonly definition: Definition
  readonly subresource?: string
  readonly contentType?: string
  readonly fieldValidation?: string
  readonly warn: (text: string) => void
}

const patchTypes = new Map<string, PatchType>([
  ['application/json-patch+json', 'json'], ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'], ['application/apply-patch+yaml', 'apply'],
])

export function decodeObject(body: Buffer, _context: BodyContext): KubeObject {
  return JSON.parse(body.toString()) as KubeObject
}

export function decodePatch(body: Buffer, { contentType }: BodyContext): Patch {
  const type = patchTypes.get((contentType ?? '').split(';')[0]!.trim())
  if (!type) throw new StatusError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${[...patchTypes.keys()].join(', ')}`)
  try {
    return { type, body: JSON.parse(body.toString()) }
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}

export function decodeDeletion(body: Buffer, _contentType: string | undefined): DeleteOptions & { dryRun?: string[] } {
  return JSON.parse(body.toString()) as DeleteOptions
}
