// Sets of field paths, kept in the very form that the API shows them in (FieldsV1), so that nothing is encoded or decoded.
//
// Each key is one step of a path: `f:name` a field or map key, `k:{"name":"c"}` an item of a list by its keys, `v:"x"` a member of a
// set, `i:0` an index. A step's value holds the steps below. The path itself is in the set if its node is empty or has the key `.`.
// Sets are never changed: every operation shares what it can. An empty set is `undefined`.

export interface FieldSet {
  readonly [step: string]: FieldSet
}

export type Step = string

/** A path that is in the set, with nothing below it. */
export const leaf: FieldSet = Object.freeze({})

export const isBare = (node: FieldSet): boolean => {
  for (const _ in node) return false
  return true
}

export const isMember = (node: FieldSet): boolean => '.' in node || isBare(node)

/** The node with its own path in the set. */
export function asMember(node: FieldSet | undefined): FieldSet {
  if (node === undefined || isBare(node)) return leaf
  return '.' in node ? node : { '.': leaf, ...node }
}

/** The node's own path and what stands below it, as a node; undefined when neither is there. */
function nodeOf(member: boolean, children: Record<string, FieldSet> | undefined): FieldSet | undefined {
  if (children === undefined) return member ? leaf : undefined
  return member ? { '.': leaf, ...children } : children
}

/** Collects children; made when the first one comes. A step is never the name of a property that means something else. */
export function withChild(children: Record<string, FieldSet> | undefined, step: Step, child: FieldSet | undefined): Record<string, FieldSet> | undefined {
  if (child === undefined) return children
  const target = children ?? {}
  target[step] = child
  return target
}

/** The same object as `a` when `b` adds nothing. */
export function union(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || a === b) return b
  if (b === undefined || covers(a, b)) return a
  return mergeNodes(a, b)
}

/** Whether every path of `b` is in `a`. Costs what `b` has. */
export function covers(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true
  let bare = true
  for (const step in b) {
    bare = false
    if (step === '.') {
      if (!isMember(a)) return false
      continue
    }
    const other = childOf(a, step)
    if (other === undefined || !covers(other, b[step] as FieldSet)) return false
  }
  return !bare || isMember(a)
}

/** Whether a path is in both. Costs what `b` has. */
function meets(a: FieldSet, b: FieldSet): boolean {
  let bare = true
  for (const step in b) {
    bare = false
    if (step === '.') {
      if (isMember(a)) return true
      continue
    }
    const other = childOf(a, step)
    if (other !== undefined && meets(other, b[step] as FieldSet)) return true
  }
  return bare && isMember(a)
}

function mergeNodes(a: FieldSet, b: FieldSet): FieldSet {
  const member = isMember(a) || isMember(b)
  let children: Record<string, FieldSet> | undefined
  for (const step in a) {
    if (step === '.') continue
    const other = childOf(b, step)
    children = withChild(children, step, other === undefined ? a[step] : union(a[step], other))
  }
  for (const step in b) if (step !== '.' && !Object.hasOwn(a, step)) children = withChild(children, step, b[step])
  return nodeOf(member, children) ?? leaf
}

/** The paths of `a` that are not in `b`; what is below a path of `b` stays. The same object when nothing goes. */
export function difference(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined || !meets(a, b)) return a
  const member = isMember(a)
  const stays = member && !isMember(b)
  let children: Record<string, FieldSet> | undefined
  let same = member === stays
  for (const step in a) {
    if (step === '.') continue
    const before = a[step]
    const other = childOf(b, step)
    const after = other === undefined ? before : difference(before, other)
    if (after !== before) same = false
    children = withChild(children, step, after)
  }
  return same ? a : nodeOf(stays, children)
}

export function intersection(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined) return undefined
  if (a === b) return a
  let children: Record<string, FieldSet> | undefined
  for (const step in a) {
    if (step === '.') continue
    const other = childOf(b, step)
    if (other !== undefined) children = withChild(children, step, intersection(a[step], other))
  }
  return nodeOf(isMember(a) && isMember(b), children)
}

/** Without the named fields of the root, and all that is below them. */
export function withoutFields(set: FieldSet | undefined, names: readonly string[]): FieldSet | undefined {
  if (set === undefined || !names.some((name) => Object.hasOwn(set, `f:${name}`))) return set
  let children: Record<string, FieldSet> | undefined
  for (const step in set) if (!names.includes(step.slice(2))) children = withChild(children, step, set[step])
  return children
}

export const childOf = (node: FieldSet, step: Step): FieldSet | undefined => (Object.hasOwn(node, step) ? node[step] : undefined)

/** Every path of the set: those of one level before those below, each level in order. */
export function* pathsOf(set: FieldSet | undefined, path: readonly Step[] = []): Generator<readonly Step[]> {
  if (set === undefined) return
  const steps = Object.keys(set).filter((step) => step !== '.').sort(bySort)
  for (const step of steps) if (isMember(set[step] as FieldSet)) yield [...path, step]
  for (const step of steps) yield* pathsOf(set[step], [...path, step])
}

const rank = 'fkvi'

function bySort(a: Step, b: Step): number {
  const kinds = rank.indexOf(a[0] ?? '') - rank.indexOf(b[0] ?? '')
  return kinds !== 0 ? kinds : a < b ? -1 : a > b ? 1 : 0
}

/** Whether a value that a client sent is a set: plain objects all the way down, under keys that are steps. */
export function isFieldSet(value: unknown): value is FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  for (const step in value) {
    if (step !== '.' && !isStep(step)) return false
    if (!isFieldSet((value as FieldSet)[step])) return false
  }
  return true
}

function isStep(step: string): boolean {
  if (step[1] !== ':') return false
  switch (step[0]) {
    case 'f': return true
    case 'i': return /^\d+$/.test(step.slice(2))
    case 'k': return isObject(parsed(step))
    case 'v': return parsed(step) !== undefined
    default: return false
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(step: string): unknown {
  try {
    return JSON.parse(step.slice(2)) as unknown
  } catch {
    return undefined
  }
}
