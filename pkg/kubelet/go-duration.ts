// A duration as Go prints it, for messages: 10s, 1m20s, 5m0s, 1.5s, 250ms.
export function goDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1000) return `${trimmed(ms)}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${trimmed((ms % 60_000) / 1000)}s`
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}`
}

const trimmed = (value: number): string => String(Number(value.toFixed(3)))
