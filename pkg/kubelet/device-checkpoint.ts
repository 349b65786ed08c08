// The file in which device allocations outlive the kubelet; its form is the one that other programs on a node read, too.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type Allocation, deviceSchema } from './device-plugin.ts'

export interface DeviceGrant {
  readonly uid: string
  readonly container: string
  readonly resource: string
  readonly ids: readonly string[]
  readonly allocation: Allocation
}

interface CheckpointFile {
  readonly Data: {
    readonly PodDeviceEntries: readonly { PodUID: string; ContainerName: string; ResourceName: string; DeviceIDs: Record<string, string[]>; AllocResp: string }[] | null
    readonly RegisteredDevices: Readonly<Record<string, readonly string[]>> | null
  }
}

const response = 'v1beta1.ContainerAllocateResponse'
const anyNuma = '-1'

export function checkpointText(grants: readonly DeviceGrant[], registered: ReadonlyMap<string, readonly string[]>): string {
  const file: CheckpointFile = {
    Data: {
      PodDeviceEntries: grants.map(({ uid, container, resource, ids, allocation }) => ({
        PodUID: uid, ContainerName: container, ResourceName: resource, DeviceIDs: { [anyNuma]: [...ids] }, AllocResp: deviceSchema.encode(response, allocation).toString('base64'),
      })),
      RegisteredDevices: Object.fromEntries(registered),
    },
  }
  return JSON.stringify(file)
}

export function parseCheckpoint(text: string): { grants: DeviceGrant[]; resources: string[] } {
  const { Data } = JSON.parse(text) as CheckpointFile
  return {
    grants: (Data.PodDeviceEntries ?? []).map((entry) => ({
      uid: entry.PodUID, container: entry.ContainerName, resource: entry.ResourceName, ids: Object.values(entry.DeviceIDs).flat(),
      allocation: deviceSchema.decode(response, Buffer.from(entry.AllocResp, 'base64')) as Allocation,
    })),
    resources: Object.keys(Data.RegisteredDevices ?? {}),
  }
}

export async function readCheckpoint(file: string): Promise<ReturnType<typeof parseCheckpoint>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? { grants: [], resources: [] } : parseCheckpoint(text)
}

/** Whole or not at all. */
export async function writeCheckpoint(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}
