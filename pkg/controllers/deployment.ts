// Deployment: moves pods from the ReplicaSets of old templates to the one of the new template.
import { equalJson } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import { controllerOf, keyOf } from '../api/object.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import { pods } from '../api/types-pod.ts'
import { deployments, replicaSets, type Deployment, type DeploymentStatus, type ReplicaSet } from '../api/types-workload.ts'
import { controller, watches, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts'
import { claim, claimCandidates } from '../controller/ownership.ts'
import { isNamespaceTerminating, messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { isScaling, newSetSize, planDown, planRolling, planScale, type Scaling } from './deployment-plan.ts'
import { boundsOf, findNewSet, newSet, newSetAnnotations, replicasOf, revisionAnnotation, scaleAnnotations, setsToForget } from './deployment-sets.ts'
import { conditionOf, countStatus, deadlineCheckMs, isComplete, pauseCondition, progressDeadlineMs, rolloutStatus, withCondition, type Reason } from './deployment-status.ts'
import { isTerminal } from './pod-facts.ts'

export default controller({
  name: 'deployment',
  for: deployments,
  owns: [replicaSets],
  watches: [
    // Recreate waits for old pods to be gone, which no ReplicaSet tells.
    watches(pods, (pod, { informers }) => {
      const set = controllerOf(pod)
      const owner = set?.kind === 'ReplicaSet' ? informers.for(replicaSets).get({ namespace: pod.metadata.namespace, name: set.name }) : undefined
      const deployment = owner ? controllerOf(owner) : undefined
      if (!deployment || !pod.metadata.deletionTimestamp) return []
      return [{ namespace: pod.metadata.namespace, name: deployment.name }]
    }),
    watches(replicaSets, (set, { informers }) => (controllerOf(set) ? [] : informers.for(deployments).list(set.metadata.namespace)
      .filter(({ spec }) => selectorMatcher(spec.selector).matches(set.metadata.labels)).map(keyOf))),
  ],
  async reconcile(_, deployment, context) {
    if (!deployment) return
    const selector = selectorMatcher(deployment.spec.selector)
    const sets = await claim(context.client, {
      owner: deployment, ownerResource: deployments, resource: replicaSets,
      candidates: claimCandidates(context.informers.for(replicaSets), deployment),
      matches: (set) => selector.matches(set.metadata.labels),
    })
    return new Rollout(deployment, sets, await findNewSet(deployment, sets), context).run()
  },
})

/** One run over one deployment; follows what it writes, so that the status at its end is of the newest state. */
class Rollout {
  #deployment: Deployment
  readonly #sets: ReplicaSet[]
  readonly #context: ReconcileContext
  #fresh: ReplicaSet | undefined

  constructor(deployment: Deployment, sets: readonly ReplicaSet[], fresh: ReplicaSet | undefined, context: ReconcileContext) {
    this.#deployment = deployment
    this.#sets = [...sets]
    this.#context = context
    this.#fresh = fresh
  }

  async run(): Promise<ReconcileResult> {
    const { spec, metadata } = this.#deployment
    if (metadata.deletionTimestamp) return this.#writeStatus(this.#counts())
    const pause = pauseCondition(this.#deployment)
    if (pause) await this.#writeCondition(pause)
    if (spec.paused || isScaling(this.#deployment, this.#sets)) return this.#scaleOnly()
    return spec.strategy?.type === 'Recreate' ? this.#recreate() : this.#roll()
  }

  get #old(): readonly ReplicaSet[] {
    return this.#sets.filter((set) => set.metadata.uid !== this.#fresh?.metadata.uid)
  }

  async #scaleOnly(): Promise<ReconcileResult> {
    if (this.#fresh) await this.#ensureNewSet()
    await this.#scale(planScale(this.#deployment, this.#fresh, this.#old))
    if (this.#deployment.spec.paused) await this.#forgetOldSets()
    return this.#writeStatus(this.#counts())
  }

  async #roll(): Promise<ReconcileResult> {
    const fresh = await this.#ensureNewSet()
    if (!fresh) return {}
    await this.#scale(planRolling(this.#deployment, fresh, this.#old))
    return this.#finish()
  }

  async #recreate(): Promise<ReconcileResult> {
    if (this.#fresh) await this.#ensureNewSet()
    const down = planDown(this.#old)
    await this.#scale(down)
    if (down.length > 0 || this.#oldPodsLeft()) return this.#writeStatus(this.#rollout())
    const fresh = await this.#ensureNewSet()
    if (!fresh) return {}
    const { desired } = boundsOf(this.#deployment)
    if (replicasOf(fresh) !== desired) await this.#scale([{ set: fresh, replicas: desired }])
    return this.#finish()
  }

  async #finish(): Promise<ReconcileResult> {
    if (isComplete(this.#deployment, this.#deployment.status ?? {})) await this.#forgetOldSets()
    return this.#writeStatus(this.#rollout())
  }

  #oldPodsLeft(): boolean {
    const informer = this.#context.informers.for(pods)
    return this.#old.some((set) => informer.ownedBy(set.metadata.uid ?? '').some((pod) => !isTerminal(pod)))
  }

  /** Makes the new set, or brings its annotations up to date; undefined when none can be made now. */
  async #ensureNewSet(): Promise<ReplicaSet | undefined> {
    const fresh = this.#fresh ?? (await this.#createNewSet())
    if (!fresh) return undefined
    const annotations = newSetAnnotations(this.#deployment, fresh, this.#old)
    const minReadySeconds = this.#deployment.spec.minReadySeconds ?? 0
    if (!equalJson(annotations, fresh.metadata.annotations ?? {}) || (fresh.spec.minReadySeconds ?? 0) !== minReadySeconds) {
      this.#keep(await this.#context.client.update(replicaSets, { ...fresh, metadata: { ...fresh.metadata, annotations }, spec: { ...fresh.spec, minReadySeconds } }))
    }
    await this.#syncRevision()
    if (progressDeadlineMs(this.#deployment) !== undefined && !conditionOf(this.#deployment.status, 'Progressing')) {
      await this.#writeCondition({ type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message: `Found new replica set "${fresh.metadata.name}"` })
    }
    return this.#fresh
  }

  async #createNewSet(): Promise<ReplicaSet | undefined> {
    const { client, events } = this.#context
    const size = newSetSize(this.#deployment, this.#sets, 0)
    const draft = await newSet(this.#deployment, this.#sets, size)
    const { name = '' } = draft.metadata
    try {
      this.#keep(await client.create(replicaSets, draft))
    } catch (error) {
      if (isAlreadyExists(error)) return this.#resolveCollision(name)
      if (isNamespaceTerminating(error)) return undefined
      const message = `Failed to create new replica set "${name}": ${messageOf(error)}`
      events.record(this.#deployment, { type: 'Warning', reason: 'ReplicaSetCreateError', message })
      if (progressDeadlineMs(this.#deployment) !== undefined) await this.#writeCondition({ type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message })
      throw error
    }
    if (size > 0) this.#tellScaled('up', name, 0, size)
    if (progressDeadlineMs(this.#deployment) !== undefined) {
      await this.#writeCondition({ type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message: `Created new replica set "${name}"` })
    }
    return this.#fresh
  }

  // The name is taken: by the very set that is wanted (then it is ours to use), or by another one (then the hash must change).
  async #resolveCollision(name: string): Promise<ReplicaSet | undefined> {
    const { client } = this.#context
    const taken = await client.get(replicaSets, { namespace: this.#deployment.metadata.namespace, name })
    if (controllerOf(taken)?.uid === this.#deployment.metadata.uid && await findNewSet(this.#deployment, [taken])) {
      this.#keep(taken)
      return taken
    }
    const status = { ...this.#deployment.status, collisionCount: (this.#deployment.status?.collisionCount ?? 0) + 1 }
    this.#deployment = await client.update(deployments, { ...this.#deployment, status }, { subresource: 'status' })
    return this.#createNewSet()
  }

  #keep(set: ReplicaSet): void {
    const at = this.#sets.findIndex((other) => other.metadata.uid === set.metadata.uid)
    if (at < 0) this.#sets.push(set)
    else this.#sets[at] = set
    if (at < 0 || this.#fresh?.metadata.uid === set.metadata.uid) this.#fresh = set
  }

  async #syncRevision(): Promise<void> {
    const revision = this.#fresh?.metadata.annotations?.[revisionAnnotation]
    if (revision === undefined || this.#deployment.metadata.annotations?.[revisionAnnotation] === revision) return
    const { metadata } = this.#deployment
    const noted = { ...this.#deployment, metadata: { ...metadata, annotations: { ...metadata.annotations, [revisionAnnotation]: revision } } }
    // With the status, which leaves the generation as it is.
    this.#deployment = await this.#context.client.update(deployments, noted, { subresource: 'status' })
  }

  async #scale(plan: readonly Scaling[]): Promise<void> {
    const annotations = scaleAnnotations(boundsOf(this.#deployment))
    for (const { set, replicas } of plan) {
      const before = replicasOf(set)
      const noted = Object.entries(annotations).every(([key, value]) => set.metadata.annotations?.[key] === value)
      if (before === replicas && noted) continue
      const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } }
      this.#keep(await this.#context.client.update(replicaSets, { ...set, metadata, spec: { ...set.spec, replicas } }))
      if (before !== replicas) this.#tellScaled(replicas > before ? 'up' : 'down', set.metadata.name ?? '', before, replicas)
    }
  }

  #tellScaled(direction: 'up' | 'down', name: string, from: number, to: number): void {
    this.#context.events.record(this.#deployment, {
      type: 'Normal', reason: 'ScalingReplicaSet', message: `Scaled ${direction} replica set ${name} from ${from} to ${to}`,
    })
  }

  async #forgetOldSets(): Promise<void> {
    for (const set of setsToForget(this.#deployment, this.#old)) {
      await removeObject(this.#context.client, replicaSets, set)
    }
  }

  #counts(): DeploymentStatus {
    return countStatus(this.#deployment, this.#sets, this.#fresh, this.#context.clock.now())
  }

  #rollout(): DeploymentStatus {
    return rolloutStatus(this.#deployment, this.#sets, this.#fresh, this.#context.clock.now())
  }

  async #writeCondition(condition: Reason): Promise<void> {
    const conditions = withCondition(this.#deployment.status?.conditions ?? [], condition, this.#context.clock.now())
    const status = { ...this.#deployment.status, conditions }
    this.#deployment = await this.#context.client.update(deployments, { ...this.#deployment, status }, { subresource: 'status' })
  }

  async #writeStatus(status: DeploymentStatus): Promise<ReconcileResult> {
    if (!equalJson(status, this.#deployment.status)) {
      this.#deployment = await this.#context.client.update(deployments, { ...this.#deployment, status }, { subresource: 'status' })
    }
    return { requeueAfterMs: deadlineCheckMs(this.#deployment, status, this.#context.clock.now()) }
  }
}
