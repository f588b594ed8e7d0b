/** Which tasks of a list are selected, to do something to all of them. */
export class Selection {
  ids = $state.raw<ReadonlySet<string>>(new Set())
  /** Where a range begins. */
  #anchor: string | undefined

  get size(): number {
    return this.ids.size
  }

  has(id: string): boolean {
    return this.ids.has(id)
  }

  toggle(id: string): void {
    const ids = new Set(this.ids)
    if (!ids.delete(id)) ids.add(id)
    this.ids = ids
    this.#anchor = id
  }

  /** All from where the range began (or `from`) to `to`, in the order of the list. */
  range(order: readonly string[], from: string, to: string): void {
    if (this.#anchor === undefined || !this.ids.has(this.#anchor)) this.#anchor = from
    const [one, other] = [order.indexOf(this.#anchor), order.indexOf(to)]
    if (one < 0 || other < 0) return
    this.ids = new Set(order.slice(Math.min(one, other), Math.max(one, other) + 1))
  }

  all(order: readonly string[]): void {
    this.ids = new Set(order)
  }

  clear(): void {
    this.ids = new Set()
    this.#anchor = undefined
  }
}
