// Many tolerations tolerate what few do.
import type { Taint } from '../api/types-node.ts'
import type { Toleration } from '../api/types-pod.ts'
import { isTolerated } from './taints.ts'

const effects = ['NoSchedule', 'NoExecute'] as const
const taints = ['a', 'b'].flatMap((key) => [undefined, 'v', 'w'].flatMap((value) => effects.map((effect) => ({ key, effect, ...(value ? { value } : {}) }) as Taint)))
const tolerations = [undefined, 'a'].flatMap((key) => [undefined, '', 'Equal', 'Exists', 'Other'].flatMap((operator) => [undefined, 'v'].flatMap((value) => [undefined, 'NoExecute'].map((effect) => ({
  ...(key ? { key } : {}), ...(operator === undefined ? {} : { operator }), ...(value ? { value } : {}), ...(effect ? { effect } : {}),
}) as Toleration))))
const others = Array.from({ length: 20 }, (_, index): Toleration => ({ key: `other-${index}`, operator: 'Exists' }))

it.each(tolerations)('%j', (toleration) => {
  const [few, many] = [[toleration], [...others, toleration]].map((list) => taints.map((taint) => isTolerated(taint, list)))
  expect(many).toEqual(few)
})
