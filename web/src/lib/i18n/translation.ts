import type { Dictionary } from './en'
import type { admin } from './en/admin'
import type { analytics } from './en/analytics'
import type { data } from './en/data'
import type { panel } from './en/panel'
import type { sections } from './en/sections'
import type { settings } from './en/settings'

/** Areas whose words come with their screens, not with the application. */
export interface Later {
  admin: typeof admin
  analytics: typeof analytics
  data: typeof data
  panel: typeof panel
  sections: typeof sections
  settings: typeof settings
}

/** A language: every word there is. */
export interface Translation {
  main: Dictionary
  later: Later
}
