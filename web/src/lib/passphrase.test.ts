import { expect, it } from 'vitest'

import { passphrase } from './passphrase'

it('makes four groups of three syllables, another one each time', () => {
  const made = Array.from({ length: 200 }, () => passphrase())
  for (const one of made) expect(one).toMatch(/^([bdfghjklmnprstvz][aeiou]){3}(-([bdfghjklmnprstvz][aeiou]){3}){3}$/)
  expect(new Set(made).size).toBe(made.length)
  expect(new Set(made.join('').replaceAll('-', '')).size).toBe(21)
})
