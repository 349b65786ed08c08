// Which secrets a pod may name: a mirror none, and others those of its account where the account says so. Pure.
import { secretNames } from '../api/pod-references.ts'
import type { ServiceAccount } from '../api/types-config.ts'
import type { Container, Pod } from '../api/types-pod.ts'

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets'
const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])

type Named = Pick<Container, 'name' | 'env' | 'envFrom'>

/** What a pod that a node makes for itself may not have. */
export function mirrorFault({ spec }: Readonly<Pod>): string | undefined {
  if (spec.serviceAccountName) return 'a mirror pod may not reference service accounts'
  if (secretNames(spec).length > 0) return 'a mirror pod may not reference secrets'
  const tokens = spec.volumes?.some(({ projected }) => projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken))
  return tokens ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined
}

const enforced = ({ metadata: { annotations } }: ServiceAccount): boolean => truths.has(annotations?.[enforceAnnotation] ?? '')

const mountable = ({ secrets = [] }: ServiceAccount): ReadonlySet<string> => new Set(secrets.map(({ name = '' }) => name))

const notAllowed = (what: string, secret: string, { metadata: { name } }: ServiceAccount): string =>
  `${what} secret.secretName="${secret}" is not allowed because service account ${name} does not reference that secret`

function containerFault(kind: string, { name, env = [], envFrom = [] }: Named, account: ServiceAccount): string | undefined {
  const allowed = mountable(account)
  for (const one of env) {
    const secret = one.valueFrom?.secretKeyRef && (one.valueFrom.secretKeyRef.name ?? '')
    if (secret !== undefined && !allowed.has(secret)) return notAllowed(`${kind} ${name} with envVar ${one.name} referencing`, secret, account)
  }
  for (const { secretRef } of envFrom) {
    if (secretRef && !allowed.has(secretRef.name ?? '')) return notAllowed(`${kind} ${name} with envFrom referencing`, secretRef.name ?? '', account)
  }
  return undefined
}

/** The first secret that is not the account's; undefined also where the account does not mind. */
export function secretFault({ spec }: Readonly<Pod>, account: ServiceAccount): string | undefined {
  if (!enforced(account)) return undefined
  const allowed = mountable(account)
  for (const { secret } of spec.volumes ?? []) {
    if (secret && !allowed.has(secret.secretName ?? '')) return notAllowed('volume with', secret.secretName ?? '', account)
  }
  for (const [kind, containers] of [['init container', spec.initContainers ?? []], ['container', spec.containers]] as const) {
    for (const container of containers) {
      const fault = containerFault(kind, container, account)
      if (fault) return fault
    }
  }
  const pulls = new Set((account.imagePullSecrets ?? []).map(({ name = '' }) => name))
  const at = (spec.imagePullSecrets ?? []).findIndex(({ name = '' }) => !pulls.has(name))
  return at < 0 ? undefined : `imagePullSecrets[${at}].name="${spec.imagePullSecrets?.[at]?.name ?? ''}" is not allowed because service account ${account.metadata.name} does not reference that imagePullSecret`
}

export function ephemeralFault({ spec }: Readonly<Pod>, account: ServiceAccount): string | undefined {
  if (!enforced(account)) return undefined
  for (const container of spec.ephemeralContainers ?? []) {
    const fault = containerFault('ephemeral container', container, account)
    if (fault) return fault
  }
  return undefined
}
