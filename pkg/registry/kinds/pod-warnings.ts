// Texts for Warning headers: what is allowed in a pod or its template and yet is hardly meant.
import { dnsLabelFaults, labelValueFaults } from '../../api/names.ts'
import type { KubeObject, ObjectMeta } from '../../api/object.ts'
import type { Affinity, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec } from '../../api/types-pod.ts'
import type { NodeSelectorTerm } from '../../api/types-volume.ts'
import { annotationWarnings, containerWarnings, portWarnings } from './container-warnings.ts'
import { deprecatedLabelText } from './deprecated-labels.ts'
import { ipWarnings } from './ip-rules.ts'
import { fractionWarnings } from './quantity-warnings.ts'
import { volumeWarnings } from './volume-warnings.ts'

function termWarnings(path: string, { matchExpressions = [] }: NodeSelectorTerm, preferred: boolean): string[] {
  return matchExpressions.flatMap(({ key = '', values = [] }, index) => {
    const at = `${path}.matchExpressions[${index}]`
    const deprecated = deprecatedLabelText(key)
    return [
      ...(deprecated ? [`${at}.key: ${key} is ${deprecated}`] : []),
      // What a pod demands is refused instead.
      ...(preferred ? values.flatMap((value, place) => labelValueFaults(value).map((fault) => `${at}.values[${place}]: ${value} is invalid, ${fault}`)) : []),
    ]
  })
}

function nodeWarnings(path: string, { nodeSelector = {}, affinity, topologySpreadConstraints = [] }: PodSpec): string[] {
  const { requiredDuringSchedulingIgnoredDuringExecution: needed, preferredDuringSchedulingIgnoredDuringExecution: liked = [] } = affinity?.nodeAffinity ?? {}
  const at = `${path}.affinity.nodeAffinity`
  return [
    ...Object.keys(nodeSelector).flatMap((key) => (deprecatedLabelText(key) ? [`${path}.nodeSelector[${key}]: ${deprecatedLabelText(key)}`] : [])),
    ...(needed?.nodeSelectorTerms ?? []).flatMap((term, index) => termWarnings(`${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`, term, false)),
    ...liked.flatMap(({ preference }, index) => termWarnings(`${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`, preference ?? {}, true)),
    ...topologySpreadConstraints.flatMap(({ topologyKey = '', labelSelector }, index) => {
      const constraint = `${path}.topologySpreadConstraints[${index}]`
      const deprecated = deprecatedLabelText(topologyKey)
      return [
        ...(deprecated ? [`${constraint}.topologyKey: ${topologyKey} is ${deprecated}`] : []),
        ...(labelSelector ? [] : [`${constraint}.labelSelector: ${nullSelector}`]),
      ]
    }),
  ]
}

const nullSelector = 'a null labelSelector results in matching no pod'

function selectorWarnings(path: string, affinity: Affinity | undefined): string[] {
  const missing = (at: string, term: PodAffinityTerm | undefined): string[] => (term?.labelSelector ? [] : [`${at}.labelSelector: ${nullSelector}`])
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const { requiredDuringSchedulingIgnoredDuringExecution: needed = [], preferredDuringSchedulingIgnoredDuringExecution: liked = [] } = affinity?.[field] ?? {}
    return [
      ...needed.flatMap((term, index) => missing(`${path}.${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term)),
      ...liked.flatMap(({ podAffinityTerm }, index) => missing(`${path}.${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`, podAffinityTerm)),
    ]
  })
}

/** Places where a value comes again. */
function again(values: readonly (string | undefined)[], tell: (index: number, value: string) => string): string[] {
  const seen = new Set<string>()
  return values.flatMap((value = '', index) => {
    const before = seen.size
    return seen.add(value).size === before ? [tell(index, value)] : []
  })
}

function listWarnings(path: string, { hostAliases = [], imagePullSecrets = [], overhead }: PodSpec): string[] {
  return [
    ...again(hostAliases.map(({ ip }) => ip), (index, ip) => `${path}.hostAliases[${index}].ip: duplicate ip ${JSON.stringify(ip)}`),
    ...again(imagePullSecrets.map(({ name }) => name), (index, name) => `${path}.imagePullSecrets[${index}].name: duplicate name ${JSON.stringify(name)}`),
    ...imagePullSecrets.flatMap(({ name }, index) => (name ? [] : [`${path}.imagePullSecrets[${index}].name: invalid empty name ""`])),
    ...fractionWarnings(`${path}.overhead`, overhead),
  ]
}

/** `path` is where the spec's holder is: nothing for a pod, `spec.template.` for a template. */
function specWarnings(path: string, spec: PodSpec, metadata: ObjectMeta): string[] {
  const at = `${path}spec`
  const { terminationGracePeriodSeconds: grace = 0, dnsConfig, hostAliases = [] } = spec
  return [
    ...nodeWarnings(at, spec),
    ...annotationWarnings(`${path}metadata.annotations`, metadata),
    ...volumeWarnings(`${at}.volumes`, spec.volumes ?? []),
    ...listWarnings(at, spec),
    ...containerWarnings(at, `${path}metadata.annotations`, spec, metadata),
    ...portWarnings(at, spec),
    ...(grace < 0 ? [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`] : []),
    ...selectorWarnings(`${at}.affinity`, spec.affinity),
    ...(dnsConfig?.nameservers ?? []).flatMap((server, index) => ipWarnings(`${at}.dnsConfig.nameservers[${index}]`, server)),
    ...hostAliases.flatMap(({ ip }, index) => ipWarnings(`${at}.hostAliases[${index}].ip`, ip ?? '')),
  ]
}

const unchanged = (object: KubeObject, old: KubeObject | undefined): boolean => old !== undefined && object.metadata.generation === old.metadata.generation

/** Of the template of a workload; none when an update leaves what is wanted as it was. */
export function templateWarnings(object: KubeObject, old: KubeObject | undefined, path: string, template: PodTemplateSpec | undefined): string[] {
  return template && !unchanged(object, old) ? specWarnings(`${path}.`, template.spec ?? { containers: [] }, template.metadata ?? {}) : []
}

function labelWarnings(name: string, use: string): string[] {
  const faults = dnsLabelFaults(name)
  return faults.length > 0 ? [`metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${faults.join(' ')}]`] : []
}

/** Of the name of what makes pods, when it is made. */
export const nameWarnings = ({ metadata: { name = '' } }: KubeObject, old?: KubeObject): string[] => (old ? [] : labelWarnings(name, 'Pod names and hostnames'))

/** Nobody changes pods by hand, and programs do it often: updates are not looked at. */
export function podWarnings({ metadata, spec }: Pod, old?: Pod): string[] {
  return old ? [] : [...labelWarnings(metadata.name ?? '', "the Pod's hostname"), ...specWarnings('', spec, metadata)]
}
