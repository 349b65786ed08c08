// A part of the cluster that starts and stops.

/** `start` resolves when the part serves; `stop` resolves when it has left nothing behind, and is safe to call at any time. */
export interface Component {
  readonly name: string
  start(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}
