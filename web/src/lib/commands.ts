/** Something the user can do, as a value: keyboard, menus and the list of shortcuts all read the same one. */
export interface Command {
  id: string
  group: string
  title: string
  /** Each one way to call it: `e`, `?`, `Delete`, `Mod+z`, `Mod+Shift+z`, or two keys in a row, `g i`. */
  keys: readonly string[]
  run: () => void
  /** Absent means always. */
  enabled?: () => boolean
}

export interface Pressed {
  key: string
  shiftKey: boolean
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

/** Writes a pressed key the way commands name theirs; `Mod` is Ctrl, or the command key of a Mac. */
export function keyName(event: Pressed): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  // Shift, Alt and AltGr (seen as Ctrl with Alt) are how some keyboards type signs like `?` and `#`: they are no part of those.
  const sign = key.length === 1 && !/[a-z0-9 ]/.test(key)
  const mod = (event.ctrlKey || event.metaKey) && !(sign && event.altKey)
  const alt = event.altKey && !sign
  const shift = event.shiftKey && !sign
  return [mod ? 'Mod' : '', alt ? 'Alt' : '', shift ? 'Shift' : '', key].filter(Boolean).join('+')
}

/** A key without Ctrl or command that types a character: WCAG 2.1.4 wants a way to turn such shortcuts off. */
export function isCharacterKey(name: string): boolean {
  return !name.startsWith('Mod+') && !name.includes('Alt+') && name.replace('Shift+', '').length === 1
}

/**
 * Finds what a key means: a command, the beginning of a two-key one (`'prefix'`), or nothing.
 * `before` is the key pressed just before, or empty.
 */
export function findCommand(commands: readonly Command[], name: string, before: string): Command | 'prefix' | undefined {
  const able = commands.filter((command) => command.enabled?.() ?? true)
  const called = (keys: string) => able.find((command) => command.keys.includes(keys))
  const found = (before ? called(`${before} ${name}`) : undefined) ?? called(name)
  if (found) return found
  return able.some((command) => command.keys.some((keys) => keys.startsWith(`${name} `))) ? 'prefix' : undefined
}

/** `Mod+Shift+z` as the keys a keyboard shows: `['Ctrl', 'Shift', 'Z']`. */
export function keyLabels(keys: string, mac: boolean): string[] {
  const words: Record<string, string> = {
    Mod: mac ? '⌘' : 'Ctrl', Shift: mac ? '⇧' : 'Shift', Alt: mac ? '⌥' : 'Alt',
    ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc', Delete: 'Del', PageUp: 'PgUp', PageDown: 'PgDn',
  }
  return keys.split(/[+ ]/).map((key) => words[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}
