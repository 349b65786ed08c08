// The audit log as the options want it: the policy read, the file opened.
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { AuditBatches } from '../apiserver/audit-batches.ts'
import { AuditFile } from '../apiserver/audit-file.ts'
import { legacyLine } from '../apiserver/audit-lines.ts'
import type { AuditEvent, AuditSink } from '../apiserver/audit.ts'
import { TruncatingSink } from '../apiserver/audit-truncation.ts'
import { AuditWebhook } from '../apiserver/audit-webhook.ts'
import { parseAuditPolicy, type AuditPolicy } from '../apiserver/audit-policy.ts'
import type { Clock } from '../util/clock.ts'
import { type AuditOptions, type AuditSettings, auditSettings, type BackendSettings } from './audit-options.ts'
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

/** Where events are kept in the end. */
interface Keeper {
  readonly written: number
  readonly lost: number
  keep(lines: readonly string[]): Promise<boolean>
  /** What is left is tried once. */
  hurry?(): void
  close(): Promise<void>
}

/** undefined when nothing is to be written. Fails with OptionError when what the flags name can't be used. */
export async function openAuditLog({ audit = {} }: Pick<ClusterOptions, 'audit'>, tools: Tools): Promise<AuditLog | undefined> {
  const { policyFile, logPath, webhookConfig } = audit
  const settings = auditSettings(audit)
  // Read also where nothing is written, so that a wrong one is found.
  const policy = policyFile === undefined ? undefined : readAuditPolicy(policyFile, tools.log)
  const webhook = webhookConfig === undefined ? undefined : openWebhook(webhookConfig, settings, tools)
  if (!policy && logPath !== undefined) tools.log('audit: no audit policy file provided, no events will be recorded for the log backend')
  if (!policy && webhook) tools.log('audit: no audit policy file provided, no events will be recorded for the webhook backend')
  if (!policy || (logPath === undefined && !webhook)) return undefined
  const file = logPath === undefined ? undefined : await openFile(logPath, { ...audit, ...settings }, tools)
  const backends = Object.entries({ log: file, webhook }).flatMap(([name, backend]) => (backend ? [[name, backend] as const] : []))
  return {
    policy, figures: Object.fromEntries(backends.map(([name, { figures }]) => [name, figures])),
    sink: backends.length === 1 ? backends[0]![1].sink : { write: (line, event) => all(backends.map(([, { sink }]) => sink.write(line, event))) },
    close: async () => void await Promise.all(backends.map(([, backend]) => backend.close())),
  }
}

/** What waits for one of them waits for all. */
function all(kept: readonly (Promise<boolean> | undefined)[]): Promise<boolean> | undefined {
  if (kept.every((one) => one === undefined)) return undefined
  return Promise.all(kept).then((outcomes) => !outcomes.includes(false))
}

interface Tools {
  readonly clock: Clock
  readonly log: (text: string) => void
}

async function openFile(path: string, { logMaxSize, logMaxAge = 0, logMaxBackup = 0, logFormat, compress, log: settings }: AuditOptions & AuditSettings, tools: Tools): Promise<Backend> {
  try {
    const file = await AuditFile.open({ path, maxBytes: (logMaxSize || usualMegabytes) * 1024 * 1024, maxAgeDays: logMaxAge, maxBackups: logMaxBackup, compress, ...tools })
    const keeper: Keeper = {
      get written() { return file.written }, get lost() { return file.lost },
      keep: async (lines) => !(await Promise.all(lines.map((line) => file.write(line)))).includes(false),
      close: () => file.close(),
    }
    return backend(keeper, settings, tools, logFormat === 'legacy' ? legacyLine : undefined)
  } catch (error) {
    throw new OptionError(`--audit-log-path: ${path} can't be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`)
  }
}

function openWebhook(file: string, { initialBackoffMs, webhook: settings }: AuditSettings, tools: Tools): Backend {
  try {
    const webhook = new AuditWebhook({ target: readAuditTarget(file), initialBackoffMs, ...tools })
    const keeper: Keeper = {
      get written() { return webhook.written }, get lost() { return webhook.lost },
      keep: (lines) => webhook.send(lines), hurry: () => webhook.hurry(), close: () => webhook.close(),
    }
    return backend(keeper, settings, tools)
  } catch (error) {
    throw new OptionError(`--audit-webhook-config-file: ${file}: ${(error as Error).message}`)
  }
}

function backend(keeper: Keeper, { mode, batch, truncation }: BackendSettings, { clock, log }: Tools, lineOf?: (event: AuditEvent) => string): Backend {
  const batches = mode === 'batch' ? new AuditBatches({ batch, send: (lines) => keeper.keep(lines), clock, log }) : undefined
  const plain: AuditSink = batches ?? { write: (line) => (mode === 'blocking-strict' ? keeper.keep([line]) : keeper.keep([line]).then(() => true)) }
  const sink: AuditSink = lineOf ? { write: (_, event) => plain.write(lineOf(event), event) } : plain
  const short = truncation && new TruncatingSink(sink, { maxEventBytes: truncation.maxEventBytes, log })
  return {
    sink: short ?? sink,
    figures: () => ({ written: keeper.written, lost: keeper.lost + (batches?.lost ?? 0) + (short?.lost ?? 0) }),
    close: async () => {
      keeper.hurry?.()
      await batches?.close()
      await keeper.close()
    },
  }
}

function readAuditPolicy(file: string, log: Tools['log']): AuditPolicy {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OptionError(`--audit-policy-file: ${file} can't be read (${(error as NodeJS.ErrnoException).code ?? ''})`)
  }
  try {
    return parseAuditPolicy(load(text), (said) => log(`audit: ${file}: ${said}`))
  } catch (error) {
    throw new OptionError(`--audit-policy-file: ${file}: ${(error as Error).message}`)
  }
}
