// Pod security: violations with their exact texts, by level and version; policies by labels.
import type { Container, PodSpec } from '../api/types-pod.ts'
import type { PolicyLevel } from './pod-security-checks.ts'
import { detailText, reasonText, violationsOf } from './pod-security-checks.ts'
import { policyOf } from './pod-security-policy.ts'

const latest = (level: PolicyLevel['level']): PolicyLevel => ({ level, version: 'latest' })
const good: Container['securityContext'] = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
const c = (securityContext: Container['securityContext'], more: Partial<Container> = {}, name = 'c'): Container => ({ name, image: 'i', securityContext, ...more })
const spec = (more: Partial<PodSpec>): PodSpec => ({ containers: [c(good)], ...more })

describe('violations', () => {
  it.each<[string, PolicyLevel, Partial<PodSpec>, string]>([
    ['nothing at privileged', latest('privileged'), { hostNetwork: true }, ''],
    ['nothing wrong', latest('restricted'), {}, ''],
    ['a bare pod', latest('restricted'), { containers: [{ name: 'c' }] },
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), '
      + 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), '
      + 'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), '
      + 'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'],
    ['a bare pod at baseline', latest('baseline'), { containers: [{ name: 'c' }] }, ''],
    ['namespaces of the host', latest('baseline'), { hostNetwork: true, hostPID: true, hostIPC: true }, 'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)'],
    ['host paths at baseline', latest('baseline'), { volumes: [{ name: 'a', hostPath: { path: '/' } }, { name: 'b', hostPath: { path: '/' } }] }, 'hostPath volumes (volumes "a", "b")'],
    ['host paths at restricted', latest('restricted'), { volumes: [{ name: 'a', hostPath: { path: '/' } }, { name: 'b', emptyDir: {} }] }, 'restricted volume types (volume "a" uses restricted volume type "hostPath")'],
    ['host ports', latest('baseline'), { containers: [c(good, { ports: [{ containerPort: 1, hostPort: 80 }, { containerPort: 2, hostPort: 443 }] })] }, 'hostPort (container "c" uses hostPorts 443, 80)'],
    ['privileged, in order of ids', latest('baseline'), { hostPID: true, containers: [c({ privileged: true, capabilities: { add: ['NET_ADMIN', 'CHOWN'] } })] },
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), host namespaces (hostPID=true), privileged (container "c" must not set securityContext.privileged=true)'],
    ['init and ephemeral containers', latest('baseline'), { initContainers: [c({ privileged: true }, {}, 'i')], ephemeralContainers: [c({ privileged: true }, {}, 'e')] }, 'privileged (containers "i", "e" must not set securityContext.privileged=true)'],
    ['added capabilities at restricted', latest('restricted'), { containers: [c({ ...good, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } })] }, 'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)'],
    ['root said outright', latest('restricted'), { securityContext: { runAsNonRoot: false, runAsUser: 0 }, containers: [c({ ...good, runAsNonRoot: false })] },
      'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)'],
    ['root in a user namespace of its own', latest('restricted'), { hostUsers: false, containers: [c({ ...good, runAsNonRoot: false, runAsUser: 0 })] }, ''],
    ['root in a user namespace, as of an older version', { level: 'restricted', version: 34 }, { hostUsers: false, containers: [c({ ...good, runAsUser: 0 })] }, 'runAsUser=0 (container "c" must not set runAsUser=0)'],
    ['seccomp unconfined', latest('baseline'), { securityContext: { seccompProfile: { type: 'Unconfined' } } }, 'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'],
    ['SELinux', latest('baseline'), { containers: [c({ ...good, seLinuxOptions: { type: 'x', user: 'u', role: 'r' } })] }, 'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set; role may not be set)'],
    ['sysctls', latest('baseline'), { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }, { name: 'net.ipv4.tcp_rmem', value: '1' }] } }, 'forbidden sysctls (kernel.msgmax)'],
    ['sysctls of an older version', { level: 'baseline', version: 26 }, { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }, 'forbidden sysctls (net.ipv4.tcp_rmem)'],
    ['proc mount', latest('baseline'), { containers: [c({ ...good, procMount: 'Unmasked' })] }, 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'],
    ['proc mount in a user namespace', latest('baseline'), { hostUsers: false, containers: [c({ ...good, procMount: 'Unmasked' })] }, ''],
    ['proc mount in a user namespace, restricted', latest('restricted'), { hostUsers: false, containers: [c({ procMount: 'Unmasked' })] },
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), '
      + 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), '
      + 'procMount (container "c" must not set securityContext.procMount to "Unmasked"), '
      + 'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'],
    ['AppArmor', latest('baseline'), { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, 'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")'],
    ['hosts in probes', latest('baseline'), { containers: [c(good, { livenessProbe: { httpGet: { port: 80, host: '8.8.8.8' } } })] }, 'probe or lifecycle host (container "c" uses probe or lifecycle host "8.8.8.8")'],
    ['hosts in probes, before 1.34', { level: 'baseline', version: 33 }, { containers: [c(good, { livenessProbe: { httpGet: { port: 80, host: '8.8.8.8' } } })] }, ''],
    ['host processes', latest('baseline'), { securityContext: { windowsOptions: { hostProcess: true } } }, 'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)'],
    ['a pod of Windows', latest('restricted'), { os: { name: 'windows' }, containers: [c({ runAsNonRoot: true })] }, ''],
  ])('%s', (_name, level, pod, expected) => {
    expect(detailText(violationsOf(level, {}, spec(pod)))).toBe(expected)
  })

  it('reads old annotations of seccomp only in old versions', () => {
    const metadata = { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } }
    expect(detailText(violationsOf({ level: 'baseline', version: 18 }, metadata, spec({})))).toBe('seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")')
    expect(reasonText(violationsOf({ level: 'baseline', version: 19 }, metadata, spec({})))).toBe('')
  })
})

describe('policies', () => {
  const key = (name: string): string => `pod-security.kubernetes.io/${name}`
  it.each<[string, Record<string, string>, object]>([
    ['are open without labels', {}, { enforce: latest('privileged'), audit: latest('privileged'), warn: latest('privileged'), errors: [] }],
    ['warn where they enforce', { [key('enforce')]: 'restricted', [key('enforce-version')]: 'v1.20' }, { enforce: { level: 'restricted', version: 20 }, audit: latest('privileged'), warn: { level: 'restricted', version: 20 } }],
    ['warn as they say', { [key('enforce')]: 'restricted', [key('warn')]: 'privileged' }, { enforce: latest('restricted'), warn: latest('privileged') }],
    ['fail closed, and do not warn', { [key('enforce')]: 'x' }, { enforce: latest('restricted'), warn: latest('privileged'), errors: [{ field: `metadata.labels[${key('enforce')}]`, reason: 'FieldValueInvalid', text: 'Invalid value: "x": must be one of privileged, baseline, restricted' }] }],
    ['know versions', { [key('warn-version')]: 'v1.01' }, { errors: [{ field: `metadata.labels[${key('warn-version')}]`, reason: 'FieldValueInvalid', text: 'Invalid value: "v1.01": must be "latest" or "v1.x"' }] }],
  ])('%s', (_name, labels, expected) => {
    expect(policyOf(labels)).toMatchObject(expected)
  })
  it('do not warn of what only the defaults enforce', () => {
    const defaults = { ...policyOf({}), enforce: latest('restricted') }
    expect(policyOf({ [key('audit')]: 'baseline' }, defaults)).toMatchObject({ enforce: latest('restricted'), audit: latest('baseline'), warn: latest('privileged') })
  })
})
