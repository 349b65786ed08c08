// The pause image: a program that does nothing until it is told to end, assembled here so that no registry is needed.
// The program installs a handler that exits for SIGINT and SIGTERM, ignores SIGCHLD (so orphans that it inherits in a
// shared PID namespace are reaped by the kernel), and then sleeps in a loop.
import { buildOciArchive, hostArchitecture } from './oci-archive.ts'

export const pauseImageName = 'kinglet.io/pause:1'

const loadAddress = 0x400000
const headerBytes = 64 + 56
const signals = { SIGINT: 2, SIGTERM: 15, SIGCHLD: 17 }
/** struct sigaction of the kernel on both machines: handler, flags, restorer, mask; eight bytes each. */
const actionBytes = 32

/** An OCI archive with the one image, for this machine unless told otherwise. */
export function buildPauseArchive(architecture = hostArchitecture(), name = pauseImageName): Buffer {
  return buildOciArchive({
    names: [name],
    architecture,
    layers: [[{ path: 'pause', type: 'file', mode: 0o755, bytes: buildPauseProgram(architecture) }]],
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
  })
}

/** A static ELF executable of a few hundred bytes. */
export function buildPauseProgram(architecture: string): Buffer {
  if (architecture === 'amd64') return elf(62, amd64Program())
  if (architecture === 'arm64') return elf(183, arm64Program())
  throw new Error(`there is no pause program for the architecture ${architecture}, only for amd64 and arm64`)
}

/** `program` gets the address that it is loaded to and gives code, which starts at its first byte, and data. */
function elf(machine: number, program: (address: number) => Buffer): Buffer {
  const body = program(loadAddress + headerBytes)
  const header = Buffer.alloc(headerBytes)
  header.write('\x7fELF', 0, 'latin1')
  header.set([2, 1, 1], 4) // 64 bit, little endian, version 1
  header.writeUInt16LE(2, 16) // an executable at a fixed address
  header.writeUInt16LE(machine, 18)
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(BigInt(loadAddress + headerBytes), 24) // entry point
  header.writeBigUInt64LE(64n, 32) // the program header follows
  header.writeUInt16LE(64, 52) // size of this header
  header.writeUInt16LE(56, 54) // size of a program header
  header.writeUInt16LE(1, 56) // one of them
  header.writeUInt32LE(1, 64) // PT_LOAD
  header.writeUInt32LE(5, 68) // readable and executable
  header.writeBigUInt64LE(BigInt(loadAddress), 80)
  header.writeBigUInt64LE(BigInt(loadAddress), 88)
  header.writeBigUInt64LE(BigInt(headerBytes + body.length), 96) // bytes in the file
  header.writeBigUInt64LE(BigInt(headerBytes + body.length), 104) // bytes in memory
  header.writeBigUInt64LE(0x10000n, 112) // alignment that suits pages of 4 to 64 KiB
  return Buffer.concat([header, body])
}

function sigaction(handler: number, flags: number): Buffer {
  const action = Buffer.alloc(actionBytes)
  action.writeBigUInt64LE(BigInt(handler), 0)
  action.writeBigUInt64LE(BigInt(flags), 8)
  action.writeBigUInt64LE(BigInt(handler), 16)
  return action
}

const ignoreAction = 1
/** x86-64 delivers no signal to a handler without a restorer; ours never returns, so any address serves. */
const withRestorer = 0x04000000

function amd64Program(): (address: number) => Buffer {
  const u32 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff]
  const setAction = (signal: number, action: number): number[] => [
    0xb8, ...u32(13), //             mov eax, 13        rt_sigaction
    0xbf, ...u32(signal), //         mov edi, signal
    0xbe, ...u32(action), //         mov esi, action
    0x31, 0xd2, //                   xor edx, edx       the old action is not wanted
    0x41, 0xba, ...u32(8), //        mov r10d, 8        size of the signal mask
    0x0f, 0x05, //                   syscall
  ]
  const sleep = [
    0xb8, ...u32(34), //             mov eax, 34        pause
    0x0f, 0x05, //                   syscall
    0xeb, 0xf7, //                   jmp to the mov
  ]
  const exit = [
    0xb8, ...u32(231), //            mov eax, 231       exit_group
    0x31, 0xff, //                   xor edi, edi
    0x0f, 0x05, //                   syscall
  ]
  const actionsAt = 3 * setAction(0, 0).length + sleep.length + exit.length
  return (address) => {
    const exitAt = address + actionsAt - exit.length
    const endAction = address + actionsAt
    return Buffer.concat([
      Buffer.from([
        ...setAction(signals.SIGINT, endAction), ...setAction(signals.SIGTERM, endAction),
        ...setAction(signals.SIGCHLD, endAction + actionBytes), ...sleep, ...exit,
      ]),
      sigaction(exitAt, withRestorer),
      sigaction(ignoreAction, 0),
    ])
  }
}

function arm64Program(): (address: number) => Buffer {
  const movz = (register: number, value: number): number => (0xd2800000 | (value << 5) | register) >>> 0
  // adr: an address relative to the instruction itself, 21 bits in two pieces
  const adr = (register: number, distance: number): number =>
    (0x10000000 | ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5) | register) >>> 0
  const branch = (instructions: number): number => (0x14000000 | (instructions & 0x3ffffff)) >>> 0
  const svc = 0xd4000001
  const setActionLength = 6
  const sleepLength = 7
  const exitLength = 3
  const exitAt = 3 * setActionLength + sleepLength
  const actionsAt = 4 * (exitAt + exitLength)
  const setAction = (position: number, signal: number, action: number): number[] => [
    movz(8, 134), movz(0, signal), adr(1, action - 4 * (position + 2)), movz(2, 0), movz(3, 8), svc, // rt_sigaction
  ]
  return (address) => {
    const words = [
      ...setAction(0, signals.SIGINT, actionsAt),
      ...setAction(setActionLength, signals.SIGTERM, actionsAt),
      ...setAction(2 * setActionLength, signals.SIGCHLD, actionsAt + actionBytes),
      movz(8, 73), movz(0, 0), movz(1, 0), movz(2, 0), movz(3, 0), svc, branch(-6), // ppoll on nothing, for ever
      movz(8, 94), movz(0, 0), svc, // exit_group
    ]
    const code = Buffer.alloc(4 * words.length)
    words.forEach((word, index) => code.writeUInt32LE(word, 4 * index))
    return Buffer.concat([code, sigaction(address + 4 * exitAt, 0), sigaction(ignoreAction, 0)])
  }
}
