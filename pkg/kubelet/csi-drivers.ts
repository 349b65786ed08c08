// The CSI drivers of this node, by name.
import { basename } from 'node:path'
import type { Clock } from '../util/clock.ts'
import { CsiDriverConnection } from './csi-driver.ts'
import type { CsiNodeRecord } from './csi-node-record.ts'
import type { Plugin, PluginKind } from './plugin-registry.ts'

export class CsiDrivers implements PluginKind {
  readonly type = 'CSIPlugin'
  readonly #clock: Clock
  readonly #record: CsiNodeRecord
  readonly #drivers = new Map<string, CsiDriverConnection>()
  readonly #listeners = new Map<string, Set<() => void>>()
  #known: Promise<void> = Promise.resolve()

  constructor({ clock, record }: { clock: Clock; record: CsiNodeRecord }) {
    this.#clock = clock
    this.#record = record
  }

  /** Until then, a driver that is not there may still be coming. */
  knownAfter(settled: Promise<void>): void {
    this.#known = settled
  }

  stop(): void {
    for (const driver of this.#drivers.values()) driver.close()
    this.#drivers.clear()
  }

  async driver(name: string): Promise<CsiDriverConnection> {
    if (!this.#drivers.has(name)) await this.#known
    const found = this.#drivers.get(name)
    if (!found) throw new Error(`driver name ${name} not found in the list of registered CSI drivers`)
    return found
  }

  /** Calls back when a driver of the name is there anew. */
  onArrival(name: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  async register({ name, endpoint, versions }: Plugin): Promise<void> {
    if (!versions.some((version) => /^v?1\./.test(version))) throw new Error(`none of the versions specified ${JSON.stringify(versions)} are supported`)
    if (!/^[a-zA-Z0-9]([-a-zA-Z0-9.]{0,61}[a-zA-Z0-9])?$/.test(name)) throw new Error(`${JSON.stringify(name)} at ${basename(endpoint)} is no name for a CSI driver`)
    const driver = new CsiDriverConnection({ name, endpoint, clock: this.#clock })
    try {
      await this.#record.install(name, await driver.info())
    } catch (error) {
      driver.close()
      throw error
    }
    this.#drivers.get(name)?.close()
    this.#drivers.set(name, driver)
    for (const listener of [...this.#listeners.get(name) ?? []]) listener()
  }

  async deregister({ name, endpoint }: Plugin): Promise<void> {
    const driver = this.#drivers.get(name)
    // A newer one of the same name has taken its place.
    if (!driver || driver.endpoint !== endpoint) return
    this.#drivers.delete(name)
    driver.close()
    await this.#record.uninstall(name)
  }
}
