import { expect, it } from 'vitest'

import { newId } from './ids'

it('makes version 7 ids of the right form that sort by time', () => {
  const [early, late] = [newId(1_700_000_000_000), newId(1_800_000_000_000)]
  for (const id of [early, late]) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(early < late).toBe(true)
  expect(Number.parseInt(early.replace('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000)
})

it('never makes the same id twice', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => newId(1))).size).toBe(10_000)
})
