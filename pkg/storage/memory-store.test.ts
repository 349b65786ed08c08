// MemoryStore keeps the Store's promises.
import { MemoryStore } from './memory-store.ts'
import { describeStore } from './store.suite.ts'

describeStore('MemoryStore', async () => new MemoryStore())
