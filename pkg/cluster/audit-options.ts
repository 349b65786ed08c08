// What kube-apiserver's flags say of the audit log's backends beyond the file itself, read from their texts.
import { parseGoDuration } from '../api/go-duration.ts'
import { type BatchOptions, defaultBatch } from '../apiserver/audit-webhook.ts'

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

/** The flags with what they are for. */
export const auditFlags = {
  'webhook-mode': 'how events are sent: batch (the default), which no request waits for',
  'webhook-batch-buffer-size': 'events that may wait to be sent (default 10000); more are lost',
  'webhook-batch-max-size': 'events that are sent at once (default 400)',
  'webhook-batch-max-wait': 'how long events wait for more (default 30s)',
  'webhook-batch-throttle-enable': 'whether batches a second are limited (default true)',
  'webhook-batch-throttle-qps': 'batches a second (default 10)',
  'webhook-batch-throttle-burst': 'batches at once before that limit holds (default 15)',
  'webhook-initial-backoff': 'how long a batch that failed waits for its second try (default 10s)',
  'webhook-truncate-enabled': 'whether events and batches that are too large are made smaller (default false)',
  'webhook-truncate-max-batch-size': 'bytes of a batch, then (default 10485760)',
  'webhook-truncate-max-event-size': 'bytes of an event, then (default 102400)',
  'log-truncate-enabled': 'whether events that are too large lose their objects (default false)',
  'log-truncate-max-batch-size': 'as kube-apiserver has it; nothing depends on it here (default 10485760)',
  'log-truncate-max-event-size': 'bytes of an event, then (default 102400)',
} as const

export type AuditFlag = keyof typeof auditFlags

export interface Truncation {
  readonly maxEventBytes: number
  readonly maxBatchBytes: number
}

export interface AuditSettings {
  readonly batch: BatchOptions
  readonly initialBackoffMs: number
  /** undefined: nothing is cut. */
  readonly webhookTruncation?: Truncation
  readonly logTruncation?: Truncation
}

/** Throws what was expected, with the flag's name. */
export function auditSettings({ more = {} }: AuditOptions): AuditSettings {
  const read = <T>(name: AuditFlag, parse: (text: string) => T | undefined, expected: string, usual: T): T => {
    const text = more[name]
    if (text === undefined) return usual
    const value = parse(text)
    if (value === undefined) throw new Error(`--audit-${name}: expected ${expected}, found ${JSON.stringify(text)}`)
    return value
  }
  const count = (name: AuditFlag, usual: number): number => read(name, (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined), 'a number from 1', usual)
  const truth = (name: AuditFlag, usual: boolean): boolean => read(name, (text) => (text === 'true' ? true : text === 'false' ? false : undefined), 'true or false', usual)
  const duration = (name: AuditFlag, usual: number): number => read(name, (text) => (parseGoDuration(text) ?? 0) > 0 ? parseGoDuration(text) : undefined, 'a duration such as 10s', usual)
  read('webhook-mode', (text) => (text === 'batch' ? text : undefined), 'batch (no request waits for the webhook)', 'batch')
  const truncation = (place: 'log' | 'webhook'): Truncation | undefined => {
    const sizes = { maxBatchBytes: count(`${place}-truncate-max-batch-size`, 10 << 20), maxEventBytes: count(`${place}-truncate-max-event-size`, 100 << 10) }
    if (sizes.maxEventBytes > sizes.maxBatchBytes) throw new Error(`--audit-${place}-truncate-max-event-size: expected no more than --audit-${place}-truncate-max-batch-size, found ${sizes.maxEventBytes}`)
    return truth(`${place}-truncate-enabled`, false) ? sizes : undefined
  }
  const [webhookTruncation, logTruncation] = [truncation('webhook'), truncation('log')]
  const throttle = { qps: read('webhook-batch-throttle-qps', (text) => (Number(text) > 0 ? Number(text) : undefined), 'a number above 0', 10), burst: count('webhook-batch-throttle-burst', 15) }
  const [bufferSize, maxSize] = [count('webhook-batch-buffer-size', defaultBatch.bufferSize), count('webhook-batch-max-size', defaultBatch.maxSize)]
  if (maxSize > bufferSize) throw new Error(`--audit-webhook-batch-max-size: expected no more than --audit-webhook-batch-buffer-size, found ${maxSize}`)
  const { throttle: _throttle, ...rest } = defaultBatch
  return {
    batch: {
      ...rest, bufferSize, maxSize, maxWaitMs: duration('webhook-batch-max-wait', defaultBatch.maxWaitMs), maxBytes: webhookTruncation?.maxBatchBytes ?? Infinity,
      ...(truth('webhook-batch-throttle-enable', true) ? { throttle } : {}),
    },
    initialBackoffMs: duration('webhook-initial-backoff', 10_000),
    ...(webhookTruncation ? { webhookTruncation } : {}), ...(logTruncation ? { logTruncation } : {}),
  }
}
