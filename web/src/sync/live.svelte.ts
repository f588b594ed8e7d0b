import { answered, api } from '../api/client'
import { isPassing, Problem, SignedOut } from '../api/problem'
import type { Changes } from '../api/types'
import { backoff, sleep } from '../lib/backoff'

import { connection } from './connection.svelte'
import { store } from './store.svelte'

/**
 * Keeps the store true. One tab of the browser holds the stream of events, because a browser opens only a few connections
 * to a server; it tells the others that something happened, and each of them reads what is new since its own place.
 */
class Live {
  /** Called when the store has taken something in that the disk may not have. */
  onMoved: () => void = () => undefined
  /** Called when the session of now turns out to belong to somebody else. */
  onStranger: () => void = () => undefined
  /** Whether this tab is the one that listens. */
  leading = false
  readonly #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('tm.live') : undefined
  #pulling: Promise<void> | undefined
  #again = false
  #started = false

  start(): void {
    if (this.#started) return
    this.#started = true
    this.#channel?.addEventListener('message', () => this.poke())
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.poke())
    const lead = () => this.#lead()
    if ('locks' in navigator) void navigator.locks.request('tm.live', lead).catch(() => undefined)
    else void lead().catch(() => undefined)
  }

  /** Something may have happened. */
  poke(): void {
    this.pull().catch(() => undefined)
  }

  /** Reads all that is new since the store's place; asked again meanwhile, once more after it. */
  pull(): Promise<void> {
    if (this.#pulling) this.#again = true
    this.#pulling ??= this.#pull().finally(() => (this.#pulling = undefined))
    return this.#pulling
  }

  async #pull(): Promise<void> {
    for (;;) {
      try {
        const { data } = await answered(api.GET('/changes', { params: { query: { since: store.sequence } } }))
        if (await this.#take(data)) return
      } catch (error) {
        if (isPassing(error)) await connection.back()
        else if (error instanceof Problem && error.code === 'invalid_sequence') await this.#beginAnew()
        else throw error
      }
    }
  }

  /** Gives false when there is more to ask for. */
  async #take(page: Changes): Promise<boolean> {
    if (page.reset) await this.#beginAnew()
    else store.apply(page)
    this.onMoved()
    const more = page.more || this.#again
    this.#again = false
    return !more
  }

  async #beginAnew(): Promise<void> {
    if (await store.sameAccount()) await store.bootstrap()
    else this.onStranger()
  }

  /** As long as this tab lives: reads what is new, then listens, then again. */
  async #lead(): Promise<void> {
    this.leading = true
    this.onMoved()
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.pull()
        if (await this.#listen()) attempt = 0
      } catch (error) {
        if (error instanceof SignedOut) return
      }
      await sleep(backoff(Math.min(attempt, 5)))
    }
  }

  /** Resolves when the stream ends, with whether it had brought anything. */
  #listen(): Promise<boolean> {
    return new Promise((resolve) => {
      const source = new EventSource(`/events?since=${encodeURIComponent(store.sequence)}`)
      let heard = false
      const end = () => {
        source.close()
        resolve(heard)
      }
      source.addEventListener('message', (event: MessageEvent<string>) => {
        heard = true
        const page = JSON.parse(event.data) as Changes
        if (page.reset) { end(); return; }
        store.apply(page)
        this.onMoved()
        if (saysSomething(page)) this.#channel?.postMessage('moved')
      })
      // Whatever the reason: what is new is read first, which also finds out whether the session goes on.
      source.addEventListener('end', () => {
        this.poke()
        end()
      })
      source.addEventListener('error', end)
    })
  }
}

function saysSomething({ deletions, upserts }: Changes): boolean {
  return deletions.length > 0 || Object.values(upserts).some((value) => (Array.isArray(value) ? value.length > 0 : value))
}

export const live = new Live()
