// The file that configures admission plugins: what it says, and what is wrong with it.
import { parseAdmissionOptions } from './admission-config.ts'

const file = (configuration: object, name = 'PodSecurity'): string => JSON.stringify({
  apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration',
  plugins: [{ name, configuration: { apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration', ...configuration } }],
})

it('has defaults and exemptions', () => {
  const { podSecurity } = parseAdmissionOptions(file({ defaults: { enforce: 'baseline', 'enforce-version': 'v1.30', warn: 'restricted' }, exemptions: { namespaces: ['kube-system'] } }))
  expect(podSecurity).toMatchObject({
    defaults: { enforce: { level: 'baseline', version: 30 }, audit: { level: 'privileged', version: 'latest' }, warn: { level: 'restricted', version: 'latest' } },
    exemptions: { namespaces: ['kube-system'], usernames: [], runtimeClasses: [] },
  })
})

it.each([
  ['[]', 'the file: expected a AdmissionConfiguration of apiserver.config.k8s.io/v1'],
  [file({}, 'ImagePolicyWebhook'), 'plugins[0].name: only PodSecurity takes a configuration, found "ImagePolicyWebhook"'],
  [file({ defaults: { enforce: 'strict' } }), 'plugins[0].configuration.defaults: Invalid value: "strict": must be one of privileged, baseline, restricted'],
  [file({ defaults: { force: 'x' } }), 'plugins[0].configuration.defaults: unknown field "force"'],
  [file({ exemptions: { namespaces: 'x' } }), 'plugins[0].configuration.exemptions.namespaces: expected a list'],
])('%s', (text, message) => {
  expect(() => parseAdmissionOptions(text)).toThrow(message)
})
