// kubectl against the server itself: versions, cluster-info, proxy.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cluster } from '../framework.ts'

test('[sig-cli] Kubectl client Kubectl api-versions should check if v1 is in available api versions [Conformance]', async () => {
  expect(await cluster.kubectl('api-versions')).toContain('v1')
})

test('[sig-cli] Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info [Conformance]', async () => {
  const output = await cluster.kubectl('cluster-info')
  expect(output).toContain('Kubernetes control plane')
  expect(output).toContain('is running at')
})

test('[sig-cli] Kubectl client Kubectl version should check is all data is printed [Conformance]', async () => {
  const output = await cluster.kubectl('version')
  expect(output).toMatch(/Client Version: v\d\.\d+\.[\d\w\-.+]+/)
  expect(output).toMatch(/Server Version: v\d\.\d+\.[\d\w\-.+]+/)
})

interface ApiVersions { versions: string[] }

test('[sig-cli] Kubectl client Proxy server should support proxy with --port 0 [Conformance]', async () => {
  const proxy = cluster.follow('proxy -p 0 --disable-filter')
  try {
    const [, port = ''] = await proxy.says(/Starting to serve on 127\.0\.0\.1:([0-9]+)/)
    const { versions } = JSON.parse(await cluster.inNetwork('curl', ['-s', `http://localhost:${port}/api/`])) as ApiVersions
    expect(versions.length).toBeGreaterThanOrEqual(1)
  } finally {
    await proxy.end()
  }
})

test('[sig-cli] Kubectl client Proxy server should support --unix-socket=/path [Conformance]', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kubectl-proxy-unix'))
  const socket = join(directory, 'test')
  const proxy = cluster.follow(['proxy', `--unix-socket=${socket}`])
  try {
    await proxy.says(/./)
    // kubectl refuses that host, and the original is content with any answer.
    expect(await cluster.inNetwork('curl', ['-s', '--unix-socket', socket, 'http://unused/api'])).not.toBe('')
    const { versions } = JSON.parse(await cluster.inNetwork('curl', ['-s', '--unix-socket', socket, 'http://localhost/api'])) as ApiVersions
    expect(versions.length).toBeGreaterThanOrEqual(1)
  } finally {
    await proxy.end()
    rmSync(directory, { recursive: true, force: true })
  }
})
