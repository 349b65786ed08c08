// Volumes of ConfigMaps and Secrets, plain and projected, and what all four must be able to do. A pod of `mounttest` looks at them.
import type { ConfigMap, Secret } from '../../../../pkg/api/types-config.ts'
import { configMaps, secrets } from '../../../../pkg/api/types-config.ts'
import type { Container, Pod } from '../../../../pkg/api/types-pod.ts'
import type { KeyToPath, VolumeSource } from '../../../../pkg/api/types-volume.ts'
import { client, eventually, uniqueName } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { createPod, expectOutput, images, logsOf, podOf, waitReady } from '../../pods.ts'
import { createConfigMap, createSecret } from '../node/environment.ts'

/** How long the suite waits for a change to be seen in a volume. */
const updateMs = 240_000
const loopArgs = ['--break_on_expected_content=false', `--retry_time=${updateMs / 1000}`]

interface Source {
  readonly name: string
  readonly items?: KeyToPath[]
  readonly optional?: boolean
}

type Data = Readonly<Record<string, string>>

export interface PayloadKind {
  /** In the names of pods, volumes and mount paths. */
  readonly word: string
  readonly volume: (source: Source, defaultMode?: number) => VolumeSource
  /** The three keys of the suite. */
  readonly createUsual: (namespace: string, name?: string) => Promise<string>
  readonly create: (namespace: string, name: string, data: Data) => Promise<unknown>
  readonly replace: (namespace: string, name: string, data: Data) => Promise<unknown>
  readonly remove: (namespace: string, name: string) => Promise<unknown>
  /** A key, a path to map it to, and whether a mode for the item is given at the item (or, projected, as default). */
  readonly mapping: { readonly key: string; readonly path: string; readonly value: string; readonly modeAtItem: boolean }
}

const encoded = (data: Data): Record<string, string> => Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
const withMode = (defaultMode?: number): { defaultMode?: number } => (defaultMode === undefined ? {} : { defaultMode })

const ofConfigMaps = {
  createUsual: (namespace: string) => createConfigMap(namespace, 'configmap-test-volume'),
  create: (namespace: string, name: string, data: Data) => client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { ...data } }),
  replace: (namespace: string, name: string, data: Data) => client.update(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { ...data } } as ConfigMap),
  remove: (namespace: string, name: string) => client.delete(configMaps, { namespace, name }),
}
const ofSecrets = {
  createUsual: (namespace: string, name?: string) => createSecret(namespace, 'secret-test', name),
  create: (namespace: string, name: string, data: Data) => client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, data: encoded(data) }),
  replace: (namespace: string, name: string, data: Data) => client.update(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, data: encoded(data) } as Secret),
  remove: (namespace: string, name: string) => client.delete(secrets, { namespace, name }),
}

const configMapMapping = { key: 'data-2', path: 'path/to/data-2', value: 'value-2' }
const secretMapping = { key: 'data-1', path: 'new-path-data-1', value: 'value-1' }

export const configMapVolumes: PayloadKind = {
  ...ofConfigMaps, word: 'configmap', mapping: { ...configMapMapping, modeAtItem: true },
  volume: (source, defaultMode) => ({ configMap: { ...source, ...withMode(defaultMode) } }),
}
export const secretVolumes: PayloadKind = {
  ...ofSecrets, word: 'secret', mapping: { ...secretMapping, modeAtItem: true },
  volume: ({ name, ...source }, defaultMode) => ({ secret: { secretName: name, ...source, ...withMode(defaultMode) } }),
}
export const projectedConfigMapVolumes: PayloadKind = {
  ...ofConfigMaps, word: 'projected-configmap', mapping: { ...configMapMapping, modeAtItem: false },
  volume: (configMap, defaultMode) => ({ projected: { sources: [{ configMap }], ...withMode(defaultMode) } }),
}
export const projectedSecretVolumes: PayloadKind = {
  ...ofSecrets, word: 'projected-secret', mapping: { ...secretMapping, modeAtItem: false },
  volume: (secret, defaultMode) => ({ projected: { sources: [{ secret }], ...withMode(defaultMode) } }),
}

export interface Consumption {
  readonly mapped?: boolean
  readonly mode?: number
  readonly securityContext?: PodSpec['securityContext']
  /** Otherwise a fresh name. */
  readonly name?: string
}

const mountPathOf = (kind: PayloadKind): string => `/etc/${kind.word}-volume`
const volumeNameOf = (kind: PayloadKind): string => `${kind.word}-volume`
const contentOf = (path: string, value: string): string => `content of file "${path}": ${value}`

const modeLetters = (mode: number): string => `-${[...'rwxrwxrwx'].map((letter, at) => (mode & (1 << (8 - at)) ? letter : '-')).join('')}`

export const mounttest = (name: string, args: readonly string[], volumeMounts: NonNullable<Container['volumeMounts']>): Container =>
  ({ name, image: images.toolbox, args: ['mounttest', ...args], volumeMounts })

/** A pod reads a key of the volume: content and mode are as they should be. */
export async function consume(kind: PayloadKind, namespace: string, { mapped = false, mode, securityContext = {}, name }: Consumption = {}): Promise<void> {
  const source = await kind.createUsual(namespace, name)
  const { key, path, value, modeAtItem } = kind.mapping
  const items = mapped ? [{ key, path, ...(modeAtItem && mode !== undefined ? { mode } : {}) }] : undefined
  const defaultMode = mapped && modeAtItem ? undefined : mode
  const file = `${mountPathOf(kind)}/${mapped ? path : 'data-1'}`
  await expectOutput(podOf(namespace, uniqueName(`pod-${kind.word}s`), {
    containers: [mounttest(`${kind.word}-volume-test`, [`--file_content=${file}`, `--file_mode=${file}`], [{ name: volumeNameOf(kind), mountPath: mountPathOf(kind) }])],
    volumes: [{ name: volumeNameOf(kind), ...kind.volume({ name: source, ...(items ? { items } : {}) }, defaultMode) }],
    securityContext, restartPolicy: 'Never',
  }), [contentOf(file, mapped ? value : 'value-1'), `mode of file "${file}": ${modeLetters(mode ?? 0o644)}`])
}

/** The same source in two volumes of one pod. */
export async function consumeTwice(kind: PayloadKind, namespace: string): Promise<void> {
  const name = await kind.createUsual(namespace)
  const file = `${mountPathOf(kind)}/data-1`
  const volumes = ['', '-2'].map((suffix) => ({ name: `${volumeNameOf(kind)}${suffix}`, path: `${mountPathOf(kind)}${suffix}` }))
  await expectOutput(podOf(namespace, uniqueName(`pod-${kind.word}s`), {
    containers: [mounttest(`${kind.word}-volume-test`, [`--file_content=${file}`, `--file_mode=${file}`], volumes.map((volume) => ({ name: volume.name, mountPath: volume.path, readOnly: true })))],
    volumes: volumes.map((volume) => ({ name: volume.name, ...kind.volume({ name }) })),
    restartPolicy: 'Never',
  }), [contentOf(file, 'value-1'), `mode of file "${file}": -rw-r--r--`])
}

const waitLogged = (pod: Pod, container: string, text: string, timeoutMs = updateMs): Promise<unknown> => {
  let last = ''
  return eventually(async () => {
    last = await logsOf(pod, container)
    return last.includes(text)
  }, () => `${container} of ${pod.metadata.name} says ${JSON.stringify(text)}; it said ${last}`, timeoutMs)
}
export { waitLogged }

/** A pod that reads one key again and again; more containers may look at the same volume. */
export const loopingPod = (kind: PayloadKind, namespace: string, source: string, more: readonly Container[] = []): Pod => podOf(namespace, uniqueName(`pod-${kind.word}s`), {
  containers: [
    mounttest('agnhost-container', [...loopArgs, `--file_content_in_loop=${mountPathOf(kind)}/data-1`], [{ name: volumeNameOf(kind), mountPath: mountPathOf(kind), readOnly: true }]),
    ...more,
  ],
  volumes: [{ name: volumeNameOf(kind), ...kind.volume({ name: source }) }],
  securityContext: {}, restartPolicy: 'Never', terminationGracePeriodSeconds: 0,
})

/** A change of the source is seen in the volume. */
export async function seeUpdate(kind: PayloadKind, namespace: string): Promise<void> {
  const name = uniqueName(`${kind.word}-test-upd`)
  await kind.create(namespace, name, { 'data-1': 'value-1' })
  const pod = await createPod(loopingPod(kind, namespace, name))
  await waitReady(pod)
  await waitLogged(pod, 'agnhost-container', 'value-1')
  await kind.replace(namespace, name, { 'data-1': 'value-2' })
  await waitLogged(pod, 'agnhost-container', 'value-2')
}

/** Of three optional sources one goes, one changes, one comes: the volumes follow. */
export async function seeOptionalUpdates(kind: PayloadKind, namespace: string): Promise<void> {
  const root = `/etc/${kind.word}-volumes`
  const parts = (['delete', 'update', 'create'] as const).map((what) => ({ what, source: uniqueName(`${kind.word}-test-opt-${what}`), container: `${what}-volume-test`, key: what === 'update' ? 'data-3' : 'data-1' }))
  const [removed, changed, added] = parts
  if (!removed || !changed || !added) throw new Error('three sources')
  for (const { source } of [removed, changed]) await kind.create(namespace, source, { 'data-1': 'value-1' })
  const pod = await createPod(podOf(namespace, uniqueName(`pod-${kind.word}s`), {
    containers: parts.map(({ what, container, key }) => mounttest(container, [...loopArgs, `--file_content_in_loop=${root}/${what}/${key}`], [{ name: `${what}-volume`, mountPath: `${root}/${what}`, readOnly: true }])),
    volumes: parts.map(({ what, source }) => ({ name: `${what}-volume`, ...kind.volume({ name: source, optional: true }) })),
    restartPolicy: 'Never',
  }))
  await waitReady(pod)
  await waitLogged(pod, added.container, `Error reading file ${root}/create/data-1`)
  await waitLogged(pod, changed.container, `Error reading file ${root}/update/data-3`)
  await waitLogged(pod, removed.container, 'value-1')
  await kind.remove(namespace, removed.source)
  await kind.replace(namespace, changed.source, { 'data-3': 'value-3' })
  await kind.create(namespace, added.source, { 'data-1': 'value-1' })
  await waitLogged(pod, added.container, 'value-1')
  await waitLogged(pod, changed.container, 'value-3')
  await waitLogged(pod, removed.container, `Error reading file ${root}/delete/data-1`)
}
