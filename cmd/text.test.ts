// What people read: tables, sizes, status, check and failure texts.
import { checkText } from './check.ts'
import { failureText } from './launch.ts'
import { statusText } from './status.ts'
import { byteText, table } from './text.ts'

test('columns are as wide as their widest cell', () => {
  expect(table(['NAME', 'ID'], [['a-long-name', '1'], ['b', '22']])).toBe('NAME          ID\na-long-name   1\nb             22')
})

describe('sizes', () => {
  const cases: [number, string][] = [[0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [1536, '1.5 KiB'], [150 * 1024 ** 2, '150 MiB'], [3 * 1024 ** 4, '3.0 TiB'], [2048 * 1024 ** 4, '2048 TiB']]
  test.each(cases)('%d', (bytes, expected) => expect(byteText(bytes)).toBe(expected))
})

test('status of a cluster that runs and of one that does not', () => {
  const bytes = { database: 2048, logs: 0 }
  expect(statusText({
    server: { pid: 7, version: '1.0.0', memoryBytes: 100 * 1024 ** 2, cpuSeconds: 1.25 }, api: 'ready', ok: true, bytes,
    nodes: [{ name: 'n', ready: false, kubelet: 'v1', runtime: 'containerd://1' }], pods: { Running: 2, Pending: 1 },
  }, '/d')).toBe([
    'server  process 7, kinglet 1.0.0, 100 MiB resident, 1.3 s of CPU', 'API     ready', 'node    n NotReady, kubelet v1, containerd://1',
    'pods    1 Pending, 2 Running', 'data    /d: database 2.0 KiB, logs 0 B',
  ].join('\n'))
  expect(statusText({ api: 'not running', nodes: [], pods: {}, bytes, ok: false }, '/d')).toMatch(/^server {2}not running\nAPI {5}not running\npods {4}none\n/)
})

test('a check tells what is needed apart from what is only better', () => {
  expect(checkText({ name: 'nft', ok: true, found: '/usr/sbin/nft', needed: true })).toBe('✓ nft: /usr/sbin/nft')
  expect(checkText({ name: 'nft', ok: false, found: 'not found', remedy: 'apt-get install nftables', needed: true })).toBe('✗ nft: not found; apt-get install nftables')
  expect(checkText({ name: 'memory', ok: false, found: '100 MiB', remedy: 'add some', needed: false })).toBe('! memory: 100 MiB; add some')
})

describe('why a server in the background failed', () => {
  const how = { logPath: '/d/kinglet.log', how: 'was ended by SIGKILL' }
  test('a reason that says it all stands alone', () => {
    expect(failureText('2026 starting after 1 ms\nkinglet: port 6443 is taken\n', how)).toBe('port 6443 is taken')
  })
  test('otherwise the end of the log follows', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`)
    const text = failureText(`${lines.join('\n')}\n`, how)
    expect(text).toMatch(/^the server was ended by SIGKILL\nThe end of \/d\/kinglet\.log:\n {2}line 15\n/)
    expect(text.split('\n')).toHaveLength(17)
  })
})
