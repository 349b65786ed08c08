// The file that configures admission plugins, as kube-apiserver takes it: AdmissionConfiguration with PodSecurityConfiguration.
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { isJsonObject, type JsonObject } from '../api/json.ts'
import type { AdmissionOptions } from '../registry/admission-plugins.ts'
import type { PodSecurityOptions } from '../registry/admission-pod-security.ts'
import { defaultPolicy } from '../registry/pod-security-policy.ts'
import { type ClusterOptions, OptionError } from './options.ts'

const flag = '--admission-control-config-file'
const modes = ['enforce', 'enforce-version', 'audit', 'audit-version', 'warn', 'warn-version']
const exempt = ['usernames', 'namespaces', 'runtimeClasses']

/** Throws OptionError when the file can't be used. */
export function readAdmissionOptions({ admissionConfig }: Pick<ClusterOptions, 'admissionConfig'>): AdmissionOptions {
  if (admissionConfig === undefined) return {}
  let text: string
  try {
    text = readFileSync(admissionConfig, 'utf8')
  } catch (error) {
    throw new OptionError(`${flag}: ${admissionConfig} can't be read (${(error as NodeJS.ErrnoException).code ?? ''})`)
  }
  try {
    return parseAdmissionOptions(text)
  } catch (error) {
    throw new OptionError(`${flag}: ${admissionConfig}: ${(error as Error).message}`)
  }
}

/** Fails with an Error that says what is wrong. */
export function parseAdmissionOptions(text: string): AdmissionOptions {
  const file = typed(load(text), 'the file', 'AdmissionConfiguration', 'apiserver.config.k8s.io/v1')
  let podSecurity: PodSecurityOptions | undefined
  for (const [index, plugin] of list(file.plugins, 'plugins').entries()) {
    const at = `plugins[${index}]`
    if (!isJsonObject(plugin)) throw new Error(`${at}: expected an object`)
    if (plugin.name !== 'PodSecurity') throw new Error(`${at}.name: only PodSecurity takes a configuration, found ${JSON.stringify(plugin.name)}`)
    if (plugin.configuration === undefined) throw new Error(`${at}.configuration: expected to stand in this file`)
    podSecurity = podSecurityOptions(typed(plugin.configuration, `${at}.configuration`, 'PodSecurityConfiguration', 'pod-security.admission.config.k8s.io/v1'), `${at}.configuration`)
  }
  return podSecurity ? { podSecurity } : {}
}

function podSecurityOptions({ defaults = {}, exemptions = {} }: JsonObject, at: string): PodSecurityOptions {
  known(defaults, `${at}.defaults`, modes)
  known(exemptions, `${at}.exemptions`, exempt)
  const policy = defaultPolicy(defaults as JsonObject)
  const [wrong] = policy.errors
  if (wrong) throw new Error(`${at}.defaults: ${wrong.text}`)
  const lists = Object.fromEntries(exempt.map((name) => [name, list((exemptions as JsonObject)[name], `${at}.exemptions.${name}`).map(String)]))
  return { defaults: policy, exemptions: lists }
}

function typed(value: unknown, at: string, kind: string, apiVersion: string): JsonObject {
  if (!isJsonObject(value) || value.kind !== kind || value.apiVersion !== apiVersion) throw new Error(`${at}: expected a ${kind} of ${apiVersion}`)
  return value
}

function list(value: unknown, at: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Error(`${at}: expected a list`)
  return value
}

function known(value: unknown, at: string, names: readonly string[]): void {
  if (!isJsonObject(value)) throw new Error(`${at}: expected an object`)
  const stranger = Object.keys(value).find((name) => !names.includes(name))
  if (stranger !== undefined) throw new Error(`${at}: unknown field ${JSON.stringify(stranger)}`)
}
