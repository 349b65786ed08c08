// The kubelet's own settings as its flags spell them, `name=value`. Pure.
import { checkOwnLabels } from '../api/node-labels.ts'
import { resolve } from 'node:path'
import type { Taint } from '../api/types-node.ts'
import type { CgroupDriver } from './container-resources.ts'
import { wholeValue } from './quantity-values.ts'
import { type EvictionConfig, evictionConfig } from './eviction-signals.ts'
import { parseGoDuration } from './go-duration.ts'
import { imageFlagNames, imageSettings } from './image-flags.ts'
import type { ImageSettings } from './image-settings.ts'
import { idUnit } from './node-users.ts'
import { type ShutdownStep, shutdownSteps } from './node-shutdown.ts'

export interface KubeletSettings {
  readonly maxPods?: number
  readonly idsPerPod?: number
  readonly podPidsLimit?: number
  readonly manifestDirectory?: string
  /** Where pods and plugins have their files; undefined for the usual place. */
  readonly rootDirectory?: string
  readonly eviction: EvictionConfig
  readonly imageSettings: ImageSettings
  readonly reserved?: readonly Readonly<Record<string, string>>[]
  readonly allowedUnsafeSysctls?: readonly string[]
  readonly seccompDefault?: boolean
  readonly logRotation?: { readonly maxBytes?: number; readonly maxFiles?: number }
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly Taint[]
  readonly resolvConf?: string
  readonly restartMaxMs?: number
  readonly statusImages?: number
  readonly cgroupDriver?: CgroupDriver
  readonly singleProcessOomKill?: boolean
  /** Empty: pods end with the machine. */
  readonly shutdown: readonly ShutdownStep[]
}

const known = [
  'max-pods', 'pod-max-pids', 'pod-manifest-path', 'eviction-hard', 'eviction-soft', 'eviction-soft-grace-period', 'eviction-minimum-reclaim',
  'eviction-pressure-transition-period', 'eviction-max-pod-grace-period', 'shutdown-grace-period', 'shutdown-grace-period-critical-pods', 'shutdown-grace-period-by-pod-priority',
  ...imageFlagNames,
  'kube-reserved', 'system-reserved', 'allowed-unsafe-sysctls', 'seccomp-default', 'container-log-max-size', 'container-log-max-files', 'node-labels', 'register-with-taints', 'resolv-conf', 'node-status-max-images', 'max-container-restart-period', 'root-dir', 'user-namespaces-ids-per-pod', 'cgroup-driver', 'single-process-oom-kill',
] as const
type Name = (typeof known)[number]
type Read = <T>(name: Name, parse: (text: string) => T) => T | undefined

/** Throws what was expected, with the name. */
export function kubeletSettings(args: readonly string[]): KubeletSettings {
  const values = new Map<Name, string>()
  for (const arg of args) {
    const [, name, value] = /^(?:--)?([^=]+)=(.*)$/s.exec(arg) ?? []
    if (name === undefined || value === undefined) throw new Error(`expected NAME=VALUE, found ${JSON.stringify(arg)}`)
    if (!(known as readonly string[]).includes(name)) throw new Error(`expected one of config, config-dir, ${known.join(', ')}, found ${JSON.stringify(name)}`)
    values.set(name as Name, value)
  }
  const read: Read = (name, parse) => {
    const value = values.get(name)
    try {
      return value === undefined ? undefined : parse(value)
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
    }
  }
  const text = (name: Name): string | undefined => values.get(name)
  const [maxPods, podPidsLimit, maxPodGraceSeconds] = [read('max-pods', wholeNumber), read('pod-max-pids', wholeNumber), read('eviction-max-pod-grace-period', wholeNumber)]
  const manifestDirectory = text('pod-manifest-path')
  const transitionMs = read('eviction-pressure-transition-period', parseGoDuration)
  const reserved = [read('kube-reserved', resourcesOf), read('system-reserved', resourcesOf)].filter((each) => each !== undefined)
  const logRotation = defined({ maxBytes: read('container-log-max-size', wholeValue), maxFiles: read('container-log-max-files', wholeNumber) })
  const more = defined({
    reserved: reserved.length > 0 ? reserved : undefined, logRotation: Object.keys(logRotation).length > 0 ? logRotation : undefined, resolvConf: text('resolv-conf'),
    allowedUnsafeSysctls: read('allowed-unsafe-sysctls', (list) => list.split(',').filter(Boolean)), seccompDefault: read('seccomp-default', truth),
    rootDirectory: read('root-dir', absolutePath), idsPerPod: read('user-namespaces-ids-per-pod', idsPerPod),
    cgroupDriver: read('cgroup-driver', cgroupDriver), singleProcessOomKill: read('single-process-oom-kill', truth),
    restartMaxMs: read('max-container-restart-period', restartPeriod), statusImages: read('node-status-max-images', (value) => atLeast(-1, wholeNumber(value))),
    labels: read('node-labels', ownLabels), taints: read('register-with-taints', taintsOf),
  })
  return {
    ...more,
    ...defined({ maxPods, podPidsLimit: podPidsLimit === undefined || podPidsLimit < 0 ? undefined : podPidsLimit, manifestDirectory }),
    eviction: evictionConfig(defined({
      hard: text('eviction-hard'), soft: text('eviction-soft'), softGracePeriods: text('eviction-soft-grace-period'), minimumReclaim: text('eviction-minimum-reclaim'), transitionMs, maxPodGraceSeconds,
    })),
    imageSettings: imageSettings(read),
    shutdown: shutdown(read),
  }
}

function shutdown(read: Read): ShutdownStep[] {
  const seconds = (name: Name): number => Math.round((read(name, parseGoDuration) ?? 0) / 1000)
  const [total, critical] = [seconds('shutdown-grace-period'), seconds('shutdown-grace-period-critical-pods')]
  return read('shutdown-grace-period-by-pod-priority', (text) => {
    if (total !== 0 || critical !== 0) throw new Error('expected it alone, found shutdown-grace-period as well')
    const steps = Object.entries(pairsOf(text)).map(([priority, graceSeconds]) => ({ priority: wholeNumber(priority), graceSeconds: wholeNumber(graceSeconds) }))
    return steps.sort((a, b) => a.priority - b.priority)
  }) ?? shutdownSteps(total, critical)
}

function ownLabels(text: string): Record<string, string> {
  const labels = pairsOf(text)
  checkOwnLabels(labels)
  return labels
}

function absolutePath(text: string): string {
  if (!text.startsWith('/') || text === '/') throw new Error(`expected the absolute path of a directory, found ${JSON.stringify(text)}`)
  return resolve(text)
}

function atLeast(least: number, value: number): number {
  if (value < least) throw new Error(`expected a number of at least ${least}, found ${value}`)
  return value
}

function idsPerPod(text: string): number {
  const count = wholeNumber(text)
  if (count <= 0 || count % idUnit !== 0 || count >= 2 ** 32) throw new Error(`expected a multiple of ${idUnit} below 2^32, found ${text}`)
  return count
}

function restartPeriod(text: string): number {
  const ms = parseGoDuration(text)
  if (ms < 1000 || ms > 300_000) throw new Error(`expected from 1s to 300s, found ${text}`)
  return ms
}

function cgroupDriver(text: string): CgroupDriver {
  if (text !== 'cgroupfs' && text !== 'systemd') throw new Error(`expected cgroupfs or systemd, found ${JSON.stringify(text)}`)
  return text
}

function truth(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error(`expected true or false, found ${JSON.stringify(text)}`)
  return text === 'true'
}

function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split(',').filter(Boolean).map((pair) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(pair) ?? []
    if (name === undefined || value === undefined) throw new Error(`expected NAME=VALUE, found ${JSON.stringify(pair)}`)
    return [name, value]
  }))
}

const reservable = ['cpu', 'memory', 'ephemeral-storage', 'pid']

function resourcesOf(text: string): Record<string, string> {
  const pairs = pairsOf(text)
  const other = Object.keys(pairs).find((name) => !reservable.includes(name))
  if (other !== undefined) throw new Error(`expected amounts of ${reservable.join(', ')}, found ${JSON.stringify(other)}`)
  for (const amount of Object.values(pairs)) wholeValue(amount)
  return pairs
}

/** `key=value:NoSchedule,key:NoExecute`. */
function taintsOf(text: string): Taint[] {
  return text.split(',').filter(Boolean).map((taint) => {
    const [, key = '', value, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(taint) ?? []
    if (!key) throw new Error(`expected KEY=VALUE:EFFECT, found ${JSON.stringify(taint)}`)
    return { key, ...(value ? { value } : {}), effect }
  })
}

function wholeNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`expected a whole number, found ${JSON.stringify(text)}`)
  return Number(text)
}

const defined = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
