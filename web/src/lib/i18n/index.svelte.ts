import { readStored, writeStored } from '../storage'

import { en, type Dictionary } from './en'
import { bestLanguage, isLanguage, regionOf, type Language } from './languages'
import type { Later, Translation } from './translation'

const NAME = 'tm.language'
const wanted = typeof navigator === 'undefined' ? ['en'] : navigator.languages

/** English is part of the application; every other language is a file of its own, fetched when it is chosen. */
const LOADERS: Partial<Record<Language, () => Promise<Translation>>> = {
  de: async () => (await import('./de')).german,
  ru: async () => (await import('./ru')).russian,
}

class I18n {
  /** As chosen; `system` follows the browser. */
  choice = $state<Language | 'system'>(chosen(readStored(NAME)))
  /** The one that is shown: the chosen one once it has arrived. */
  language = $state<Language>('en')
  /** For dates and numbers. */
  locale = $state(regionOf('en', wanted))
  t = $state.raw<Dictionary>(en)
  #later = $state.raw<Partial<Later>>({})

  /** Shows the language of this browser: before the first paint. One that cannot be fetched leaves English. */
  async start(): Promise<void> {
    await this.#show(this.choice).catch(() => undefined)
  }

  /** Throws where the language cannot be fetched; nothing changes then. */
  async choose(choice: Language | 'system'): Promise<void> {
    await this.#show(choice)
    this.choice = choice
    writeStored(NAME, choice === 'system' ? undefined : choice)
  }

  /** The words of a screen that is loaded when it is opened; `english` comes with it. */
  of<Area extends keyof Later>(area: Area, english: Later[Area]): Later[Area] {
    return this.#later[area] ?? english
  }

  async #show(choice: Language | 'system'): Promise<void> {
    const language = choice === 'system' ? bestLanguage(wanted) : choice
    const words = await LOADERS[language]?.()
    this.t = words?.main ?? en
    this.#later = words?.later ?? {}
    this.language = language
    this.locale = regionOf(language, wanted)
    document.documentElement.lang = language
  }
}

function chosen(value: unknown): Language | 'system' {
  return isLanguage(value) ? value : 'system'
}

/** Read as `i18n.t.…` where it is used, so that a change of language reaches every text. */
export const i18n = new I18n()
