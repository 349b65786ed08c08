// What kube-apiserver's flags say of the audit log's backends beyond the file itself, read from their texts.
import { parseGoDuration } from '../api/go-duration.ts'
import type { BatchOptions } from '../apiserver/audit-batches.ts'

/** As kube-apiserver's flags say it. Nothing is written without a policy, and a path or a webhook. */
export interface AuditOptions {
  readonly policyFile?: string
  /** `-` is standard output. */
  readonly logPath?: string
  readonly logFormat?: string
  /** Megabytes; 0 stands for the usual size. */
  readonly logMaxSize?: number
  /** Days; 0 for ever. */
  readonly logMaxAge?: number
  /** Files; 0 for all. */
  readonly logMaxBackup?: number
  /** A kubeconfig that names the server to send events to. */
  readonly webhookConfig?: string
  /** Flags by their names without `audit-`, as they were given. */
  readonly more?: Readonly<Partial<Record<AuditFlag, string>>>
}

export const auditModes = ['batch', 'blocking', 'blocking-strict'] as const
export type AuditMode = typeof auditModes[number]

type Place = 'log' | 'webhook'

const usual = {
  log: { mode: 'blocking', size: 1, wait: undefined, throttled: false, qps: 0, burst: 0 },
  webhook: { mode: 'batch', size: 400, wait: '30s', throttled: true, qps: 10, burst: 15 },
} as const

const flagsOf = <P extends Place>(place: P): Record<`${P}-${PlaceFlag}`, string> => {
  const { mode, size, wait, throttled, qps, burst } = usual[place]
  const texts: Record<PlaceFlag, string> = {
    mode: `whether requests wait until their events are kept (blocking), and are refused when they can't be (blocking-strict), or not (batch); default ${mode}`,
    'batch-buffer-size': 'in the mode batch: events that may wait (default 10000); more are lost',
    'batch-max-size': `in the mode batch: events of a batch (default ${size})`,
    'batch-max-wait': `in the mode batch: how long events wait for more${wait ? ` (default ${wait})` : ''}`,
    'batch-throttle-enable': `in the mode batch: whether batches a second are limited (default ${throttled})`,
    'batch-throttle-qps': `batches a second${qps ? ` (default ${qps})` : ''}`,
    'batch-throttle-burst': `batches at once before that limit holds${burst ? ` (default ${burst})` : ''}`,
    'truncate-enabled': 'whether events that are too large lose their objects, and batches are split (default false)',
    'truncate-max-batch-size': 'bytes of a batch, then (default 10485760)',
    'truncate-max-event-size': 'bytes of an event, then (default 102400)',
    version: 'API group and version of the events: audit.k8s.io/v1',
  }
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${place}-${name}`, text])) as Record<`${P}-${PlaceFlag}`, string>
}

type PlaceFlag =
  | 'mode' | 'batch-buffer-size' | 'batch-max-size' | 'batch-max-wait' | 'batch-throttle-enable' | 'batch-throttle-qps' | 'batch-throttle-burst'
  | 'truncate-enabled' | 'truncate-max-batch-size' | 'truncate-max-event-size' | 'version'

/** The flags with what they are for. */
export const auditFlags = {
  ...flagsOf('log'), ...flagsOf('webhook'),
  'log-compress': 'whether audit logs put aside are compressed (default false)',
  'webhook-initial-backoff': 'how long a request to the webhook that failed waits for its second try (default 10s)',
  'webhook-batch-initial-backoff': 'the former name of --audit-webhook-initial-backoff',
}

/** Flags that stand for `true` when nothing is said with them. */
export const isTruthFlag = (name: string): boolean => /-(truncate-enabled|throttle-enable|compress)$/.test(name)

export type AuditFlag = keyof typeof auditFlags

export interface Truncation {
  readonly maxEventBytes: number
  readonly maxBatchBytes: number
}

export interface BackendSettings {
  readonly mode: AuditMode
  readonly batch: BatchOptions
  /** undefined: nothing is cut. */
  readonly truncation?: Truncation
}

export interface AuditSettings {
  readonly log: BackendSettings
  readonly webhook: BackendSettings
  readonly initialBackoffMs: number
  readonly compress: boolean
}

const truths: Readonly<Record<string, boolean>> = { 1: true, t: true, T: true, TRUE: true, true: true, True: true, 0: false, f: false, F: false, FALSE: false, false: false, False: false }

/** Throws what was expected, with the flag's name. */
export function auditSettings({ more = {} }: AuditOptions): AuditSettings {
  const read = <T>(name: AuditFlag, parse: (text: string) => T | undefined, expected: string, usually: T): T => {
    const text = more[name]
    if (text === undefined) return usually
    const value = parse(text)
    if (value === undefined) throw new Error(`--audit-${name}: expected ${expected}, found ${JSON.stringify(text)}`)
    return value
  }
  const count = (name: AuditFlag, usually: number): number => read(name, (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined), 'a number from 1', usually)
  const truth = (name: AuditFlag, usually: boolean): boolean => read(name, (text) => truths[text], 'true or false', usually)
  const duration = (name: AuditFlag, usually: number): number => read(name, (text) => (parseGoDuration(text) ?? 0) > 0 ? parseGoDuration(text) : undefined, 'a duration such as 10s', usually)
  const truncation = (place: Place): Truncation | undefined => {
    const sizes = { maxBatchBytes: count(`${place}-truncate-max-batch-size`, 10 << 20), maxEventBytes: count(`${place}-truncate-max-event-size`, 100 << 10) }
    if (sizes.maxEventBytes > sizes.maxBatchBytes) throw new Error(`--audit-${place}-truncate-max-event-size: expected no more than --audit-${place}-truncate-max-batch-size, found ${sizes.maxEventBytes}`)
    return truth(`${place}-truncate-enabled`, false) ? sizes : undefined
  }
  const backend = (place: Place): BackendSettings => {
    const { mode, size, wait, throttled, qps, burst } = usual[place]
    read(`${place}-version`, (text) => (text === 'audit.k8s.io/v1' ? text : undefined), 'audit.k8s.io/v1', '')
    const cut = truncation(place)
    const bufferSize = count(`${place}-batch-buffer-size`, 10_000)
    const maxSize = count(`${place}-batch-max-size`, size)
    const throttle = { qps: read(`${place}-batch-throttle-qps`, (text) => (Number(text) > 0 ? Number(text) : undefined), 'a number above 0', qps), burst: count(`${place}-batch-throttle-burst`, burst) }
    const limited = truth(`${place}-batch-throttle-enable`, throttled)
    if (limited && throttle.qps === 0) throw new Error(`--audit-${place}-batch-throttle-qps: expected a number above 0, found nothing`)
    if (limited && throttle.burst === 0) throw new Error(`--audit-${place}-batch-throttle-burst: expected a number from 1, found nothing`)
    // Without a limit of its own a batch of several would never be full.
    const maxWaitMs = duration(`${place}-batch-max-wait`, parseGoDuration(wait ?? '30s') ?? 0)
    return {
      mode: read(`${place}-mode`, (text) => auditModes.find((one) => one === text), `one of ${auditModes.join(', ')}`, mode as AuditMode),
      batch: { bufferSize, maxSize: Math.min(maxSize, bufferSize), maxWaitMs, maxBytes: cut?.maxBatchBytes ?? Infinity, ...(limited ? { throttle } : {}) },
      ...(cut ? { truncation: cut } : {}),
    }
  }
  return {
    log: backend('log'), webhook: backend('webhook'), compress: truth('log-compress', false),
    initialBackoffMs: duration('webhook-initial-backoff', duration('webhook-batch-initial-backoff', 10_000)),
  }
}
