/** A change the user made that the server has not confirmed yet. */
export interface Change<Item> {
  readonly id: string
  /** The whole new item when it is being created, else the fields that change. */
  readonly create?: Item
  readonly fields?: Partial<Item>
  /** It goes for good. */
  readonly remove?: true
}

/**
 * What the server said, and on top of it what it has yet to confirm. Dropping a change rolls back exactly that change,
 * whatever came before or after it.
 */
export class Overlay<Item extends { id: string; version: number }> {
  readonly #base = new Map<string, Item>()
  #pending: Change<Item>[] = []

  get(id: string): Item | undefined {
    let item = this.#base.get(id)
    for (const change of this.#pending) {
      if (change.id !== id) continue
      if (change.create) item ??= change.create
      if (change.remove) item = undefined
      else if (item && change.fields) item = { ...item, ...change.fields }
    }
    return item
  }

  /** What the server said last, without the pending changes. */
  known(id: string): Item | undefined {
    return this.#base.get(id)
  }

  allKnown(): Item[] {
    return [...this.#base.values()]
  }

  /** All ids there are, those being created last. */
  ids(): string[] {
    const made = this.#pending.filter((change) => change.create && !this.#base.has(change.id))
    return [...this.#base.keys(), ...made.map((change) => change.id)]
  }

  /** Puts what the server says beneath the pending changes; an answer that was overtaken by a newer one is ignored. */
  put(item: Item): void {
    const base = this.#base.get(item.id)
    if (!base || base.version <= item.version) this.#base.set(item.id, item)
  }

  remove(id: string): void {
    this.#base.delete(id)
  }

  /** Forgets what the server said; what is pending stays. */
  clear(): void {
    this.#base.clear()
  }

  add(change: Change<Item>): void {
    this.#pending.push(change)
  }

  drop(change: Change<Item>): void {
    this.#pending = this.#pending.filter((other) => other !== change)
  }

  /** The server did it: `answer` is the item as it is now, or absent when the answer had no body. */
  settle(change: Change<Item>, answer?: Item): void {
    this.drop(change)
    if (change.remove) {
      this.#base.delete(change.id)
      return
    }
    if (answer) {
      this.put(answer)
      return
    }
    const base = this.#base.get(change.id) ?? change.create
    if (base) this.#base.set(base.id, { ...base, ...change.fields })
  }
}
