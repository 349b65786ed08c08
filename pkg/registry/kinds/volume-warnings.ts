// Warnings about volumes: drivers that are gone, and files that fall upon each other.
import type { KeyToPath, Volume, VolumeProjection } from '../../api/types-volume.ts'
import { claimSpecWarnings } from './volume-rules.ts'

const gone: readonly (readonly [field: keyof Volume, shown: string, text: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

interface File {
  readonly path: string
  /** What brings it, where files of several sources meet. */
  readonly source: string
}

const shown = ({ path, source }: File): string => (source ? `${JSON.stringify(path)} (${source})` : JSON.stringify(path))
/** More files than any volume projects are not compared, each with all before it. */
const mostCompared = 1000
/** More pairs than are told of. */
const enough = 200

/** Pairs of files of which one is the other, or lies below it. */
function overlaps(files: readonly File[]): string[] {
  const trimmed = files.slice(0, mostCompared).map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source })).filter(({ path }) => path !== '').map((file) => ({ file, as: `${file.path}/` }))
  const pairs: string[] = []
  for (const [index, { file, as }] of trimmed.entries()) {
    for (const other of trimmed.slice(0, index)) if (as.startsWith(other.as) || other.as.startsWith(as)) pairs.push(`${shown(file)} with ${shown(other.file)}`)
    if (pairs.length > enough) break
  }
  return pairs
}

const filesOf = (items: readonly Pick<KeyToPath, 'path'>[] | undefined, source = ''): File[] => (items ?? []).map(({ path = '' }) => ({ path, source }))

function projectedFiles({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate }: VolumeProjection): File[] {
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`)
  if (secret?.items) return filesOf(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`)
  if (downwardAPI?.items) return filesOf(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken) return filesOf([serviceAccountToken], 'ServiceAccountToken')
  if (clusterTrustBundle) return filesOf([clusterTrustBundle], `ClusterTrustBundle ${JSON.stringify(clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '')}`)
  if (!podCertificate) return []
  const { certificateChainPath = '', keyPath = '', credentialBundlePath = '' } = podCertificate
  return [
    { path: certificateChainPath, source: 'PodCertificate chain' }, { path: keyPath, source: 'PodCertificate key' },
    { path: credentialBundlePath, source: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path !== '')
}

function fileWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const told = (what: string, files: readonly File[]): string[] => overlaps(files).map((pair) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${pair}`)
  return [
    ...told(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, filesOf(configMap?.items)),
    ...told(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, filesOf(secret?.items)),
    ...told('DownwardAPI', filesOf(downwardAPI?.items)),
    ...(projected?.sources ?? []).flatMap((source) => (Object.keys(source).length === 0 ? [`volume ${JSON.stringify(name)} (Projected) has no sources provided`] : [])),
    ...told('Projected', (projected?.sources ?? []).flatMap(projectedFiles)),
  ]
}

export function volumeWarnings(path: string, volumes: readonly Volume[]): string[] {
  return [
    ...volumes.flatMap((volume, index) => [
      ...gone.flatMap(([field, name, text]) => (volume[field] ? [`${path}[${index}].${name}: ${text}`] : [])),
      ...claimSpecWarnings(`${path}[${index}].ephemeral.volumeClaimTemplate.spec`, volume.ephemeral?.volumeClaimTemplate?.spec),
    ]),
    ...volumes.flatMap(fileWarnings),
  ]
}
