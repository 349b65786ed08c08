// Makes an image from programs of this machine: each with the libraries that it is linked with, so that it runs alone.
import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { OciImageConfig } from '../../pkg/containerd/oci-archive.ts'
import { buildOciArchive } from '../../pkg/containerd/oci-archive.ts'
import type { TarEntry } from '../../pkg/containerd/tar.ts'

export interface HostImage {
  /** Full names with tags. */
  names: string[]
  /** Programs by their path in the image; the value is the path on this machine. */
  programs: Record<string, string>
  /** Programs that run as root whoever starts them, likewise. */
  rootPrograms?: Record<string, string>
  /** Further files of this machine, likewise. */
  files?: Record<string, string>
  /** Files made here: path in the image, and contents. What begins with `#!` becomes executable. */
  texts?: Record<string, string>
  /** Symlinks: path in the image, and what it points to. */
  links?: Record<string, string>
  directories?: Record<string, { mode?: number; uid?: number }>
  config: OciImageConfig
}

/** What the image is made from: when none of it changes, the image does not. */
export function inputsOf(image: HostImage): string {
  const hostFiles = [image.programs, image.rootPrograms ?? {}, image.files ?? {}].flatMap((files) => Object.values(files))
  return JSON.stringify([image, hostFiles.map((path) => [realpathSync(path), statSync(path).size, statSync(path).mtimeMs])])
}

export function buildHostImage(image: HostImage): Buffer {
  const entries = new Map<string, TarEntry>()
  const add = (path: string, entry: Omit<TarEntry, 'path'>): void => {
    const relative = path.replace(/^\//, '')
    const parent = dirname(relative)
    if (parent !== '.' && !entries.has(parent)) add(parent, { type: 'directory' })
    entries.set(relative, { ...entry, path: relative })
  }
  for (const [path, { mode, uid }] of Object.entries(image.directories ?? {})) add(path, { type: 'directory', mode, uid, gid: uid })
  const programs = { ...image.programs, ...image.rootPrograms }
  for (const [path, source] of Object.entries(programs)) {
    add(path, { type: 'file', mode: path in image.programs ? 0o755 : 0o4755, bytes: readFileSync(source) })
    for (const library of librariesOf(source)) add(library, { type: 'file', mode: 0o755, bytes: readFileSync(library) })
  }
  for (const [path, source] of Object.entries(image.files ?? {})) add(path, { type: 'file', bytes: readFileSync(source) })
  for (const [path, text] of Object.entries(image.texts ?? {})) {
    add(path, { type: 'file', mode: text.startsWith('#!') ? 0o755 : 0o644, bytes: Buffer.from(text) })
  }
  for (const [path, target] of Object.entries(image.links ?? {})) {
    if (!entries.has(path.replace(/^\//, ''))) add(path, { type: 'symlink', target })
  }
  return buildOciArchive({ names: image.names, layers: [[...entries.values()]], config: image.config })
}

/** None for a static program, which ldd refuses. */
function librariesOf(program: string): string[] {
  let text: string
  try {
    text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    if (/not a dynamic executable/.test(stdout + stderr)) return []
    throw error
  }
  const lost = /(\S+) => not found/.exec(text)
  if (lost) throw new Error(`${program} needs the library ${lost[1]}, which this machine does not have`)
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1] ?? '')
}
