import { untrack } from 'svelte'

import { findCommand, isCharacterKey, keyName, type Command } from '../lib/commands'
import { readStored, writeStored } from '../lib/storage'

const PAIR = 1_500
const NAME = 'tm.single-keys'

/** Turns key presses into commands, wherever the focus is; the commands come from the parts of the page on screen. */
class Keyboard {
  readonly mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent)
  /** Later registered first: what lies on top wins. */
  commands = $state.raw<readonly Command[]>([])
  #single = $state(readStored(NAME) !== false)
  #before = ''
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Whether single characters are shortcuts (WCAG 2.1.4). */
  get single(): boolean {
    return this.#single
  }

  set single(on: boolean) {
    this.#single = on
    writeStored(NAME, on)
  }

  /** Gives back the function that takes them away again. */
  register(commands: readonly Command[]): () => void {
    // Called from effects, which must not run again because of what they register.
    this.commands = [...commands, ...untrack(() => this.commands)]
    return () => {
      this.commands = this.commands.filter((command) => !commands.includes(command))
    }
  }

  readonly press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || isTyping(event.target) || document.querySelector('dialog:modal')) return
    const name = keyName(event)
    if (isCharacterKey(name) && !this.#single) return
    // Enter and space belong to whatever control has the focus.
    if (['Enter', ' '].includes(event.key) && event.target instanceof Element && event.target.closest('button, a, input, [role=button]')) return
    const found = findCommand(this.commands, name, this.#before)
    clearTimeout(this.#timer)
    this.#before = found === 'prefix' ? name : ''
    if (found === 'prefix') this.#timer = setTimeout(() => (this.#before = ''), PAIR)
    if (found === undefined) return
    event.preventDefault()
    if (found !== 'prefix') found.run()
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
}

export const keyboard = new Keyboard()
