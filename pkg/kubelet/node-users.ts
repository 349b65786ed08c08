// The users of this node that pods may have as their own: all but the first, or what the machine says is the kubelet's.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { IdRange } from './runtime-service.ts'

/** Ranges of users begin at multiples of it. */
export const idUnit = 65_536
const idCount = 2 ** 32
const kubeletUser = 'kubelet'

export interface SubordinateIds {
  /** Whether the machine knows a user of this name. */
  knows(user: string): Promise<boolean>
  /** As getsubids prints them, of users or of groups; undefined where nobody tells. */
  list(user: string, of: 'users' | 'groups'): Promise<string | undefined>
}

/** Throws when what the machine says is of no use. */
export async function nodeUsers({ idsPerPod, maxPods }: { idsPerPod: number; maxPods: number }, machine: SubordinateIds = thisMachine): Promise<IdRange> {
  const all = { first: idsPerPod, length: idCount - idsPerPod }
  if (!(await machine.knows(kubeletUser))) return all
  const [users, groups] = await Promise.all([machine.list(kubeletUser, 'users'), machine.list(kubeletUser, 'groups')])
  if (users === undefined && groups === undefined) return all
  if (users !== groups) throw new Error(`kubelet mappings: mismatched subuids and subgids for user "${kubeletUser}"`)
  return checkIds(parseIds(users ?? ''), { idsPerPod, maxPods })
}

/** Pure: `0: kubelet 65536 7208960`, and nothing else. */
export function parseIds(text: string): IdRange {
  const lines = text.replace(/^\n+|\n+$/g, '').split('\n')
  if (lines.length !== 1) throw new Error(`kubelet mappings: error parsing line ${JSON.stringify(text)}: it must contain only one line`)
  const [, , first = '', length = '', ...more] = lines[0]?.split(/\s+/).filter(Boolean) ?? []
  if (!/^\d+$/.test(first) || !/^\d+$/.test(length) || more.length > 0) throw new Error(`kubelet mappings: invalid line ${JSON.stringify(text)}`)
  return { first: Number(first), length: Number(length) }
}

/** Pure: throws where it cannot be shared out evenly, or among all pods. */
export function checkIds(ids: IdRange, { idsPerPod, maxPods }: { idsPerPod: number; maxPods: number }): IdRange {
  if (ids.first % idsPerPod !== 0) throw new Error(`kubelet user assigned ID ${ids.first} is not a multiple of ${idsPerPod}`)
  // Who is 0 outside could do anything.
  if (ids.first < idsPerPod) throw new Error(`kubelet user assigned ID ${ids.first} must be greater or equal to ${idsPerPod}`)
  if (ids.length % idsPerPod !== 0) throw new Error(`kubelet user assigned IDs length ${ids.length} is not a multiple of ${idsPerPod}`)
  if (ids.length / idsPerPod < maxPods) throw new Error(`kubelet user assigned IDs are not enough to support ${maxPods} pods`)
  return ids
}

const run = promisify(execFile)

/** By getsubids, which knows more than files; where it is not installed, by the files. */
const thisMachine: SubordinateIds = {
  async knows(user) {
    const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
    return passwd.split('\n').some((line) => line.startsWith(`${user}:`))
  },
  async list(user, of) {
    try {
      return (await run('getsubids', of === 'groups' ? ['-g', user] : [user])).stdout
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new Error(`kubelet mappings: error retrieving additional ${of === 'groups' ? 'gids' : 'uids'} for user "${user}": ${(error as Error).message}`, { cause: error })
      const text = await readFile(of === 'groups' ? '/etc/subgid' : '/etc/subuid', 'utf8').catch(() => '')
      const own = text.split('\n').filter((line) => line.startsWith(`${user}:`))
      return own.length === 0 ? undefined : own.map((line, index) => `${index}: ${line.replaceAll(':', ' ')}\n`).join('')
    }
  },
}
