// The flags of the audit log's backends, and the file that says where events go.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditSettings } from './audit-options.ts'
import { readAuditTarget } from './audit-target.ts'

it('has the defaults of kube-apiserver', () => {
  expect(auditSettings({})).toEqual({ batch: { bufferSize: 10_000, maxSize: 400, maxWaitMs: 30_000, maxBytes: Infinity, throttle: { qps: 10, burst: 15 } }, initialBackoffMs: 10_000 })
  expect(auditSettings({ more: { 'webhook-batch-throttle-enable': 'false', 'webhook-batch-max-wait': '1m5s', 'webhook-truncate-enabled': 'true', 'log-truncate-enabled': 'true', 'log-truncate-max-event-size': '7' } })).toEqual({
    batch: { bufferSize: 10_000, maxSize: 400, maxWaitMs: 65_000, maxBytes: 10_485_760 }, initialBackoffMs: 10_000, webhookTruncation: { maxEventBytes: 102_400, maxBatchBytes: 10_485_760 }, logTruncation: { maxEventBytes: 7, maxBatchBytes: 10_485_760 },
  })
})

it.each([
  [{ 'webhook-mode': 'blocking' }, '--audit-webhook-mode: expected batch (no request waits for the webhook), found "blocking"'],
  [{ 'webhook-batch-max-size': '0' }, '--audit-webhook-batch-max-size: expected a number from 1, found "0"'],
  [{ 'webhook-batch-max-size': '20000' }, '--audit-webhook-batch-max-size: expected no more than --audit-webhook-batch-buffer-size, found 20000'],
  [{ 'webhook-initial-backoff': '-1s' }, '--audit-webhook-initial-backoff: expected a duration such as 10s, found "-1s"'],
  [{ 'webhook-truncate-enabled': 'yes' }, '--audit-webhook-truncate-enabled: expected true or false, found "yes"'],
  [{ 'log-truncate-max-batch-size': '5' }, '--audit-log-truncate-max-event-size: expected no more than --audit-log-truncate-max-batch-size, found 102400'],
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
