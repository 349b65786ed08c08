// The checks of the Pod Security Standards: a pod's shape to the reason and detail of each violation.
import type { ObjectMeta } from '../api/object.ts'
import type { Container, PodSpec } from '../api/types-pod.ts'
import { baselineChecks } from './pod-security-baseline.ts'
import { restrictedChecks } from './pod-security-restricted.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

/** A minor version of v1, or the newest one. */
export type PolicyVersion = number | 'latest'

export interface PolicyLevel {
  readonly level: Level
  readonly version: PolicyVersion
}

export interface Violation {
  readonly reason: string
  readonly detail: string
}

/** What a check sees. Containers are init containers first, then containers, then ephemeral ones. */
export interface PodShape {
  readonly metadata: ObjectMeta
  readonly spec: PodSpec
  readonly containers: readonly Container[]
  /** The policy's minor version; Infinity for the newest. */
  readonly minor: number
}

export type Check = (pod: PodShape) => Violation | undefined

export interface NamedCheck {
  readonly id: string
  /** The first minor version that has it. */
  readonly since: number
  readonly check: Check
  /** The baseline check that this stricter one replaces. */
  readonly replaces?: string
}

const byId = (a: NamedCheck, b: NamedCheck): number => (a.id < b.id ? -1 : 1)
const baseline = [...baselineChecks].sort(byId)
const restricted = [...restrictedChecks].sort(byId)

export const levelText = ({ level, version }: PolicyLevel): string => `${level}:${version === 'latest' ? version : `v1.${version}`}`

export function violationsOf({ level, version }: PolicyLevel, metadata: ObjectMeta, spec: PodSpec): Violation[] {
  if (level === 'privileged') return []
  const minor = version === 'latest' ? Infinity : version
  const pod: PodShape = { metadata, spec, containers: [...spec.initContainers ?? [], ...spec.containers ?? [], ...spec.ephemeralContainers ?? []], minor }
  const added = level === 'restricted' ? restricted.filter(({ since }) => since <= minor) : []
  const replaced = new Set(added.map(({ replaces }) => replaces))
  return [...baseline.filter(({ id, since }) => since <= minor && !replaced.has(id)), ...added]
    .map(({ check }) => check(pod)).filter((violation) => violation !== undefined)
}

export const detailText = (violations: readonly Violation[]): string => violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
export const reasonText = (violations: readonly Violation[]): string => violations.map(({ reason }) => reason).join(', ')
