// Processes outside of containers that the kernel has killed for want of memory, as its log tells: read when its count of such kills has grown.
import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'

export interface OomVictim {
  readonly process: string
  readonly pid: number
}

const recordBytes = 8192

/** Pure. Of records of the kernel's log after one of them; those in a cgroup of their own are their container's affair. */
export function oomVictims(records: readonly string[], afterSequence: number): OomVictim[] {
  return records.filter((record) => sequenceOf(record) > afterSequence).flatMap((record) => {
    const [, cgroup, process, pid] = /^[^;]*;oom-kill:.*,task_memcg=([^,]*),task=(.*),pid=(\d+),uid=\d+\n/.exec(record) ?? []
    return cgroup === '/' && process !== undefined ? [{ process, pid: Number(pid) }] : []
  })
}

const sequenceOf = (record: string | undefined): number => Number(/^\d+,(\d+),/.exec(record ?? '')?.[1] ?? -1)

export const oomMessage = ({ process, pid }: OomVictim): string => `System OOM encountered, victim process: ${process}, pid: ${pid}`

export interface OomSource {
  /** /proc/vmstat. */
  counts(): Promise<string>
  /** Of the kernel's log, all that there still are, oldest first. */
  records(): Promise<readonly string[]>
}

export class SystemOoms {
  readonly #source: OomSource
  #last: { readonly kills: number; readonly sequence: number } | undefined

  constructor(source: OomSource = kernelOoms) {
    this.#source = source
  }

  /** Since it was asked before; none at first. */
  async look(): Promise<OomVictim[]> {
    const kills = Number(/^oom_kill (\d+)$/m.exec(await this.#source.counts())?.[1] ?? 0)
    const last = this.#last
    if (last?.kills === kills) return []
    const records = await this.#source.records()
    this.#last = { kills, sequence: sequenceOf(records.at(-1)) }
    return last ? oomVictims(records, last.sequence) : []
  }
}

export const kernelOoms: OomSource = {
  counts: () => readFile('/proc/vmstat', 'utf8'),
  async records() {
    const log = await open('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
    const found: string[] = []
    const buffer = Buffer.alloc(recordBytes)
    try {
      for (;;) {
        const outcome = await log.read(buffer, 0, recordBytes, null).catch((error: NodeJS.ErrnoException) => error)
        if ('bytesRead' in outcome) found.push(buffer.toString('utf8', 0, outcome.bytesRead))
        // EAGAIN: that was all. EPIPE: what was next has been overwritten, and reading goes on behind it.
        else if (outcome.code === 'EAGAIN') return found
        else if (outcome.code !== 'EPIPE') throw outcome
      }
    } finally {
      await log.close()
    }
  },
}
