// The names under which a pod's identity is kept in the runtime, so that everything can be adopted from there.
import type { Container, Pod } from '../api/types-pod.ts'
import { createHash } from 'node:crypto'

export const podNameLabel = 'io.kubernetes.pod.name'
export const podNamespaceLabel = 'io.kubernetes.pod.namespace'
export const podUidLabel = 'io.kubernetes.pod.uid'
/** Whose pods these are, where several share a runtime. */
export const ownerLabel = 'io.kinglet.owner'
export const containerNameLabel = 'io.kubernetes.container.name'

const hashAnnotation = 'io.kubernetes.container.hash'
const messagePathAnnotation = 'io.kubernetes.container.terminationMessagePath'
const messagePolicyAnnotation = 'io.kubernetes.container.terminationMessagePolicy'
const restartCountAnnotation = 'io.kubernetes.container.restartCount'
const graceAnnotation = 'io.kubernetes.pod.terminationGracePeriod'
const messageFileAnnotation = 'io.kinglet.termination-message-file'

/** What the kubelet remembers of a container in the runtime. */
export interface ContainerNotes {
  readonly hash: string
  readonly messagePolicy: string
  /** The file on the host behind terminationMessagePath; empty when the container has none. */
  readonly messageFile: string
  readonly graceSeconds: number
}

/** A container whose hash differs is restarted; only what may change in a stored pod counts. */
export function containerHash(container: Pick<Container, 'name' | 'image'>): string {
  return createHash('sha256').update(JSON.stringify([container.name, container.image ?? ''])).digest('hex').slice(0, 8)
}

export function containerAnnotations(pod: Pod, container: Container, attempt: number, messageFile: string): Record<string, string> {
  return {
    [hashAnnotation]: containerHash(container),
    [restartCountAnnotation]: String(attempt),
    [messagePathAnnotation]: container.terminationMessagePath ?? '/dev/termination-log',
    [messagePolicyAnnotation]: container.terminationMessagePolicy ?? 'File',
    [messageFileAnnotation]: messageFile,
    [graceAnnotation]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
  }
}

export function containerNotes(annotations: Readonly<Record<string, string>>): ContainerNotes {
  return {
    hash: annotations[hashAnnotation] ?? '',
    messagePolicy: annotations[messagePolicyAnnotation] ?? 'File',
    messageFile: annotations[messageFileAnnotation] ?? '',
    graceSeconds: Number(annotations[graceAnnotation] ?? 30),
  }
}
