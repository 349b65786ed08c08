import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkIds, nodeUsers, parseIds } from './node-users.ts'
import { PodUsers } from './pod-users.ts'
import { parseRange, UserNamespaces } from './user-namespaces.ts'
import { makePod } from './fixture.suite.ts'

const unit = 65_536

describe('the ranges of pods', () => {
  let pods = ''
  beforeEach(() => void (pods = mkdtempSync(join(tmpdir(), 'kinglet-users-'))))
  afterEach(() => rmSync(pods, { recursive: true }))
  const load = (count = 3, idsPerPod = unit): Promise<UserNamespaces> => UserNamespaces.load({ pods, ids: { first: idsPerPod, length: count * idsPerPod }, idsPerPod })
  const remembered = (uid: string, range: { hostId: number; containerId?: number; length?: number }, groups = range): void => {
    mkdirSync(join(pods, uid))
    const mapping = (one: typeof range): object => ({ containerId: 0, length: unit, ...one })
    writeFileSync(join(pods, uid, 'userns'), JSON.stringify({ uidMappings: [mapping(range)], gidMappings: [mapping(groups)] }))
  }

  it('have nothing in common, and are written down before they are used', async () => {
    const namespaces = await load()
    const [one, two] = await Promise.all([namespaces.of('a'), namespaces.of('b'), namespaces.of('a')])
    expect([one, two]).toEqual([{ first: unit, length: unit }, { first: 2 * unit, length: unit }])
    expect(JSON.parse(readFileSync(join(pods, 'b/userns'), 'utf8'))).toEqual({
      uidMappings: [{ hostId: 2 * unit, containerId: 0, length: unit }], gidMappings: [{ hostId: 2 * unit, containerId: 0, length: unit }],
    })
    expect(await namespaces.of('a')).toEqual(one)
  })

  it('are used up, and what was freed longest ago is used again first', async () => {
    const namespaces = await load()
    for (const uid of ['a', 'b', 'c']) await namespaces.of(uid)
    await expect(namespaces.of('d')).rejects.toThrow('create user namespace: could not find an empty slot to allocate a user namespace')
    namespaces.release('b')
    namespaces.release('a')
    expect((await namespaces.of('d')).first).toBe(unit)
    expect((await namespaces.of('e')).first).toBe(2 * unit)
  })

  it('are those that an earlier kubelet has given', async () => {
    const before = await load()
    const given = [await before.of('a'), await before.of('b')]
    mkdirSync(join(pods, 'plain'))
    writeFileSync(join(pods, 'a-file'), '')
    const after = await load()
    expect((await after.of('c')).first).toBe(3 * unit)
    expect([await after.of('a'), await after.of('b')]).toEqual(given)
    expect(existsSync(join(pods, 'plain/userns'))).toBe(false)
  })

  it('are not kept when they cannot be written down', async () => {
    const namespaces = await load(1)
    writeFileSync(join(pods, 'a'), 'in the way of its directory')
    await expect(namespaces.of('a')).rejects.toThrow(/^create user namespace: .*EEXIST/)
    expect((await namespaces.of('b')).first).toBe(unit)
  })

  it.each<[string, () => void, string]>([
    ['of another length', () => remembered('x', { hostId: 2 * unit, length: 2 * unit }), 'wrong user namespace length 131072'],
    ['between two', () => remembered('x', { hostId: unit + 1 }), 'wrong user namespace offset specified 65537'],
    ['outside', () => remembered('x', { hostId: 4 * unit }), 'id 262144 is out of range'],
    ['of the node itself', () => remembered('x', { hostId: 0 }), 'id 0 is out of range'],
    ['of users alone', () => remembered('x', { hostId: unit }, { hostId: 2 * unit }), 'invalid user namespace configuration: GID and UID mapping should be identical'],
    ['without root', () => remembered('x', { hostId: unit, containerId: 1 }), 'invalid user namespace configuration: UID 0 must be mapped'],
    ['of two', () => {
      remembered('a', { hostId: unit })
      remembered('x', { hostId: unit })
    }, 'range picked for pod "x" already taken'],
  ])('%s are no ranges: the kubelet does not start', async (_what, write, message) => {
    write()
    await expect(load()).rejects.toThrow(`record pod mappings for existing pod "x": ${message}`)
  })

  it('are one for a pod', () => {
    const two = [{ hostId: unit, containerId: 0, length: 1 }, { hostId: unit, containerId: 1, length: 1 }]
    expect(() => parseRange(JSON.stringify({ uidMappings: two, gidMappings: two }))).toThrow('no more than one mapping allowed.')
    expect(() => parseRange('{}')).toThrow('no more than one mapping allowed.')
  })
})

describe('the node\'s users', () => {
  const machine = (users?: string, groups = users) => ({ knows: async () => true, list: async (_user: string, of: 'users' | 'groups') => (of === 'users' ? users : groups) })
  const of = (...lists: [string?, string?]): Promise<unknown> => nodeUsers({ idsPerPod: unit, maxPods: 110 }, machine(...lists))

  it('are all but the first, or those of the user kubelet', async () => {
    const all = { first: unit, length: 2 ** 32 - unit }
    expect(await nodeUsers({ idsPerPod: unit, maxPods: 110 }, { ...machine('0: kubelet 131072 7208960\n'), knows: async () => false })).toEqual(all)
    expect(await of(undefined)).toEqual(all)
    expect(await of('0: kubelet 131072 7208960\n')).toEqual({ first: 131_072, length: 7_208_960 })
  })

  it.each<[string, string | undefined, string]>([
    ['0: kubelet 131072 7208960\n', '0: kubelet 65536 7208960\n', 'kubelet mappings: mismatched subuids and subgids for user "kubelet"'],
    ['0: kubelet 65536 65536\n1: kubelet 1310720 65536\n', undefined, 'it must contain only one line'],
    ['0: kubelet x 65536\n', undefined, 'kubelet mappings: invalid line "0: kubelet x 65536\\n"'],
    ['0: kubelet 1000 7208960\n', undefined, 'kubelet user assigned ID 1000 is not a multiple of 65536'],
    ['0: kubelet 0 7208960\n', undefined, 'kubelet user assigned ID 0 must be greater or equal to 65536'],
    ['0: kubelet 65536 7208961\n', undefined, 'kubelet user assigned IDs length 7208961 is not a multiple of 65536'],
    ['0: kubelet 65536 7143424\n', undefined, 'kubelet user assigned IDs are not enough to support 110 pods'],
  ])('are not %j', async (users, groups, message) => {
    await expect(of(users, groups ?? users)).rejects.toThrow(message)
  })

  it('are as many as the pods need, and no fewer', () => {
    expect(checkIds(parseIds('0: kubelet 131072 262144'), { idsPerPod: 131_072, maxPods: 2 })).toEqual({ first: 131_072, length: 262_144 })
    expect(() => checkIds(parseIds('0: kubelet 131072 262144'), { idsPerPod: 131_072, maxPods: 3 })).toThrow('are not enough to support 3 pods')
  })
})

it('a pod has users of its own where its runtime handler can', async () => {
  const users = (userNamespaces: boolean): PodUsers => new PodUsers({ handlers: { features: () => ({ userNamespaces, recursiveReadOnlyMounts: false }) }, namespaces: { of: async () => ({ first: unit, length: unit }) } })
  const own = makePod({ hostUsers: false })
  expect(() => users(false).check(own, '')).toThrow("can't set `spec.hostUsers: false`, runtime does not support user namespaces")
  expect(() => users(false).check(own, 'plain')).toThrow("can't set `spec.hostUsers: false`, RuntimeClass handler \"plain\" does not support user namespaces")
  expect(() => users(false).check(makePod({ hostUsers: true }), '')).not.toThrow()
  expect(() => users(true).check(own, '')).not.toThrow()
  expect(await users(true).of(own)).toEqual({ first: unit, length: unit })
  expect(await users(true).of(makePod({}))).toBeUndefined()
})
