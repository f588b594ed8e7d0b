import { send } from '../api/session'
import { backoff, sleep } from '../lib/backoff'

/**
 * Whether the server answers. Once a request got no answer, one probe asks for all, ever more slowly, and whoever waits
 * goes on as soon as it succeeds.
 */
class Connection {
  lost = $state(false)
  #back: Promise<void> | undefined
  #wake: () => void = () => undefined

  constructor() {
    if (typeof window === 'undefined') return
    window.addEventListener('online', () => this.#wake())
    document.addEventListener('visibilitychange', () => this.#wake())
  }

  /** Says that no answer came, and resolves when the server answers again. */
  back(): Promise<void> {
    this.lost = true
    this.#back ??= this.#probe().finally(() => {
      this.lost = false
      this.#back = undefined
    })
    return this.#back
  }

  async #probe(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      // Coming online, or back to this tab, is a reason to try at once.
      await Promise.race([sleep(backoff(attempt)), new Promise<void>((resolve) => (this.#wake = resolve))])
      try {
        const response = await send(new Request('/health/ready'))
        if (response.status < 500) return
      } catch {
        // Still not.
      }
    }
  }
}

export const connection = new Connection()
