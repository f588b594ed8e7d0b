import { answered } from '../api/client'
import { isPassing, Problem, SignedOut } from '../api/problem'
import type { Task } from '../api/types'
import { newId } from '../lib/ids'

import { connection } from './connection.svelte'
import type { Change } from './overlay'
import { store } from './store.svelte'

type Call = Promise<{ data?: Task | undefined; error?: unknown; response: Response }>

export interface Order {
  change: Change<Task>
  /** Sends it once; called again with the same Idempotency-Key until an answer comes, so that it happens once. */
  send: (headers: { 'Idempotency-Key': string }) => Call
}

/** Changes on their way to the server: shown at once, in order for each task, repeated while no answer comes. */
class Outbox {
  waiting = $state(0)
  readonly #last = new Map<string, Promise<unknown>>()

  constructor() {
    if (typeof window === 'undefined') return
    window.addEventListener('beforeunload', (event) => {
      if (this.waiting > 0) event.preventDefault()
    })
  }

  /** Gives the id of the operation, with which it can be undone. A refusal rolls the change back and is thrown. */
  submit(order: Order): Promise<string> {
    const { id } = order.change
    store.change(order.change)
    this.waiting += 1
    const before = this.#last.get(id) ?? Promise.resolve()
    const turn = before.then(() => this.#deliver(order), () => this.#deliver(order))
    this.#last.set(id, turn)
    return turn.finally(() => {
      this.waiting -= 1
      if (this.#last.get(id) === turn) this.#last.delete(id)
    })
  }

  async #deliver({ change, send }: Order): Promise<string> {
    const headers = { 'Idempotency-Key': newId() }
    for (;;) {
      try {
        const { data, response } = await answered(send(headers))
        store.settle(change, data)
        return response.headers.get('X-Operation-ID') ?? ''
      } catch (error) {
        if (!isPassing(error)) {
          if (!(error instanceof SignedOut)) store.rollBack(change)
          // Changed elsewhere: what is there now comes with the refusal.
          if (error instanceof Problem && error.status === 412 && error.current) store.take([error.current as Task])
          throw error
        }
        await connection.back()
      }
    }
  }
}

export const outbox = new Outbox()
