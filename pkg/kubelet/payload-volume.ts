// Volumes whose files are made from objects: configMap, secret, downwardAPI, projected.
import { chmodSync } from 'node:fs'
import { access, chmod, lchown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Volume } from '../api/types-volume.ts'
import { writeAtomically } from './atomic-writer.ts'
import type { MemoryFiles } from './memory-files.ts'
import { giveToGroup } from './ownership.ts'
import { podUid } from './pod-names.ts'
import type { TokenSource } from './volume-payload.ts'
import { payloadFiles, payloadSources, tokenOwner } from './volume-payload.ts'
import type { VolumeContext, VolumeType } from './volume.ts'
import type { WorkGate } from './work-gate.ts'

export interface PayloadTools {
  readonly tokens: TokenSource
  readonly memory: MemoryFiles
  /** A few volumes are written at a time: of many pods that start at once, the first are not to wait for the last. */
  readonly gate: WorkGate
}

export function payloadVolume(name: 'configmap' | 'secret' | 'downward-api' | 'projected', { tokens, memory, gate }: PayloadTools): VolumeType {
  return {
    name,
    sources: payloadSources,
    async setUp(context) {
      const { files, refreshAtMs } = await payloadFiles(context, tokens)
      const { pod, volume } = context
      const directory = await gate.run(0, async () => {
        const { path, inMemory } = await placeOf(context, memory)
        const gid = pod.spec.securityContext?.fsGroup
        await writeAtomically(path, files, {
          clock: context.clock,
          inMemory,
          prepare: async (fresh) => {
            const owner = tokenOwner(pod)
            const tokenPaths = (volume.projected?.sources ?? []).flatMap((source) => source.serviceAccountToken?.path ?? [])
            if (owner !== undefined) for (const each of tokenPaths) await lchown(join(fresh, each), owner, gid ?? 0)
            if (gid !== undefined) await giveToGroup(fresh, gid, { readOnly: true })
          },
        })
        return path
      })
      return { hostPath: directory, readOnly: true, ...(refreshAtMs === undefined ? {} : { refreshAtMs }) }
    },
  }
}

async function placeOf({ directory, pod, volume, mounter }: VolumeContext, memory: MemoryFiles): Promise<{ path: string; inMemory: boolean }> {
  if (!isSecret(volume)) {
    await mkdir(directory, { recursive: true })
    await chmod(directory, 0o777)
    return { path: directory, inMemory: false }
  }
  // An older kubelet made a file system for each volume, which the pod's containers have.
  if (await access(directory).then(() => true, () => false)) {
    await mounter.mountTmpfs(directory, {})
    return { path: directory, inMemory: true }
  }
  const path = await memory.directory(podUid(pod), volume.name)
  chmodSync(path, 0o777)
  return { path, inMemory: true }
}

/** Secrets and tokens are never written to a disk. */
const isSecret = (volume: Volume): boolean => volume.secret !== undefined
  || (volume.projected?.sources ?? []).some((source) => source.secret !== undefined || source.serviceAccountToken !== undefined)
