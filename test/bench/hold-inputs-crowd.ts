// Inputs that are dear by how many they are: objects, watches, requests, connections.
import { all, base, configMaps, merge, times } from './hold-calls.ts'
import type { Api, HoldInput, Reply } from './hold-inputs.ts'

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const metadataOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))
const lines = (text: string): number => text.split('\n').length - 1

const filled = (api: Api, set: string, count: number, size = 100): Promise<string> =>
  all(count, (index) => api.call('POST', configMaps, { metadata: { name: `${set}-${index}`, labels: { set, n: `v${index % 100}` } }, data: { value: 'x'.repeat(size) } }))
const emptied = (api: Api, set: string): Promise<Reply> => api.call('DELETE', `${configMaps}?labelSelector=set%3D${set}`)
const items = ({ text }: Reply): readonly unknown[] => (JSON.parse(text) as { items: unknown[] }).items

async function pages(api: Api, { first = '', always = '' }: { first?: string; always?: string }, limit: number): Promise<number> {
  let seen = 0
  for (let token = ''; ;) {
    const { text } = await api.call('GET', `${configMaps}?limit=${limit}&${always}&${token ? `continue=${token}` : first}`)
    const list = JSON.parse(text) as { items: unknown[]; metadata: { continue?: string } }
    seen += list.items.length
    if (!list.metadata.continue) return seen
    token = encodeURIComponent(list.metadata.continue)
  }
}

const revisionOf = (reply: Reply): string => (JSON.parse(reply.text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(20)
}

export const crowdInputs: Record<string, HoldInput> = {
  '900 watches of 500 objects begun at once': {
    prepare: (api) => filled(api, 'w', 500),
    act: async (api) => {
      let seen = 0
      await Promise.all(times(900, () => api.watch(`${configMaps}?watch=1&labelSelector=set%3Dw`, (chunk) => void (seen += lines(chunk)))))
      await until(() => seen >= 450_000)
      return String(seen)
    },
    clean: (api) => emptied(api, 'w'),
  },
  '2,000 watches of one object that changes': {
    prepare: async (api) => {
      await filled(api, 'one', 1)
      let seen = 0
      for (let on = 1; on <= 4; on++) await Promise.all(times(500, () => api.watch(`${configMaps}?watch=1&resourceVersion=0&labelSelector=set%3Done`, (chunk) => void (seen += lines(chunk)), { on })))
      await until(() => seen >= 2000)
      return () => seen
    },
    act: async (api, seen) => {
      const told = await all(20, (index) => api.call('PATCH', `${configMaps}/one-0`, { data: { value: `v${index}` } }, merge), 5)
      await until(() => (seen as () => number)() >= 42_000)
      return `${told}; ${(seen as () => number)()}`
    },
    clean: (api) => emptied(api, 'one'),
  },
  '500 watches with selectors, 2,000 changes': {
    prepare: async (api) => {
      let seen = 0
      await Promise.all(times(500, (index) => api.watch(`${configMaps}?watch=1&resourceVersion=0&labelSelector=set%3Ds,n%3Dv${index % 100}`, (chunk) => void (seen += lines(chunk)))))
      return () => seen
    },
    act: async (api, seen) => {
      const told = await filled(api, 's', 2000)
      await until(() => (seen as () => number)() >= 10_000)
      return `${told}; ${(seen as () => number)()}`
    },
    clean: (api) => emptied(api, 's'),
  },
  'states of 20,000 objects for 20 clients that read late': {
    prepare: (api) => filled(api, 'l', 20_000, 500),
    act: async (api) => {
      let seen = 0
      let read = (): void => undefined
      const from = new Promise<void>((resolve) => void (read = resolve))
      const watch = `${configMaps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=set%3Dl`
      await Promise.all(times(20, (index) => api.watch(watch, (chunk) => void (seen += lines(chunk)), { on: index % 4, from })))
      await sleep(500)
      const told = await all(200, (index) => api.call('PATCH', `${configMaps}/l-${index}`, { data: { value: 'new' } }, merge))
      read()
      await until(() => seen >= 20 * 20_201)
      return `${told}; ${seen}`
    },
    clean: (api) => emptied(api, 'l'),
  },
  'selectors over 20,000 objects': {
    prepare: (api) => filled(api, 'sel', 20_000),
    act: async (api) => {
      const lists = await Promise.all([
        'labelSelector=n%3Dv7', 'labelSelector=n+notin+(v1,v2),set%3Dsel', 'fieldSelector=metadata.name%3Dsel-19999', 'fieldSelector=metadata.name!%3Dsel-1',
        'labelSelector=n%3Dv7&limit=50', 'labelSelector=none',
      ].map(async (query) => items(await api.call('GET', `${configMaps}?${query}`)).length))
      let seen = 0
      await Promise.all(times(50, (index) => api.watch(`${configMaps}?watch=1&labelSelector=n%3Dv${index}`, (chunk) => void (seen += lines(chunk)))))
      await until(() => seen >= 50 * 200)
      return `${lists.join(' ')}; ${seen}`
    },
    clean: (api) => emptied(api, 'sel'),
  },
  'pages of 20,000 objects, also of the past': {
    prepare: async (api) => {
      await filled(api, 'p', 20_000)
      const past = revisionOf(await api.call('GET', `${configMaps}?limit=1`))
      await all(20_000, (index) => api.call('PATCH', `${configMaps}/p-${index}`, { data: { value: 'new' } }, merge))
      return past
    },
    act: async (api, past) => {
      const exact = `resourceVersion=${past as string}&resourceVersionMatch=Exact`
      const seen = await Promise.all([pages(api, {}, 500), pages(api, {}, 1000), pages(api, { first: exact }, 500), pages(api, { first: exact }, 1000), pages(api, { always: 'labelSelector=n%3Dv3' }, 10)])
      const whole = items(await api.call('GET', `${configMaps}?${exact}`)).length
      const old = lines((await api.call('GET', `${configMaps}?watch=1&timeoutSeconds=1&resourceVersion=${past as string}`)).text)
      return `${seen.join(' ')}; ${whole}; ${old}`
    },
    clean: (api) => emptied(api, 'p'),
  },
  '5,000 objects listed by 40 clients at once, in four forms': {
    prepare: (api) => filled(api, 'm', 5000, 300),
    act: (api) => all(40, (index) => api.call('GET', configMaps, undefined, { accept: ['application/json', table, metadataOnly, 'application/yaml'][index % 4]! }, index % 8), 40),
    clean: (api) => emptied(api, 'm'),
  },
  '5,000 objects listed by 20 clients, compressed': {
    prepare: (api) => filled(api, 'z', 5000, 300),
    act: (api) => all(20, (index) => api.call('GET', configMaps, undefined, { 'accept-encoding': 'gzip' }, index % 4), 20),
    clean: (api) => emptied(api, 'z'),
  },
  '1,000 connections at once': {
    act: (api) => all(1000, (index) => api.call('GET', base, undefined, {}, index + 1), 1000),
  },
  '500 connections, 20 requests each at once': {
    prepare: (api) => all(500, (index) => api.call('GET', base, undefined, {}, index + 1), 20),
    act: (api) => all(10_000, (index) => api.call('GET', base, undefined, {}, (index % 500) + 1), 10_000),
  },
}
