// For tests of what must not take long: the processor time of this thread, which a busy machine does not stretch.

/** Milliseconds. */
export function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
