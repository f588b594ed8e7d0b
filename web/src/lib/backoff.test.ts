import { expect, it } from 'vitest'

import { backoff } from './backoff'

it('doubles from one second to a minute and never waits longer', () => {
  expect([0, 1, 2, 5, 6, 40].map((attempt) => backoff(attempt, () => 0))).toEqual([1000, 2000, 4000, 32000, 60000, 60000])
  expect(backoff(0, () => 1)).toBe(750)
})
