// Volumes whose files are made from objects: configMap, secret, downwardAPI, projected.
import { chmod, lchown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Volume } from '../api/types-volume.ts'
import { writeAtomically } from './atomic-writer.ts'
import { giveToGroup } from './ownership.ts'
import type { TokenSource } from './volume-payload.ts'
import { payloadFiles, payloadSources, tokenOwner } from './volume-payload.ts'
import type { VolumeType } from './volume.ts'
import type { WorkGate } from './work-gate.ts'

/** Through the gate, a few volumes are written at a time: of many pods that start at once, the first are not to wait for the last. */
export function payloadVolume(name: 'configmap' | 'secret' | 'downward-api' | 'projected', { tokens, gate }: { tokens: TokenSource; gate: WorkGate }): VolumeType {
  return {
    name,
    sources: payloadSources,
    async setUp(context) {
      const { files, refreshAtMs } = await payloadFiles(context, tokens)
      const { directory, pod, volume } = context
      await gate.run(0, async () => {
        await mkdir(directory, { recursive: true })
        if (isSecret(volume)) await context.mounter.mountTmpfs(directory, {})
        await chmod(directory, 0o777)
        const gid = pod.spec.securityContext?.fsGroup
        await writeAtomically(directory, files, {
          clock: context.clock,
          inMemory: isSecret(volume),
          prepare: async (fresh) => {
            const owner = tokenOwner(pod)
            const tokenPaths = (volume.projected?.sources ?? []).flatMap((source) => source.serviceAccountToken?.path ?? [])
            if (owner !== undefined) for (const path of tokenPaths) await lchown(join(fresh, path), owner, gid ?? 0)
            if (gid !== undefined) await giveToGroup(fresh, gid, { readOnly: true })
          },
        })
      })
      return { hostPath: directory, readOnly: true, ...(refreshAtMs === undefined ? {} : { refreshAtMs }) }
    },
  }
}

/** Secrets and tokens are never written to a disk. */
const isSecret = (volume: Volume): boolean => volume.secret !== undefined
  || (volume.projected?.sources ?? []).some((source) => source.secret !== undefined || source.serviceAccountToken !== undefined)
