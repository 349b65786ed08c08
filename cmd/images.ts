// The images of the node that a command line means; its code is loaded only when it is used.
import type { NodeImages } from '../pkg/cluster/node-images.ts'
import type { ClusterFlags } from './cluster-flags.ts'
import { clusterContext, dataDirFlag } from './context.ts'
import { UserError } from './errors.ts'

export async function openImages(flags: Pick<ClusterFlags, 'data-dir' | 'config'>): Promise<NodeImages> {
  const { options } = clusterContext(flags)
  const { containerdSocket, nodeImages } = await import('../pkg/cluster/node-images.ts')
  const images = nodeImages(options)
  if (!images) throw new UserError(`no containerd answers at ${containerdSocket(options)}; start the cluster with: kinglet up${dataDirFlag(options)}`)
  return images
}
