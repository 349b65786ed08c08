// Checks the pod's own token with nothing but what the issuer publishes.
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { flags } from './_flags.mjs'

const credentials = '/var/run/secrets/kubernetes.io/serviceaccount'

export default async function testServiceAccountIssuerDiscovery(args) {
  const options = flags(args, { 'token-path': '', audience: '', 'in-cluster-discovery': false })
  const token = readFileSync(options['token-path'], 'utf8')
  const [header, claims] = token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  console.log(`Got token: issuer ${claims.iss}, subject ${claims.sub}`)
  const discovery = await fetchJson(`${claims.iss.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (discovery.issuer !== claims.iss) throw new Error(`the issuer calls itself ${discovery.issuer}, but the token is from ${claims.iss}`)
  if (!discovery.response_types_supported?.includes('id_token')) throw new Error('response_types_supported lacks id_token')
  if (!discovery.id_token_signing_alg_values_supported?.includes(header.alg)) throw new Error(`${header.alg} is not among the published algorithms`)
  const { keys } = await fetchJson(discovery.jwks_uri)
  const jwk = keys.find((key) => key.kid === header.kid)
  if (!jwk) throw new Error(`no key ${header.kid} is published`)
  const [signed, signature] = [token.slice(0, token.lastIndexOf('.')), token.slice(token.lastIndexOf('.') + 1)]
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
  if (!verify(`sha${header.alg.slice(2)}`, Buffer.from(signed), key, Buffer.from(signature, 'base64url'))) throw new Error('the signature is wrong')
  if (![claims.aud].flat().includes(options.audience)) throw new Error(`the token is for ${claims.aud}, not for ${options.audience}`)
  if (claims.exp * 1000 < Date.now()) throw new Error('the token has expired')
  console.log('OK: the token is valid')
}

const fetchJson = (url) => new Promise((resolve, reject) => {
  const headers = { authorization: `Bearer ${readFileSync(`${credentials}/token`, 'utf8')}` }
  get(url, { ca: readFileSync(`${credentials}/ca.crt`), headers }, (response) => {
    const chunks = []
    response.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('end', () => {
      const text = Buffer.concat(chunks).toString()
      if (response.statusCode !== 200) reject(new Error(`GET ${url}: ${response.statusCode} ${text}`))
      else resolve(JSON.parse(text))
    })
  }).on('error', reject)
})
