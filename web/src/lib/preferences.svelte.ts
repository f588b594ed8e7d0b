import { firstWeekday } from './calendar'
import { i18n } from './i18n/index.svelte'
import { readStored, writeStored } from './storage'

export type ThemeChoice = 'system' | 'light' | 'dark'
export type Density = 'comfortable' | 'compact'

// The script that runs before the first paint reads the first two names as well.
const NAMES = { theme: 'tm.theme', density: 'tm.density', firstDay: 'tm.first-day' } as const

/** How this browser shows things; kept with the browser, because screens differ more than people do. */
class Preferences {
  #theme = $state<ThemeChoice>(oneOf(readStored(NAMES.theme), ['light', 'dark'] as const) ?? 'system')
  #density = $state<Density>(oneOf(readStored(NAMES.density), ['compact'] as const) ?? 'comfortable')
  /** As chosen, 1 for Monday to 7 for Sunday; undefined follows the region of the language. */
  #firstDay = $state<number | undefined>(oneOf(readStored(NAMES.firstDay), [1, 6, 7] as const))

  get theme(): ThemeChoice {
    return this.#theme
  }

  set theme(choice: ThemeChoice) {
    this.#theme = choice
    writeStored(NAMES.theme, choice === 'system' ? undefined : choice)
    mark('data-theme', choice === 'system' ? undefined : choice)
  }

  get density(): Density {
    return this.#density
  }

  set density(choice: Density) {
    this.#density = choice
    writeStored(NAMES.density, choice === 'comfortable' ? undefined : choice)
    mark('data-density', choice === 'comfortable' ? undefined : choice)
  }

  get chosenFirstDay(): number | undefined {
    return this.#firstDay
  }

  set chosenFirstDay(day: number | undefined) {
    this.#firstDay = day
    writeStored(NAMES.firstDay, day)
  }

  /** The day on which weeks begin in calendars, 1 for Monday to 7 for Sunday. */
  get firstDay(): number {
    return this.#firstDay ?? firstWeekday(i18n.locale)
  }
}

function mark(name: string, value: string | undefined): void {
  if (value === undefined) document.documentElement.removeAttribute(name)
  else document.documentElement.setAttribute(name, value)
}

function oneOf<Value>(value: unknown, known: readonly Value[]): Value | undefined {
  return known.find((one) => one === value)
}

export const preferences = new Preferences()
