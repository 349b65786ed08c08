// A pod from a file on the node: read, completed and named, and the mirror that shows it on the API server. Pure.
import { createHash } from 'node:crypto'
import { referenceOf } from '../api/pod-references.ts'
import type { Container, Pod } from '../api/types-pod.ts'
import { readYamlStream } from '../api/yaml-text.ts'

export const configAnnotations = {
  hash: 'kubernetes.io/config.hash', source: 'kubernetes.io/config.source', seen: 'kubernetes.io/config.seen', mirror: 'kubernetes.io/config.mirror',
} as const

export interface StaticPodFile {
  readonly path: string
  readonly text: string
  readonly nodeName: string
  /** RFC 3339. */
  readonly seen: string
}

/** Throws what was expected. Its uid follows from the file and the node alone, so that a kubelet that starts anew finds its containers. */
export function readStaticPod({ path, text, nodeName, seen }: StaticPodFile): Pod {
  const found = readYamlStream(text)[0] as Partial<Pod> | undefined
  if (found?.apiVersion !== 'v1' || found.kind !== 'Pod') throw new Error(`expected a v1 Pod, found ${JSON.stringify(found?.kind ?? 'no object')}`)
  const { name, namespace = 'default', labels, annotations } = found.metadata ?? {}
  if (!name) throw new Error('metadata.name: Required value')
  if (!found.spec || (found.spec.containers ?? []).length === 0) throw new Error('spec.containers: Required value')
  const unnamed = found.spec.containers.findIndex((container) => !container.name || !container.image)
  if (unnamed >= 0) throw new Error(`spec.containers[${unnamed}]: name and image are required`)
  const reference = referenceOf(found.spec)
  if (reference !== undefined) throw new Error(`static pods may not reference ${reference}`)
  const uid = createHash('md5').update(JSON.stringify([nodeName, path, found])).digest('hex')
  const { tolerations = [], initContainers, containers } = found.spec
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      name: `${name}-${nodeName.toLowerCase()}`, namespace, uid, generation: 1, ...(labels ? { labels } : {}),
      annotations: { ...annotations, [configAnnotations.hash]: uid, [configAnnotations.source]: 'file', [configAnnotations.seen]: seen },
    },
    spec: {
      restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30, securityContext: {}, enableServiceLinks: true, schedulerName: 'default-scheduler',
      ...found.spec, nodeName,
      // The node itself wants it: no taint drives it away.
      tolerations: [...tolerations, { operator: 'Exists', effect: 'NoExecute' }],
      containers: containers.map(completed), ...(initContainers ? { initContainers: initContainers.map(completed) } : {}),
    },
    status: { phase: 'Pending' },
  }
}

function completed(container: Container): Container {
  const { image = '', resources = {} } = container
  const latest = !image.includes('@') && (!/:[^/]*$/.test(image) || image.endsWith(':latest'))
  const requests = { ...resources.limits, ...resources.requests }
  return {
    terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: latest ? 'Always' : 'IfNotPresent',
    ...container, resources: { ...resources, ...(Object.keys(requests).length > 0 ? { requests } : {}) },
  }
}

export const mirrorHash = (pod: Pod): string | undefined => pod.metadata.annotations?.[configAnnotations.mirror]
export const isMirror = (pod: Pod): boolean => mirrorHash(pod) !== undefined

/** What is created on the API server for it: the API server gives it a uid of its own. */
export function mirrorOf(pod: Pod, nodeUid: string | undefined): Pod {
  const { uid = '', generation: _generation, ...metadata } = pod.metadata
  const { status: _status, ...rest } = pod
  const owner = { apiVersion: 'v1', kind: 'Node', name: pod.spec.nodeName ?? '', uid: nodeUid ?? '', controller: true }
  return {
    ...rest,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [configAnnotations.mirror]: uid }, ...(nodeUid ? { ownerReferences: [owner] } : {}) },
  }
}
