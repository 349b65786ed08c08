// Needs root and containerd.
import { existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { testImage } from '../../test/images/build.ts'
import { connectCri, type CriClient } from '../containerd/cri.ts'
import { findProgram } from '../containerd/host.ts'
import { ImageStore } from '../containerd/images.ts'
import { buildPauseArchive, pauseImageName } from '../containerd/pause-image.ts'
import { ContainerdSupervisor } from '../containerd/supervisor.ts'
import { systemClock as clock } from '../util/clock.ts'
import { containerdExits } from './containerd-exits.ts'
import { CriImages } from './cri-images.ts'
import { CriRuntime } from './cri-runtime.ts'
import { describeRuntime } from './runtime-service.suite.ts'

const possible = process.getuid?.() === 0 && findProgram('containerd') && findProgram('runc') && findProgram('busybox')

if (!possible) describe.skip('CriRuntime', () => it('needs root, containerd, runc and busybox', () => undefined))
else {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-cri-'))
  const supervisor = new ContainerdSupervisor({ clock, rootDirectory: join(directory, 'containerd'), stateDirectory: join(directory, 'state') })
  const alive = setInterval(() => undefined, 1000)
  let cri: CriClient | undefined

  afterAll(async () => {
    cri?.close()
    await supervisor.shutdown()
    rmSync(directory, { recursive: true, force: true })
    for (const mount of new Set(Object.values(supervisor.host.cgroupMounts))) if (existsSync(join(mount, basename(directory)))) rmdirSync(join(mount, basename(directory)))
    clearInterval(alive)
  }, 60_000)

  describeRuntime('CriRuntime', async () => {
    await supervisor.start()
    const images = new ImageStore({ socketPath: supervisor.socketPath, clock })
    await images.ensure(pauseImageName, () => buildPauseArchive())
    await images.importFile(testImage('busybox'))
    cri = connectCri(supervisor.socketPath)
    const image = (await new CriImages({ cri }).find('busybox:1.36'))?.id ?? ''
    return {
      runtime: new CriRuntime({ cri, clock, owner: 'test', taskExits: containerdExits(supervisor.socketPath, clock) }),
      logDirectory: join(directory, 'logs'), image, elapse: async () => undefined,
      cgroupParent: supervisor.host.cgroupDriver === 'systemd' ? 'kinglettest.slice' : `/${basename(directory)}`,
    }
  })
}
