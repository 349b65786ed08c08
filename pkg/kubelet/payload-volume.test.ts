// Where the files of volumes are: secrets in the one file system in memory, unless an older kubelet has made one of the volume's own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Volume } from '../api/types-volume.ts'
import { systemClock } from '../util/clock.ts'
import { makePod } from './fixture.suite.ts'
import { MemoryFiles } from './memory-files.ts'
import { payloadVolume } from './payload-volume.ts'
import type { VolumeContext } from './volume.ts'
import { WorkGate } from './work-gate.ts'

describe('payloadVolume', () => {
  let root: string
  let mounted: string[]
  let memory: MemoryFiles
  const set = (volume: Volume, name: 'secret' | 'configmap'): Promise<string> => {
    const mounter = { mountTmpfs: async (directory: string) => void mounted.push(directory) } as unknown as VolumeContext['mounter']
    memory ??= new MemoryFiles({ root: join(root, 'secrets'), mounter })
    const tokens = { token: () => Promise.reject(new Error('no token was asked for')) }
    const context = {
      pod: { ...makePod({}), metadata: { ...makePod({}).metadata, uid: 'u1' } }, volume, directory: join(root, 'pods/u1', volume.name), clock: systemClock, mounter,
      client: { get: async () => ({ data: { key: Buffer.from('v').toString('base64') } }) },
    } as unknown as VolumeContext
    return payloadVolume(name, { tokens, memory, gate: new WorkGate(1) }).setUp(context).then(({ hostPath }) => hostPath)
  }
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kinglet-pv-'))
    mounted = []
    memory = undefined as unknown as MemoryFiles
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('keeps the secrets of all pods in one file system that only root looks into', async () => {
    expect([await set({ name: 'a', secret: { secretName: 's' } }, 'secret'), await set({ name: 'b', secret: { secretName: 's' } }, 'secret')]).toEqual([join(root, 'secrets/u1/a'), join(root, 'secrets/u1/b')])
    expect(mounted).toEqual([join(root, 'secrets')])
    expect(readFileSync(join(root, 'secrets/u1/a/key'), 'utf8')).toBe('v')
    expect([statSync(join(root, 'secrets')).mode & 0o7777, statSync(join(root, 'secrets/u1/a')).mode & 0o7777]).toEqual([0o750, 0o777])
    expect(await memory.pods()).toEqual(['u1'])
    await memory.remove('u1')
    expect(await memory.pods()).toEqual([])
  })

  it('stays with what an older kubelet has mounted', async () => {
    const directory = join(root, 'pods/u1/a')
    mkdirSync(directory, { recursive: true })
    expect(await set({ name: 'a', secret: { secretName: 's' } }, 'secret')).toBe(directory)
    expect(mounted).toEqual([directory])
  })

  it('keeps what is no secret with the pod', async () => {
    expect(await set({ name: 'c', configMap: { name: 'm' } }, 'configmap')).toBe(join(root, 'pods/u1/c'))
    expect(mounted).toEqual([])
  })
})
