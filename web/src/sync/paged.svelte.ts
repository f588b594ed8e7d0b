import { answered, api } from '../api/client'
import { isPassing, SignedOut } from '../api/problem'
import type { Task } from '../api/types'

import { connection } from './connection.svelte'

const PAGE = 200

/** A list that goes on beyond memory, fetched page by page into the store; which tasks it holds is derived there. */
export class Paged {
  phase = $state<'new' | 'loading' | 'ready' | 'failed'>('new')
  busy = $state(false)
  /** Why the last fetch failed. */
  trouble = $state.raw<unknown>()
  #cursor = $state.raw<string | null>(null)

  constructor(
    private readonly query: { status?: string; deleted?: true; sort: string },
    private readonly take: (tasks: readonly Task[]) => void,
  ) {}

  get more(): boolean {
    return this.#cursor !== null
  }

  /** Fetches the first page; what is here already stays. */
  async open(): Promise<void> {
    if (this.phase === 'loading') return
    if (this.phase !== 'ready') this.phase = 'loading'
    await this.#fetch(null)
  }

  async next(): Promise<void> {
    if (this.#cursor !== null && !this.busy) await this.#fetch(this.#cursor)
  }

  async #fetch(cursor: string | null): Promise<void> {
    this.busy = true
    try {
      const query = { ...this.query, limit: PAGE, ...(cursor === null ? {} : { cursor }) }
      const { data } = await answered(api.GET('/tasks', { params: { query } }))
      this.take(data.items)
      this.#cursor = data.next_cursor
      this.phase = 'ready'
      this.trouble = undefined
    } catch (error) {
      if (error instanceof SignedOut) return
      this.trouble = error
      if (this.phase === 'loading') this.phase = 'failed'
      if (isPassing(error)) void connection.back().then(() => this.open())
    } finally {
      this.busy = false
    }
  }
}
