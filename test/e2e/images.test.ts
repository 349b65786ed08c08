// Images from a registry with TLS and a login, and from a directory: mirrors, rewrites, pull secrets, credential providers, who may use what is there.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { dump } from 'js-yaml'
import { testImage } from '../images/build.ts'
import { eventually, TestCluster } from './cluster.ts'
import { login, registryHosts, TestRegistry } from './registry.ts'

const [mirrorHost, privateHost, providerHost, openHost] = registryHosts
let cluster: TestCluster
/** Of the images' manifests. */
const digests = { web: '', shop: '', cache: '' }
let providerLog = ''

beforeAll(async () => {
  cluster = await TestCluster.prepare()
  const registry = await TestRegistry.start(cluster)
  for (const repository of ['team/web:1', 'team/web:2', 'team/private:1']) digests.web = await registry.push('busybox', repository)
  digests.shop = await registry.push('guestbook-web', 'library/shop:1')
  await registry.push('toolbox', 'team/listed:1')
  digests.cache = await registry.push('redis', 'team/cache:1')
  const tls = { ca_file: registry.caFile }
  const file = join(cluster.directory, 'registries.yaml')
  writeFileSync(file, dump({
    mirrors: {
      'docker.io': { endpoint: ['https://127.0.0.1:1', `https://${mirrorHost}`] },
      'rewritten.example': { endpoint: [`https://${mirrorHost}/v2`], rewrite: { '^apps/(.*)$': 'team/$1' } },
    },
    configs: {
      [mirrorHost]: { auth: login, tls }, [privateHost]: { tls }, [providerHost]: { tls: { insecure_skip_verify: true } }, [openHost]: { auth: login, tls },
    },
  }))
  installProvider()
  // What lies in the directory before the start is there when the node is ready.
  mkdirSync(join(cluster.dataDirectory, 'agent/images'), { recursive: true })
  copyFileSync(testImage('curl'), join(cluster.dataDirectory, 'agent/images/curl.tar'))
  await cluster.up([`--private-registry=${file}`, '--kubelet-arg=max-parallel-image-pulls=2'])
}, 120_000)

afterAll(() => cluster?.remove())

/** Answers for the third host and writes down each question. */
function installProvider(): void {
  const directory = join(cluster.dataDirectory, 'credentialprovider')
  providerLog = join(cluster.directory, 'provider.log')
  mkdirSync(join(directory, 'bin'), { recursive: true })
  const answer = {
    kind: 'CredentialProviderResponse', apiVersion: 'credentialprovider.kubelet.k8s.io/v1', cacheKeyType: 'Registry', auth: { [providerHost]: login },
  }
  const program = join(directory, 'bin/answering')
  writeFileSync(program, `#!/bin/sh\n{ cat; echo " $1 $KIND"; } >> ${providerLog}\necho '${JSON.stringify(answer)}'\n`)
  chmodSync(program, 0o755)
  writeFileSync(join(directory, 'config.yaml'), dump({
    apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig',
    providers: [{
      name: 'answering', matchImages: ['127.0.0.3:5000'], defaultCacheDuration: '10m', apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      args: ['get'], env: [{ name: 'KIND', value: 'test' }],
    }],
  }))
}

interface PodOptions {
  readonly image: string
  readonly policy?: string
  readonly secret?: string
  readonly namespace?: string
}

const create = (name: string, { image, policy = 'IfNotPresent', secret, namespace = 'default' }: PodOptions): Promise<string> => cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {
  input: dump({
    apiVersion: 'v1', kind: 'Pod', metadata: { name },
    spec: {
      ...(secret ? { imagePullSecrets: [{ name: secret }] } : {}), terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image, imagePullPolicy: policy, command: ['sh', '-c', 'sleep 3600'] }],
    },
  }),
})

interface ContainerStatus { readonly image: string; readonly imageID: string; readonly state: { readonly running?: object; readonly waiting?: { readonly reason: string; readonly message?: string } } }
interface PodView { readonly status: { readonly containerStatuses?: readonly ContainerStatus[] } }

const statusOf = async (name: string, namespace = 'default'): Promise<ContainerStatus | undefined> => (await cluster.json<PodView>(`get pod -n ${namespace} ${name}`)).status.containerStatuses?.[0]

const running = (name: string, namespace?: string): Promise<ContainerStatus> => {
  let last: ContainerStatus | undefined
  return eventually(async () => ((last = await statusOf(name, namespace))?.state.running ? last : undefined), () => `${name} runs; it is ${JSON.stringify(last)}`)
}

/** Until it waits for the reason. Resolves with the message. */
const waiting = (name: string, reason: string, namespace?: string): Promise<string> => {
  let last: ContainerStatus | undefined
  return eventually(async () => {
    last = await statusOf(name, namespace)
    return last?.state.waiting?.reason === reason ? last.state.waiting.message ?? '' : undefined
  }, () => `${name} waits with ${reason}; it is ${JSON.stringify(last)}`)
}

interface EventList { readonly items: readonly { readonly reason: string; readonly message: string; readonly type: string }[] }
const eventsOf = async (name: string, namespace = 'default'): Promise<string[]> =>
  (await cluster.json<EventList>(`get events -n ${namespace} --field-selector involvedObject.name=${name}`)).items.map(({ type, reason, message }) => `${type} ${reason} ${message}`)
/** Events come after what they tell of. */
const told = async (name: string, event: string | RegExp, namespace = 'default'): Promise<void> => {
  let last: string[] = []
  await eventually(async () => (last = await eventsOf(name, namespace)).some((each) => (typeof event === 'string' ? each.includes(event) : event.test(each))), () => `${name} is told of ${event}; its events are ${JSON.stringify(last)}`)
}

test('a mirror serves a registry that is out of reach; an endpoint that does not answer is passed over', async () => {
  await create('mirrored', { image: 'shop:1' })
  const { imageID, image } = await running('mirrored')
  expect(image).toBe('docker.io/library/shop:1')
  expect(imageID).toBe(`docker.io/library/shop@${digests.shop}`)
  await told('mirrored', 'Normal Pulling Pulling image "shop:1"')
  await told('mirrored', /^Normal Pulled Successfully pulled image "shop:1" in \S+ \(\S+ including waiting\)\. Image size: \d+ bytes\./)
})

test('a rewrite asks the mirror for another name, and the image keeps its own', async () => {
  await create('rewritten', { image: 'rewritten.example/apps/cache:1' })
  expect(await running('rewritten')).toMatchObject({ image: 'rewritten.example/apps/cache:1', imageID: `rewritten.example/apps/cache@${digests.cache}` })
  expect(await cluster.kinglet(['image', 'ls'])).not.toContain('kinglet.internal')
})

test('an image by its digest', async () => {
  await create('by-digest', { image: `${openHost}/team/web@${digests.web}` })
  expect((await running('by-digest')).imageID).toBe(`${openHost}/team/web@${digests.web}`)
})

test('what the registry does not have: the words of the runtime, then back-off', async () => {
  await create('missing', { image: `${openHost}/team/web:none` })
  const message = await waiting('missing', 'ErrImagePull')
  expect(message).toBe(`rpc error: code = NotFound desc = failed to pull and unpack image "${openHost}/team/web:none": failed to resolve reference "${openHost}/team/web:none": ${openHost}/team/web:none: not found`)
  expect(await waiting('missing', 'ImagePullBackOff')).toBe(`Back-off pulling image "${openHost}/team/web:none": ErrImagePull: ${message}`)
  for (const each of [`Warning Failed Failed to pull image "${openHost}/team/web:none": ${message}`, 'Warning Failed Error: ErrImagePull', 'Warning Failed Error: ImagePullBackOff', `Normal BackOff Back-off pulling image "${openHost}/team/web:none"`]) {
    await told('missing', each)
  }
})

const createSecret = (name: string, namespace = 'default', password: string = login.password): Promise<string> =>
  cluster.kubectl(['create', 'secret', 'docker-registry', name, '-n', namespace, `--docker-server=${privateHost}`, `--docker-username=${login.username}`, `--docker-password=${password}`])

test('a pull secret opens a registry; without it, the node\'s copy of the image stays closed', async () => {
  const image = `${privateHost}/team/private:1`
  await create('no-secret', { image, secret: 'nowhere' })
  expect(await waiting('no-secret', 'ErrImagePull')).toMatch(/401 Unauthorized|no basic auth credentials/)
  await told('no-secret', 'Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (nowhere); attempting to pull the image may not succeed.')
  await createSecret('login')
  await create('with-secret', { image, secret: 'login' })
  await running('with-secret')
  await create('still-none', { image })
  expect(await waiting('still-none', 'ErrImagePull')).toMatch(/401 Unauthorized|no basic auth credentials/)
  await create('never', { image, policy: 'Never' })
  expect(await waiting('never', 'ErrImageNeverPull')).toBe(`Container image "${image}" is not present with pull policy of Never`)
  // The same login in another namespace needs no pull.
  await cluster.kubectl('create namespace other')
  await createSecret('copy', 'other')
  await create('same-login', { image, secret: 'copy', namespace: 'other' })
  await running('same-login', 'other')
  await told('same-login', `Normal Pulled Container image "${image}" already present on machine and can be accessed by the pod`, 'other')
  await createSecret('wrong', 'other', 'guess')
  await create('wrong-login', { image, secret: 'wrong', namespace: 'other' })
  expect(await waiting('wrong-login', 'ErrImagePull', 'other')).toMatch(/401 Unauthorized|failed to authorize|unexpected status code/)
})

test('a service account\'s pull secrets are its pods\'', async () => {
  await cluster.kubectl('create namespace account')
  await createSecret('of-account', 'account')
  await eventually(async () => (await cluster.tryKubectl('get serviceaccount -n account default')).code === 0, 'the default account')
  await cluster.kubectl(['patch', 'serviceaccount', 'default', '-n', 'account', '-p', '{"imagePullSecrets":[{"name":"of-account"}]}'])
  await create('by-account', { image: `${privateHost}/team/web:2`, namespace: 'account', policy: 'Always' })
  await running('by-account', 'account')
})

test('a credential provider is asked once for its registry', async () => {
  await create('provided-1', { image: `${providerHost}/team/web:1` })
  await create('provided-2', { image: `${providerHost}/team/web:2` })
  await running('provided-1')
  await running('provided-2')
  await create('provided-3', { image: `${providerHost}/team/private:1`, policy: 'Always' })
  await running('provided-3')
  const questions = readFileSync(providerLog, 'utf8').trim().split('\n')
  expect(questions).toHaveLength(1)
  expect(questions[0]).toMatch(/^\{.*\} get test$/)
  expect(JSON.parse((questions[0] ?? '').replace(/ get test$/, ''))).toMatchObject({ kind: 'CredentialProviderRequest', apiVersion: 'credentialprovider.kubelet.k8s.io/v1', image: `${providerHost}/team/web` })
})

test('archives in the directory are imported, at the start and when they appear', async () => {
  await create('from-start', { image: 'curlimages/curl:8', policy: 'Never' })
  await running('from-start')
  const directory = join(cluster.dataDirectory, 'agent/images')
  writeFileSync(join(directory, 'later.part'), zstdCompressSync(readFileSync(testImage('nginx'))))
  renameSync(join(directory, 'later.part'), join(directory, 'later.tar.zst'))
  writeFileSync(join(directory, 'broken.tar'), 'no archive')
  await eventually(async () => (await cluster.kinglet(['image', 'ls'])).includes('nginx:1.22'), 'the later image is there')
  await create('later', { image: 'nginx:1.22', policy: 'Never' })
  await running('later')
  expect(existsSync(join(cluster.dataDirectory, 'agent/imported-images.json'))).toBe(true)
})

test('images that a list in the directory names are pulled, as registries.yaml says, and tried again when they are not there', async () => {
  writeFileSync(join(cluster.dataDirectory, 'agent/images/wanted.txt'), `# for later\nteam/listed:1\n\nteam/nosuch:1\n`)
  await eventually(async () => (await cluster.kinglet(['image', 'ls'])).includes('docker.io/team/listed:1'), 'the listed image is there')
  await create('listed', { image: 'team/listed:1', policy: 'Never' })
  await running('listed')
  await eventually(() => readFileSync(join(cluster.dataDirectory, 'kinglet.log'), 'utf8').includes("team/nosuch:1, which wanted.txt names, can't be pulled, and is tried again: "), 'the log tells of the other one')
})

test('the node tells its images', async () => {
  interface NodeView { readonly status: { readonly images: readonly { readonly names: readonly string[]; readonly sizeBytes: number }[] } }
  const names = await eventually(async () => {
    const found = (await cluster.json<NodeView>('get node node-1')).status.images.flatMap((image) => image.names)
    return found.includes('docker.io/library/nginx:1.22') ? found : undefined
  }, 'the node tells of the imported image')
  expect(names).toEqual(expect.arrayContaining(['docker.io/library/shop:1', `docker.io/library/shop@${digests.shop}`]))
})

test('a full disk costs what nobody uses and a registry could bring back; what was imported stays', async () => {
  await cluster.kubectl('delete pods --all --all-namespaces --wait --timeout=60s')
  await cluster.kinglet(['down'])
  // One percent full is full.
  await cluster.up(['image-gc-high-threshold=1', 'image-gc-low-threshold=0', 'minimum-image-ttl-duration=0s'].map((arg) => `--kubelet-arg=${arg}`))
  const left = await eventually(async () => {
    const images = await cluster.kinglet(['image', 'ls'])
    return images.includes('127.0.0.') || images.includes('shop') ? undefined : images
  }, 'the pulled images are gone')
  expect(left).toContain('nginx:1.22')
  expect(left).toContain('curlimages/curl:8')
  expect(left).toContain('team/listed:1')
  await told('node-1', /^Warning FreeDiskSpaceFailed Failed to garbage collect required amount of images\. Attempted to free \d+ bytes, but only found \d+ bytes eligible to free\.$/)
  expect(readdirSync(join(cluster.dataDirectory, 'agent/image_manager/pulled'))).toEqual([])
  await create('again', { image: 'nginx:1.22', policy: 'Never' })
  await running('again')
})
