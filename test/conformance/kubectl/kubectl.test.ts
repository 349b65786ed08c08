// kubectl against the server itself: versions, cluster-info, diff, proxy.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cluster, useNamespace } from '../framework.ts'
import { images } from '../pods.ts'

const namespace = useNamespace('kubectl')

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

test('[sig-cli] Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments [Conformance]', async () => {
  const labels = { app: 'httpd' }
  const deployment = (image: string) => ({ input: JSON.stringify({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'httpd-deployment' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'httpd', image, ports: [{ containerPort: 80 }] }] } } },
  }) })
  await cluster.kubectl(['create', `--namespace=${namespace.name}`, '-f', '-'], deployment(images.nginx))
  const diff = await cluster.tryKubectl(['diff', `--namespace=${namespace.name}`, '-f', '-'], deployment(images.busybox))
  expect(diff.code).toBe(1)
  expect(diff.stdout).toContain(images.nginx)
  expect(diff.stdout).toContain(images.busybox)
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
