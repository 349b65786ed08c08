// Checks of files that are put into volumes: keys of ConfigMaps and Secrets, fields of the pod, tokens, trust bundles.
import { dnsSubdomainFaults, qualifiedNameFaults } from '../../api/names.ts'
import type { ClusterTrustBundleProjection, DownwardAPIVolumeFile, KeyToPath, ObjectFieldSelector, PodCertificateProjection, ProjectedVolumeSource, ResourceFieldSelector, VolumeProjection } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import { addFaults, annotationBytes, checkLabelKey, checkLabelSelector, checkRequired, forbiddenField, invalid, notSupported, required, tooLong } from './rules.ts'
import { inGo } from './go-values.ts'
import { checkSignerName, isOwnSigner } from './signer-name.ts'

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive'

export function checkMode(out: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) out.push(invalid(path, mode, modeText))
}

export function checkNoBacksteps(out: Errors, path: string, value: string): void {
  if (value.includes('..') && value.split('/').includes('..')) out.push(invalid(path, value, "must not contain '..'"))
}

/** A path that stays below the directory that it is taken from. */
export function checkDescendingPath(out: Errors, path: string, value: string): void {
  if (value.startsWith('/')) out.push(invalid(path, value, 'must be a relative path'))
  checkNoBacksteps(out, path, value)
}

/** Such a path that is none of the names that the kubelet needs in volumes of its own making. */
export function checkLocalPath(out: Errors, path: string, value: string | undefined): void {
  if (!value) {
    out.push(required(path))
    return
  }
  checkDescendingPath(out, path, value)
  if (value.startsWith('..') && !value.startsWith('../')) out.push(invalid(path, value, "must not start with '..'"))
}

export function checkItems(out: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  for (const [index, { key, path: target, mode }] of (items ?? []).entries()) {
    const at = `${path}[${index}]`
    checkRequired(out, `${at}.key`, key)
    checkLocalPath(out, `${at}.path`, target)
    checkMode(out, `${at}.mode`, mode)
  }
}

const downwardFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']
const podFields = /^(metadata\.(name|namespace|uid|labels|annotations)|spec\.(nodeName|restartPolicy|schedulerName|serviceAccountName)|status\.(phase|podIPs?|hostIPs?))$/
const subscripted = /^(.+?)\['(.*)'\]$/s

/** Why a path is no field of a pod. */
function pathFault(apiVersion: string, fieldPath: string): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`
  const [, base] = subscripted.exec(fieldPath) ?? []
  if (base !== undefined) return base === 'metadata.annotations' || base === 'metadata.labels' ? undefined : `field label does not support subscript: ${fieldPath}`
  return podFields.test(fieldPath) ? undefined : `field label not supported: ${fieldPath}`
}

/** A field of the pod by its path; `known` are those that may be asked for here. */
export function checkFieldRef(out: Errors, path: string, { apiVersion, fieldPath }: ObjectFieldSelector, known: readonly string[]): void {
  if (!checkRequired(out, `${path}.apiVersion`, apiVersion) || !apiVersion) return
  if (!checkRequired(out, `${path}.fieldPath`, fieldPath)) return
  // An old name of the node.
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath
  const fault = pathFault(apiVersion, field)
  const [, base, key = ''] = subscripted.exec(field) ?? []
  if (fault !== undefined) out.push(invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${fault}`))
  else if (base !== undefined) checkLabelKey(out, path, base === 'metadata.annotations' ? key.toLowerCase() : key)
  else if (!known.includes(field)) out.push(notSupported(`${path}.fieldPath`, field, known))
}

const resourceFields = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory']
const cpuDivisors = new Set(['1m', '1'])
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']
const bytesText = (what: string): string => `only divisor's values ${byteDivisors.join(', ')} are supported with the ${what} resource`

function divisorFault(resource: string, divisor: string): string | undefined {
  if (resource.endsWith('.cpu')) return cpuDivisors.has(divisor) ? undefined : "only divisor's values 1m and 1 are supported with the cpu resource"
  if (byteDivisors.includes(divisor)) return undefined
  if (resource.endsWith('.memory')) return bytesText('memory')
  if (resource.endsWith('.ephemeral-storage')) return bytesText('local ephemeral storage')
  return resource.includes('.hugepages-') ? bytesText('hugepages') : undefined
}

/** A resource of a container; files of volumes must name the container. */
export function checkResourceFieldRef(out: Errors, path: string, { resource = '', containerName, divisor = '0' }: Partial<ResourceFieldSelector>, inVolume: boolean): void {
  if (inVolume && !containerName) out.push(required(`${path}.containerName`))
  else if (resource === '') out.push(required(`${path}.resource`))
  else if (!resourceFields.includes(resource) && !resource.startsWith('limits.hugepages-') && !resource.startsWith('requests.hugepages-')) {
    out.push(notSupported(`${path}.resource`, resource, resourceFields))
  }
  const fault = divisor === '0' ? undefined : divisorFault(resource, divisor)
  if (fault !== undefined) out.push(invalid(`${path}.divisor`, resource, fault))
}

/** The files of a downwardAPI volume; errors name the list's holder, not the item. */
export function checkDownwardItems(out: Errors, path: string, items: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const { path: target, fieldRef, resourceFieldRef, mode } of items ?? []) {
    checkLocalPath(out, `${path}.path`, target)
    if (fieldRef) {
      checkFieldRef(out, `${path}.fieldRef`, fieldRef, downwardFields)
      if (resourceFieldRef) out.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    } else if (resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, resourceFieldRef, true)
    else out.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
    checkMode(out, `${path}.mode`, mode)
  }
}

function checkTrustBundle(out: Errors, path: string, bundle: ClusterTrustBundleProjection): void {
  const { name, signerName, labelSelector } = bundle
  if (name !== undefined && signerName !== undefined) out.push(invalid(path, inGo(bundle, { Name: null, SignerName: null, LabelSelector: null, Optional: null, Path: '' }), 'only one of name and signerName may be used'))
  else if (name !== undefined) {
    if (name === '') out.push(required(`${path}.name`, 'must be a valid object name'))
    // In front of the last colon is the signer's name.
    const bare = name.slice(name.lastIndexOf(':') + 1)
    addFaults(out, `${path}.name`, name, dnsSubdomainFaults(bare).map((fault) => `not a valid clustertrustbundlename: ${fault}`))
    if (labelSelector) out.push(invalid(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'))
  } else if (signerName !== undefined) {
    if (signerName === '') out.push(required(`${path}.signerName`, 'must be a valid signer name'))
    checkSignerName(out, `${path}.signerName`, signerName)
    checkLabelSelector(out, `${path}.labelSelector`, labelSelector)
  } else out.push(required(path, 'either name or signerName must be specified'))
  checkLocalPath(out, `${path}.path`, bundle.path)
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']

const certificatePaths = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
const shortestLife = 3600
const longestLife = 91 * 86_400
const longestLifeOfOwn = 86_400

/** Signers of the cluster's own give certificates of a day, others of three months. */
function checkPodCertificate(out: Errors, path: string, certificate: PodCertificateProjection): void {
  const { signerName, keyType = '', maxExpirationSeconds: seconds, userAnnotations = {} } = certificate
  checkSignerName(out, `${path}.signerName`, signerName)
  for (const key of Object.keys(userAnnotations)) checkDomainKey(out, `${path}.userAnnotations`, key.toLowerCase())
  if (Object.entries(userAnnotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0) > annotationBytes) out.push(tooLong(`${path}.userAnnotations`, annotationBytes))
  if (!keyTypes.includes(keyType)) out.push(notSupported(`${path}.keyType`, keyType, keyTypes))
  const most = isOwnSigner(signerName ?? '') ? longestLifeOfOwn : longestLife
  if (seconds !== undefined && seconds < shortestLife) out.push(invalid(`${path}.maxExpirationSeconds`, seconds, `if provided, maxExpirationSeconds must be >= ${shortestLife}`))
  if (seconds !== undefined && seconds > most) out.push(invalid(`${path}.maxExpirationSeconds`, seconds, `if provided, maxExpirationSeconds must be <= ${most}`))
  for (const field of certificatePaths) if (certificate[field]) checkLocalPath(out, `${path}.${field}`, certificate[field])
  if (!certificatePaths.some((field) => certificate[field])) out.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'))
}

function checkDomainKey(out: Errors, path: string, key: string): void {
  const faults = qualifiedNameFaults(key)
  addFaults(out, path, key, faults)
  if (faults.length === 0 && !key.includes('/')) out.push(invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")'))
}

function checkProjection(out: Errors, path: string, whole: string, source: VolumeProjection): void {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (secret) {
    checkRequired(out, `${path}.secret.name`, secret.name)
    checkItems(out, `${path}.secret.items`, secret.items)
  }
  if (configMap) {
    checkRequired(out, `${path}.configMap.name`, configMap.name)
    checkItems(out, `${path}.configMap.items`, configMap.items)
  }
  if (downwardAPI) checkDownwardItems(out, `${path}.downwardAPI`, downwardAPI.items)
  if (serviceAccountToken) {
    const { expirationSeconds = 3600, path: target } = serviceAccountToken
    const at = `${path}.serviceAccountToken.expirationSeconds`
    if (expirationSeconds < 600) out.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'))
    if (expirationSeconds > 2 ** 32) out.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
    checkLocalPath(out, `${whole}.path`, target)
  }
  if (clusterTrustBundle) checkTrustBundle(out, `${path}.clusterTrustBundle`, clusterTrustBundle)
  if (podCertificate) checkPodCertificate(out, `${path}.podCertificate`, podCertificate)
  if (Object.keys(source).length > 1) out.push(forbiddenField(path, 'may not specify more than 1 volume type per source'))
}

/** Where the files of one source go, with what a conflict is blamed on. */
function targets({ secret, configMap, downwardAPI, clusterTrustBundle, podCertificate }: VolumeProjection): (readonly [path: string, blamed: string])[] {
  return [
    ...(secret?.items ?? []).map(({ path }) => [path, secret?.name ?? ''] as const),
    ...(configMap?.items ?? []).map(({ path }) => [path, configMap?.name ?? ''] as const),
    ...(downwardAPI?.items ?? []).map(({ path }) => [path, path] as const),
    ...(clusterTrustBundle ? [[clusterTrustBundle.path, clusterTrustBundle.path] as const] : []),
    ...certificatePaths.flatMap((field) => (podCertificate?.[field] ? [[podCertificate[field], podCertificate[field]] as const] : [])),
  ]
}

export function checkProjected(out: Errors, path: string, { defaultMode, sources }: ProjectedVolumeSource): void {
  checkMode(out, `${path}.defaultMode`, defaultMode)
  const taken = new Set<string>()
  for (const [index, source] of (sources ?? []).entries()) {
    checkProjection(out, `${path}.sources[${index}]`, path, source)
    for (const [target, blamed] of targets(source)) {
      if (target && taken.has(target)) out.push(invalid(path, blamed, 'conflicting duplicate paths'))
      taken.add(target)
    }
  }
}
