// MutatingAdmissionPolicy: changes to objects, by expressions that the cluster's own objects state.
import { equalJson, isJsonObject, thaw } from '../api/json.ts'
import type { JsonObject } from '../api/json.ts'
import type { AnyObject } from '../api/object.ts'
import { jsonPatch } from '../api/patch-json.ts'
import { RejectedPatch } from '../api/patch-merge.ts'
import { schemaOf } from '../api/schema-table.ts'
import { StatusError } from '../api/status-error.ts'
import { atomicPaths, faultsText, typedFaults } from '../api/typed-check.ts'
import { mergeTyped } from '../api/typed-merge.ts'
import { rootSchema } from '../api/typed-shape.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { Awaiting, refusal } from './admission.ts'
import { isExempt, viewedSubresource } from './admission-matching.ts'
import type { MutatingPolicy, MutatingPolicyBinding } from './admission-policy-compile.ts'
import { bindingSelects, compiledMutatingPolicy } from './admission-policy-compile.ts'
import { equivalentsOf, factsOf, matched, paramKindFault, paramsOf, PolicySubjects } from './admission-policy-facts.ts'
import { mutationTask, mutationWantedTask } from './admission-policy-tasks.ts'
import { replace, subjectShape } from './admission-shape.ts'
import type { Definition } from './definition.ts'
import { converted } from './version-conversion.ts'

const group = 'admissionregistration.k8s.io'
const policies = { group, plural: 'mutatingadmissionpolicies' }
const bindings = { group, plural: 'mutatingadmissionpolicybindings' }

/** One policy with one binding and one parameter. */
interface Invocation {
  readonly policy: MutatingPolicy
  readonly binding: MutatingPolicyBinding
  readonly as: Definition
  readonly param: AnyObject | undefined
}

/** What went wrong with a policy that must not fail. */
interface Fault {
  readonly policy: MutatingPolicy
  /** undefined where the policy itself is wrong. */
  readonly binding?: MutatingPolicyBinding
  readonly message: string
  readonly reason?: string
}

/** What the first time leaves for the second. */
interface Kept {
  /** The object when the policies were done with it. */
  output?: AnyObject
  readonly mayRunAgain: Set<string>
  readonly toRunAgain: Set<string>
}

const keyOf = ({ policy, binding, param }: Invocation): string =>
  [policy.metadata.name, binding.metadata.name, param?.metadata.namespace, param?.metadata.name].join('/')

function* invocationsOf(draft: AnyObject, request: AdmissionRequest, faults: Fault[]): Generator<Invocation> {
  const all = request.view.list<MutatingPolicyBinding>(bindings)
  if (all.length === 0) return
  const facts = factsOf(draft, request)
  const equivalents = equivalentsOf(request)
  for (const policy of request.view.list<MutatingPolicy>(policies)) {
    const bound = all.filter(({ spec }) => spec?.policyName === policy.metadata.name)
    const as = bound.length > 0 ? matched(policy.spec?.matchConstraints, facts, equivalents) : undefined
    if (!as || !compiledMutatingPolicy(policy).selects(facts)) continue
    const fault = paramKindFault(policy, request)
    if (fault !== undefined) {
      faults.push({ policy, message: fault })
      continue
    }
    for (const binding of bound) {
      if (!matched(binding.spec?.matchResources, facts, equivalents) || !bindingSelects(binding, facts)) continue
      try {
        for (const param of paramsOf(policy, binding, request)) yield { policy, binding, as, param }
      } catch (error) {
        if (error instanceof Awaiting || error instanceof StatusError) throw error
        faults.push({ policy, binding, message: `failed to configure binding: ${(error as Error).message}` })
      }
    }
  }
}

/** The object without what differs between runs of one write. */
function content({ metadata, ...rest }: AnyObject): unknown {
  const { uid: _uid, creationTimestamp: _created, managedFields: _owners, name: _name, ...told } = metadata
  return { ...rest, metadata: told }
}

/** A mutation that can't be made. */
class MutationFault extends Error {
  override name = 'MutationFault'
}

function applied(object: AnyObject, patch: unknown, schema: Parameters<typeof rootSchema>[0]): AnyObject {
  if (!isJsonObject(patch)) throw new MutationFault('invalid return type: the expression must make an Object')
  const { apiVersion, kind } = object
  const config: JsonObject = { ...patch, apiVersion, kind }
  const root = rootSchema(schema)
  const faults = typedFaults(root, config)
  if (faults.length > 0) throw new MutationFault(`error applying patch: failed to convert patch object to typed object: ${faultsText(faults)}`)
  const atomics = atomicPaths(root, config)
  if (atomics.length > 0) throw new MutationFault(`error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`)
  return mergeTyped(root, object, config) as AnyObject
}

function patched(object: AnyObject, operations: unknown): AnyObject {
  try {
    return jsonPatch(thaw(object) as JsonObject, operations) as AnyObject
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const text = error instanceof RejectedPatch ? error.why : error.message
    // A test that fails means: not this one.
    if (text.endsWith('test failed')) return object
    throw new MutationFault(`JSON Patch: ${text}`)
  }
}

/** Runs one policy on the draft. Tells whether it was to run, and what is wrong with it. */
function invoke(draft: AnyObject, invocation: Invocation, request: AdmissionRequest): { readonly ran: boolean; readonly faults: readonly string[] } {
  const { policy, as, param } = invocation
  const { definition, conversions, evaluations } = request
  const compiled = compiledMutatingPolicy(policy)
  const viewed = viewedSubresource(request)
  const shape = subjectShape(request, thaw(draft) as AnyObject)
  const own = shape.send(draft)
  const isOwn = viewed !== undefined || request.body !== undefined
  let object = isOwn ? own : converted(own, definition, as, conversions)
  const subject = new PolicySubjects(factsOf(draft, request), request).as(as)
  const seen = () => ({ subject, object, ...(policy.spec?.paramKind ? { params: { value: param ?? null } } : {}) })
  const held = evaluations.run(mutationWantedTask, policy, seen())
  if (held !== true) return { ran: false, faults: held === false ? [] : [held.fault] }
  const kind = request.body ?? viewed?.kind
  const schema = (kind && schemaOf(kind.group, kind.version, kind.kind)) ?? as.schema
  const faults: string[] = []
  for (const [index, { patchType }] of compiled.mutations.entries()) {
    const made = evaluations.run(mutationTask, policy, { ...seen(), index })
    try {
      if ('fault' in made) throw new MutationFault(made.fault)
      object = patchType === 'JSONPatch' ? patched(object, made.patch) : applied(object, made.patch, schema)
    } catch (error) {
      if (!(error instanceof MutationFault)) throw error
      faults.push(error.message)
    }
  }
  const settled = shape.settle(isOwn ? object : converted(object, as, definition, conversions))
  if (!equalJson(settled, draft)) replace(draft, settled)
  return { ran: true, faults }
}

function deny(request: AdmissionRequest, faults: readonly Fault[]): StatusError {
  const texts = faults.map(({ policy: { metadata: { name = '' } }, binding, message }) =>
    `${binding ? `policy '${name}' with binding '${binding.metadata.name ?? ''}'` : `policy ${JSON.stringify(name)}`} denied request: ${message}`)
  const { status } = refusal(request, '')
  return new StatusError(403, faults[0]?.reason ?? 'Forbidden', texts[0] ?? '', { ...status.details, causes: texts.map((message) => ({ message })) })
}

export const mutatingAdmissionPolicy: AdmissionPlugin = {
  name: 'MutatingAdmissionPolicy',
  mutate(draft, request) {
    if (isExempt(request.definition)) return
    const { reinvocation } = request
    const faults: Fault[] = []
    const invocations = [...invocationsOf(draft, request, faults)]
    if (invocations.length === 0 && faults.length === 0) return
    const kept = (reinvocation.policies ??= { mayRunAgain: new Set(), toRunAgain: new Set() }) as Kept
    const all = (): void => {
      for (const key of kept.mayRunAgain) kept.toRunAgain.add(key)
      kept.mayRunAgain.clear()
    }
    if (reinvocation.again && !equalJson(content(draft), kept.output)) all()
    for (const invocation of invocations) {
      const { policy, binding } = invocation
      const key = keyOf(invocation)
      if (reinvocation.again && !kept.toRunAgain.has(key)) continue
      const before = thaw(draft) as AnyObject
      const { ran, faults: found } = invoke(draft, invocation, request)
      faults.push(...found.map((message) => ({ policy, binding, message, reason: 'Invalid' })))
      if (!ran) continue
      if (!equalJson(before, draft)) {
        all()
        reinvocation.wanted = true
      }
      if (policy.spec?.reinvocationPolicy === 'IfNeeded') kept.mayRunAgain.add(key)
    }
    kept.output = content(thaw(draft) as AnyObject) as AnyObject
    const grave = faults.filter(({ policy }) => policy.spec?.failurePolicy !== 'Ignore')
    if (grave.length > 0) throw deny(request, grave)
  },
}
