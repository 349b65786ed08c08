// Prints its own command line.
export default function entrypointTester() {
  console.log(`[${[process.env.TOOLBOX_NAME, ...process.argv.slice(2)].join(' ')}]`)
}
