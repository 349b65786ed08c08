// Which kinglet this is, read from package.json.
import { readFileSync } from 'node:fs'

export interface PackageFacts {
  readonly name: string
  readonly version: string
  readonly description: string
}

export function packageFacts(): PackageFacts {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as PackageFacts
}

export const versionText = (): string => `kinglet ${packageFacts().version} (Kubernetes v1.35.0, Node ${process.version})`
