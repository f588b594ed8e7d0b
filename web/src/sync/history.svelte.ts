import { api } from '../api/client'
import type { Task } from '../api/types'

import { outbox, type Order } from './outbox.svelte'

/** Something done in this tab that can be taken back. */
interface Step {
  /** What was done, for messages. */
  label: string
  taskId: string
  /** Id of the operation on the server; known once it was sent. */
  operation: Promise<string>
  /** The fields as they were, and as they became: shown until the server answers. */
  before: Partial<Task>
  after: Partial<Task>
}

const KEPT = 50

/** The operations of this tab, newest last. The server does the undoing; this only knows what to ask for. */
class History {
  #done: Step[] = []
  #undone: Step[] = []

  /** Submits a change and remembers it. Rejects when the server refuses it. */
  async perform(label: string, order: Order, before: Partial<Task>, after: Partial<Task>): Promise<void> {
    this.#undone = []
    await this.#push(this.#done, { label, taskId: order.change.id, operation: outbox.submit(order), before, after })
  }

  /** Takes back the latest step. Gives its label, or undefined when there is none. */
  undo(): { label: string; finished: Promise<void> } | undefined {
    return this.#reverse(this.#done, this.#undone)
  }

  redo(): { label: string; finished: Promise<void> } | undefined {
    return this.#reverse(this.#undone, this.#done)
  }

  #reverse(from: Step[], to: Step[]): { label: string; finished: Promise<void> } | undefined {
    const step = from.pop()
    if (!step) return undefined
    const operation = outbox.submit({
      change: { id: step.taskId, fields: step.before },
      send: (headers) => undoOnServer(step, headers),
    })
    const reversed = { ...step, operation, before: step.after, after: step.before }
    return { label: step.label, finished: this.#push(to, reversed) }
  }

  async #push(stack: Step[], step: Step): Promise<void> {
    stack.push(step)
    if (stack.length > KEPT) stack.shift()
    try {
      await step.operation
    } catch (error) {
      const at = stack.indexOf(step)
      if (at >= 0) stack.splice(at, 1)
      throw error
    }
  }
}

export const history = new History()

async function undoOnServer(step: Step, headers: { 'Idempotency-Key': string }) {
  const params = { path: { operation_id: await step.operation } }
  const { error, response } = await api.POST('/undo/{operation_id}', { params, headers })
  // A task that goes into the trash cannot be read there; others come anew, because the answer does not hold them.
  if (!response.ok || step.before.deleted_at) return { error, response }
  const { data } = await api.GET('/tasks/{task_id}', { params: { path: { task_id: step.taskId } } })
  return { data, response }
}
