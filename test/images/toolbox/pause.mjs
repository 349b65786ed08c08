// Waits for the signal to end.
export default function pause() {
  process.removeAllListeners('SIGTERM')
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
  console.log('Paused')
  setInterval(() => undefined, 1 << 30)
}
