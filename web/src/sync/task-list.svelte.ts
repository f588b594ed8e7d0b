import { answered, api } from '../api/client'
import { isPassing, SignedOut } from '../api/problem'
import type { Task, TaskPage } from '../api/types'

import { connection } from './connection.svelte'
import { placed, type ListSpec } from './lists'

const PAGE = 200
/** What a reload fetches again at most; whoever scrolled further gets the rest by scrolling. */
const RELOAD = 1000

/** What a list needs of the place that keeps all tasks. */
export interface TaskSource {
  get: (id: string) => Task | undefined
  take: (tasks: readonly Task[]) => void
  created: () => readonly Task[]
}

/** One list of tasks: its ids in order, fetched page by page. */
export class TaskList {
  ids = $state.raw<readonly string[]>([])
  phase = $state<'new' | 'loading' | 'ready' | 'failed'>('new')
  loadingMore = $state(false)
  /** Why the last fetch failed. */
  trouble = $state.raw<unknown>()
  /** Where the next page begins; null at the end. */
  #cursor = $state.raw<string | null>(null)
  #turn = 0
  #fetchedAt = 0

  constructor(
    readonly spec: ListSpec,
    private readonly source: TaskSource,
  ) {}

  get more(): boolean {
    return this.#cursor !== null
  }

  /** Fetches anew unless that was done within the last `seconds`; rows already here stay until the answer comes. */
  async refresh(seconds = 0): Promise<void> {
    if (this.phase === 'loading' || (this.phase === 'ready' && Date.now() - this.#fetchedAt < seconds * 1000)) return
    const turn = (this.#turn += 1)
    if (this.phase !== 'ready') this.phase = 'loading'
    try {
      const wanted = Math.min(this.ids.length, RELOAD)
      const ids: string[] = []
      let cursor: string | null = null
      do {
        const page: TaskPage = await this.#fetch(cursor)
        if (turn !== this.#turn) return
        this.source.take(page.items)
        ids.push(...page.items.map((task) => task.id))
        cursor = page.next_cursor
      } while (cursor !== null && ids.length < wanted)
      this.#replace(ids, cursor)
      this.#fetchedAt = Date.now()
      this.phase = 'ready'
      this.trouble = undefined
      for (const task of this.source.created()) this.place(task)
    } catch (error) {
      if (turn === this.#turn) this.#fail(error)
    }
  }

  async loadMore(): Promise<void> {
    if (this.#cursor === null || this.loadingMore || this.phase !== 'ready') return
    const turn = this.#turn
    this.loadingMore = true
    try {
      const page = await this.#fetch(this.#cursor)
      if (turn !== this.#turn) return
      this.source.take(page.items)
      const known = new Set(this.ids)
      this.ids = [...this.ids, ...page.items.map((task) => task.id).filter((id) => !known.has(id))]
      this.#cursor = page.next_cursor
      this.trouble = undefined
    } catch (error) {
      if (turn === this.#turn) this.trouble = error
      if (isPassing(error)) void connection.back()
    } finally {
      this.loadingMore = false
    }
  }

  /** Shows a task that belongs here since a change made in this tab. */
  place(task: Task): void {
    if (this.phase === 'ready' && this.spec.holds(task)) {
      this.ids = placed(this.ids, task, this.spec.newest, this.source.get)
    }
  }

  /** What lies beyond the part that was fetched again stays as it was, or the list would jump under the reader. */
  #replace(ids: readonly string[], cursor: string | null): void {
    const fresh = new Set(ids)
    const rest = cursor === null ? [] : this.ids.slice(ids.length).filter((id) => !fresh.has(id))
    this.ids = [...ids, ...rest]
    if (rest.length === 0) this.#cursor = cursor
  }

  async #fetch(cursor: string | null): Promise<TaskPage> {
    const query = { ...this.spec.query, limit: PAGE, ...(cursor === null ? {} : { cursor }) }
    return (await answered(api.GET('/tasks', { params: { query } }))).data
  }

  #fail(error: unknown): void {
    if (error instanceof SignedOut) return
    this.trouble = error
    if (this.phase === 'loading') this.phase = 'failed'
    if (isPassing(error)) void connection.back().then(() => this.refresh())
  }
}
