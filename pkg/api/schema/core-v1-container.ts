// The types of the core group: containers as text; schema-text.ts tells the notation.
export const coreV1Container = `
Container
  1 name string required
  2 image? string
  3 command? []string
  4 args? []string
  5 workingDir? string
  6 ports? [containerPort,protocol]ContainerPort merge=containerPort
  7 env? [name]EnvVar merge=name
  8 resources? ResourceRequirements
  9 volumeMounts? [mountPath]VolumeMount merge=mountPath
  10 livenessProbe? *Probe
  11 readinessProbe? *Probe
  12 lifecycle? *Lifecycle
  13 terminationMessagePath? string
  14 imagePullPolicy? string
  15 securityContext? *SecurityContext
  16 stdin? boolean
  17 stdinOnce? boolean
  18 tty? boolean
  19 envFrom? []EnvFromSource
  20 terminationMessagePolicy? string
  21 volumeDevices? [devicePath]VolumeDevice merge=devicePath
  22 startupProbe? *Probe
  23 resizePolicy? []ContainerResizePolicy
  24 restartPolicy? *string
  25 restartPolicyRules? []ContainerRestartRule

EnvVar
  1 name string required
  2 value? string
  3 valueFrom? *EnvVarSource

EnvVarSource
  1 fieldRef? *ObjectFieldSelector
  2 resourceFieldRef? *ResourceFieldSelector
  3 configMapKeyRef? *ConfigMapKeySelector
  4 secretKeyRef? *SecretKeySelector
  5 fileKeyRef? *FileKeySelector

ConfigMapKeySelector atomic
  1 ...LocalObjectReference
  2 key string required
  3 optional? *boolean

LocalObjectReference atomic
  1 name? string default=""

ObjectFieldSelector atomic
  1 apiVersion? string
  2 fieldPath string required

FileKeySelector atomic
  1 volumeName string required
  2 path string required
  3 key string required
  4 optional? *boolean default=false

ResourceFieldSelector atomic
  1 containerName? string
  2 resource string required
  3 divisor? quantity

SecretKeySelector atomic
  1 ...LocalObjectReference
  2 key string required
  3 optional? *boolean

EnvFromSource
  1 prefix? string
  2 configMapRef? *ConfigMapEnvSource
  3 secretRef? *SecretEnvSource

ConfigMapEnvSource
  1 ...LocalObjectReference
  2 optional? *boolean

SecretEnvSource
  1 ...LocalObjectReference
  2 optional? *boolean

Lifecycle
  1 postStart? *LifecycleHandler
  2 preStop? *LifecycleHandler
  3 stopSignal? *string

LifecycleHandler
  1 exec? *ExecAction
  2 httpGet? *HTTPGetAction
  3 tcpSocket? *TCPSocketAction
  4 sleep? *SleepAction

ExecAction
  1 command? []string

HTTPGetAction
  1 path? string
  2 port intOrString required
  3 host? string
  4 scheme? string
  5 httpHeaders? []HTTPHeader

HTTPHeader
  1 name string required
  2 value string required

SleepAction
  1 seconds int64 required

TCPSocketAction
  1 port intOrString required
  2 host? string

Probe
  1 ...ProbeHandler
  2 initialDelaySeconds? int32
  3 timeoutSeconds? int32
  4 periodSeconds? int32
  5 successThreshold? int32
  6 failureThreshold? int32
  7 terminationGracePeriodSeconds? *int64

ProbeHandler
  1 exec? *ExecAction
  2 httpGet? *HTTPGetAction
  3 tcpSocket? *TCPSocketAction
  4 grpc? *GRPCAction

GRPCAction
  1 port int32 required
  2 service *string default=""

ContainerPort
  1 name? string
  2 hostPort? int32
  3 containerPort int32 required
  4 protocol? string default="TCP"
  5 hostIP? string

ContainerResizePolicy
  1 resourceName string required
  2 restartPolicy string required

ResourceRequirements
  1 limits? {}quantity
  2 requests? {}quantity
  3 claims? [name]ResourceClaim

ResourceClaim
  1 name string required
  2 request? string

ContainerRestartRule
  1 action? string required
  2 exitCodes? *ContainerRestartRuleOnExitCodes

ContainerRestartRuleOnExitCodes
  1 operator? string required
  2 values? [set]int32

SecurityContext
  1 capabilities? *Capabilities
  2 privileged? *boolean
  3 seLinuxOptions? *SELinuxOptions
  4 runAsUser? *int64
  5 runAsNonRoot? *boolean
  6 readOnlyRootFilesystem? *boolean
  7 allowPrivilegeEscalation? *boolean
  8 runAsGroup? *int64
  9 procMount? *string
  10 windowsOptions? *WindowsSecurityContextOptions
  11 seccompProfile? *SeccompProfile
  12 appArmorProfile? *AppArmorProfile

AppArmorProfile
  1 type string required
  2 localhostProfile? *string

Capabilities
  1 add? []string
  2 drop? []string

SELinuxOptions
  1 user? string
  2 role? string
  3 type? string
  4 level? string

SeccompProfile
  1 type string required
  2 localhostProfile? *string

WindowsSecurityContextOptions
  1 gmsaCredentialSpecName? *string
  2 gmsaCredentialSpec? *string
  3 runAsUserName? *string
  4 hostProcess? *boolean

VolumeDevice
  1 name string required
  2 devicePath string required

VolumeMount
  1 name string required
  2 readOnly? boolean
  3 mountPath string required
  4 subPath? string
  5 mountPropagation? *string
  6 subPathExpr? string
  7 recursiveReadOnly? *string

EphemeralContainer
  1 ...EphemeralContainerCommon
  2 targetContainerName? string

EphemeralContainerCommon
  1 name string required
  2 image? string
  3 command? []string
  4 args? []string
  5 workingDir? string
  6 ports? [containerPort,protocol]ContainerPort merge=containerPort
  7 env? [name]EnvVar merge=name
  8 resources? ResourceRequirements
  9 volumeMounts? [mountPath]VolumeMount merge=mountPath
  10 livenessProbe? *Probe
  11 readinessProbe? *Probe
  12 lifecycle? *Lifecycle
  13 terminationMessagePath? string
  14 imagePullPolicy? string
  15 securityContext? *SecurityContext
  16 stdin? boolean
  17 stdinOnce? boolean
  18 tty? boolean
  19 envFrom? []EnvFromSource
  20 terminationMessagePolicy? string
  21 volumeDevices? [devicePath]VolumeDevice merge=devicePath
  22 startupProbe? *Probe
  23 resizePolicy? []ContainerResizePolicy
  24 restartPolicy? *string
  25 restartPolicyRules? []ContainerRestartRule
`
