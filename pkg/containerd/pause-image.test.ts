// The pause program, run on this machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostArchitecture } from './oci-archive.ts'
import { buildPauseProgram } from './pause-image.ts'

const signalMask = (status: string, name: string): bigint => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1]}`)
const bit = (signal: number): bigint => 1n << BigInt(signal - 1)

describe('the pause program', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('sleeps, ignores SIGCHLD and exits on %s', async (signal) => {
    const directory = mkdtempSync(join(tmpdir(), 'kinglet-pause-'))
    try {
      const file = join(directory, 'pause')
      writeFileSync(file, buildPauseProgram(hostArchitecture()), { mode: 0o755 })
      const child = spawn(file, { stdio: 'ignore' })
      const ended = once(child, 'exit')
      // It is ready when its last signal is set, a few instructions after its start.
      for (;;) {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        if (signalMask(status, 'SigIgn') & bit(17)) {
          expect(signalMask(status, 'SigCgt')).toBe(bit(2) | bit(15))
          break
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
      child.kill('SIGCHLD')
      child.kill(signal)
      expect(await ended).toEqual([0, null])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('is a 64-bit executable for each machine', () => {
    for (const [architecture, machine] of [['amd64', 62], ['arm64', 183]] as const) {
      const program = buildPauseProgram(architecture)
      expect(program.subarray(0, 5)).toEqual(Buffer.from('\x7fELF\x02', 'latin1'))
      expect(program.readUInt16LE(18)).toBe(machine)
      expect(program.readBigUInt64LE(96)).toBe(BigInt(program.length))
    }
    expect(() => buildPauseProgram('riscv64')).toThrow('riscv64')
  })

  it('addresses its data rightly on arm64', () => {
    const program = buildPauseProgram('arm64')
    const code = program.subarray(120)
    const actions = code.length - 64
    // The third instruction of each of the three calls computes the address of a struct sigaction.
    const addresses = [2, 8, 14].map((index) => {
      const word = code.readUInt32LE(4 * index)
      expect(word & 0x9f00001f).toBe(0x10000001 | 0) // adr x1, …
      return 4 * index + (((word >>> 5) & 0x7ffff) << 2) + ((word >>> 29) & 3)
    })
    expect(addresses).toEqual([actions, actions, actions + 32])
    const handler = Number(code.readBigUInt64LE(actions)) - 0x400078
    expect(code.readUInt32LE(handler)).toBe(0xd2800bc8) // mov x8, #94: exit_group
  })
})
