import type { Dictionary } from './en'
import type { settings } from './en/settings'

/** Areas whose words come with their screens, not with the application. */
export interface Later {
  settings: typeof settings
}

/** A language: every word there is. */
export interface Translation {
  main: Dictionary
  later: Later
}
