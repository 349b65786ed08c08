// Runs one of the programs beside this file; toolbox.sh starts it.
const [name = '', ...args] = process.argv.slice(2)
if (!/^[a-z][a-z-]*$/.test(name)) {
  console.error('usage: toolbox NAME [ARGS...]')
  process.exit(2)
}
// The kernel ignores a signal to process 1 unless it is handled. A program with an end of its own takes this away.
process.on('SIGTERM', () => process.exit(143))
const { default: run } = await import(`./${name}.mjs`)
await run(args)
