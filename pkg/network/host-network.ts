// What the network makes on the host: routes, sysctls and nftables, by the ip and nft commands.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tableName } from './nft-rules.ts'

const run = promisify(execFile)

/** Loads a rule text as one transaction. nft can't read a socket as standard input, so the text goes through a file. */
export async function loadRules(text: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'kinglet-nft-'))
  try {
    const file = join(directory, 'rules.nft')
    await writeFile(file, text)
    await run('nft', ['-f', file])
  } catch (error) {
    throw new Error(`nft refused the rules: ${(error as { stderr?: string }).stderr ?? String(error)}`, { cause: error })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Makes every address of the service range local, so that sockets can listen on ClusterIPs. */
export async function addServiceRoute(serviceCidr: string): Promise<void> {
  await run('ip', ['route', 'replace', 'local', serviceCidr, 'dev', 'lo'])
}

/** Marks the routes of further ranges, so that they are found when the network is taken away. */
const routeProtocol = '107'

/** The same for ranges that come and go. */
export async function replaceFurtherRoutes(wanted: readonly string[]): Promise<void> {
  const { stdout } = await run('ip', ['-o', 'route', 'show', 'table', 'local', 'proto', routeProtocol])
  const present = stdout.split('\n').map((line) => /^local (\S+)/.exec(line)?.[1]).filter((range) => range !== undefined)
  for (const range of wanted) if (!present.includes(range)) await run('ip', ['route', 'replace', 'local', range, 'dev', 'lo', 'proto', routeProtocol])
  for (const range of present) if (!wanted.includes(range)) await run('ip', ['route', 'del', 'local', range, 'dev', 'lo', 'proto', routeProtocol])
}

export async function setSysctls(values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    await writeFile(`/proc/sys/${name.replaceAll('.', '/')}`, value).catch((error: NodeJS.ErrnoException) => {
      // A sysctl that this kernel lacks or that a container may not set shows later as a network that does not forward.
      if (error.code !== 'ENOENT' && error.code !== 'EROFS') throw error
    })
  }
}

/** Removes all that the network made: table, route, bridge. Missing pieces are fine. */
export async function removeHostNetwork(options: { serviceCidr: string; bridge: string }): Promise<void> {
  const commands: [string, string[]][] = [
    ['nft', ['delete', 'table', 'ip', tableName]],
    ['ip', ['route', 'del', 'local', options.serviceCidr, 'dev', 'lo']],
    ['ip', ['route', 'flush', 'table', 'local', 'proto', routeProtocol]],
    ['ip', ['link', 'del', options.bridge]],
  ]
  for (const [command, args] of commands) {
    await run(command, args).catch((error: { stderr?: string }) => {
      if (!/No such|Cannot find|not found|Nothing to flush|does not exist/i.test(error.stderr ?? '')) throw error
    })
  }
}
