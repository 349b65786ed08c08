// pods/binding: gives a pod its node, once.
import { StatusError, aggregateText, badRequest, conflict, internalError, notFound } from '../api/status-error.ts'
import { thaw } from '../api/json.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { Status } from '../api/status-error.ts'
import type { Binding, Pod, PodCondition } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import { timestamp } from './object-metadata.ts'
import type { Registry } from './registry.ts'
import type { Asking } from './requests.ts'
import type { Step } from './transaction-step.ts'
import { otherObject } from './update.ts'
import type { Target } from './writing.ts'
import { admitBody, keyOfTarget, put } from './writing.ts'

const bindings = { group: '', plural: 'pods/binding' }

/** Sets a condition; its transition time moves with its status only. */
export function setCondition(pod: Pod, condition: Omit<PodCondition, 'lastTransitionTime'>, now: string): void {
  pod.status ??= {}
  const known = pod.status.conditions?.find(({ type }) => type === condition.type)
  const next: PodCondition = { ...condition, lastTransitionTime: known?.status === condition.status ? known.lastTransitionTime ?? now : now }
  pod.status.conditions = [...(pod.status.conditions ?? []).filter(({ type }) => type !== condition.type), next]
}

function bind(step: Step, target: Target, binding: Binding): void {
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) throw notFound(pods, target.name)
  admitBody(step, { ...target, subresource: 'binding' }, binding as unknown as AnyObject)
  // What stays is shared: a pod may be large.
  const { metadata, spec, status, ...rest } = stored.value as unknown as Pod
  const pod = { ...rest, metadata: { ...metadata }, spec: { ...spec }, ...(status ? { status: { ...status } } : {}) } as Pod
  const { uid, resourceVersion } = binding.metadata
  if (uid && uid !== pod.metadata.uid) throw otherObject(target, 'UID', uid, pod.metadata.uid ?? '')
  if (resourceVersion && resourceVersion !== String(stored.revision)) throw otherObject(target, 'ResourceVersion', resourceVersion, String(stored.revision))
  if (pod.metadata.deletionTimestamp) throw conflict(bindings, target.name, `pod ${target.name} is being deleted, cannot be assigned to a host`)
  if (pod.spec.nodeName) throw conflict(bindings, target.name, `pod ${target.name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`)
  if (pod.spec.schedulingGates?.length) throw conflict(bindings, target.name, `pod ${target.name} has non-empty .spec.schedulingGates`)
  pod.spec.nodeName = binding.target?.name ?? ''
  // Where it was thought to go is of no interest any more.
  if (pod.status) delete pod.status.nominatedNodeName
  if (binding.metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations }
  if (binding.metadata.labels) pod.metadata.labels = { ...pod.metadata.labels, ...binding.metadata.labels }
  setCondition(pod, { type: 'PodScheduled', status: 'True' }, timestamp(step.context.clock.now()))
  put(step, target, pod as unknown as AnyObject, stored)
}

/** Answers a POST to pods/binding or to bindings. */
export async function bindPod(registry: Registry, about: Asking & { namespace: string; name: string }, body: KubeObject): Promise<Status> {
  const binding = body as Binding
  const definition = registry.definition(pods.group, pods.version, pods.plural)
  if (!definition) throw internalError('pods are not served')
  const { kind, name } = binding.target ?? {}
  if (binding.metadata?.name !== about.name) throw badRequest('name in URL does not match name in Binding object')
  const faults = [
    ...(kind && kind !== 'Node' ? [`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`] : []),
    ...(name ? [] : ['target.name: Required value']),
  ]
  // Kubernetes has no better code for these.
  if (faults.length > 0) throw new StatusError(500, '', aggregateText(faults))
  await registry.write(about, (step) => bind(step, { definition, namespace: about.namespace, name: about.name }, { ...thaw(binding), kind: 'Binding', apiVersion: 'v1' }))
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
}
