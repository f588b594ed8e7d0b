import { expect, it } from 'vitest'

import { fit, fitting } from './match'

it('prefers the whole, then the beginning, a word, the middle, words apart, letters in order', () => {
  const texts = ['tap', 'tap water', 'fix the tap', 'bootstrap tapestry', 'metaphor', 'to a place']
  expect(texts.map((text) => fit(text, 'tap'))).toEqual([6, 5, 4, 4, 3, 1])
  expect(fit('water the plants', 'pla wat')).toBe(2)
  expect(fit('milk', 'tap')).toBe(0)
})

it('does not mind case and accents', () => {
  expect(fit('Ärger', 'arg')).toBe(5)
  expect(fit('ÉCOLE', 'école')).toBe(6)
})

it('takes signs as they are', () => {
  expect(fit('a (b) c', '(b)')).toBe(4)
  expect(fit('abc', '.*')).toBe(0)
})

it('sorts by fit, leaves the order alone without a query', () => {
  const items = ['fix the tap', 'tap', 'milk']
  expect(fitting(items, 'tap', (item) => item)).toEqual(['tap', 'fix the tap'])
  expect(fitting(items, ' ', (item) => item, 2)).toEqual(['fix the tap', 'tap'])
})
