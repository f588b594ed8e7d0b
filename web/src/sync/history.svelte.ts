import { newId } from '../lib/ids'

import { reversed, type Edit, type Order } from './orders'
import { outbox } from './outbox.svelte'
import { store } from './store.svelte'

/** Something done in this tab that can be taken back. */
interface Step {
  /** What was done, for messages. */
  label: string
  /** What was sent, by key: taken back in the opposite order. */
  keys: string[]
  orders: readonly Order[]
  /** How it looks when it is taken back. */
  back: readonly (readonly Edit[])[]
}

export interface Reversal {
  label: string
  finished: Promise<void>
}

const KEPT = 50

/** The operations of this tab, newest last. The server does the undoing; this only knows what to ask for. */
class History {
  #done: Step[] = []
  #undone: Step[] = []

  /** Submits a change, of one or more requests, and remembers it as one step. Rejects when the server refuses it. */
  async perform(label: string, ...orders: Order[]): Promise<void> {
    this.#undone = []
    await this.#send(this.#done, label, orders)
  }

  /** Takes back the latest step. Gives its label, or undefined when there is none. */
  undo(): Reversal | undefined {
    return this.#reverse(this.#done, this.#undone)
  }

  redo(): Reversal | undefined {
    return this.#reverse(this.#undone, this.#done)
  }

  #reverse(from: Step[], to: Step[]): Reversal | undefined {
    const step = from.pop()
    if (!step) return undefined
    // A step that was only taken back has nothing on the server to undo: it is sent anew.
    if (step.keys.length === 0) return { label: step.label, finished: this.#send(to, step.label, step.orders) }
    // What was not sent yet is simply taken back.
    const orders = step.keys.flatMap((key, at): Order[] =>
      outbox.withdraw(key) ? [] : [{ edits: step.back[at] ?? [], method: 'POST', path: '', undoes: key, label: step.label }])
    if (orders.length > 0) return { label: step.label, finished: this.#send(to, step.label, orders.toReversed()) }
    to.push({ ...step, keys: [] })
    return { label: step.label, finished: Promise.resolve() }
  }

  async #send(stack: Step[], label: string, orders: readonly Order[]): Promise<void> {
    const step: Step = { label, keys: [], orders, back: [] }
    const answers = orders.map((order) => {
      const key = newId()
      step.keys.push(key)
      step.back = [...step.back, reversed(order.edits, (kind, id) => store.tables[kind].get(id))]
      return outbox.submit({ label, ...order }, key)
    })
    stack.push(step)
    if (stack.length > KEPT) stack.shift()
    const outcomes = await Promise.allSettled(answers)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (!failed) return
    const at = stack.indexOf(step)
    if (at >= 0) stack.splice(at, 1)
    throw failed.reason
  }
}

export const history = new History()
