// Starts one container: image, configuration, creation, start, postStart; with the events and failures of each step.
import { services as servicesResource } from '../api/types-service.ts'
import type { ConfigMap, Secret } from '../api/types-config.ts'
import { configMaps, secrets } from '../api/types-config.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import type { Container, Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock } from '../util/clock.ts'
import type { containerMounts } from './container-mounts.ts'
import { containerLimits } from './container-resources.ts'
import type { DeviceManager } from './device-manager.ts'
import { ConfigError, containerEnvironment, environmentSources } from './environment.ts'
import { expand } from './expansion.ts'
import type { ImagePuller } from './image-puller.ts'
import { containerAnnotations } from './labels.ts'
import { containerLogPath } from './pod-files.ts'
import type { NamedContainer } from './pod-names.ts'
import { containerFieldPath, podUid } from './pod-names.ts'
import { wholeValue } from './quantity-values.ts'
import type { RuntimeHandlers } from './runtime-handlers.ts'
import type { ContainerSpec, DeviceSpec, RuntimeImage, RuntimeService, SandboxSpec } from './runtime-service.ts'
import type { SandboxNode } from './sandbox-spec.ts'
import { checkNonRoot, containerSecurity, podNamespaces } from './security.ts'
import { isStatic } from './pod-importance.ts'
import { serviceEnvironment } from './service-environment.ts'
import type { RestartBackOffOptions } from './restart-back-off.ts'
import { StartFailure } from './start-failure.ts'
import type { MountedVolume, Mounter } from './volume.ts'
import type { WorkFigures } from './work-figures.ts'

export interface StarterNode extends SandboxNode {
  readonly hostIPs: readonly string[]
  readonly allocatable: Readonly<Record<string, string>>
  readonly mounter: Mounter
  /** 0 for no limit. */
  readonly podPidsLimit: number
  readonly seccompDefault: boolean
  /** How long containers that keep ending wait; default: as usual. */
  readonly restarts?: RestartBackOffOptions
  /** Whether the kernel has SELinux. */
  readonly seLinux: boolean
  readonly containerMounts: typeof containerMounts
}

export interface StarterOptions {
  readonly runtime: RuntimeService
  readonly handlers: Pick<RuntimeHandlers, 'look'>
  readonly puller: ImagePuller
  readonly client: Client
  readonly events: EventRecorder
  readonly clock: Clock
  readonly node: StarterNode
  readonly devices: Pick<DeviceManager, 'of' | 'prepare'>
  readonly figures: Pick<WorkFigures, 'startingContainer' | 'notStarted'>
}

export interface StartRequest {
  readonly pod: Pod
  readonly target: NamedContainer
  readonly attempt: number
  readonly sandboxId: string
  readonly sandbox: SandboxSpec
  readonly podIPs: readonly string[]
  readonly volumes: ReadonlyMap<string, MountedVolume>
  /** For an ephemeral container: the runtime's id of the container whose processes it sees. */
  readonly processesOf?: string
  readonly signal: AbortSignal
}

const retryMs = 10_000

export class ContainerStarter {
  readonly #options: StarterOptions
  /** Images that are volumes: asked for, and what became of containers with them. */
  readonly imageVolumes = { requested: 0, mounted: 0, failed: 0 }

  constructor(options: StarterOptions) {
    this.#options = options
  }

  /** Resolves with the id of the started container. Throws StartFailure. */
  async start(request: StartRequest): Promise<string> {
    const { figures } = this.#options
    const kind = request.target.kind === 'main' ? 'container' : request.target.kind === 'ephemeral' ? 'ephemeral_container' : 'init_container'
    figures.startingContainer(kind)
    return this.#start(request).catch((error: unknown) => {
      if (error instanceof StartFailure) figures.notStarted(kind, error.reason)
      throw error
    })
  }

  async #start(request: StartRequest): Promise<string> {
    const { pod, target } = request
    const image = await this.#step(request, () => this.#options.puller.ensure(pod, target.container, (event) => this.#note(request, event)))
    const volumeImages = new Map<string, string>()
    for (const volume of imageVolumes(pod, target.container)) {
      this.imageVolumes.requested++
      const { id } = await this.#step(request, () => this.#options.puller.ensure(pod, volume, (event) => this.#note(request, event)))
      volumeImages.set(volume.name, id)
    }
    request.signal.throwIfAborted()
    const spec = await this.#step(request, () => this.#spec(request, image, volumeImages), 'CreateContainerConfigError')
    request.signal.throwIfAborted()
    const { runtime } = this.#options
    const id = await this.#step(request, async () => {
      try {
        const made = await runtime.createContainer(request.sandboxId, request.sandbox, spec)
        this.imageVolumes.mounted += volumeImages.size
        return made
      } catch (error) {
        this.imageVolumes.failed += volumeImages.size
        throw error
      }
    }, 'CreateContainerError')
    this.#note(request, { type: 'Normal', reason: 'Created', message: 'Container created' })
    await this.#step(request, () => runtime.startContainer(id), 'RunContainerError')
    this.#note(request, { type: 'Normal', reason: 'Started', message: 'Container started' })
    return id
  }

  #note({ pod, target }: StartRequest, event: { type: 'Normal' | 'Warning'; reason: string; message: string }): void {
    this.#options.events.record(pod, { ...event, fieldPath: containerFieldPath(target) })
  }

  async #step<T>(request: StartRequest, work: () => Promise<T>, reason?: string): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (request.signal.aborted) throw error
      const failure = error instanceof StartFailure ? error
        : new StartFailure(reason ?? 'CreateContainerError', error instanceof Error ? error.message : String(error), this.#options.clock.now() + retryMs)
      this.#note(request, { type: 'Warning', reason: 'Failed', message: `Error: ${error instanceof StartFailure ? error.reason : failure.message}` })
      throw failure
    }
  }

  async #spec(request: StartRequest, image: RuntimeImage, images: ReadonlyMap<string, string>): Promise<ContainerSpec> {
    const { pod, target: { container }, attempt } = request
    const { node } = this.#options
    checkNonRoot(pod, container, image)
    await this.#options.devices.prepare(podUid(pod), container.name)
    const given = this.#options.devices.of(podUid(pod), container.name)
    // What the pod says itself comes later, and is what counts.
    const env = new Map([...Object.entries(given.envs), ...await this.#environment(request)])
    const { mounts, messageFile } = await node.containerMounts({
      pod, container, attempt, env, volumes: request.volumes, podIPs: request.podIPs,
      clusterDomain: node.dns.clusterDomain, paths: node.paths, mounter: node.mounter, seLinux: node.seLinux,
      recursiveReadOnly: (await this.#options.handlers.look(pod))?.recursiveReadOnlyMounts ?? false, images,
    })
    const lookup = (name: string): string | undefined => env.get(name)
    return {
      name: container.name,
      attempt,
      image: image.id,
      userImage: container.image ?? '',
      command: (container.command ?? []).map((word) => expand(word, lookup)),
      args: (container.args ?? []).map((word) => expand(word, lookup)),
      workingDir: container.workingDir ?? '',
      env: [...env].map(([name, value]) => ({ name, value })),
      mounts: [...mounts, ...given.mounts.map((mount) => ({ ...mount, propagation: 'None' as const }))],
      devices: [...volumeDevices(container, request.volumes), ...given.devices],
      cdiDevices: given.cdiDevices.map(({ name }) => name),
      annotations: { ...given.annotations, ...containerAnnotations(pod, container, attempt, messageFile) },
      stdin: container.stdin ?? false,
      stdinOnce: container.stdinOnce ?? false,
      tty: container.tty ?? false,
      limits: containerLimits(pod, container, wholeValue(node.allocatable['memory']) || 1),
      namespaces: podNamespaces(pod, request.sandbox.namespaces.users, request.processesOf),
      security: containerSecurity(pod, container, { seccompRoot: node.paths.seccomp, seccompDefault: node.seccompDefault }),
      logPath: containerLogPath(container.name, attempt),
    }
  }

  async #environment({ pod, target: { container }, podIPs }: StartRequest): Promise<Map<string, string>> {
    const { client, node } = this.#options
    const namespace = pod.metadata.namespace ?? ''
    const sources = environmentSources(container)
    const [maps, secretMap, own, master] = await Promise.all([
      this.#objects<ConfigMap>(configMaps, namespace, sources.configMaps),
      this.#objects<Secret>(secrets, namespace, sources.secrets),
      pod.spec.enableServiceLinks === false ? [] : client.list(servicesResource, { namespace }).then((list) => list.items).catch((error: unknown) => {
        // A static pod does not wait for the API server: it may be what brings it up.
        if (isStatic(pod)) return []
        throw error
      }),
      client.get(servicesResource, { namespace: 'default', name: 'kubernetes' }).catch((error: unknown) => {
        if (isNotFound(error) || isStatic(pod)) return undefined
        throw error
      }),
    ])
    const services = serviceEnvironment([...own, ...(master ? [master] : [])], { namespace, links: pod.spec.enableServiceLinks ?? true })
    return containerEnvironment(container, {
      pod, services, configMaps: maps, secrets: secretMap, allocatable: node.allocatable,
      addresses: { podIPs, hostIPs: node.hostIPs },
    })
  }

  async #objects<T extends KubeObject>(resource: Resource<T>, namespace: string, names: ReadonlySet<string>): Promise<Map<string, T>> {
    const found = new Map<string, T>()
    await Promise.all([...names].map(async (name) => {
      try {
        found.set(name, await this.#options.client.get(resource, { namespace, name }))
      } catch (error) {
        // Whether it may be missing is decided where it is used.
        if (!isNotFound(error)) throw error
      }
    }))
    return found
  }
}

/** The images whose files the container sees, as if they were containers' own. */
function imageVolumes({ spec }: Pod, { volumeMounts = [] }: Container): Container[] {
  return (spec.volumes ?? []).flatMap(({ name, image }) => (image?.reference && volumeMounts.some((mount) => mount.name === name)
    ? [{ name, image: image.reference, ...(image.pullPolicy ? { imagePullPolicy: image.pullPolicy } : {}) }] : []))
}

/** Block volumes, as devices. */
function volumeDevices({ name, volumeDevices = [] }: Container, volumes: StartRequest['volumes']): DeviceSpec[] {
  return volumeDevices.map((device) => {
    const volume = volumes.get(device.name)
    if (!volume?.block) throw new ConfigError(`cannot find volume "${device.name}" to pass into container "${name}"`)
    return { containerPath: device.devicePath, hostPath: volume.hostPath, permissions: volume.readOnly ? 'r' : 'mrw' }
  })
}

/** Objects that may make a failed start succeed when they change. */
export function startSources(pod: Pod, container: Container): { resource: Resource<KubeObject>; name: string; namespace: string }[] {
  const namespace = pod.metadata.namespace ?? ''
  const sources = environmentSources(container)
  return [
    ...[...sources.configMaps].map((name) => ({ resource: configMaps as Resource<KubeObject>, name, namespace })),
    ...[...sources.secrets].map((name) => ({ resource: secrets as Resource<KubeObject>, name, namespace })),
  ]
}

