// The command line: all commands as one table, so that oclif searches no directories, and one place where errors become text.
import { type Command, type Interfaces, run } from '@oclif/core'
import { Check } from './check.ts'
import { Down } from './down.ts'
import { ImageImport } from './image-import.ts'
import { ImageList } from './image-ls.ts'
import { Kubeconfig } from './kubeconfig.ts'
import { Server } from './server.ts'
import { Status } from './status.ts'
import { Up } from './up.ts'
import { withTruths } from './cluster-flags.ts'
import { explain } from './errors.ts'
import { packageFacts } from './version.ts'

const commands: Readonly<Record<string, Command.Class>> = {
  check: Check,
  down: Down,
  'image:import': ImageImport,
  'image:ls': ImageList,
  kubeconfig: Kubeconfig,
  server: Server,
  status: Status,
  up: Up,
} as unknown as Record<string, Command.Class>

/** Ends the process with 1 or 2 when the command fails. */
export async function runCli(argv: string[]): Promise<void> {
  // NODE_ENV would make oclif look for TypeScript sources beside the bundle.
  process.env.NODE_ENV ??= 'production'
  const plugin = kingletPlugin()
  // Timers of the clock do not keep a process alive; a command that waits for one must not end early.
  const hold = setInterval(() => undefined, 2 ** 30)
  try {
    await run(argv.length === 1 && argv[0] === 'help' ? ['--help'] : withTruths(argv), {
      root: plugin.root, pjson: plugin.pjson, plugins: new Map([[plugin.name, plugin]]), devPlugins: false, userPlugins: false,
    })
  } catch (error) {
    const { text, code } = await explain(error as Error)
    if (text) console.error(text)
    // Not process.exit: output that a pipe has not taken yet would be lost.
    process.exitCode = code
  } finally {
    clearInterval(hold)
  }
}

function kingletPlugin(): Interfaces.Plugin {
  const { name, version, description } = packageFacts()
  const root = import.meta.dirname
  const pjson = {
    name, version, description, type: 'module',
    oclif: { bin: 'kinglet', topicSeparator: ' ', topics: { image: { description: 'images in the container runtime' } }, additionalHelpFlags: ['-h'] },
  } as unknown as Interfaces.PJSON
  return {
    _base: '', alias: name, name, version, root, pjson, options: { root }, type: 'core', moduleType: 'module', valid: true, isRoot: true,
    hasManifest: false, commandsDir: undefined, hooks: {},
    topics: [{ name: 'image', description: 'images in the container runtime' }],
    commandIDs: Object.keys(commands),
    commands: Object.entries(commands).map(([id, command]) => loadable(id, command)),
    findCommand: (id: string) => Promise.resolve(commands[id]) as Promise<Command.Class>,
    load: () => Promise.resolve(),
  }
}

function loadable(id: string, command: Command.Class): Command.Loadable {
  command.id = id
  const { summary, description, flags, args, examples } = command
  return {
    id, summary, description, examples, aliases: [], hiddenAliases: [], hidden: false, strict: command.strict,
    flags: Object.fromEntries(Object.entries(flags ?? {}).map(([name, flag]) => [name, { ...flag, name }])),
    args: Object.fromEntries(Object.entries(args ?? {}).map(([name, arg]) => [name, { ...arg, name }])),
    load: () => Promise.resolve(command),
  } as unknown as Command.Loadable
}
