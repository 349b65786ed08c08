// The audit log as the options want it: the policy read, the file opened.
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { AuditFile } from '../apiserver/audit-file.ts'
import type { AuditSink } from '../apiserver/audit.ts'
import { TruncatingSink } from '../apiserver/audit-truncation.ts'
import { AuditWebhook } from '../apiserver/audit-webhook.ts'
import { parseAuditPolicy, type AuditPolicy } from '../apiserver/audit-policy.ts'
import type { Clock } from '../util/clock.ts'
import { type AuditOptions, type AuditSettings, auditSettings, type Truncation } from './audit-options.ts'
import { readAuditTarget } from './audit-target.ts'
import { type ClusterOptions, OptionError } from './options.ts'

const usualMegabytes = 100

export interface AuditLog {
  readonly policy: AuditPolicy
  readonly sink: AuditSink
  /** Figures by the names of the places that take events. */
  readonly figures: Readonly<Record<string, () => { readonly written: number; readonly lost: number }>>
  close(): Promise<void>
}

interface Backend {
  readonly sink: AuditSink
  readonly figures: () => { readonly written: number; readonly lost: number }
  close(): Promise<void>
}

/** undefined when nothing is to be written. Fails with OptionError when what the flags name can't be used. */
export async function openAuditLog({ audit = {} }: Pick<ClusterOptions, 'audit'>, tools: Tools): Promise<AuditLog | undefined> {
  const { policyFile, logPath, webhookConfig } = audit
  const settings = auditSettings(audit)
  // Read also where nothing is written, so that a wrong one is found.
  const policy = policyFile === undefined ? undefined : readAuditPolicy(policyFile)
  const webhook = webhookConfig === undefined ? undefined : openWebhook(webhookConfig, settings, tools)
  if (!policy && logPath !== undefined) tools.log('audit: no audit policy file provided, no events will be recorded for the log backend')
  if (!policy && webhook) tools.log('audit: no audit policy file provided, no events will be recorded for the webhook backend')
  if (!policy || (logPath === undefined && !webhook)) return undefined
  const file = logPath === undefined ? undefined : await openFile(logPath, { ...audit, ...settings }, tools)
  const backends = Object.entries({ log: file, webhook }).flatMap(([name, backend]) => (backend ? [[name, backend] as const] : []))
  return {
    policy, figures: Object.fromEntries(backends.map(([name, { figures }]) => [name, figures])),
    sink: backends.length === 1 ? backends[0]![1].sink : { write: (line, event) => backends.forEach(([, { sink }]) => sink.write(line, event)) },
    close: async () => void await Promise.all(backends.map(([, backend]) => backend.close())),
  }
}

interface Tools {
  readonly clock: Clock
  readonly log: (text: string) => void
}

async function openFile(path: string, { logMaxSize, logMaxAge = 0, logMaxBackup = 0, logTruncation }: AuditOptions & AuditSettings, { clock, log }: Tools): Promise<Backend> {
  try {
    const file = await AuditFile.open({ path, maxBytes: (logMaxSize || usualMegabytes) * 1024 * 1024, maxAgeDays: logMaxAge, maxBackups: logMaxBackup, clock, log })
    return backend(file, logTruncation, log)
  } catch (error) {
    throw new OptionError(`--audit-log-path: ${path} can't be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`)
  }
}

function openWebhook(file: string, { batch, initialBackoffMs, webhookTruncation }: AuditSettings, { clock, log }: Tools): Backend {
  try {
    return backend(new AuditWebhook({ target: readAuditTarget(file), batch, initialBackoffMs, clock, log }), webhookTruncation, log)
  } catch (error) {
    throw new OptionError(`--audit-webhook-config-file: ${file}: ${(error as Error).message}`)
  }
}

function backend(place: AuditFile | AuditWebhook, truncation: Truncation | undefined, log: Tools['log']): Backend {
  const short = truncation && new TruncatingSink(place, { maxEventBytes: truncation.maxEventBytes, log })
  return { sink: short ?? place, figures: () => ({ written: place.written, lost: place.lost + (short?.lost ?? 0) }), close: () => place.close() }
}

function readAuditPolicy(file: string): AuditPolicy {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OptionError(`--audit-policy-file: ${file} can't be read (${(error as NodeJS.ErrnoException).code ?? ''})`)
  }
  try {
    return parseAuditPolicy(load(text))
  } catch (error) {
    throw new OptionError(`--audit-policy-file: ${file}: ${(error as Error).message}`)
  }
}
