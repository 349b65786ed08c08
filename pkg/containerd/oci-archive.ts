// Builds an OCI image archive in memory from layers of tar entries.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { TarEntry } from './tar.ts'
import { packTar } from './tar.ts'

export interface OciImageOptions {
  /** Full names with tags, such as `docker.io/library/busybox:latest`. */
  names: readonly string[]
  /** Bottom layer first. */
  layers: readonly (readonly TarEntry[])[]
  config?: OciImageConfig
  /** `amd64` or `arm64`; that of this machine by default. */
  architecture?: string
}

/** The image's defaults for its containers, in the words of the image specification. */
export interface OciImageConfig {
  Entrypoint?: string[]
  Cmd?: string[]
  Env?: string[]
  User?: string
  WorkingDir?: string
  ExposedPorts?: Record<string, object>
  Labels?: Record<string, string>
  StopSignal?: string
}

export const hostArchitecture = (): string => (process.arch === 'x64' ? 'amd64' : process.arch)

/** The same input gives the same bytes. */
export function buildOciArchive(options: OciImageOptions): Buffer {
  const blobs: TarEntry[] = []
  const add = (mediaType: string, bytes: Buffer): { mediaType: string; digest: string; size: number } => {
    const digest = sha256(bytes)
    blobs.push({ path: `blobs/sha256/${digest.slice('sha256:'.length)}`, type: 'file', bytes })
    return { mediaType, digest, size: bytes.length }
  }
  const tars = options.layers.map((entries) => packTar(entries))
  const layers = tars.map((tar) => add('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar, { level: 6 })))
  const config = add('application/vnd.oci.image.config.v1+json', json({
    architecture: options.architecture ?? hostArchitecture(),
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
  }))
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = add(mediaType, json({ schemaVersion: 2, mediaType, config, layers }))
  const index = {
    schemaVersion: 2,
    manifests: options.names.map((name) => ({ ...manifest, annotations: { 'io.containerd.image.name': name } })),
  }
  return packTar([
    { path: 'oci-layout', type: 'file', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', type: 'file', bytes: json(index) },
    ...blobs,
  ])
}

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value))
