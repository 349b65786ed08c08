// Which of the kernel's kills are the system's.
import { oomMessage, SystemOoms } from './system-oom.ts'

const kill = (sequence: number, cgroup: string, task: string, pid: number): string =>
  `6,${sequence},24411755378,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=${cgroup},task=${task},pid=${pid},uid=0\n SUBSYSTEM=x\n`

it('tells once of each process outside of containers that was killed since the first look', async () => {
  let kills = 3
  let reads = 0
  const records = [kill(7, '/', 'before', 1), '6,8,1,-;something else\n']
  const ooms = new SystemOoms({
    counts: async () => `nr_free_pages 5\noom_kill ${kills}\nother 1\n`,
    records: async () => {
      reads++
      return records
    },
  })
  expect(await ooms.look()).toEqual([])
  expect([await ooms.look(), reads]).toEqual([[], 1])
  kills = 6
  records.push(kill(9, '/', 'my, task', 42), kill(10, '/kinglet/kubepods/pod1/c', 'tail', 43), kill(12, '/', 'sshd', 44))
  expect((await ooms.look()).map(oomMessage)).toEqual(['System OOM encountered, victim process: my, task, pid: 42', 'System OOM encountered, victim process: sshd, pid: 44'])
  expect([await ooms.look(), reads]).toEqual([[], 2])
})

it('does without a count', async () => expect(await new SystemOoms({ counts: async () => '', records: async () => [] }).look()).toEqual([]))
