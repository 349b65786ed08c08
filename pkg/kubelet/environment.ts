// A container's environment variables, from everything that they can come from. Pure.
import type { ConfigMap, Secret } from '../api/types-config.ts'
import type { Container, EnvVar, Pod } from '../api/types-pod.ts'
import type { PodAddresses } from './downward.ts'
import { fieldValue, resourceValue } from './downward.ts'
import { expand } from './expansion.ts'

/** Something that the pod refers to is not there: it waits with CreateContainerConfigError until it is. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

export interface EnvironmentInput {
  readonly pod: Pod
  readonly addresses: PodAddresses
  readonly allocatable: Readonly<Record<string, string>>
  readonly configMaps: ReadonlyMap<string, ConfigMap>
  readonly secrets: ReadonlyMap<string, Secret>
  readonly services: ReadonlyMap<string, string>
}

/** Names of the ConfigMaps and Secrets that the environment is made from. */
export function environmentSources(container: Container): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string>()
  const secrets = new Set<string>()
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef?.name) configMaps.add(configMapRef.name)
    if (secretRef?.name) secrets.add(secretRef.name)
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name)
    if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name)
  }
  return { configMaps, secrets }
}

/** Later ones win: services, then envFrom, then env, which may refer to all before it. */
export function containerEnvironment(container: Container, input: EnvironmentInput): Map<string, string> {
  const env = new Map<string, string>()
  for (const from of container.envFrom ?? []) {
    const prefix = from.prefix ?? ''
    for (const [name, value] of sourceEntries(from, input)) if (!`${prefix}${name}`.includes('=')) env.set(`${prefix}${name}`, value)
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, container, input, env)
    if (value !== undefined) env.set(variable.name, value)
  }
  for (const [name, value] of input.services) if (!env.has(name)) env.set(name, value)
  return env
}

function sourceEntries(from: NonNullable<Container['envFrom']>[number], input: EnvironmentInput): [string, string][] {
  if (from.configMapRef) {
    const { name = '', optional } = from.configMapRef
    const found = input.configMaps.get(name)
    if (!found && !optional) throw new ConfigError(`configmap "${name}" not found`)
    return Object.entries(found?.data ?? {})
  }
  if (from.secretRef) {
    const { name = '', optional } = from.secretRef
    const found = input.secrets.get(name)
    if (!found && !optional) throw new ConfigError(`secret "${name}" not found`)
    return Object.entries(found?.data ?? {}).map(([key, value]) => [key, decoded(value)])
  }
  return []
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString()

function variableValue(variable: EnvVar, container: Container, input: EnvironmentInput, before: ReadonlyMap<string, string>): string | undefined {
  const from = variable.valueFrom
  if (!from) return expand(variable.value ?? '', (name) => before.get(name) ?? input.services.get(name))
  if (from.fieldRef) return orConfigError(() => fieldValue(input.pod, from.fieldRef?.fieldPath ?? '', input.addresses))
  const resource = from.resourceFieldRef
  if (resource) return orConfigError(() => resourceValue(input.pod, resource, { container: container.name, allocatable: input.allocatable }))
  const namespace = input.pod.metadata.namespace ?? ''
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef
    return keyValue({ what: 'ConfigMap', name, key, namespace, optional: optional ?? false }, input.configMaps.get(name)?.data)
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional } = from.secretKeyRef
    const value = keyValue({ what: 'Secret', name, key, namespace, optional: optional ?? false }, input.secrets.get(name)?.data)
    return value === undefined ? undefined : decoded(value)
  }
  return undefined
}

interface KeyRef {
  readonly what: 'ConfigMap' | 'Secret'
  readonly name: string
  readonly key: string
  readonly namespace: string
  readonly optional: boolean
}

function keyValue(ref: KeyRef, data: Readonly<Record<string, string>> | undefined, present = data !== undefined): string | undefined {
  const value = data?.[ref.key]
  if (value !== undefined || ref.optional) return value
  if (!present) throw new ConfigError(`${ref.what.toLowerCase()} "${ref.name}" not found`)
  throw new ConfigError(`couldn't find key ${ref.key} in ${ref.what} ${ref.namespace}/${ref.name}`)
}

function orConfigError(value: () => string): string {
  try {
    return value()
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
}
