import { newId } from '../lib/ids'

import { disk } from './disk'
import { live } from './live.svelte'
import { outbox } from './outbox.svelte'
import { session, store } from './store.svelte'

const LATER = 400
const LOOK = 15_000

/** Each tab that is open holds a lock of its own name, so that others see which orders have nobody left to send them. */
const tab = newId()
const nameOf = (id: string) => `tm.tab.${id}`

/** Keeps the store and the orders under way on disk, so that a page opened later, or offline, begins with them. */
class Keeper {
  #due = false
  #saving = false
  #started = false

  start(): void {
    if (this.#started) return
    this.#started = true
    outbox.onChange = (kept, gone) => void disk.keep(kept.map((order) => ({ ...order, tab, account: store.account?.id ?? '' })), gone).catch(() => undefined)
    live.onMoved = () => this.later()
    if ('locks' in navigator) void navigator.locks.request(nameOf(tab), () => new Promise(() => undefined))
    setInterval(() => void this.adopt(), LOOK)
    window.addEventListener('beforeunload', (event) => {
      if (!disk.usable && outbox.waiting > 0) event.preventDefault()
    })
  }

  /** Takes up the orders of tabs that were closed. */
  async adopt(): Promise<void> {
    const account = store.account?.id
    if (!disk.usable || account === undefined) return
    const take = async () => {
      const { held = [] } = 'locks' in navigator ? await navigator.locks.query() : {}
      const open = new Set(held.map((lock) => lock.name))
      outbox.adopt(await disk.takeOver(tab, account, (other) => other !== tab && !open.has(nameOf(other))))
    }
    if ('locks' in navigator) await navigator.locks.request('tm.adopt', take).catch(() => undefined)
    else await take().catch(() => undefined)
  }

  /** Writes soon. Only the tab that listens to the server writes: the others would only undo each other's work. */
  later(): void {
    if (!live.leading) return
    if (this.#due) return
    this.#due = true
    setTimeout(() => {
      this.#due = false
      void this.#save()
    }, LATER)
  }

  async #save(): Promise<void> {
    const { account, sequence, tables } = store
    // Of a session that has ended nothing is written down.
    if (!account || this.#saving || session.state !== 'live') return
    this.#saving = true
    try {
      await disk.save(account, sequence, (kind) => tables[kind].drain(), (kind) => tables[kind].allKnown())
    } catch {
      // Full or gone: everything is written the next time.
    } finally {
      this.#saving = false
    }
  }
}

export const keeper = new Keeper()
