import { Overlay, type Change } from './overlay'

/** All things of one kind in memory, as they are shown: what the server said, with the pending changes on top. */
export class Collection<Item extends { id: string; version: number }> {
  /** Replaced with every change, never changed in place. */
  shown = $state.raw<ReadonlyMap<string, Item>>(new Map())
  readonly all = $derived<readonly Item[]>([...this.shown.values()])
  readonly #overlay = new Overlay<Item>()
  /** What was changed since it was last written to disk. */
  #dirty = new Set<string>()

  readonly get = (id: string): Item | undefined => this.shown.get(id)

  /** As the server last described it. */
  known(id: string): Item | undefined {
    return this.#overlay.known(id)
  }

  allKnown(): Item[] {
    return this.#overlay.allKnown()
  }

  take(items: readonly Item[]): void {
    if (items.length === 0) return
    for (const item of items) this.#overlay.put(item)
    this.#changed(items.map((item) => item.id))
  }

  /** What the disk kept: nothing of it needs to be written again. */
  load(items: readonly Item[]): void {
    this.take(items)
    this.#dirty = new Set()
  }

  forget(ids: readonly string[]): void {
    if (ids.length === 0) return
    for (const id of ids) this.#overlay.remove(id)
    this.#changed(ids)
  }

  /** Begins anew with what the server says; pending changes stay on top. */
  reset(items: readonly Item[]): void {
    const before = this.#overlay.ids()
    this.#overlay.clear()
    for (const item of items) this.#overlay.put(item)
    this.#changed([...new Set([...before, ...items.map((item) => item.id)])])
  }

  change(change: Change<Item>): void {
    this.#overlay.add(change)
    this.#changed([change.id])
  }

  settle(change: Change<Item>, answer?: Item): void {
    this.#overlay.settle(change, answer)
    this.#changed([change.id])
  }

  rollBack(change: Change<Item>): void {
    this.#overlay.drop(change)
    this.#changed([change.id])
  }

  /** Gives what to write to disk, and what to remove from it; the next call tells only of what changed since. */
  drain(): { put: Item[]; remove: string[] } {
    const put: Item[] = []
    const remove: string[] = []
    for (const id of this.#dirty) {
      const item = this.#overlay.known(id)
      if (item) put.push(item)
      else remove.push(id)
    }
    this.#dirty = new Set()
    return { put, remove }
  }

  #changed(ids: readonly string[]): void {
    const shown = new Map(this.shown)
    for (const id of ids) {
      this.#dirty.add(id)
      const item = this.#overlay.get(id)
      if (item) shown.set(id, item)
      else shown.delete(id)
    }
    this.shown = shown
  }
}
