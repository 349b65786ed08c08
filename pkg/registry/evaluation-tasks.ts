// All tasks that may be done elsewhere.
import { conditionsTask, mutationTask, mutationWantedTask, policyTask } from './admission-policy-tasks.ts'
import { typesTask } from './admission-policy-types.ts'
import { customTask } from './custom-version.ts'
import type { Task } from './evaluation.ts'
import { asideTask } from './aside-jobs.ts'
import { kindTaskOf, kindTextTaskOf } from './kind-task.ts'
import { builtinDefinitions } from './kinds.ts'

type AnyTask = Pick<Task<object, unknown, unknown>, 'name' | 'run'>

export function evaluationTasks(): ReadonlyMap<string, AnyTask> {
  const definitions = builtinDefinitions()
  const tasks = [customTask, kindTaskOf(definitions), policyTask, mutationWantedTask, mutationTask, conditionsTask, typesTask, asideTask, kindTextTaskOf(definitions)] as unknown as readonly AnyTask[]
  return new Map(tasks.map((task) => [task.name, task]))
}
