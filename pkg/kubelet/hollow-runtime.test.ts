import { ManualClock } from '../util/clock.ts'
import { HollowRuntime } from './hollow-runtime.ts'
import { describeRuntime } from './runtime-service.suite.ts'

describeRuntime('HollowRuntime', async () => {
  const clock = new ManualClock()
  return { runtime: new HollowRuntime({ clock }), logDirectory: '', cgroupParent: '', image: 'i', elapse: async () => clock.step(1000) }
})
