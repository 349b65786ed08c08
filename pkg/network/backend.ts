// The Backend contract: carries a service table out on this machine.
import type { HostPort, ServiceTable } from './table.ts'

export interface Backend {
  /** Makes the machine serve exactly this table; resolves when it does. Calls come one at a time, each with the whole table. */
  apply(table: ServiceTable, hostPorts: readonly HostPort[]): Promise<void>
  /** Stops serving. What it made on the machine (rules, route) stays until `removeNetwork`. */
  close(): Promise<void>
}
