// The wording that the pod security checks share.
import type { Container } from '../api/types-pod.ts'
import type { PodShape } from './pod-security-checks.ts'

export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many)
export const quoted = (items: readonly string[]): string => `"${items.join('", "')}"`
export const sortedSet = (items: Iterable<string>): string[] => [...new Set(items)].sort()

/** `container "a"`, `containers "a", "b"`. */
export const containersText = (names: readonly string[]): string => `${plural('container', 'containers', names.length)} ${quoted(names)}`

export const namesWhere = (pod: PodShape, is: (container: Container) => unknown): string[] => pod.containers.filter(is).map(({ name }) => name)

/** `pod and containers "a", "b"`; empty when nobody is to blame. */
export const settersText = (podSets: boolean, names: readonly string[]): string =>
  [...podSets ? ['pod'] : [], ...names.length > 0 ? [containersText(names)] : []].join(' and ')

export const isWindows = ({ spec }: PodShape): boolean => spec.os?.name === 'windows'

/** From v1.35 on, pods in a user namespace of their own may do what is harmless there. */
export const isInUserNamespace = ({ spec, minor }: PodShape): boolean => minor >= 35 && spec.hostUsers === false
