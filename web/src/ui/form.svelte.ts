import { tick } from 'svelte'

import { Problem } from '../api/problem'
import { i18n } from '../lib/i18n/index.svelte'

import { problemText } from './problem-text'

export type FieldErrors = Record<string, string | undefined>

/** What a form knows while it is sent: whether it is busy, what is wrong with each field, and with the whole. */
export class Form {
  busy = $state(false)
  errors = $state.raw<FieldErrors>({})
  summary = $state('')

  /**
   * Checks, then works. `check` names the fields that are wrong; a refusal's pointers become field errors, and what
   * points nowhere the summary, for which `words` may have a better sentence. The first wrong field gets the focus.
   */
  async submit(
    event: SubmitEvent,
    check: () => FieldErrors,
    work: () => Promise<void>,
    words: (problem: Problem) => string | undefined = () => undefined,
  ): Promise<void> {
    event.preventDefault()
    if (this.busy) return
    const form = event.currentTarget as HTMLFormElement
    this.summary = ''
    this.errors = Object.fromEntries(Object.entries(check()).filter(([, text]) => text))
    if (Object.keys(this.errors).length > 0) return this.#point(form)
    this.busy = true
    try {
      await work()
    } catch (error) {
      this.#refused(error, form, words)
    } finally {
      this.busy = false
    }
    if (Object.keys(this.errors).length > 0) await this.#point(form)
  }

  #refused(error: unknown, form: HTMLFormElement, words: (problem: Problem) => string | undefined): void {
    if (error instanceof Problem) {
      const named = error.errors.filter(({ pointer }) => form.elements.namedItem(pointer.slice(1)))
      this.errors = Object.fromEntries(named.map(({ pointer, message }) => [pointer.slice(1), message]))
      if (named.length > 0) return
      this.summary = words(error) ?? problemText(error)
    } else this.summary = problemText(error)
  }

  async #point(form: HTMLFormElement): Promise<void> {
    this.summary ||= Object.keys(this.errors).length > 1 ? i18n.t.errors.summary : ''
    await tick()
    form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }
}
