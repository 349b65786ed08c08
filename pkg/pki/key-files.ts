// Keys and certificates as files: private, and whole or not there.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { KeyPair } from './certificates.ts'

/** Undefined when there is no such file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Readable by the owner only. After a crash the file has either the old text or the new one. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.new`
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}

export function readPair(directory: string, name: string): KeyPair | undefined {
  const certificate = readText(join(directory, `${name}.crt`))
  if (certificate === undefined) return undefined
  const key = readText(join(directory, `${name}.key`))
  if (key === undefined) throw new Error(`${join(directory, `${name}.crt`)} is there, but its key ${name}.key is not`)
  return { certificate, key }
}

/** The key first: a certificate that is there has its key. */
export function writePair(directory: string, name: string, pair: KeyPair): void {
  writePrivate(join(directory, `${name}.key`), pair.key)
  writePrivate(join(directory, `${name}.crt`), pair.certificate)
}
