// Field texts for `kubectl explain`: a file that the build generates, read only when a document is asked for.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Descriptions } from './openapi-schema.ts'

export interface DescriptionSource {
  /** Changes with the texts; costs nothing. */
  readonly stamp: string
  read(): Descriptions
}

export const noDescriptions: DescriptionSource = { stamp: '', read: () => ({}) }

/** The generated file, beside the bundle or in the working tree's cache; nothing if it was never generated. */
export function findDescriptions(folders: readonly string[] = defaultFolders()): DescriptionSource {
  for (const folder of folders) {
    const file = join(folder, 'descriptions.json')
    const found = statSync(file, { throwIfNoEntry: false })
    if (found) return { stamp: `${found.size}-${Math.trunc(found.mtimeMs)}`, read: () => JSON.parse(readFileSync(file, 'utf8')) as Descriptions }
  }
  return noDescriptions
}

function defaultFolders(): string[] {
  const here = import.meta.dirname
  // The single binary has no folder of its own.
  return here === undefined ? [] : [here, join(here, '../../dist'), join(here, '../../.cache')]
}
