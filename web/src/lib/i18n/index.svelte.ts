import { en, type Dictionary } from './en'

class I18n {
  /** Used for dates and numbers; the browser's own, because its formats are what the reader expects. */
  locale = $state(typeof navigator === 'undefined' ? 'en' : navigator.language)
  t = $state.raw<Dictionary>(en)
}

/** Read as `i18n.t.…` where it is used, so that a change of language reaches every text. */
export const i18n = new I18n()
