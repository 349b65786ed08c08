// Prints its own command line.
export default function entrypointTester() {
  console.log(`[${process.argv.slice(1).join(' ')}]`)
}
