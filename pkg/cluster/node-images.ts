// The images of a running node, for the command line.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ImageStore } from '../containerd/images.ts'
import { systemClock } from '../util/clock.ts'
import type { ClusterOptions } from './options.ts'

/** Where the node's containerd listens, whether or not it does. */
export const containerdSocket = (options: ClusterOptions): string =>
  options.containerRuntimeEndpoint?.replace(/^unix:\/\//, '') ?? join(options.stateDirectory, 'containerd/containerd.sock')

export type NodeImages = ImageStore

/** undefined when no containerd is there. */
export function nodeImages(options: ClusterOptions): ImageStore | undefined {
  const socketPath = containerdSocket(options)
  return existsSync(socketPath) ? new ImageStore({ socketPath, clock: systemClock }) : undefined
}
