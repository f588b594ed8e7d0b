import { describe, expect, it } from 'vitest'

import { findCommand, isCharacterKey, keyLabels, keyName, type Command } from './commands'

const press = (key: string, held: Partial<Record<'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey', boolean>> = {}) =>
  keyName({ key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...held })

const command = (id: string, keys: string[], enabled = true): Command => ({
  id, keys, group: '', title: id, run: () => undefined, enabled: () => enabled,
})

describe('keyName', () => {
  it('names keys as commands do', () => {
    expect(press('e')).toBe('e')
    expect(press('E', { shiftKey: true })).toBe('Shift+e')
    expect(press('?', { shiftKey: true })).toBe('?')
    expect(press('#', { altKey: true })).toBe('#')
    expect(press('#', { altKey: true, ctrlKey: true })).toBe('#')
    expect(press('z', { ctrlKey: true })).toBe('Mod+z')
    expect(press('Z', { metaKey: true, shiftKey: true })).toBe('Mod+Shift+z')
    expect(press('ArrowDown', { shiftKey: true })).toBe('Shift+ArrowDown')
  })
})

describe('findCommand', () => {
  const commands = [command('rename', ['r', 'Enter']), command('inbox', ['g i']), command('item', ['i']), command('off', ['x'], false)]
  it('finds by any of its keys', () => {
    expect(findCommand(commands, 'Enter', '')).toMatchObject({ id: 'rename' })
  })
  it('knows the first of two keys, and prefers the pair to the second key alone', () => {
    expect(findCommand(commands, 'g', '')).toBe('prefix')
    expect(findCommand(commands, 'i', 'g')).toMatchObject({ id: 'inbox' })
    expect(findCommand(commands, 'i', '')).toMatchObject({ id: 'item' })
  })
  it('leaves out what cannot be done now', () => {
    expect(findCommand(commands, 'x', '')).toBeUndefined()
  })
})

it('tells character keys, which can be turned off, from the others', () => {
  expect(['e', '#', '?', 'Shift+e'].map(isCharacterKey)).toEqual([true, true, true, true])
  expect(['Mod+z', 'Enter', 'ArrowDown', 'Alt+e', 'Delete'].map(isCharacterKey)).toEqual([false, false, false, false, false])
})

it('labels keys as keyboards do', () => {
  expect(keyLabels('Mod+Shift+z', false)).toEqual(['Ctrl', 'Shift', 'Z'])
  expect(keyLabels('Mod+z', true)).toEqual(['⌘', 'Z'])
  expect(keyLabels('g i', false)).toEqual(['G', 'I'])
})
