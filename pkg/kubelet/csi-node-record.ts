// What the API knows of the node's CSI drivers: the CSINode, the annotation with their node ids, and the labels of their topology.
import { isAlreadyExists, isConflict, isNotFound } from '../api/status-error.ts'
import { type CSINode, type CSINodeDriver, csiNodes } from '../api/types-storage.ts'
import { nodes } from '../api/types-node.ts'
import type { Client } from '../client/client.ts'
import { KeyedLock } from '../util/keyed-lock.ts'
import type { NodeInfo } from './csi-driver.ts'

export const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid'

export class CsiNodeRecord {
  readonly #client: Client
  readonly #nodeName: string
  readonly #lock = new KeyedLock()

  constructor({ client, nodeName }: { client: Client; nodeName: string }) {
    this.#client = client
    this.#nodeName = nodeName
  }

  /** Makes sure that there is one: drivers of an earlier life are kept until they are told otherwise. */
  async ensure(): Promise<void> {
    await this.#change((drivers) => drivers)
  }

  async install(driver: string, info: NodeInfo): Promise<void> {
    const { nodeId, maxVolumesPerNode } = info
    if (!nodeId) throw new Error(`driver ${driver} returned an empty node ID`)
    const segments = info.accessibleTopology?.segments ?? {}
    await this.#lock.run('node', () => this.#annotate(driver, nodeId, segments))
    await this.#change((drivers) => [...drivers.filter(({ name }) => name !== driver), {
      name: driver, nodeID: nodeId, topologyKeys: Object.keys(segments).sort(),
      ...(maxVolumesPerNode > 0 ? { allocatable: { count: maxVolumesPerNode } } : {}),
    }])
  }

  /** Labels stay: other things may have come to rely on where the node is. */
  async uninstall(driver: string): Promise<void> {
    await this.#change((drivers) => drivers.filter(({ name }) => name !== driver))
    await this.#lock.run('node', () => this.#annotate(driver, undefined, {}))
  }

  async #annotate(driver: string, nodeId: string | undefined, segments: Readonly<Record<string, string>>): Promise<void> {
    const { metadata } = await this.#client.get(nodes, { name: this.#nodeName })
    for (const [key, value] of Object.entries(segments)) {
      const existing = metadata.labels?.[key]
      if (existing !== undefined && existing !== value) throw new Error(`detected topology value collision: driver reported "${key}":"${value}" but existing label is "${key}":"${existing}"`)
    }
    const ids = withId(metadata.annotations?.[nodeIdAnnotation], driver, nodeId)
    const missing = Object.entries(segments).filter(([key]) => metadata.labels?.[key] === undefined)
    if (ids === metadata.annotations?.[nodeIdAnnotation] && missing.length === 0) return
    const body = { metadata: { annotations: { [nodeIdAnnotation]: ids ?? null }, ...(missing.length > 0 ? { labels: Object.fromEntries(missing) } : {}) } }
    await this.#client.patch(nodes, { name: this.#nodeName }, { type: 'merge', body })
  }

  #change(drivers: (before: readonly CSINodeDriver[]) => readonly CSINodeDriver[]): Promise<void> {
    return this.#lock.run('csinode', async () => {
      for (;;) {
        try {
          return await this.#write(drivers)
        } catch (error) {
          if (!isConflict(error) && !isAlreadyExists(error)) throw error
        }
      }
    })
  }

  async #write(change: (before: readonly CSINodeDriver[]) => readonly CSINodeDriver[]): Promise<void> {
    const name = this.#nodeName
    const existing = await this.#client.get(csiNodes, { name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
    const drivers = [...change(existing?.spec.drivers ?? [])]
    if (existing) {
      if (JSON.stringify(drivers) !== JSON.stringify(existing.spec.drivers)) await this.#client.update(csiNodes, { ...existing, spec: { drivers } })
      return
    }
    const { metadata } = await this.#client.get(nodes, { name })
    const fresh: CSINode = {
      apiVersion: 'storage.k8s.io/v1', kind: 'CSINode',
      metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: metadata.uid ?? '' }] },
      spec: { drivers },
    }
    await this.#client.create(csiNodes, fresh)
  }
}

/** The annotation's text with the driver's id, or without it; undefined when none is left. */
export function withId(text: string | undefined, driver: string, nodeId: string | undefined): string | undefined {
  const ids: Record<string, string> = text ? JSON.parse(text) as Record<string, string> : {}
  if (nodeId === undefined) delete ids[driver]
  else ids[driver] = nodeId
  const sorted = Object.entries(ids).sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted.length > 0 ? JSON.stringify(Object.fromEntries(sorted)) : undefined
}
