import type { Account } from '../api/types'
import { readStored } from '../lib/storage'

import type { Kind, Kinds, Posted } from './orders'

const NAME = 'tm.data'
const VERSION = 1
export const KINDS: readonly Kind[] = ['task', 'project', 'section', 'label', 'filter']
/** Set where somebody signed in without being remembered: nothing of theirs is written to this device. */
export const MEMORY_ONLY = 'tm.memory-only'

export interface Snapshot {
  account: Account
  sequence: string
  things: { [K in Kind]: Kinds[K][] }
}

interface Head {
  account: Account
  sequence: string
  /** Changes with every write: whoever wrote last knows what is there. */
  stamp: string
}

/** An order as it is kept: with the tab that sends it, and whose it is. */
export type Kept = Posted & { tab: string; account: string }

/** What to write: only what changed since the last time, or everything. */
export interface Portion {
  put: Kinds[Kind][]
  remove: string[]
}

/**
 * The copy of the store and the orders under way in IndexedDB. Where that is blocked or not wanted, all of it does nothing:
 * `usable` tells.
 */
class Disk {
  usable = true
  #stamp = ''
  #database: Promise<IDBDatabase | undefined> | undefined
  #ended = false

  /** What was kept of the account that was here last. */
  async load(): Promise<Snapshot | undefined> {
    const database = await this.#open()
    if (!database) return undefined
    const transaction = database.transaction([...KINDS, 'head'])
    const head = got(transaction.objectStore('head').get('head') as IDBRequest<Head | undefined>)
    const all = KINDS.map((kind) => got(transaction.objectStore(kind).getAll() as IDBRequest<Kinds[Kind][]>))
    const known = await head
    if (!known) return undefined
    this.#stamp = known.stamp
    const things = Object.fromEntries(await Promise.all(KINDS.map(async (kind, at) => [kind, await all[at]]))) as Snapshot['things']
    return { account: known.account, sequence: known.sequence, things }
  }

  /**
   * Writes what changed and up to which place of the feed that reaches, at once or not at all. Where another tab has
   * written since, everything is written.
   */
  async save(account: Account, sequence: string, changed: (kind: Kind) => Portion, all: (kind: Kind) => Kinds[Kind][]): Promise<void> {
    const database = await this.#open()
    if (!database) return
    const stamp = crypto.getRandomValues(new Uint32Array(2)).join('-')
    const before = this.#stamp
    this.#stamp = ''
    const portions = new Map(KINDS.map((kind) => [kind, changed(kind)]))
    const transaction = database.transaction([...KINDS, 'head'], 'readwrite')
    const head = await got(transaction.objectStore('head').get('head') as IDBRequest<Head | undefined>)
    const goesOn = head?.stamp === before
    for (const [kind, { put, remove }] of portions) {
      const store = transaction.objectStore(kind)
      if (!goesOn) store.clear()
      for (const thing of goesOn ? put : all(kind)) store.put(thing)
      if (goesOn) for (const id of remove) store.delete(id)
    }
    transaction.objectStore('head').put({ account, sequence, stamp } satisfies Head, 'head')
    await done(transaction)
    this.#stamp = stamp
  }

  /** Forgets the copy; orders stay. */
  async forget(): Promise<void> {
    const database = await this.#open()
    if (!database) return
    this.#stamp = ''
    const transaction = database.transaction([...KINDS, 'head'], 'readwrite')
    for (const name of [...KINDS, 'head']) transaction.objectStore(name).clear()
    await done(transaction)
  }

  async keep(orders: readonly Kept[], gone: readonly string[]): Promise<void> {
    const database = await this.#open()
    if (!database) return
    const transaction = database.transaction('orders', 'readwrite')
    for (const order of orders) transaction.objectStore('orders').put(order)
    for (const key of gone) transaction.objectStore('orders').delete(key)
    await done(transaction)
  }

  /**
   * Hands the orders of tabs that are gone over to `tab`, and gives them in the order in which they were made. Those of
   * another account are thrown away: nobody who is here may send them.
   */
  async takeOver(tab: string, account: string, isGone: (tab: string) => boolean): Promise<Kept[]> {
    const database = await this.#open()
    if (!database) return []
    const transaction = database.transaction('orders', 'readwrite')
    const store = transaction.objectStore('orders')
    const kept = await got(store.getAll() as IDBRequest<Kept[]>)
    for (const order of kept) if (order.account !== account) store.delete(order.key)
    const left = kept.filter((order) => order.account === account && isGone(order.tab))
    for (const order of left) store.put({ ...order, tab })
    await done(transaction)
    return left.sort((one, other) => one.at - other.at)
  }

  /** Leaves nothing of the account on this device, and writes nothing any more. */
  async wipe(): Promise<void> {
    this.#ended = true
    const database = await this.#database?.catch(() => undefined)
    database?.close()
    this.#database = undefined
    if (!('indexedDB' in globalThis)) return
    await new Promise<void>((resolve) => {
      const request = indexedDB.deleteDatabase(NAME)
      // Other tabs close theirs when they are asked to; a blocked one goes as soon as they have.
      request.onsuccess = request.onerror = () => resolve()
      setTimeout(resolve, 2_000)
    })
  }

  async #open(): Promise<IDBDatabase | undefined> {
    if (this.#ended || !this.usable) return undefined
    this.#database ??= openDatabase(() => (this.#ended = true))
    try {
      const database = await this.#database
      this.usable = database !== undefined
      return database
    } catch {
      this.usable = false
      return undefined
    }
  }
}

/** `onleave` is told when another tab wipes it. */
async function openDatabase(onleave: () => void): Promise<IDBDatabase | undefined> {
  if (!('indexedDB' in globalThis)) return undefined
  if (readStored(MEMORY_ONLY) === true) {
    // What somebody else left behind goes too.
    indexedDB.deleteDatabase(NAME)
    return undefined
  }
  const request = indexedDB.open(NAME, VERSION)
  request.onupgradeneeded = () => {
    for (const kind of KINDS) request.result.createObjectStore(kind, { keyPath: 'id' })
    request.result.createObjectStore('orders', { keyPath: 'key' })
    request.result.createObjectStore('head')
  }
  const database = await got(request)
  database.addEventListener('versionchange', () => {
    onleave()
    database.close()
  })
  return database
}

function got<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB refused.'))
  })
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB refused.'))
  })
}

export const disk = new Disk()
