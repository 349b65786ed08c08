// All tasks that may be done elsewhere.
import { conditionsTask, mutationTask, mutationWantedTask, policyTask } from './admission-policy-tasks.ts'
import { typesTask } from './admission-policy-types.ts'
import { customTask } from './custom-version.ts'
import type { Task } from './evaluation.ts'
import { kindTaskOf } from './kind-task.ts'
import { builtinDefinitions } from './kinds.ts'

type AnyTask = Pick<Task<object, unknown, unknown>, 'name' | 'run'>

export function evaluationTasks(): ReadonlyMap<string, AnyTask> {
  const tasks = [customTask, kindTaskOf(builtinDefinitions()), policyTask, mutationWantedTask, mutationTask, conditionsTask, typesTask] as unknown as readonly AnyTask[]
  return new Map(tasks.map((task) => [task.name, task]))
}
