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
export const labelOf = (setting: string): string => `${prefix}${setting}`

const levels: readonly Level[] = ['privileged', 'baseline', 'restricted']

export const strictness = (level: Level): number => levels.indexOf(level)

const open: PolicyLevel = { level: 'privileged', version: 'latest' }

/** What most namespaces have. */
export const openPolicy: PodSecurityPolicy = { enforce: open, audit: open, warn: open, errors: [] }

type Labels = Readonly<Record<string, string>>

function versionOf(labels: Labels, key: string, errors: FieldError[], otherwise: PolicyVersion): PolicyVersion {
  const text = labels[key]
  if (text === undefined) return otherwise
  if (text === 'latest') return 'latest'
  const [, minor] = /^v1\.(0|[1-9]\d*)$/.exec(text) ?? []
  if (minor !== undefined && Number.isSafeInteger(Number(minor))) return Number(minor)
  errors.push(invalid(`metadata.labels[${key}]`, text, 'must be "latest" or "v1.x"'))
  return 'latest'
}

/** A level that nobody knows enforces the strictest; it does not audit or warn. */
function levelOf(labels: Labels, mode: 'enforce' | 'audit' | 'warn', errors: FieldError[], otherwise: PolicyLevel): PolicyLevel {
  const key = `${prefix}${mode}`
  const text = labels[key]
  const known = text === undefined ? otherwise.level : levels.find((level) => level === text)
  if (!known) errors.push(invalid(`metadata.labels[${key}]`, text, `must be one of ${levels.join(', ')}`))
  return { level: known ?? (mode === 'enforce' ? 'restricted' : 'privileged'), version: versionOf(labels, `${key}-version`, errors, otherwise.version) }
}

/** `defaults` hold where no label says otherwise. */
export function policyOf(labels: Labels | undefined, defaults: PodSecurityPolicy = openPolicy): PodSecurityPolicy {
  if (!labels || !Object.keys(labels).some((key) => key.startsWith(prefix))) return defaults
  const errors: FieldError[] = []
  const [enforce, audit, warn] = (['enforce', 'audit', 'warn'] as const).map((mode) => levelOf(labels, mode, errors, defaults[mode])) as [PolicyLevel, PolicyLevel, PolicyLevel]
  // Who makes workloads whose pods would be refused hears of it, unless the labels say otherwise.
  const silent = labels[`${prefix}warn`] === undefined && labels[`${prefix}enforce`] === enforce.level && strictness(enforce.level) > strictness(warn.level)
  return { enforce, audit, warn: silent ? { level: enforce.level, version: labels[`${prefix}warn-version`] === undefined ? enforce.version : warn.version } : warn, errors }
}

/** Nothing is enforced, told or noted. */
export const isFullyOpen = ({ enforce, audit, warn }: PodSecurityPolicy): boolean => [enforce, audit, warn].every(({ level }) => level === 'privileged')

export interface PodSecurityDefaults {
  readonly enforce?: string
  readonly 'enforce-version'?: string
  readonly audit?: string
  readonly 'audit-version'?: string
  readonly warn?: string
  readonly 'warn-version'?: string
}

/** A policy for namespaces that state none. Its errors say what is wrong with it. */
export function defaultPolicy(stated: PodSecurityDefaults): PodSecurityPolicy {
  const labels = Object.fromEntries(Object.entries(stated).map(([key, value]) => [`${prefix}${key}`, String(value)]))
  const errors: FieldError[] = []
  const [enforce, audit, warn] = (['enforce', 'audit', 'warn'] as const).map((mode) => levelOf(labels, mode, errors, open)) as [PolicyLevel, PolicyLevel, PolicyLevel]
  return { enforce, audit, warn, errors }
}
