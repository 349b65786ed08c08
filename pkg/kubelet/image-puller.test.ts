// Pulls: by policy, a few at a time, shared where nobody's login is in play, and who may use what was pulled.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import { ManualClock } from '../util/clock.ts'
import type { ImageCredentials, OwnedLogin } from './image-credentials.ts'
import { ImagePuller } from './image-puller.ts'
import { type PreloadedPolicy, PulledImages } from './pulled-images.ts'
import type { ImageService, RegistryLogin, RuntimeImage } from './runtime-service.ts'
import type { StartFailure } from './start-failure.ts'

const directory = mkdtempSync(join(tmpdir(), 'kinglet-pulled-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const clock = new ManualClock(1_000_000_000)

/** A runtime whose pulls end when they are told to; images named private need the login `right`. */
class ScriptedImages implements ImageService {
  readonly present = new Set<string>()
  readonly pulls: { image: string; end: () => void }[] = []
  started = 0
  automatic = true

  async find(image: string): Promise<RuntimeImage | undefined> {
    return this.present.has(image) ? { id: `id-of-${image}`, names: [image], sizeBytes: 7, username: '' } : undefined
  }

  async pull(image: string, login?: RegistryLogin): Promise<string> {
    this.started++
    if (!this.automatic) await new Promise<void>((end) => this.pulls.push({ image, end }))
    if (image.includes('private') && login?.password !== 'right') throw new Error(`${login?.password ?? 'nobody'} refused`)
    this.present.add(image)
    return image
  }

  async list(): Promise<RuntimeImage[]> {
    return []
  }

  async remove(): Promise<void> {}
}

const secretLogin = (name: string, password: string): OwnedLogin => ({ login: { password }, owner: { secret: { uid: `uid-${name}`, namespace: 'ns', name, credentialHash: `hash of ${password}` } } })

let made = 0
function setUp({ parallelPulls = 5, policy = 'NeverVerifyPreloadedImages' as PreloadedPolicy, allowlist = [] as string[], at = `d${++made}` } = {}) {
  const images = new ScriptedImages()
  const events: string[] = []
  let logins: OwnedLogin[] = []
  const credentials = { find: async () => ({ logins, missing: [] }) } as unknown as ImageCredentials
  const open = (): ImagePuller => new ImagePuller({ images, clock, parallelPulls, credentials, pulled: new PulledImages({ directory: join(directory, at), clock, policy, allowlist }) })
  let puller = open()
  return {
    images, events, restart: () => { puller = open() }, keepOnly: (kept: Set<string>, atMs: number) => { new PulledImages({ directory: join(directory, at), clock, policy }).keepOnly(kept, atMs); puller = open() }, login: (...given: OwnedLogin[]) => { logins = given },
    ensure: (image: string, imagePullPolicy = 'IfNotPresent', uid = `pod-${++made}`): Promise<RuntimeImage> =>
      puller.ensure({ metadata: { uid }, spec: {} } as Pod, { name: 'c', image, imagePullPolicy }, ({ reason, message }) => events.push(`${reason}: ${message}`)),
  }
}

const ids = (...images: string[]): Set<string> => new Set(images.map((image) => `id-of-${image}`))

const settle = async (): Promise<void> => { for (let turn = 0; turn < 20; turn++) await Promise.resolve() }
const failure = (started: Promise<unknown>): Promise<StartFailure> => started.then(() => { throw new Error('it worked') }, (error: StartFailure) => error)

it('no more pulls run than are allowed, and the same image is pulled once', async () => {
  const { images, ensure, events } = setUp({ parallelPulls: 2 })
  images.automatic = false
  const started = ['a:1', 'b:1', 'c:1', 'a:1'].map((image) => ensure(image, 'Always'))
  await settle()
  expect(images.pulls.map(({ image }) => image)).toEqual(['a:1', 'b:1'])
  clock.step(1000)
  images.pulls[0]?.end()
  await settle()
  expect(images.pulls.map(({ image }) => image)).toEqual(['a:1', 'b:1', 'c:1'])
  clock.step(500)
  images.pulls[1]?.end()
  images.pulls[2]?.end()
  await Promise.all(started)
  expect(images.started).toBe(3)
  expect(events.at(-1)).toBe('Pulled: Successfully pulled image "c:1" in 500ms (1.5s including waiting). Image size: 7 bytes.')
})

it('back-off doubles, and tells the last error', async () => {
  const { images, ensure } = setUp()
  const at = async (): Promise<string> => {
    const { reason, message } = await failure(ensure('private:1', 'IfNotPresent', 'same'))
    return `${reason}: ${message}`
  }
  expect(await at()).toBe('ErrImagePull: nobody refused')
  clock.step(9_999)
  expect(await at()).toBe('ImagePullBackOff: Back-off pulling image "private:1": ErrImagePull: nobody refused')
  clock.step(1)
  expect(await at()).toBe('ErrImagePull: nobody refused')
  clock.step(19_999)
  expect(await at()).toMatch(/^ImagePullBackOff/)
  expect(images.started).toBe(2)
})

it('logins are tried in their order; all errors are told', async () => {
  const { ensure, login } = setUp()
  login(secretLogin('a', 'wrong'), secretLogin('b', 'bad'))
  expect((await failure(ensure('private:1'))).message).toBe('[wrong refused, bad refused]')
  login(secretLogin('a', 'wrong'), secretLogin('b', 'right'))
  await ensure('private:1')
})

describe('who may use an image that is there', () => {
  const right = secretLogin('s', 'right')
  it('what was there before is everybody\'s, or nobody\'s', async () => {
    for (const [policy, pulls] of [['NeverVerifyPreloadedImages', 0], ['AlwaysVerify', 1]] as const) {
      const { images, ensure } = setUp({ policy })
      images.present.add('old:1')
      await ensure('old:1')
      expect(images.started).toBe(pulls)
    }
  })
  it('what was there before and is on the list is everybody\'s', async () => {
    const { images, ensure } = setUp({ policy: 'NeverVerifyAllowlistedImages', allowlist: ['docker.io/library/old', 'docker.io/team/*'] })
    for (const image of ['old:1', 'team/a:1', 'older:1', 'teams/a:1']) {
      images.present.add(image)
      await ensure(image)
    }
    expect(images.started).toBe(2)
  })
  it('what came without a login is everybody\'s', async () => {
    const { images, ensure } = setUp()
    await ensure('open:1')
    await ensure('open:1')
    expect(images.started).toBe(1)
  })
  it('what came with a login wants one that is known: the same secret, changed or not, or the same words in another', async () => {
    const { images, ensure, login, events, restart } = setUp()
    login(right)
    await ensure('private:1')
    restart()
    for (const known of [right, secretLogin('s', 'changed'), secretLogin('other', 'right')]) {
      login(known)
      await ensure('private:1')
    }
    expect(images.started).toBe(1)
    expect(events.at(-1)).toBe('Pulled: Container image "private:1" already present on machine and can be accessed by the pod')
    login()
    expect(await failure(ensure('private:1'))).toMatchObject({ reason: 'ErrImagePull', message: 'nobody refused' })
    expect(await failure(ensure('private:1', 'Never'))).toMatchObject({ reason: 'ErrImageNeverPull', message: 'Container image "private:1" is not present with pull policy of Never' })
  })
  it('a record goes with its image, but not one that is younger than the look at the images', async () => {
    const { images, ensure, login, keepOnly } = setUp()
    const lookedMs = clock.now()
    login(right)
    await ensure('private:1')
    login()
    keepOnly(ids(), lookedMs)
    expect(await failure(ensure('private:1'))).toMatchObject({ reason: 'ErrImagePull' })
    clock.step(2000)
    keepOnly(ids('private:1'), clock.now())
    expect(await failure(ensure('private:1'))).toMatchObject({ reason: 'ErrImagePull' })
    keepOnly(ids(), clock.now())
    // Whoever brought it back, it was not this kubelet.
    const before = images.started
    await ensure('private:1')
    expect(images.started).toBe(before)
  })
  it('a pull that a crash interrupted gives nobody the image', async () => {
    const { images, ensure, login, restart } = setUp()
    images.automatic = false
    login(right)
    void ensure('private:1')
    await settle()
    images.present.add('private:1')
    restart()
    images.automatic = true
    login()
    expect(await failure(ensure('private:1'))).toMatchObject({ reason: 'ErrImagePull' })
  })
})
