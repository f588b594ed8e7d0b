import { write } from '../api/client'
import { isPassing, Problem, SignedOut } from '../api/problem'
import type { Task } from '../api/types'
import { sleep } from '../lib/backoff'
import { newId } from '../lib/ids'

import { connection } from './connection.svelte'
import { collides, wantedTexts, type Kind, type Kinds, type Order, type Posted } from './orders'
import { store } from './store.svelte'

interface Waiter {
  resolve: (operation: string) => void
  reject: (error: unknown) => void
}

/**
 * Changes on their way to the server: shown at once, sent one after the other in the order they were made, repeated while
 * no answer comes. What is refused is taken off the screen and kept, with the user's text, until it is retried or discarded.
 */
class Outbox {
  posted = $state.raw<readonly Posted[]>([])
  /** Which tasks have something that was not saved. */
  readonly refused = $derived(this.posted.filter((order) => order.refused))
  readonly waiting = $derived(this.posted.length - this.refused.length)
  /** Called with what is to be kept on disk, and with what is not any more. */
  onChange: (kept: readonly Posted[], gone: readonly string[]) => void = () => undefined
  readonly #waiters = new Map<string, Waiter>()
  readonly #operations = new Map<string, string>()
  #running = false
  #clock = 0

  /** Gives the id of the operation, with which it can be undone. Rejects with the server's refusal. */
  submit(order: Order, key = newId()): Promise<string> {
    const path = order.undoes && this.#undoPath(order.undoes)
    this.#clock = Math.max(this.#clock + 1, Date.now() * 1000)
    const made: Posted = { ...order, key, at: this.#clock, tried: false }
    const posted = path ? named(made, path) : made
    store.show(posted.edits)
    this.posted = [...this.posted, posted]
    this.onChange([posted], [])
    const answer = new Promise<string>((resolve, reject) => this.#waiters.set(key, { resolve, reject }))
    void this.#run()
    return answer
  }

  /** Takes up what was left by a page that was closed. */
  adopt(orders: readonly Posted[]): void {
    const here = new Set(this.posted.map((order) => order.key))
    const added = orders.filter((order) => !here.has(order.key))
    for (const order of added) if (!order.refused || isCreation(order)) store.show(order.edits)
    this.posted = [...added, ...this.posted]
    void this.#run()
  }

  /** Takes back an order that cannot have reached the server. Gives false when it may have. */
  withdraw(key: string): boolean {
    const order = this.posted.find((one) => one.key === key)
    if (!order || order.tried) return false
    this.#remove(order)
    store.hide(order.edits)
    this.#waiters.get(key)?.resolve('')
    this.#waiters.delete(key)
    return true
  }

  /** What was refused about a thing, newest last. */
  refusedOf(id: string): Posted[] {
    return this.refused.filter((order) => order.edits.some((edit) => edit.id === id))
  }

  /** Sends a refused order once more, under a new key and with what is there now as what was seen. */
  retry(key: string): Promise<string> {
    const order = this.posted.find((one) => one.key === key)
    if (!order) return Promise.resolve('')
    this.discard(key)
    const { label, edits, method, path, body, seen } = order
    const now = edits[0] ? store.known(edits[0].id) : undefined
    const fresh = seen && now ? Object.fromEntries(Object.keys(seen).map((name) => [name, now[name as keyof Task]])) : seen
    return this.submit({ edits, method, path, ...(body === undefined ? {} : { body }), ...(label === undefined ? {} : { label }), ...(fresh ? { seen: fresh } : {}) })
  }

  /** Resolves once nothing waits any more. */
  async idle(): Promise<void> {
    while (this.waiting > 0) await sleep(20)
  }

  /** Gives up a refused order. */
  discard(key: string): void {
    const order = this.posted.find((one) => one.key === key)
    if (!order) return
    this.#remove(order)
    if (isCreation(order)) store.hide(order.edits)
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      for (let order = this.#next(); order; order = this.#next()) await this.#deliver(order)
    } catch (error) {
      // Signed out: whoever waits is told, the rest goes with the page.
      for (const { reject } of this.#waiters.values()) reject(error)
      this.#waiters.clear()
    } finally {
      this.#running = false
    }
  }

  #next(): Posted | undefined {
    return this.posted.find((order) => !order.refused)
  }

  async #deliver(order: Posted): Promise<void> {
    const path = order.undoes ? this.#undoPath(order.undoes) : order.path
    if (!path) {
      // What it takes back never happened.
      this.#refuse(order, new Problem(404, '', '', '', [], undefined))
      this.discard(order.key)
      return
    }
    const edit = order.edits[0]
    const before = edit?.kind === 'task' ? store.known(edit.id) : undefined
    if (order.seen && before && collides(order.seen, wantedTexts(order), before)) {
      this.#refuse(order, new Problem(412, 'changed', '', '', [], undefined, before))
      return
    }
    const match: Record<string, string> = order.seen && before ? { 'If-Match': `"${before.version}"` } : {}
    if (!order.tried) this.#replace({ ...order, tried: true })
    try {
      const { data, response } = await write(order.method, path, order.body, { 'Idempotency-Key': order.key, ...match })
      this.#settled(order, data, response.headers.get('X-Operation-ID') ?? '')
    } catch (error) {
      if (error instanceof SignedOut) throw error
      if (isPassing(error)) await connection.back()
      else if (error instanceof Problem && error.status === 429) await sleep((error.retryAfter ?? 10) * 1000)
      else if (error instanceof Problem && error.code === 'task_exists' && order.tried) this.#settled(order, undefined, '')
      else this.#refused(order, error)
    }
  }

  /** A 412 brings what is there now: where only other fields changed, the order is sent again upon that. */
  #refused(order: Posted, error: unknown): void {
    if (error instanceof Problem && error.status === 412 && error.current) {
      const now = error.current as Task
      store.take([now])
      if (order.seen && !collides(order.seen, wantedTexts(order), now)) return
    }
    this.#refuse(order, error)
  }

  #settled(order: Posted, data: unknown, operation: string): void {
    this.#operations.set(order.key, operation)
    this.#remove(order)
    store.settle(order.edits, itemsIn(data))
    // Those that wait to take this back know now what to ask for, also after the page was closed.
    const later = this.posted.filter((one) => one.undoes === order.key).map((one) => named(one, `/undo/${operation}`))
    for (const one of later) this.#replace(one)
    this.#waiters.get(order.key)?.resolve(operation)
    this.#waiters.delete(order.key)
  }

  #refuse(order: Posted, error: unknown): void {
    const problem = error instanceof Problem ? error : undefined
    const theirs = problem?.status === 412 && order.seen && problem.current ? { theirs: problem.current as Task } : {}
    if (!isCreation(order)) store.hide(order.edits)
    this.#replace({ ...order, tried: true, refused: { status: problem?.status ?? 0, text: problem?.errors[0]?.message ?? problem?.message ?? '', ...theirs } })
    this.#waiters.get(order.key)?.reject(error)
    this.#waiters.delete(order.key)
  }

  #undoPath(key: string): string {
    const operation = this.#operations.get(key)
    return operation ? `/undo/${operation}` : ''
  }

  #replace(order: Posted): void {
    this.posted = this.posted.map((one) => (one.key === order.key ? order : one))
    this.onChange([order], [])
  }

  #remove(order: Posted): void {
    this.posted = this.posted.filter((one) => one.key !== order.key)
    this.onChange([], [order.key])
  }
}

/** What was made here and refused has no other place than the screen: it stays there. */
const isCreation = (order: Order): boolean => order.edits.some((edit) => edit.create !== undefined)

function named(order: Posted, path: string): Posted {
  const { undoes, ...rest } = order
  return undoes === undefined ? order : { ...rest, path }
}

/** The things in an answer: one, or the results of a batch. */
function itemsIn(data: unknown): Map<string, Kinds[Kind]> {
  const answer = data as { id?: string; version?: number; results?: { task: Task | null }[] } | undefined
  const items = answer?.results ? answer.results.map((result) => result.task) : answer?.version === undefined ? [] : [answer]
  return new Map((items as (Kinds[Kind] | null)[]).flatMap((item) => (item ? [[item.id, item]] : [])))
}

export const outbox = new Outbox()
