interface PageOf<Item> {
  items: Item[]
  next_cursor: string | null
}

/** A list that lives on the server and is read page by page. */
export class Remote<Item extends { id: string }> {
  items = $state.raw<readonly Item[]>([])
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state.raw<unknown>()
  busy = $state(false)
  #next = $state<string | null>(null)

  constructor(readonly fetchPage: (cursor: string | undefined) => Promise<PageOf<Item>>) {}

  get more(): boolean {
    return this.#next !== null
  }

  /** Reads the first page anew; what is shown stays until the answer is there. */
  async load(): Promise<void> {
    if (this.phase === 'failed') this.phase = 'loading'
    await this.#read(undefined)
  }

  async loadMore(): Promise<void> {
    if (this.#next !== null && !this.busy) await this.#read(this.#next)
  }

  without(id: string): void {
    this.items = this.items.filter((item) => item.id !== id)
  }

  async #read(cursor: string | undefined): Promise<void> {
    this.busy = true
    try {
      const page = await this.fetchPage(cursor)
      this.items = cursor === undefined ? page.items : [...this.items, ...page.items]
      this.#next = page.next_cursor
      this.trouble = undefined
      this.phase = 'ready'
    } catch (error) {
      this.trouble = error
      if (this.phase !== 'ready') this.phase = 'failed'
    } finally {
      this.busy = false
    }
  }
}
