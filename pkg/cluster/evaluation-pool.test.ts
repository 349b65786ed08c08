// The evaluation pool: real workers, users in turn, rights asked from within, time limits, and what is left when it ends.
import type { AccessQuery } from '../registry/admission.ts'
import { customTask } from '../registry/custom-version.ts'
import { mutationTask, policyTask } from '../registry/admission-policy-tasks.ts'
import { ManualClock } from '../util/clock.ts'
import { parseLossless } from '../util/lossless-json.ts'
import { EvaluationPool } from './evaluation-pool.ts'

const user = (username: string): { username: string; groups: string[] } => ({ username, groups: [] })
const asker = { user: user('ann') }
const versionOf = (properties: object): object => ({ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } })
const version = (pattern: string): object => versionOf({ t: { type: 'string', pattern } })
const fine = { errors: [], warnings: [] }
const question = (about: object, t: string): Parameters<EvaluationPool['ask']>[0] => ({ task: customTask.name, about, input: { object: { metadata: {}, t } } })
const cheap = version('^a+$')
/** Each field takes a second or so. */
const fields = (make: (index: number) => unknown): object => Object.fromEntries(Array.from({ length: 100 }, (_none, index) => [`t${index}`, make(index)]))
const dear = versionOf(fields((index) => ({ type: 'string', pattern: `(a.{1,20}b.{1,${index + 20}}){10,20}c` })))
const dearText = Array.from({ length: 100_000 }, (_none, index) => (Math.imul(index ^ (index >>> 7), 0x9e3779b1) >>> 31 ? 'a' : 'b')).join('')
const endless = (): ReturnType<typeof question> => ({ task: customTask.name, about: dear, input: { object: { metadata: {}, ...fields(() => dearText) } } })

describe('a pool', () => {
  let pool: EvaluationPool
  let clock: ManualClock
  beforeEach(() => {
    clock = new ManualClock()
    pool = new EvaluationPool({ clock })
  })
  afterEach(() => pool.stop())

  it('answers as the task would here', async () => {
    expect(await pool.ask(question(cheap, 'aaa'), asker)).toEqual(fine)
    const found = customTask.run(cheap as never, { object: { metadata: {}, t: 'b' } as never }, {})
    expect(found.errors).toHaveLength(1)
    expect(await pool.ask(question(cheap, 'b'), asker)).toEqual(found)
  })

  it('answers the same when what is asked, stated and answered is so large that it travels as text', async () => {
    const names = Array.from({ length: 5000 }, (_none, index) => `k${index}`)
    const object = { metadata: {}, list: names, whole: parseLossless('{"large":9007199254740993,"part":0.5}'), none: undefined } as never
    const about = { spec: { validations: names.map((name) => ({ expression: `object.list[0] != "${name}"` })) } }
    const mutating = { spec: { mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: 'object.list.map(n, JSONPatch{op: "add", path: "/data/" + n, value: object.whole.large})' } }] } }
    const subject = { object, request: {}, user: user('ann'), requested: { group: '', resource: 'configmaps' } }
    for (const [task, stated, input] of [[policyTask, about, { subject }], [mutationTask, mutating, { subject, object, index: 0 }]] as const) {
      const here = task.run(stated as never, input as never, {})
      expect(JSON.stringify(here)).toMatch(/k0|9007199254740993/)
      expect(await pool.ask({ task: task.name, isJson: true, about: stated, input }, asker)).toEqual(here)
    }
  })

  it('keeps what was stated last, and is told the rest again', async () => {
    const many = Array.from({ length: 60 }, (_, index) => version(`^a{${index + 1}}$`))
    const ask = (index: number): Promise<unknown> => pool.ask(question(many[index]!, 'a'.repeat(index + 1)), asker)
    for (let index = 0; index < many.length; index++) expect(await ask(index)).toEqual(fine)
    expect(await ask(0)).toEqual(fine)
    expect(await ask(59)).toEqual(fine)
  })

  it('asks who may do what while it evaluates', async () => {
    const asked: AccessQuery[] = []
    const policy = { metadata: { name: 'p' }, spec: { validations: [{ expression: 'object.list.all(n, authorizer.group("apps").resource(n).check("get").allowed())' }] } }
    const subject = { object: { metadata: {}, list: ['yes', 'no'] }, request: {}, user: user('ann'), requested: { group: '', resource: 'configmaps' } }
    const authorize = (query: AccessQuery): { allowed: boolean } => {
      asked.push(query)
      return { allowed: 'resource' in query && query.resource === 'yes' }
    }
    const answer = await pool.ask({ task: policyTask.name, about: policy, input: { subject } }, { ...asker, authorize })
    expect(answer).toMatchObject([{ denials: [{ index: 0 }] }])
    expect(asked.map((query) => ('resource' in query ? query.resource : ''))).toEqual(['yes', 'no'])
  })

  it('gives each user one worker at a time', async () => {
    const flood = Array.from({ length: 3 }, () => pool.ask(endless(), { user: user('flood') }).catch((error: Error) => error.message))
    expect(await pool.ask(question(cheap, 'aaa'), asker)).toEqual(fine)
    expect(pool.size).toBe(2)
    await pool.stop()
    expect(await Promise.all(flood)).toEqual(Array(3).fill('Internal error occurred: the server is stopping'))
  })

  it('gives up after a minute, as the API server does, and goes on', async () => {
    const asked = pool.ask(endless(), asker)
    const next = pool.ask(question(cheap, 'aaa'), asker)
    clock.step(61_000)
    await expect(asked).rejects.toMatchObject({ code: 504, reason: 'Timeout' })
    // Its time was over before its turn came.
    await expect(next).rejects.toMatchObject({ code: 504 })
    expect(await pool.ask(question(cheap, 'aaa'), asker)).toEqual(fine)
  })

  it('takes no more than can wait', async () => {
    const waits = endless()
    const asked = Array.from({ length: 1002 }, () => pool.ask(waits, asker).catch((error: { code: number }) => error.code))
    expect(await asked.at(-1)).toBe(429)
  })

  it('rests when nobody asks', async () => {
    await pool.ask(question(cheap, 'aaa'), asker)
    expect(pool.size).toBe(1)
    clock.step(11_000)
    expect(pool.size).toBe(0)
    expect(await pool.ask(question(cheap, 'b'), asker)).toMatchObject({ errors: [{ field: 't' }] })
  })

  it('tells of what failed', async () => {
    await expect(pool.ask({ task: 'nothing', about: cheap, input: {} }, asker)).rejects.toMatchObject({ code: 500 })
    expect(await pool.ask(question(cheap, 'aaa'), asker)).toEqual(fine)
  })
})
