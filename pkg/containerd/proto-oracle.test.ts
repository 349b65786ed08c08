// Compares our protocol texts with the descriptors that are inside an installed containerd: all in 1.x, the CRI's in 2.x.
import { existsSync, readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import protobuf from 'protobufjs'
import type { IFieldDescriptorProto, IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import { findProgram } from './host.ts'
import { containerdSchema } from './containerd.ts'
import { criProto } from './cri-proto.ts'
import { ProtoSchema } from './proto-codec.ts'

/** Added to the protocol after containerd 1.6, or (the event's field) given another meaning since. */
const newer = new Set([
  'ImageSpec.user_specified_image', 'ImageSpec.runtime_handler', 'Mount.uidMappings', 'Mount.gidMappings', 'Mount.recursive_read_only',
  'Mount.image', 'Mount.image_sub_path', 'Container.image_id', 'ContainerStatus.image_id', 'ContainerStatus.user', 'ContainerConfig.CDI_devices',
  'LinuxSandboxSecurityContext.supplemental_groups_policy', 'LinuxContainerSecurityContext.supplemental_groups_policy',
  'StatusResponse.runtime_handlers', 'StatusResponse.features', 'ContainerEventResponse.pod_sandbox_status',
  'ContainerEventResponse.containers_statuses', 'ContainerStats.swap', 'PodSandboxStatusResponse.containers_statuses',
  'PodSandboxStatusResponse.timestamp', 'ImageFsInfoResponse.container_filesystems', 'RuntimeService.RuntimeConfig',
  'RuntimeService.UpdatePodSandboxResources',
])
const newerMessages = new Set([
  'CDIDevice', 'LinuxContainerUser', 'ContainerUser', 'RuntimeHandlerFeatures', 'RuntimeHandler', 'RuntimeFeatures', 'SwapUsage',
  'RuntimeConfigRequest', 'LinuxRuntimeConfiguration', 'RuntimeConfigResponse', 'UpdatePodSandboxResourcesRequest', 'UpdatePodSandboxResourcesResponse',
])
/** The metrics' calls are asked by kubelets with a feature that is off by default. */
const leftOut = /[wW]indows|Checkpoint|ContainerEventResponse.pod_sandbox_metadata|^Metric\.|MetricDescriptor|ContainerMetrics|PodSandboxMetrics/

/** containerd 1.x keeps each file's descriptor compressed in its read-only data; 2.x only the CRI's. */
function embeddedFiles(binary: string): IFileDescriptorProto[] {
  const bytes = readFileSync(binary)
  const magic = Buffer.from([0x1f, 0x8b, 0x08, 0x00])
  const files: IFileDescriptorProto[] = []
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    try {
      const raw = inflateRawSync(bytes.subarray(at + 10, at + 200_000))
      const type = descriptor.FileDescriptorProto
      const file = type.toObject(type.decode(raw), { arrays: true }) as IFileDescriptorProto
      if (file.name) files.push(file)
    } catch {
      continue // not a descriptor
    }
  }
  return files
}

const typeNames: Record<number, string> = {
  1: 'double', 2: 'float', 3: 'int64', 4: 'uint64', 5: 'int32', 8: 'bool', 9: 'string', 12: 'bytes', 13: 'uint32',
}

/** `message.field` to `number type`, for all messages of the packages. */
function fieldsOf(files: readonly IFileDescriptorProto[], packageName: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const file of files.filter((each) => each.package === packageName)) {
    for (const message of file.messageType ?? []) {
      const maps = new Map((message.nestedType ?? []).filter((each) => each.options?.mapEntry).map((each) => [each.name, each]))
      for (const field of message.field ?? []) {
        const entry = maps.get(lastWord(field.typeName))
        const [key, value] = entry?.field ?? []
        const type = key && value ? `map<${typeOf(key)},${typeOf(value)}>` : `${field.label === 3 ? 'repeated ' : ''}${typeOf(field)}`
        fields.set(`${message.name}.${field.name}`, `${field.number} ${type}`)
      }
    }
    for (const service of file.service ?? []) {
      for (const method of service.method ?? []) {
        const stream = (on: unknown): string => (on ? 'stream ' : '')
        fields.set(`${service.name}.${method.name}`,
          `${stream(method.clientStreaming)}${lastWord(method.inputType)} -> ${stream(method.serverStreaming)}${lastWord(method.outputType)}`)
      }
    }
  }
  return fields
}

const lastWord = (name = ''): string => name.split('.').pop() ?? ''
const typeOf = (field: IFieldDescriptorProto): string => (field.typeName ? lastWord(field.typeName) : (typeNames[field.type as number] ?? String(field.type)))

function ourFields(schema: ProtoSchema, packageName: string): Map<string, string> {
  const fields = new Map<string, string>()
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const kept = new Set(['uidMappings', 'gidMappings'])
  for (const item of (schema.root.lookup(packageName) as protobuf.Namespace).nestedArray) {
    if (item instanceof protobuf.Type) {
      for (const field of item.fieldsArray) {
        const type = lastWord(field.type)
        const shape = field instanceof protobuf.MapField ? `map<${field.keyType},${type}>` : `${field.repeated ? 'repeated ' : ''}${type}`
        const name = field.name === 'CDIDevices' ? 'CDI_devices' : kept.has(field.name) ? field.name : snake(field.name)
        fields.set(`${item.name}.${name}`, `${field.id} ${shape}`)
      }
    } else if (item instanceof protobuf.Service) {
      for (const method of item.methodsArray) {
        const stream = (on: unknown): string => (on ? 'stream ' : '')
        fields.set(`${item.name}.${method.name}`,
          `${stream(method.requestStream)}${lastWord(method.requestType)} -> ${stream(method.responseStream)}${lastWord(method.responseType)}`)
      }
    }
  }
  return fields
}

const binary = findProgram('containerd')
const files = binary && existsSync(binary) ? embeddedFiles(binary) : []
const has = (packageName: string): boolean => files.some((file) => file.package === packageName)
const describeWithOracle = has('runtime.v1') ? describe : describe.skip
const itHasServices = has('containerd.services.content.v1') ? it : it.skip

describeWithOracle('the protocol texts, against the descriptors in containerd', () => {
  it('has every field and method of the CRI with its number and type', () => {
    const theirs = fieldsOf(files, 'runtime.v1')
    const ours = ourFields(new ProtoSchema([criProto]), 'runtime.v1')
    expect(ours.size).toBeGreaterThan(300)
    const expected = [...theirs].filter(([name, shape]) => !leftOut.test(name) && !leftOut.test(shape)).sort()
    const found = [...ours].filter(([name]) => theirs.has(name) || !(newer.has(name) || newerMessages.has(name.split('.')[0] ?? ''))).sort()
    expect(found).toEqual(expected)
  })

  itHasServices.each(['content', 'images', 'leases', 'events', 'diff', 'snapshots', 'namespaces', 'version'])('agrees on the %s service', (service) => {
    const packageName = `containerd.services.${service}.v1`
    const theirs = fieldsOf(files, packageName)
    for (const [name, shape] of ourFields(containerdSchema, packageName)) expect(`${name} ${shape}`).toBe(`${name} ${theirs.get(name)}`)
  })

  itHasServices.each(['containerd.events', 'containerd.types'])('agrees on %s', (packageName) => {
    const theirs = fieldsOf(files, packageName)
    for (const [name, shape] of ourFields(containerdSchema, packageName)) expect(`${name} ${shape}`).toBe(`${name} ${theirs.get(name)}`)
  })
})
