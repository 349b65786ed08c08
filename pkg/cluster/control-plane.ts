// The control plane: store, registry, API server, controllers and scheduler of one server, wired together.
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { KubeObject, ObjectKey, Resource } from '../api/object.ts'
import { readStored } from '../api/json-reader.ts'
import { objectText } from '../api/object-text.ts'
import type { UserInfo } from '../api/request.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import { configMaps, namespaces } from '../api/types-config.ts'
import { flowSchemas } from '../api/types-flow-control.ts'
import { endpoints, endpointSlices, serviceCIDRs, services } from '../api/types-service.ts'
import { ApiServer } from '../apiserver/api-server.ts'
import { Auditor } from '../apiserver/audit.ts'
import { WebhookCaller } from '../apiserver/webhook-call.ts'
import type { NodeConnections } from '../api/node-connection.ts'
import { DirectClient } from '../client/direct-client.ts'
import { QueuedEventRecorder } from '../client/event-recorder.ts'
import { SharedInformers } from '../client/shared-informers.ts'
import { ControllerRunner } from '../controller/runner.ts'
import { GarbageCollector } from '../controllers/garbage-collector.ts'
import { flowBootstrapControllers } from '../controllers/flow-bootstrap.ts'
import { apiServiceController, reportUnreachable } from '../controllers/api-service.ts'
import { allControllers, contentResources, ownedResources, type Served } from '../controllers/controllers.ts'
import { trackingConfigMap } from '../controllers/legacy-token-cleaner.ts'
import { nodeIpamController } from '../controllers/node-ipam.ts'
import { type ClusterPki, type ClusterPkiOptions, loadOrCreatePki } from '../pki/cluster-pki.ts'
import { ServiceAccountTokens } from '../pki/service-account-tokens.ts'
import { admissionPlugins } from '../registry/admission-plugins.ts'
import type { CallWebhook } from '../registry/admission-webhook-dispatch.ts'
import { WebhookAdmission } from '../registry/admission-webhooks.ts'
import { ensureObjects, withDefaults } from '../registry/bootstrap.ts'
import { CustomResources } from '../registry/custom-resources.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { metricsDefinitions } from '../registry/kinds/metrics.ts'
import type { Definition } from '../registry/definition.ts'
import { Registry } from '../registry/registry.ts'
import { ServiceAllocator } from '../registry/service-allocator.ts'
import { defaultScheduler } from '../scheduler/default-scheduler.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { SqliteStore } from '../storage/sqlite-store.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import { certificateSigner } from './certificate-signer.ts'
import { readAdmissionOptions } from './admission-config.ts'
import { type AuditLog, openAuditLog } from './audit-log.ts'
import { LocalApiServices, publishApiServices } from './api-services.ts'
import { controllerIdentity } from './controller-identities.ts'
import { CompactionSchedule } from './compaction.ts'
import { EvaluationPool } from './evaluation-pool.ts'
import { KeptObjects } from './kept-objects.ts'
import { authenticationConfig, authenticationConfigName, kubernetesEndpoints, kubernetesService, readManifests } from './manifests.ts'
import { NodeRoles } from './node-roles.ts'
import { reconcileRoles } from './role-reconciliation.ts'
import { ServedResources, servedKind } from './served-resources.ts'
import { AggregatorFigures, bytesIn, planeHealth, planeMetrics, type PlaneStage } from './plane-health.ts'
import { addressAt, type ClusterOptions, nodePodCidr, nodeRangeCount } from './options.ts'
import { volumeDirectories } from './volume-directories.ts'

export interface ControlPlaneOptions {
  readonly cluster: ClusterOptions
  readonly clock: Clock
  readonly nodeIP: string
  readonly nodeConnections: NodeConnections
  readonly log: (text: string) => void
}

/** Parts of this process are trusted with everything; what they do is told apart by their names. */
const trusted = (username: string, ...groups: string[]): UserInfo => ({ username, groups: [...groups, 'system:masters', 'system:authenticated'] })

const ownDefinitions = (): Definition[] => [...builtinDefinitions(), ...metricsDefinitions]

const issuerOf = ({ clusterDomain }: ClusterOptions): string => `https://kubernetes.default.svc.${clusterDomain}`

export class ControlPlane {
  #pki: ClusterPki
  #nodeIP: string
  readonly port: number
  readonly informers: SharedInformers
  readonly #options: ControlPlaneOptions
  readonly #store: Store
  readonly #registry: Registry
  readonly #caller: WebhookCaller
  readonly #custom: CustomResources
  readonly #server: ApiServer
  readonly #audit: AuditLog | undefined
  readonly #aggregator: AggregatorFigures
  readonly #manifests: readonly KubeObject[]
  readonly #compaction: CompactionSchedule
  readonly #evaluator: EvaluationPool
  #components: { stop(): Promise<void> }[] = []
  #runner: ControllerRunner | undefined
  #scheduler: Scheduler | undefined
  #stage: PlaneStage | 'stopping' = 'serving'

  private constructor(parts: { options: ControlPlaneOptions; pki: ClusterPki; store: Store; registry: Registry; caller: WebhookCaller; custom: CustomResources; server: ApiServer; audit: AuditLog | undefined; aggregator: AggregatorFigures; manifests: readonly KubeObject[]; compaction: CompactionSchedule; evaluator: EvaluationPool; port: number }) {
    this.#pki = parts.pki
    this.#nodeIP = parts.options.nodeIP
    this.port = parts.port
    this.#options = parts.options
    this.#store = parts.store
    this.#registry = parts.registry
    this.#caller = parts.caller
    this.#custom = parts.custom
    this.#server = parts.server
    this.#audit = parts.audit
    this.#aggregator = parts.aggregator
    this.#manifests = parts.manifests
    this.#compaction = parts.compaction
    this.#evaluator = parts.evaluator
    const { clock, log } = parts.options
    this.informers = new SharedInformers({ client: this.client('system:kinglet'), clock, log })
  }

  /** Resolves when the API answers over HTTPS. Nothing runs on its objects yet: see `startControllers`. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { cluster, clock, nodeIP, nodeConnections, log } = options
    const admission = admissionPlugins(readAdmissionOptions(cluster))
    const serverDirectory = join(cluster.dataDirectory, 'server')
    const compaction = new CompactionSchedule({ clock, log })
    let plane: ControlPlane | undefined
    const audit = await openAuditLog(cluster, { clock, log })
    const [pki, store] = await Promise.all([
      loadOrCreatePki(pkiOptions(options, nodeIP)),
      cluster.inMemory ? new MemoryStore() : SqliteStore.open({ directory: join(serverDirectory, 'db'), clock, text: objectText, read: readStored, onWritten: (characters) => compaction.written(characters) }),
    ])
    const caller = new WebhookCaller({ registry: () => registry, clock })
    const call: CallWebhook = (client, body, timeoutMs) => caller.call(client, body, timeoutMs)
    const webhooks = new WebhookAdmission({ call, log })
    const own = ownDefinitions()
    const evaluator = new EvaluationPool({ clock })
    const registry: Registry = new Registry({
      store, definitions: own, admission, asyncAdmission: webhooks, evaluator, clock,
      allocators: [new ServiceAllocator({ cidr: cluster.serviceCidr })],
    })
    const custom = new CustomResources({ registry, store, clock, call, log })
    await custom.start()
    const issuer = issuerOf(cluster)
    const auditor = audit && new Auditor({ ...audit, clock })
    const aggregator = new AggregatorFigures()
    const server: ApiServer = new ApiServer({
      registry, clock, nodeConnections, webhooks, log,
      ...(auditor ? { auditor } : {}),
      frontProxy: pki.frontProxyClient,
      health: planeHealth({ store, clock, stage: () => (plane ? plane.#stage : 'serving') }),
      moreMetrics: () => webhooks.figures.text() + planeMetrics({ queues: (plane && plane.#runner?.queues()) ?? [], lines: [...(plane && plane.#runner?.times()) ?? [], ...(plane && plane.#scheduler?.lines()) ?? []], ...(audit ? { audit: audit.figures } : {}), ...(auditor ? { auditor } : {}), ...(cluster.inMemory ? {} : { storeBytes: bytesIn(join(serverDirectory, 'db')) }) }) + `${aggregator.lines(registry).join('\n')}\n`,
      onUnreachable: (name, message) => {
        const client = new DirectClient(server.handle, trusted('system:apiserver'), 'apiserver')
        reportUnreachable(client, name, message, clock.now()).catch((error: Error) => log(`the state of APIService ${name} could not be told: ${error.message}`))
      },
      accountTokens: new ServiceAccountTokens({ issuer, key: pki.serviceAccountKey, clock }),
      audiences: [issuer],
    })
    try {
      const manifests = readManifests(cluster)
      await ensureObjects(registry, [...manifests, trackingConfigMap(clock.now()), kubernetesService(cluster)])
      await reconcileRoles(registry, manifests)
      const { port } = await server.listen({
        host: cluster.bindAddress, port: cluster.httpsPort,
        tls: { key: pki.apiServing.key, cert: pki.apiServing.certificate, clientCa: pki.clientAuthority.certificate },
      })
      plane = new ControlPlane({ options, pki, store, registry, caller, custom, server, audit, aggregator, manifests, compaction, evaluator, port })
      await plane.#publishAddresses()
      await publishApiServices(plane.client('system:apiserver'), own, clock.now())
      plane.#stage = 'published'
      return plane
    } catch (error) {
      await server.stop()
      custom.stop()
      registry.stop()
      await evaluator.stop()
      caller.stop()
      await store.close()
      await audit?.close()
      throw error
    }
  }

  /** A client of this process with an identity of its own. */
  client(username: string, ...groups: string[]): DirectClient {
    return new DirectClient(this.#server.handle, trusted(username, ...groups), username.replace(/^system:/, ''))
  }

  /** What a kubelet has: the rights of its node and of the pods there. */
  nodeClient(nodeName: string): DirectClient {
    return new DirectClient(this.#server.handle, { username: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] }, 'kubelet')
  }

  events(component: string, host?: string, client = this.client('system:kinglet')): QueuedEventRecorder {
    const { clock, log } = this.#options
    return new QueuedEventRecorder({ client, clock, log, component, ...(host ? { host } : {}) })
  }

  /** Resolves when controllers and scheduler are at work. */
  async startControllers(signal: AbortSignal): Promise<void> {
    const { cluster, clock, log } = this.#options
    const { informers } = this
    // Their writes are all managed by one program, whoever of it makes them.
    const clientOf = (name: string): DirectClient => new DirectClient(this.#server.handle, controllerIdentity(name), 'kube-controller-manager')
    const { aggregation } = this.#server
    // What another program converts is followed as it is stored.
    const served = (): readonly Served[] => [...this.#registry.definitions().filter((one) => one.convert?.stored !== false), ...aggregation?.kinds() ?? []]
    const tokens = new ServiceAccountTokens({ issuer: issuerOf(cluster), key: this.pki.serviceAccountKey, clock })
    const runner = this.#runner = new ControllerRunner({
      client: clientOf(''), clientFor: ({ name }) => clientOf(name), informers, clock, log,
      controllers: [
        ...allControllers({
          rootCertificate: this.pki.serverAuthority.certificate, contentResources: () => contentResources(served()), unknownGroups: () => aggregation?.unknown() ?? [],
          localPath: volumeDirectories({ directory: join(cluster.dataDirectory, 'storage'), nodeName: cluster.nodeName }),
          signSecretToken: (request) => tokens.signForSecret(request),
          certificates: certificateSigner(this.pki, clock),
          readMetrics: async (path) => this.#server.aggregation?.read(path),
        }),
        apiServiceController({ clock, unavailable: this.#aggregator.unavailable, check: (service) => aggregation?.check(service) ?? Promise.resolve() }),
        ...flowBootstrapControllers(withDefaults(this.#registry, this.#manifests.filter(({ apiVersion }) => apiVersion?.startsWith(flowSchemas.group)))),
        nodeIpamController({ range: (index) => nodePodCidr(cluster.clusterCidr, index), count: nodeRangeCount(cluster.clusterCidr) }),
      ],
    })
    const collector = new GarbageCollector({
      client: clientOf('garbage-collector'), informers, clock, log, resources: () => ownedResources(served()), ofKind: (apiVersion, kind) => servedKind(this.#registry.definitions(), apiVersion, kind),
    })
    // Like a scheduler outside it writes with what its own role grants.
    const schedulerClient = new DirectClient(this.#server.handle, { username: 'system:kube-scheduler', groups: ['system:authenticated'] }, 'kube-scheduler')
    const scheduler = this.#scheduler = defaultScheduler({ client: schedulerClient, informers, clock, log, events: this.events('default-scheduler', hostname(), schedulerClient) })
    const following = new ServedResources({
      resources: () => ownedResources(served()),
      onChange: (listener) => {
        const ends = [this.#registry.onDefinitionsChange(listener), aggregation?.onChange(listener)]
        return () => ends.forEach((end) => end?.())
      },
      forget: (resource) => informers.forget(resource), changed: () => collector.resourcesChanged(), clock, log,
    })
    // Range and namespaces before what is in them.
    const basic = this.#manifests.filter(({ kind }) => kind === 'Namespace' || kind === 'ServiceCIDR')
    const apiKey = { namespace: 'default', name: 'kubernetes' }
    const kept = new KeptObjects({
      informers, clock, log,
      kept: [
        { resource: namespaces, keys: keysOf(basic, namespaces) }, { resource: serviceCIDRs, keys: keysOf(basic, serviceCIDRs) },
        { resource: services, keys: [apiKey] }, { resource: endpoints, keys: [apiKey] }, { resource: endpointSlices, keys: [apiKey] },
        { resource: configMaps, keys: [{ namespace: 'kube-system', name: authenticationConfigName }] },
      ],
      restore: async () => {
        await ensureObjects(this.#registry, [...basic, kubernetesService(cluster)])
        await this.#publishAddresses()
      },
    })
    kept.start()
    const localServices = new LocalApiServices({
      client: this.client('system:apiserver'), informers, own: ownDefinitions(), definitions: () => this.#registry.definitions(), onChange: (listener) => this.#registry.onDefinitionsChange(listener), clock, log,
    })
    const roles = new NodeRoles({ client: this.client('system:kinglet'), informers, log, nodeName: cluster.nodeName })
    if (!cluster.disableAgent) roles.start()
    this.#components = [kept, roles, following, localServices, scheduler, collector, runner]
    await Promise.all([runner.start(signal), collector.start(signal), scheduler.start(signal)])
    if (this.#stage === 'published') this.#stage = 'running'
    this.#compaction.start(this.#store)
  }

  /** Ends what runs on the API, then the API, then the store: everything acknowledged is on disk when this resolves. */
  async stop(): Promise<void> {
    this.#stage = 'stopping'
    this.#compaction.stop()
    await Promise.all(this.#components.splice(0).map((component) => component.stop()))
    await this.informers.stop()
    await this.#evaluator.stop()
    await this.#server.stop()
    this.#custom.stop()
    this.#registry.stop()
    this.#caller.stop()
    await this.#store.close()
    await this.#audit?.close()
  }

  get pki(): ClusterPki {
    return this.#pki
  }

  /** Shows certificates for this address, and fresh ones for those that end soon, to new connections; pods find the API server at it. */
  async renew(nodeIP: string): Promise<void> {
    this.#pki = await loadOrCreatePki(pkiOptions(this.#options, nodeIP))
    const { apiServing, clientAuthority } = this.#pki
    this.#server.setTls({ key: apiServing.key, cert: apiServing.certificate, clientCa: clientAuthority.certificate })
    if (nodeIP === this.#nodeIP) return
    this.#nodeIP = nodeIP
    await this.#publishAddresses()
  }

  async #publishAddresses(): Promise<void> {
    const client = this.client('system:apiserver')
    const { endpoints: addresses, slice } = kubernetesEndpoints(this.#nodeIP, this.port)
    await put(client, endpoints, addresses)
    await put(client, endpointSlices, slice)
    await put(client, configMaps, authenticationConfig(this.pki.clientAuthority.certificate, this.pki.requestHeaderAuthority.certificate))
  }
}

const pkiOptions = ({ cluster, clock }: ControlPlaneOptions, nodeIP: string): ClusterPkiOptions => ({
  directory: join(cluster.dataDirectory, 'server/tls'), clock, clusterDomain: cluster.clusterDomain, nodeName: cluster.nodeName,
  serviceIps: [addressAt(cluster.serviceCidr, 1)], nodeIps: [nodeIP], extraNames: cluster.tlsSans,
})

const keysOf = (objects: readonly KubeObject[], { kind }: Resource): ObjectKey[] =>
  objects.filter((object) => object.kind === kind).map(({ metadata: { name = '' } }) => ({ name }))

/** Makes the object as given, whether or not it is there. */
async function put<T extends KubeObject>(client: DirectClient, resource: Resource<T>, object: T): Promise<void> {
  try {
    await client.create(resource, object)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await client.update(resource, object)
  }
}
