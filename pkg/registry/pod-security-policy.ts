// A namespace's pod security policy, as its labels state it.
import type { FieldError } from '../api/field-error.ts'
import { invalid } from '../api/field-error.ts'
import type { Level, PolicyLevel, PolicyVersion } from './pod-security-checks.ts'

export interface PodSecurityPolicy {
  readonly enforce: PolicyLevel
  readonly audit: PolicyLevel
  readonly warn: PolicyLevel
  readonly errors: readonly FieldError[]
}

const prefix = 'pod-security.kubernetes.io/'
const levels: readonly Level[] = ['privileged', 'baseline', 'restricted']

export const strictness = (level: Level): number => levels.indexOf(level)

const open: PolicyLevel = { level: 'privileged', version: 'latest' }

/** What most namespaces have. */
export const openPolicy: PodSecurityPolicy = { enforce: open, audit: open, warn: open, errors: [] }

type Labels = Readonly<Record<string, string>>

function versionOf(labels: Labels, key: string, errors: FieldError[]): PolicyVersion {
  const text = labels[key]
  if (text === undefined || text === 'latest') return 'latest'
  const [, minor] = /^v1\.(0|[1-9]\d*)$/.exec(text) ?? []
  if (minor !== undefined) return Number(minor)
  errors.push(invalid(`metadata.labels[${key}]`, text, 'must be "latest" or "v1.x"'))
  return 'latest'
}

/** A level that nobody knows enforces the strictest; it does not audit or warn. */
function levelOf(labels: Labels, mode: 'enforce' | 'audit' | 'warn', errors: FieldError[]): PolicyLevel {
  const key = `${prefix}${mode}`
  const text = labels[key]
  const known = text === undefined ? 'privileged' : levels.find((level) => level === text)
  if (!known) errors.push(invalid(`metadata.labels[${key}]`, text, `must be one of ${levels.join(', ')}`))
  return { level: known ?? (mode === 'enforce' ? 'restricted' : 'privileged'), version: versionOf(labels, `${key}-version`, errors) }
}

export function policyOf(labels: Labels | undefined): PodSecurityPolicy {
  if (!labels || !Object.keys(labels).some((key) => key.startsWith(prefix))) return openPolicy
  const errors: FieldError[] = []
  const [enforce, audit, warn] = (['enforce', 'audit', 'warn'] as const).map((mode) => levelOf(labels, mode, errors)) as [PolicyLevel, PolicyLevel, PolicyLevel]
  // Who makes workloads whose pods would be refused hears of it, unless the labels say otherwise.
  const silent = labels[`${prefix}warn`] === undefined && strictness(enforce.level) > strictness(warn.level)
  return { enforce, audit, warn: silent ? { level: enforce.level, version: labels[`${prefix}warn-version`] === undefined ? enforce.version : warn.version } : warn, errors }
}
