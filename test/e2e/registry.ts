// A registry in a test cluster's network: Debian's docker-registry, with TLS and a login, on all loopback addresses of the node.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, issueCertificate } from '../../pkg/pki/certificates.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { testImage, type TestImage } from '../images/build.ts'
import { eventually, type TestCluster } from './cluster.ts'

/** The loopback network is one host with many names, so that each may be configured in its own way. */
export const registryHosts = ['127.0.0.1:5000', '127.0.0.2:5000', '127.0.0.3:5000', '127.0.0.4:5000'] as const
export const login = { username: 'reader', password: 'open-sesame' } as const
// bcrypt of the password: the only form that the registry knows.
const passwordHash = '$2b$04$TknyiGh2LSml//bvn.Hv0u3Qny/VDWtfMqcOZWAAt6awp.cK51Wo2'

export class TestRegistry {
  readonly caFile: string
  readonly #cluster: TestCluster

  private constructor(cluster: TestCluster, caFile: string) {
    this.#cluster = cluster
    this.caFile = caFile
  }

  /** Resolves when it answers. It ends with the cluster. */
  static async start(cluster: TestCluster): Promise<TestRegistry> {
    const directory = join(cluster.directory, 'registry')
    mkdirSync(join(directory, 'storage'), { recursive: true })
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text)
      return join(directory, name)
    }
    const authority = await createAuthority({ commonName: 'test registry', clock: systemClock })
    const names = registryHosts.map((host) => host.replace(/:.*/, ''))
    const serving = await issueCertificate(authority, { commonName: 'registry', names, usages: ['server'], clock: systemClock })
    const ca = file('ca.crt', authority.certificate)
    const config = {
      version: 0.1,
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: join(directory, 'storage') } },
      http: { addr: ':5000', tls: { certificate: file('tls.crt', serving.certificate), key: file('tls.key', serving.key) } },
      auth: { htpasswd: { realm: 'test', path: file('htpasswd', `${login.username}:${passwordHash}\n`) } },
    }
    const [program, args] = cluster.network.command('docker-registry', ['serve', file('config.yml', JSON.stringify(config))])
    cluster.followProgram(program, args)
    const registry = new TestRegistry(cluster, ca)
    await eventually(async () => (await registry.#curl('/v2/')) !== '', 'the registry answers')
    return registry
  }

  /** `repository` with its tag. Resolves with the digest of the manifest. */
  async push(image: TestImage, repository: string): Promise<string> {
    await this.#cluster.inNetwork('skopeo', [
      '--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false', `--dest-creds=${login.username}:${login.password}`,
      `oci:${this.#layoutOf(image)}`, `docker://${registryHosts[0]}/${repository}`,
    ])
    const inspected = await this.#cluster.inNetwork('skopeo', ['inspect', '--tls-verify=false', `--creds=${login.username}:${login.password}`, '--format={{.Digest}}', `docker://${registryHosts[0]}/${repository}`])
    return inspected.trim()
  }

  /** The image's archive as a directory. Its index names the image several times, of which skopeo wants one. */
  #layoutOf(image: TestImage): string {
    const directory = join(this.#cluster.directory, 'registry/layouts', image)
    if (existsSync(directory)) return directory
    mkdirSync(directory, { recursive: true })
    execFileSync('tar', ['xf', testImage(image), '-C', directory])
    const index = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as { manifests: object[] }
    writeFileSync(join(directory, 'index.json'), JSON.stringify({ ...index, manifests: index.manifests.slice(0, 1) }))
    return directory
  }

  #curl(path: string): Promise<string> {
    return this.#cluster.inNetwork('curl', ['--silent', '--cacert', this.caFile, '--user', `${login.username}:${login.password}`, `https://${registryHosts[0]}${path}`]).catch(() => '')
  }
}
