// The kubelet's own settings as its flags spell them, `name=value`. Pure.
import { type EvictionConfig, evictionConfig } from './eviction-signals.ts'
import { parseGoDuration } from './go-duration.ts'
import { imageFlagNames, imageSettings } from './image-flags.ts'
import type { ImageSettings } from './image-settings.ts'
import { type ShutdownStep, shutdownSteps } from './node-shutdown.ts'

export interface KubeletSettings {
  readonly maxPods?: number
  readonly podPidsLimit?: number
  readonly manifestDirectory?: string
  readonly eviction: EvictionConfig
  readonly imageSettings: ImageSettings
  /** Empty: pods end with the machine. */
  readonly shutdown: readonly ShutdownStep[]
}

const known = [
  'max-pods', 'pod-max-pids', 'pod-manifest-path', 'eviction-hard', 'eviction-soft', 'eviction-soft-grace-period', 'eviction-minimum-reclaim',
  'eviction-pressure-transition-period', 'eviction-max-pod-grace-period', 'shutdown-grace-period', 'shutdown-grace-period-critical-pods',
  ...imageFlagNames,
] as const
type Name = (typeof known)[number]

/** Throws what was expected, with the name. */
export function kubeletSettings(args: readonly string[]): KubeletSettings {
  const values = new Map<Name, string>()
  for (const arg of args) {
    const [, name, value] = /^(?:--)?([^=]+)=(.*)$/s.exec(arg) ?? []
    if (name === undefined || value === undefined) throw new Error(`expected NAME=VALUE, found ${JSON.stringify(arg)}`)
    if (!(known as readonly string[]).includes(name)) throw new Error(`expected one of ${known.join(', ')}, found ${JSON.stringify(name)}`)
    values.set(name as Name, value)
  }
  const read = <T>(name: Name, parse: (text: string) => T): T | undefined => {
    const value = values.get(name)
    try {
      return value === undefined ? undefined : parse(value)
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
    }
  }
  const text = (name: Name): string | undefined => values.get(name)
  const seconds = (name: Name): number => Math.round((read(name, parseGoDuration) ?? 0) / 1000)
  const [maxPods, podPidsLimit, maxPodGraceSeconds] = [read('max-pods', wholeNumber), read('pod-max-pids', wholeNumber), read('eviction-max-pod-grace-period', wholeNumber)]
  const manifestDirectory = text('pod-manifest-path')
  const transitionMs = read('eviction-pressure-transition-period', parseGoDuration)
  return {
    ...defined({ maxPods, podPidsLimit: podPidsLimit === undefined || podPidsLimit < 0 ? undefined : podPidsLimit, manifestDirectory }),
    eviction: evictionConfig(defined({
      hard: text('eviction-hard'), soft: text('eviction-soft'), softGracePeriods: text('eviction-soft-grace-period'), minimumReclaim: text('eviction-minimum-reclaim'), transitionMs, maxPodGraceSeconds,
    })),
    imageSettings: imageSettings(read),
    shutdown: shutdownSteps(seconds('shutdown-grace-period'), seconds('shutdown-grace-period-critical-pods')),
  }
}

function wholeNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`expected a whole number, found ${JSON.stringify(text)}`)
  return Number(text)
}

const defined = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
