// Waits for the signal to end.
export default function pause() {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
  setInterval(() => undefined, 1 << 30)
}
