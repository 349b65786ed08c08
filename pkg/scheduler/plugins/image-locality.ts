// ImageLocality: prefers nodes that have the pod's images, and more so when many nodes have them.
import type { Plugin } from '../plugin.ts'

const megabyte = 1024 * 1024
const leastBytes = 23 * megabyte
const mostBytesEach = 1000 * megabyte

/** As nodes report it: with a tag. */
export function taggedImage(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  enqueueOn: [],
  preScore({ pod }, snapshot) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const images = containers.flatMap(({ image }) => (image ? [taggedImage(image)] : []))
    if (images.every((image) => snapshot.imageSpread(image) === 0)) return undefined
    const mostBytes = mostBytesEach * containers.length
    const spread = new Map(images.map((image) => [image, snapshot.imageSpread(image) / snapshot.nodes.length]))
    return {
      score(node) {
        const bytes = images.reduce((sum, image) => sum + Math.floor((node.images.get(image) ?? 0) * (spread.get(image) ?? 0)), 0)
        const counted = Math.min(mostBytes, Math.max(leastBytes, bytes))
        return Math.floor((100 * (counted - leastBytes)) / (mostBytes - leastBytes))
      },
    }
  },
}
