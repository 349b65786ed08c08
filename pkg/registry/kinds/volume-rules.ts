// Access modes of volumes and claims: checks and the short texts of columns.
import type { Errors } from './rules.ts'
import { forbiddenField, notSupported, required } from './rules.ts'

const short: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }
const supported = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** `RWO,ROX`, in a fixed order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(short).filter(([mode]) => modes?.includes(mode)).map(([, text]) => text).join(',')
}

export function checkAccessModes(out: Errors, path: string, modes: readonly string[] | undefined): void {
  if (!modes?.length) {
    out.push(required(path, 'at least 1 access mode is required'))
    return
  }
  for (const mode of modes) if (!supported.includes(mode)) out.push(notSupported(path, mode, supported))
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) out.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'))
}
