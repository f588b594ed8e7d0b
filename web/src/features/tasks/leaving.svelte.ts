import { sleep } from '../../lib/backoff'

const SEEN = 1_200
const FADE = 240

/** Rows that were completed and stay a moment, so that the eye sees what happened and the hand can take it back. */
export class Leaving {
  #stages = $state.raw<ReadonlyMap<string, 'seen' | 'fading'>>(new Map())

  get size(): number {
    return this.#stages.size
  }

  has(id: string): boolean {
    return this.#stages.has(id)
  }

  isFading(id: string): boolean {
    return this.#stages.get(id) === 'fading'
  }

  async start(id: string): Promise<void> {
    if (this.#stages.has(id)) return
    this.#set(id, 'seen')
    await sleep(SEEN)
    this.#set(id, 'fading')
    await sleep(FADE)
    this.#set(id, undefined)
  }

  #set(id: string, stage: 'seen' | 'fading' | undefined): void {
    const stages = new Map(this.#stages)
    if (stage) stages.set(id, stage)
    else stages.delete(id)
    this.#stages = stages
  }
}
