import { expect, it } from 'vitest'

import { ago } from './ago'

const now = new Date('2026-12-01T12:00:00Z')

it.each([
  ['2026-12-01T12:00:20Z', 'just now'],
  ['2026-12-01T11:59:10Z', 'just now'],
  ['2026-12-01T11:58:10Z', '1 minute ago'],
  ['2026-12-01T09:00:00Z', '3 hours ago'],
  ['2026-11-30T11:00:00Z', 'yesterday'],
  ['2026-11-20T12:00:00Z', '11 days ago'],
  ['2026-10-01T12:00:00Z', '1 Oct 2026'],
])('%s', (at, words) => {
  expect(ago(new Date(at), now, 'en-GB', 'just now')).toBe(words)
})
