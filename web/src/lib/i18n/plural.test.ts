import { expect, it } from 'vitest'

import { pluralOf } from './plural'

it('follows the rules of the language', () => {
  const tasks = { one: '# задача', few: '# задачи', other: '# задач' }
  const words = [1, 2, 5, 11, 21, 104].map((count) => pluralOf('ru')(count, tasks))
  expect(words).toEqual(['1 задача', '2 задачи', '5 задач', '11 задач', '21 задача', '104 задачи'])
})

it('writes numbers as the language does, and falls back to the last form', () => {
  expect(pluralOf('en')(1, { other: '# tasks' })).toBe('1 tasks')
  expect(pluralOf('de')(12_500, { one: '# Aufgabe', other: '# Aufgaben' })).toBe('12.500 Aufgaben')
})
