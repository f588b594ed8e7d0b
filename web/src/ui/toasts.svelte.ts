export interface ToastAction {
  label: string
  /** Shown beside the label, as in `Z`. */
  keys?: string
  run: () => void
}

export interface Toast {
  id: number
  text: string
  tone: 'note' | 'news' | 'problem'
  actions: readonly ToastAction[]
}

const LIFE = 8_000
const MOST = 3

/** Short messages at the edge. Notes go by themselves, problems stay until they are answered. */
class Toasts {
  shown = $state.raw<readonly Toast[]>([])
  #next = 1
  #held = false
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()

  /** One note at a time: a newer one takes the place of the last. */
  note(text: string, ...actions: ToastAction[]): void {
    this.#show({ id: this.#next++, text, tone: 'note', actions }, this.shown.filter((toast) => toast.tone !== 'note'))
  }

  /** Stays until it is answered, without being a problem. */
  news(text: string, action: ToastAction): void {
    this.#show({ id: this.#next++, text, tone: 'news', actions: [action] }, this.shown.filter((toast) => toast.tone !== 'news'))
  }

  /** Gives the id by which it can be dismissed. */
  problem(text: string, ...actions: ToastAction[]): number {
    const others = this.shown.filter((toast) => toast.text !== text)
    const id = this.#next++
    this.#show({ id, text, tone: 'problem', actions }, others)
    return id
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id)
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  /** While the pointer or the focus is on them, nothing goes away. */
  hold(held: boolean): void {
    this.#held = held
    if (!held) for (const toast of this.shown) this.#expire(toast)
  }

  #show(toast: Toast, others: readonly Toast[]): void {
    this.shown = [...others, toast].slice(-MOST)
    this.#expire(toast)
  }

  #expire(toast: Toast): void {
    clearTimeout(this.#timers.get(toast.id))
    if (toast.tone !== 'note') return
    const timer = setTimeout(() => {
      if (!this.#held) this.dismiss(toast.id)
    }, LIFE)
    this.#timers.set(toast.id, timer)
  }
}

export const toasts = new Toasts()
