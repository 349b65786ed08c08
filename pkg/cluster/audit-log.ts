// The audit log as the options want it: the policy read, the file opened.
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { AuditFile } from '../apiserver/audit-file.ts'
import { parseAuditPolicy, type AuditPolicy } from '../apiserver/audit-policy.ts'
import type { Clock } from '../util/clock.ts'
import { type ClusterOptions, OptionError } from './options.ts'

const usualMegabytes = 100

export interface AuditLog {
  readonly policy: AuditPolicy
  readonly sink: AuditFile
}

/** undefined when nothing is to be written. Fails with OptionError when what the flags name can't be used. */
export async function openAuditLog({ audit = {} }: Pick<ClusterOptions, 'audit'>, { clock, log }: { clock: Clock; log: (text: string) => void }): Promise<AuditLog | undefined> {
  const { policyFile, logPath, logMaxSize, logMaxAge = 0, logMaxBackup = 0 } = audit
  // Read also where nothing is written, so that a wrong one is found.
  const policy = policyFile === undefined ? undefined : readAuditPolicy(policyFile)
  if (!policy && logPath !== undefined) log('audit: no audit policy file provided, no events will be recorded for the log backend')
  if (!policy || logPath === undefined) return undefined
  try {
    const sink = await AuditFile.open({ path: logPath, maxBytes: (logMaxSize || usualMegabytes) * 1024 * 1024, maxAgeDays: logMaxAge, maxBackups: logMaxBackup, clock, log })
    return { policy, sink }
  } catch (error) {
    throw new OptionError(`--audit-log-path: ${logPath} can't be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`)
  }
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
