// The flags of the audit log's backends, and the file that says where events go.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditSettings } from './audit-options.ts'
import { readAuditTarget } from './audit-target.ts'

const log = { mode: 'blocking', batch: { bufferSize: 10_000, maxSize: 1, maxWaitMs: 30_000, maxBytes: Infinity } }
const webhook = { mode: 'batch', batch: { bufferSize: 10_000, maxSize: 400, maxWaitMs: 30_000, maxBytes: Infinity, throttle: { qps: 10, burst: 15 } } }

it('has the defaults of kube-apiserver', () => {
  expect(auditSettings({})).toEqual({ log, webhook, initialBackoffMs: 10_000, compress: false })
  expect(auditSettings({ more: { 'webhook-batch-throttle-enable': 'false', 'webhook-batch-max-wait': '1m5s', 'webhook-truncate-enabled': 'true', 'log-truncate-enabled': 'T', 'log-truncate-max-event-size': '7', 'log-mode': 'batch', 'webhook-mode': 'blocking-strict', 'log-compress': '1', 'webhook-batch-initial-backoff': '3s' } })).toEqual({
    log: { mode: 'batch', batch: { ...log.batch, maxBytes: 10_485_760 }, truncation: { maxEventBytes: 7, maxBatchBytes: 10_485_760 } },
    webhook: { mode: 'blocking-strict', batch: { bufferSize: 10_000, maxSize: 400, maxWaitMs: 65_000, maxBytes: 10_485_760 }, truncation: { maxEventBytes: 102_400, maxBatchBytes: 10_485_760 } },
    initialBackoffMs: 3_000, compress: true,
  })
  expect(auditSettings({ more: { 'log-batch-throttle-enable': 'true', 'log-batch-throttle-qps': '2.5', 'log-batch-throttle-burst': '3' } }).log.batch.throttle).toEqual({ qps: 2.5, burst: 3 })
})

it.each([
  [{ 'webhook-mode': 'Batch' }, '--audit-webhook-mode: expected one of batch, blocking, blocking-strict, found "Batch"'],
  [{ 'log-mode': '' }, '--audit-log-mode: expected one of batch, blocking, blocking-strict, found ""'],
  [{ 'webhook-batch-max-size': '0' }, '--audit-webhook-batch-max-size: expected a number from 1, found "0"'],
  [{ 'log-batch-throttle-enable': 'true' }, '--audit-log-batch-throttle-qps: expected a number above 0, found nothing'],
  [{ 'webhook-initial-backoff': '-1s' }, '--audit-webhook-initial-backoff: expected a duration such as 10s, found "-1s"'],
  [{ 'webhook-truncate-enabled': 'yes' }, '--audit-webhook-truncate-enabled: expected true or false, found "yes"'],
  [{ 'log-truncate-max-batch-size': '5' }, '--audit-log-truncate-max-event-size: expected no more than --audit-log-truncate-max-batch-size, found 102400'],
  [{ 'log-version': 'audit.k8s.io/v1beta1' }, '--audit-log-version: expected audit.k8s.io/v1, found "audit.k8s.io/v1beta1"'],
])('%j', (more, message) => expect(() => auditSettings({ more })).toThrow(message))

describe('the server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-audit-target-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'config.yaml')
  const config = (cluster: string, user: string): string => `
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
`
  it.each<[string, string, object]>([
    ['server: "https://a.example/x?y=z"', 'token: t', { url: 'https://a.example/x?y=z', headers: { authorization: 'Bearer t' } }],
    ['server: "http://a"', '', { url: 'http://a' }],
    ['server: "https://a", certificate-authority: ca.pem, tls-server-name: n', 'client-certificate-data: eA==, client-key-data: eQ==', { url: 'https://a', tls: { ca: 'AUTHORITY', cert: 'x', key: 'y', servername: 'n' } }],
    ['server: "https://a", insecure-skip-tls-verify: true', 'username: ann, password: secret', { url: 'https://a', headers: { authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` }, tls: { rejectUnauthorized: false } }],
    ['server: "https://a"', 'tokenFile: token, token: other', { url: 'https://a', headers: { authorization: 'Bearer from-file' } }],
  ])('%s, %s', (cluster, user, expected) => {
    writeFileSync(join(directory, 'ca.pem'), 'AUTHORITY')
    writeFileSync(join(directory, 'token'), 'from-file\n')
    writeFileSync(file, config(cluster, user))
    expect(readAuditTarget(file)).toEqual(expected)
  })
  it('must be named', () => {
    writeFileSync(file, config('', ''))
    expect(() => readAuditTarget(file)).toThrow('expected a server of cluster "k", found null')
    writeFileSync(file, 'apiVersion: v1')
    expect(() => readAuditTarget(file)).toThrow('expected a current-context that is there, found ""')
  })
})
