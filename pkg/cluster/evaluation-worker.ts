// The evaluation worker: does what would hold the event loop of the API server for too long.
import { constants, setPriority } from 'node:os'
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads'
import type { Authorize } from '../registry/admission.ts'
import { evaluationTasks } from '../registry/evaluation-tasks.ts'
import { leave, received, started, type WorkerAnswer, type WorkerQuestion, type WorkerStart } from './evaluation-protocol.ts'

const port = parentPort
if (!port) throw new Error('the evaluation worker must be started as a worker thread')

const tasks = evaluationTasks()
const stated = new Map<number, object>()

/** On Linux this is about this thread alone: whoever has only just time enough comes first. */
function stepBack(): void {
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Not everybody may.
  }
}

/** This thread has nothing else to do than wait. */
function asking(rights: MessagePort, flag: Int32Array): Authorize {
  return (query) => {
    Atomics.store(flag, 0, 0)
    rights.postMessage(query)
    Atomics.wait(flag, 0, 0)
    const received = receiveMessageOnPort(rights) as { message: ReturnType<Authorize> } | undefined
    if (!received) throw new Error('a question about rights was not answered')
    return received.message
  }
}

function answerTo({ task, about, input, isJson, asksRights, ...question }: WorkerQuestion, authorize: Authorize): WorkerAnswer {
  if (question.forget !== undefined) stated.delete(question.forget)
  if (question.stated) stated.set(about, received(question.stated) as object)
  const subject = stated.get(about)
  const known = tasks.get(task)
  if (!subject || !known) return { failure: `${task} about ${about} is not known` }
  try {
    const value = known.run(subject, received(input), asksRights ? { authorize } : {})
    // As a text whatever its size: who reads long integers can write them.
    return { answer: isJson ? { text: JSON.stringify(value) } : { value } }
  } catch (error) {
    return { failure: (error as Error).message }
  }
}

port.once('message', ({ rights, flag }: WorkerStart) => {
  stepBack()
  const authorize = asking(rights, flag)
  port.postMessage(started)
  port.on('message', (question: WorkerQuestion | typeof leave) => {
    if (question !== leave) return port.postMessage(answerTo(question, authorize))
    rights.close()
    port.close()
  })
})
