// What the kinds that make pods share: selector and template checks, columns of templates, the scale subresource.
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import type { PodTemplateSpec } from '../../api/types-pod.ts'
import type { Column, Subresource } from '../definition.ts'
import { orNone, selectorQuery, text, wide } from './columns.ts'
import { subresource } from './define.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import type { Errors } from './rules.ts'
import { checkLabelSelector, checkNonNegative, forbiddenField, invalid, isEmptySelector, notSupported, required, selectorMatches } from './rules.ts'
import { sortedMap } from '../../util/go-text.ts'

interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas: number; selector?: string }
}

interface Scaled extends KubeObject {
  spec: { replicas?: number }
  status?: { replicas?: number }
}

/** The scale subresource: autoscaling/v1 Scale in and out, of which only spec.replicas is written. */
export function scaleSubresource<T extends KubeObject>(selectorOf: (object: T) => LabelSelector | undefined): Subresource<T> {
  return subresource<T>('scale', {
    view: (object) => scaleOf(object as KubeObject as Scaled, selectorQuery(selectorOf(object))),
    merge: (stored, body) => {
      const { spec } = stored as KubeObject as Scaled
      return { ...stored, spec: { ...spec, replicas: (body as Scale).spec?.replicas ?? 0 } }
    },
    validate: (object) => {
      const out: Errors = []
      checkNonNegative(out, 'spec.replicas', (object as KubeObject as Scaled).spec.replicas)
      return out
    },
  })
}

function scaleOf({ metadata, spec, status }: Scaled, selector: string): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  return {
    apiVersion: 'autoscaling/v1', kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, ...(selector === '' ? {} : { selector }) },
  }
}

/** False when the selector cannot be read; `what` names the kind in messages: `deployment`. */
export function checkSelector(out: Errors, selector: LabelSelector | undefined, what: string): boolean {
  const before = out.length
  if (selector === undefined) return out.push(required('spec.selector')) > before
  checkLabelSelector(out, 'spec.selector', selector)
  const readable = out.length === before
  if (isEmptySelector(selector)) out.push(invalid('spec.selector', selector, `empty selector is invalid for ${what}`))
  return readable
}

/** A missing selector matches nothing, an empty one everything. */
export function checkTemplateLabels(out: Errors, selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): void {
  const labels = template?.metadata?.labels
  if ((selector === undefined || !isEmptySelector(selector)) && !selectorMatches(selector, labels)) {
    out.push(invalid('spec.template.metadata.labels', labels ? sortedMap(labels) : null, '`selector` does not match template `labels`'))
  }
}

/** Selector and template of what keeps replicas: deployments and replica sets. */
export function checkReplicaTemplate(out: Errors, { selector, template }: { selector?: LabelSelector; template?: PodTemplateSpec }, old: PodTemplateSpec | undefined): void {
  if (!checkSelector(out, selector, 'deployment')) {
    out.push(invalid('spec.selector', selector, 'invalid label selector'))
    return
  }
  checkTemplateLabels(out, selector, template)
  checkPodTemplate(out, 'spec.template', template ?? {}, old)
  checkAlwaysRestarts(out, template, 'ReplicaSet')
}

/** Pods of these kinds are replaced, never ended, so only one restart policy makes sense. */
export function checkAlwaysRestarts(out: Errors, template: PodTemplateSpec | undefined, kind: string): void {
  const spec = template?.spec
  if (spec?.restartPolicy !== 'Always') out.push(notSupported('spec.template.spec.restartPolicy', spec?.restartPolicy ?? '', ['Always']))
  if (spec?.activeDeadlineSeconds !== undefined) {
    out.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`))
  }
}

/** Containers, Images and Selector, for `-o wide`. */
export function templateColumns<T extends KubeObject>(templateOf: (object: T) => PodTemplateSpec | undefined, selector?: (object: T) => string): Column<T>[] {
  return [
    wide(text<T>('Containers', 'Names of the containers in the template.', (object) => containerNames(templateOf(object)))),
    wide(text<T>('Images', 'Images of the containers in the template.', (object) => containerImages(templateOf(object)))),
    ...(selector ? [wide(text<T>('Selector', 'Which pods belong to the object, by label.', (object) => orNone(selector(object))))] : []),
  ]
}

export function containerNames(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ name }) => name).join(',')
}

export function containerImages(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ image = '' }) => image).join(',')
}
