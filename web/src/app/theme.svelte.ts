import { readStored, writeStored } from '../lib/storage'

export type ThemeChoice = 'system' | 'light' | 'dark'

const NAME = 'tm.theme'

class Theme {
  choice = $state<ThemeChoice>(known(readStored(NAME)))

  set(choice: ThemeChoice): void {
    this.choice = choice
    writeStored(NAME, choice === 'system' ? undefined : choice)
    if (choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = choice
  }
}

function known(value: unknown): ThemeChoice {
  return value === 'light' || value === 'dark' ? value : 'system'
}

export const theme = new Theme()
